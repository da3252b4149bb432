"""How one cluster is reached, as a user writes it: the `clusters[]` entries of the configuration."""

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

import msgspec


class AuthMethod(StrEnum):
    """Where the login comes from."""

    KUBECONFIG = "kubeconfig"
    SERVICE_ACCOUNT = "service_account"
    TOKEN = "token"  # noqa: S105 - the name of a method, no password
    OIDC = "oidc"
    IN_CLUSTER = "in_cluster"
    SNAPSHOT = "snapshot"


class TlsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the server proves itself, and with which client certificate we do; paths of PEM files."""

    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    server_name: str = ""
    insecure_skip_verify: bool = False


class OidcSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An OpenID Connect login that is kept fresh with a refresh token; secrets stay in their files.

    `ca_file` is the issuer's authority, where it is not one of the system's. Its certificate is always checked.
    """

    issuer_url: str
    client_id: str
    refresh_token_file: str
    client_secret_file: str = ""
    ca_file: str = ""


class ClusterSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One cluster: its names, its server, its login, and how hard it may be asked.

    `qps` and `burst` are client-go's: that many requests a second, and so many at once before that holds; qps 0
    is no limit. `timeout` is how many seconds an answer may be silent.
    """

    id: str
    name: str = ""
    environment: str = ""
    region: str = ""
    auth_method: AuthMethod = AuthMethod.KUBECONFIG
    kubeconfig_path: str = ""
    kubeconfig_context: str = ""
    service_account_token: str = ""
    service_account_token_file: str = ""
    api_server_url: str = ""
    tls_config: TlsSettings = TlsSettings()
    oidc: OidcSettings | None = None
    qps: float = 50
    burst: int = 100
    timeout: float = 30
    snapshot_path: str = ""

    def __repr__(self) -> str:
        token = "service_account_token=<hidden>, " if self.service_account_token else ""
        return (
            f"ClusterSettings(id={self.id!r}, auth_method={self.auth_method.value!r}, {token}"
            f"api_server_url={self.api_server_url!r}, kubeconfig_path={self.kubeconfig_path!r}, "
            f"kubeconfig_context={self.kubeconfig_context!r}, snapshot_path={self.snapshot_path!r})"
        )

    def __rich_repr__(self) -> list[tuple[str, str]]:
        """What rich, and msgspec's own repr, may print: what `repr` shows."""
        return [("", repr(self))]


def kubeconfig_files(settings: ClusterSettings, environ: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """The kubeconfig files of a cluster in the order in which they win: the setting, KUBECONFIG, ~/.kube/config."""
    listed = settings.kubeconfig_path or environ.get("KUBECONFIG", "")
    paths = [part for part in listed.split(os.pathsep) if part] or ["~/.kube/config"]
    return tuple(dict.fromkeys(Path(path).expanduser() for path in paths))
