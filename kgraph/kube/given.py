"""Clusters that a caller adds at run time: what a login may be that comes over a network, and what is kept of it.

Nothing that a caller sends makes the server read a file, run a program or use a login of its own: whoever may add a
cluster would otherwise read what only the server may. A kubeconfig's text is resolved at once, to what its one
context says; the rest of it is not kept.
"""

import base64
import re
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from kgraph.discreet import Discreet
from kgraph.kube import kubeconfig
from kgraph.kube.access import access_to, checked_server
from kgraph.kube.credentials import Certificate, bearer, read_file
from kgraph.kube.errors import ConfigurationError
from kgraph.kube.settings import AuthMethod, ClusterSettings, TlsSettings
from kgraph.kube.tls import tls_context

# What may stand in keys (no `/`) and in entity ids (no `:`), and reads well in both.
CLUSTER_ID = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
ID_RULE = "allowed are letters, digits, `-`, `_` and `.`, with a letter or digit at both ends"
# A kubeconfig of a hundred contexts has half of it.
KUBECONFIG_CHARACTERS = 500_000

# What of a kubeconfig's cluster or user would have the server read, run or pretend something.
_CLUSTER_REFUSED: Mapping[str, str] = {
    "certificate_authority": "names a file; give certificate-authority-data",
    "proxy_url": "names a proxy, and the server has its own",
}
_USER_REFUSED: Mapping[str, str] = {
    "exec": "runs a program on the machine that reads it; give a token or a client certificate",
    "auth_provider": "runs a login that Kubernetes has given up; give a token or a client certificate",
    "client_certificate": "names a file; give client-certificate-data",
    "client_key": "names a file; give client-key-data",
    "token_file": "names a file; give the token",
    "username": "gives a password, which no apiserver takes since Kubernetes 1.19; give a token",
    "password": "gives a password, which no apiserver takes since Kubernetes 1.19; give a token",
    "impersonate": "acts as somebody else; give that one's login",
    "impersonate_uid": "acts as somebody else; give that one's login",
    "impersonate_groups": "acts as somebody else; give that one's login",
    "impersonate_extra": "acts as somebody else; give that one's login",
}


class GivenCluster(Discreet, frozen=True, kw_only=True):
    """What a caller gives: names, and either a server with a login, or a kubeconfig's text. PEM texts, no paths."""

    shown = ("id", "server")

    id: str
    name: str = ""
    environment: str = ""
    region: str = ""
    server: str = ""
    ca: str = ""
    server_name: str = ""
    insecure_skip_verify: bool = False
    token: str = ""
    certificate: str = ""
    key: str = ""
    kubeconfig: str = ""
    context: str = ""


def settings_of(given: GivenCluster) -> ClusterSettings:
    """The settings that a caller means; ConfigurationError names what is missing, refused or malformed.

    Nothing is asked of the cluster, and no credential is in an error.
    """
    if not CLUSTER_ID.fullmatch(given.id):
        raise ConfigurationError(f"the cluster id {given.id[:80]!r} cannot stand in a key; {ID_RULE}")
    if given.kubeconfig:
        _check_kubeconfig(given)
        given = of_context(given, kubeconfig.choose_in(given.kubeconfig, given.context))
    elif given.context:
        raise ConfigurationError(f"cluster {given.id}: context names a context of kubeconfig, which is not given")
    if not given.server:
        raise ConfigurationError(f"cluster {given.id}: give the server's address with a login, or a kubeconfig")
    if bool(given.certificate) is not bool(given.key):
        raise ConfigurationError(f"cluster {given.id}: a client certificate and its key belong together")
    if not given.token and not given.certificate:
        raise ConfigurationError(f"cluster {given.id}: give a token, or a client certificate and its key")
    settings = ClusterSettings(
        id=given.id,
        name=given.name,
        environment=given.environment,
        region=given.region,
        auth_method=AuthMethod.TOKEN,
        api_server_url=checked_server(given.server, given.id),
        service_account_token=given.token.strip(),
        tls_config=TlsSettings(
            ca_data=given.ca,
            cert_data=given.certificate,
            key_data=given.key,
            server_name=given.server_name,
            insecure_skip_verify=given.insecure_skip_verify,
        ),
    )
    _check(settings)
    return settings


