"""How a cluster is reached: its settings, with every file and variable that they name read and resolved."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from kgraph.discreet import Discreet
from kgraph.kube import kubeconfig
from kgraph.kube.credentials import Certificate, Credentials, Stored, read_file
from kgraph.kube.errors import ConfigurationError
from kgraph.kube.exec_plugin import ExecPlugin
from kgraph.kube.followed import FollowedKubeconfig
from kgraph.kube.impersonation import impersonation
from kgraph.kube.oidc import OidcLogin
from kgraph.kube.proxies import checked_proxy, proxy_for
from kgraph.kube.rereading import Reread
from kgraph.kube.settings import AuthMethod, ClusterSettings, kubeconfig_files

SERVICE_ACCOUNT_FOLDER = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class Access(Discreet, frozen=True, kw_only=True):
    """A server and how to speak to it.

    `ca` is PEM, empty for the system's own authorities, and `authorities` where it is read again, for clusters change
    theirs; `proxy` is a URL or "".
    """

    shown = ("server",)

    server: str
    credentials: Credentials
    ca: bytes = b""
    authorities: Reread[bytes] | None = None
    server_name: str = ""
    insecure: bool = False
    proxy: str = ""
    compressed: bool = True
    headers: tuple[tuple[str, str], ...] = ()


def access_to(
    settings: ClusterSettings,
    environ: Mapping[str, str] = os.environ,
    service_account: Path = SERVICE_ACCOUNT_FOLDER,
) -> Access:
    """Read what the settings name; ConfigurationError says which setting, file or variable is at fault."""
    match settings.auth_method:
        case AuthMethod.KUBECONFIG:
            access = _from_kubeconfig(settings, environ)
        case AuthMethod.TOKEN | AuthMethod.SERVICE_ACCOUNT if settings.api_server_url:
            access = _from_token(settings, environ)
        case AuthMethod.OIDC:
            access = _from_oidc(settings, environ)
        case AuthMethod.IN_CLUSTER | AuthMethod.SERVICE_ACCOUNT:
            access = _in_cluster(settings, environ, service_account)
        case AuthMethod.TOKEN:
            raise ConfigurationError(f"cluster {settings.id}: auth_method token needs api_server_url")
        case AuthMethod.SNAPSHOT:
            raise ConfigurationError(
                f"cluster {settings.id} is the snapshot {settings.snapshot_path}: there is no server to ask"
            )
    if access.insecure and access.ca:
        # As client-go: both together say two things, and one of them is not meant.
        raise ConfigurationError(
            f"cluster {settings.id}: a CA and insecure-skip-tls-verify exclude each other; remove one"
        )
    return access


def checked_server(url: str, cluster: str) -> str:
    """A server's address without a slash at its end; an address that cannot be one is an error."""
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ConfigurationError(f"cluster {cluster}: the server {url!r} is no address such as https://host:6443")
    if parts.username or parts.password:
        raise ConfigurationError(f"cluster {cluster}: the server's address holds a login; write it as a user's")
    return parts._replace(query="", fragment="").geturl().rstrip("/")


def _from_kubeconfig(settings: ClusterSettings, environ: Mapping[str, str]) -> Access:
    files, context = kubeconfig_files(settings, environ), settings.kubeconfig_context
    followed = FollowedKubeconfig(files, context, lambda chosen: _credentials(settings, chosen))
    cluster, tls = followed.chosen.cluster, settings.tls_config
    server = _server(settings, followed.chosen)
    proxy = (
        checked_proxy(cluster.proxy_url, "proxy-url in the kubeconfig")
        if cluster.proxy_url
        else proxy_for(server, environ)
    )

    def ca() -> bytes:
        return _kubeconfig_ca(settings, followed.chosen)

    return Access(
        server=server,
        credentials=followed,
        ca=ca(),
        authorities=Reread(ca),
        server_name=tls.server_name or cluster.tls_server_name,
        insecure=tls.insecure_skip_verify or cluster.insecure_skip_tls_verify,
        proxy=proxy,
        compressed=not cluster.disable_compression,
        headers=_pretended(followed.chosen.user),
    )


def _server(settings: ClusterSettings, chosen: kubeconfig.Chosen) -> str:
    return checked_server(settings.api_server_url or chosen.cluster.server, settings.id)


def _kubeconfig_ca(settings: ClusterSettings, chosen: kubeconfig.Chosen) -> bytes:
    data, file = chosen.cluster.certificate_authority_data, chosen.cluster.certificate_authority
    if settings.tls_config.ca_file or data:
        return _ca(settings) or kubeconfig.decoded(data, "certificate-authority-data")
    return read_file(chosen.cluster_folder / file, "certificate-authority") if file else b""


