"""How one cluster is reached, as a user writes it: the `clusters[]` entries of the configuration."""

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

import msgspec

from kgraph.discreet import Discreet


class AuthMethod(StrEnum):
    """Where the login comes from."""

    KUBECONFIG = "kubeconfig"
    SERVICE_ACCOUNT = "service_account"
    TOKEN = "token"  # noqa: S105 - the name of a method, no password
    OIDC = "oidc"
    IN_CLUSTER = "in_cluster"
    SNAPSHOT = "snapshot"


class TlsSettings(Discreet, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the server proves itself, and with which client certificate we do; paths of PEM files.

    `…_data` are the same as PEM texts, and win: clusters that are added at run time have no files.
    """

    shown = ("ca_file", "cert_file", "server_name", "insecure_skip_verify")

    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    server_name: str = ""
    insecure_skip_verify: bool = False
    ca_data: str = ""
    cert_data: str = ""
    key_data: str = ""


class OidcSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An OpenID Connect login that is kept fresh with a refresh token; secrets stay in their files.

    `ca_file` is the issuer's authority, where it is not one of the system's. Its certificate is always checked.
    """

    issuer_url: str
    client_id: str
    refresh_token_file: str
    client_secret_file: str = ""
    ca_file: str = ""


class ClusterSettings(Discreet, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One cluster: its names, its server, its login, and how hard it may be asked.

    `qps` and `burst` are client-go's: that many requests a second, and so many at once before that holds; qps 0
    is no limit. `timeout` is how many seconds an answer may be silent. `parts` are kinds, as kubectl takes them, that
    workers of their own sync, by the names of these parts.
    """

    shown = ("id", "auth_method", "api_server_url", "kubeconfig_path", "kubeconfig_context", "snapshot_path")

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
    parts: Mapping[str, tuple[str, ...]] = {}


def kubeconfig_files(settings: ClusterSettings, environ: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """The kubeconfig files of a cluster in the order in which they win: the setting, KUBECONFIG, ~/.kube/config."""
    listed = settings.kubeconfig_path or environ.get("KUBECONFIG", "")
    paths = [part for part in listed.split(os.pathsep) if part] or ["~/.kube/config"]
    return tuple(dict.fromkeys(Path(path).expanduser() for path in paths))