def of_own_context(given: GivenCluster, files: Sequence[Path], context: str) -> GivenCluster:
    """The cluster of a context of one's own kubeconfig files; the files that it names are read, programs are not run.

    This is for the command line: no caller of the API may name a file.
    """
    chosen = kubeconfig.choose(files, context)
    cluster, user = chosen.cluster, chosen.user
    if file := cluster.certificate_authority:
        data = cluster.certificate_authority_data or _read(chosen.cluster_folder / file, "certificate-authority")
        cluster = msgspec.structs.replace(cluster, certificate_authority="", certificate_authority_data=data)
    if file := user.client_certificate:
        data = user.client_certificate_data or _read(chosen.user_folder / file, "client-certificate")
        user = msgspec.structs.replace(user, client_certificate="", client_certificate_data=data)
    if file := user.client_key:
        data = user.client_key_data or _read(chosen.user_folder / file, "client-key")
        user = msgspec.structs.replace(user, client_key="", client_key_data=data)
    if file := user.token_file:
        token = read_file(chosen.user_folder / file, "tokenFile").decode("utf-8", "replace").strip()
        user = msgspec.structs.replace(user, token_file="", token=token)
    return of_context(given, msgspec.structs.replace(chosen, cluster=cluster, user=user))


def _read(path: Path, what: str) -> str:
    return base64.b64encode(read_file(path, what)).decode()


def _check_kubeconfig(given: GivenCluster) -> None:
    for name in ("server", "ca", "server_name", "insecure_skip_verify", "token", "certificate", "key"):
        if getattr(given, name):
            raise ConfigurationError(f"cluster {given.id}: {name} and kubeconfig exclude each other")
    if len(given.kubeconfig) > KUBECONFIG_CHARACTERS:
        raise ConfigurationError(
            f"cluster {given.id}: the given kubeconfig has more than {KUBECONFIG_CHARACTERS:,} characters; "
            "`kubectl config view --minify --flatten --raw` writes one context"
        )


def of_context(given: GivenCluster, chosen: kubeconfig.Chosen) -> GivenCluster:
    """The cluster of a kubeconfig's context, under the given names; ConfigurationError names what is refused of it."""
    for part, refused in ((chosen.cluster, _CLUSTER_REFUSED), (chosen.user, _USER_REFUSED)):
        for field, why in refused.items():
            # `…-data` beside a path wins in kubectl too, and the path is not read.
            if getattr(part, field) and not getattr(part, f"{field}_data", ""):
                written = next(each.encode_name for each in msgspec.structs.fields(part) if each.name == field)
                raise ConfigurationError(
                    f"cluster {given.id}: context {chosen.context} of the given kubeconfig has {written}, which {why} "
                    "(adding a cluster must not have the server read files or run programs)"
                )
    cluster, user = chosen.cluster, chosen.user
    return msgspec.structs.replace(
        given,
        server=cluster.server,
        ca=_pem(cluster.certificate_authority_data, "certificate-authority-data"),
        server_name=cluster.tls_server_name,
        insecure_skip_verify=cluster.insecure_skip_tls_verify,
        token=user.token,
        certificate=_pem(user.client_certificate_data, "client-certificate-data"),
        key=_pem(user.client_key_data, "client-key-data"),
        kubeconfig="",
        context="",
    )


def _pem(text: str, what: str) -> str:
    return kubeconfig.decoded(text, what).decode("ascii", "replace")


def _check(settings: ClusterSettings) -> None:
    """Refuse now what could never connect: a CA or certificate that is none, a token of blanks, plain http."""
    tls = settings.tls_config
    access_to(settings, environ={})
    if settings.service_account_token:
        bearer(settings.service_account_token)
    certificate = Certificate(tls.cert_data.encode(), tls.key_data.encode()) if tls.cert_data else None
    try:
        tls_context(tls.ca_data.encode(), certificate, insecure=tls.insecure_skip_verify)
    except ssl.SSLError as error:
        raise ConfigurationError(f"cluster {settings.id}: the CA or the client certificate cannot be used") from error


def split(settings: ClusterSettings) -> tuple[str, dict[str, str]]:
    """What may be kept in the open, as JSON, and the credentials, which may not."""
    tls = settings.tls_config
    secrets = {
        "token": settings.service_account_token,
        "certificate": tls.cert_data,
        "key": tls.key_data,
    }
    public = msgspec.structs.replace(
        settings, service_account_token="", tls_config=msgspec.structs.replace(tls, cert_data="", key_data="")
    )
    return msgspec.json.encode(public).decode(), {name: value for name, value in secrets.items() if value}


def joined(public: str, secrets: Mapping[str, str]) -> ClusterSettings:
    """The settings again; ConfigurationError where a later version has written what this one does not know."""
    try:
        settings = msgspec.json.decode(public, type=ClusterSettings)
    except msgspec.MsgspecError as error:
        raise ConfigurationError(f"the registration cannot be read: {error}") from error
    tls = msgspec.structs.replace(
        settings.tls_config, cert_data=secrets.get("certificate", ""), key_data=secrets.get("key", "")
    )
    return msgspec.structs.replace(settings, service_account_token=secrets.get("token", ""), tls_config=tls)