def _credentials(settings: ClusterSettings, chosen: kubeconfig.Chosen) -> Credentials:
    user, folder, server = chosen.user, chosen.user_folder, _server(settings, chosen)
    if server.startswith("http://"):
        # As client-go: nobody is named over a connection that anyone can read.
        return Stored()
    if user.auth_provider:
        raise ConfigurationError(
            f"context {chosen.context} logs in with auth-provider, which Kubernetes has given up; use the provider's "
            "exec plugin (`kubelogin`, `gke-gcloud-auth-plugin`), or auth_method oidc"
        )
    if user.exec:
        return ExecPlugin(user.exec, folder, chosen.cluster.exec_info(server, _kubeconfig_ca(settings, chosen)))
    certificate, files = None, _certificate_files(settings)
    if files is None and (user.client_certificate_data or user.client_certificate):
        if user.client_certificate_data or user.client_key_data:
            certificate = Certificate(
                kubeconfig.decoded(user.client_certificate_data, "client-certificate-data")
                or read_file(folder / user.client_certificate, "client-certificate"),
                kubeconfig.decoded(user.client_key_data, "client-key-data")
                or read_file(folder / user.client_key, "client-key"),
            )
        else:
            files = folder / user.client_certificate, folder / user.client_key
    return Stored(
        token=user.token,
        token_file=folder / user.token_file if user.token_file else None,
        basic=(user.username, user.password) if user.username else None,
        certificate=certificate,
        certificate_files=files,
    )


def _pretended(user: kubeconfig.User) -> tuple[tuple[str, str], ...]:
    """The headers of a kubeconfig's `as…` fields."""
    groups, extra = user.impersonate_groups or (), user.impersonate_extra or {}
    return impersonation(user.impersonate, user.impersonate_uid, groups, extra)


def _from_token(settings: ClusterSettings, environ: Mapping[str, str]) -> Access:
    files, certificate = _certificate_files(settings), _certificate_data(settings)
    if not (settings.service_account_token or settings.service_account_token_file or files or certificate):
        raise ConfigurationError(
            f"cluster {settings.id}: auth_method {settings.auth_method} needs service_account_token_file, "
            "service_account_token, or a client certificate in tls_config"
        )
    token_file = settings.service_account_token_file
    return _at_address(
        settings,
        environ,
        Stored(
            token=settings.service_account_token.strip(),
            token_file=Path(token_file).expanduser() if token_file else None,
            certificate=certificate,
            certificate_files=files,
        ),
    )


def _from_oidc(settings: ClusterSettings, environ: Mapping[str, str]) -> Access:
    if settings.oidc is None or not settings.api_server_url:
        raise ConfigurationError(f"cluster {settings.id}: auth_method oidc needs api_server_url and oidc")
    return _at_address(settings, environ, OidcLogin(settings.oidc, environ))


def _at_address(settings: ClusterSettings, environ: Mapping[str, str], credentials: Credentials) -> Access:
    server = checked_server(settings.api_server_url, settings.id)
    if server.startswith("http://"):
        raise ConfigurationError(
            f"cluster {settings.id}: api_server_url is {server}, and a login is never sent over plain http"
        )
    return Access(
        server=server,
        credentials=credentials,
        ca=_ca(settings),
        authorities=Reread(lambda: _ca(settings)),
        server_name=settings.tls_config.server_name,
        insecure=settings.tls_config.insecure_skip_verify,
        proxy=proxy_for(server, environ),
    )


def _in_cluster(settings: ClusterSettings, environ: Mapping[str, str], folder: Path) -> Access:
    host, port = environ.get("KUBERNETES_SERVICE_HOST"), environ.get("KUBERNETES_SERVICE_PORT")
    if not host or not port:
        raise ConfigurationError(
            f"cluster {settings.id}: auth_method {settings.auth_method} works in a Pod only: KUBERNETES_SERVICE_HOST "
            "and _PORT are not set"
        )
    server = f"https://{f'[{host}]' if ':' in host else host}:{port}"

    def ca() -> bytes:
        return _ca(settings) or read_file(folder / "ca.crt", "the cluster's CA")

    return Access(
        server=server,
        credentials=Stored(token_file=folder / "token"),
        ca=ca(),
        authorities=Reread(ca),
        proxy=proxy_for(server, environ),
    )


def _ca(settings: ClusterSettings) -> bytes:
    file = settings.tls_config.ca_file
    if settings.tls_config.ca_data:
        return settings.tls_config.ca_data.encode()
    return read_file(Path(file).expanduser(), "tls_config.ca_file") if file else b""


def _certificate_files(settings: ClusterSettings) -> tuple[Path, Path] | None:
    certificate, key = settings.tls_config.cert_file, settings.tls_config.key_file
    if bool(certificate) is not bool(key):
        raise ConfigurationError(f"cluster {settings.id}: tls_config needs both cert_file and key_file, or neither")
    return (Path(certificate).expanduser(), Path(key).expanduser()) if certificate else None


def _certificate_data(settings: ClusterSettings) -> Certificate | None:
    tls = settings.tls_config
    if bool(tls.cert_data) is not bool(tls.key_data):
        raise ConfigurationError(f"cluster {settings.id}: tls_config needs both cert_data and key_data, or neither")
    return Certificate(tls.cert_data.encode(), tls.key_data.encode()) if tls.cert_data else None
