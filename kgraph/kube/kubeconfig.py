"""Kubeconfig files: merged and read as kubectl does (client-go tools/clientcmd/loader.go).

The kubernetes package's own loader is not used: it writes client keys to files under /tmp, and its exec plugins
fail into an anonymous client.
"""

import base64
import binascii
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from kgraph.discreet import Discreet
from kgraph.kube.errors import ConfigurationError
from kgraph.kube.exec_plugin import ExecConfig
from kgraph.readable import readable

_CLUSTER_INFO_EXTENSION = "client.authentication.k8s.io/exec"  # what an exec plugin is told of the cluster

T = TypeVar("T", bound=msgspec.Struct)


class _Extension(msgspec.Struct, frozen=True):
    name: str = ""
    extension: Any = None


class Cluster(Discreet, frozen=True, rename="kebab"):
    """`clusters[].cluster`."""

    shown = ("server",)

    server: str = ""
    certificate_authority: str = ""
    certificate_authority_data: str = ""
    insecure_skip_tls_verify: bool = False
    tls_server_name: str = ""
    proxy_url: str = ""
    disable_compression: bool = False
    extensions: list[_Extension] | None = None

    def exec_info(self, server: str, ca: bytes) -> dict[str, Any]:
        """What an exec plugin with provideClusterInfo is told (`spec.cluster` of its ExecCredential).

        The CA of a file is told as data, as client-go does (rest/exec.go, ConfigToExecCluster).
        """
        info = {
            "server": server,
            "tls-server-name": self.tls_server_name,
            "insecure-skip-tls-verify": self.insecure_skip_tls_verify,
            "certificate-authority-data": base64.b64encode(ca).decode(),
            "proxy-url": self.proxy_url,
            "disable-compression": self.disable_compression,
            "config": next((e.extension for e in self.extensions or () if e.name == _CLUSTER_INFO_EXTENSION), None),
        }
        return {key: value for key, value in info.items() if value}


class User(Discreet, frozen=True, rename="kebab"):
    """`users[].user`."""

    client_certificate: str = ""
    client_certificate_data: str = ""
    client_key: str = ""
    client_key_data: str = ""
    token: str = ""
    token_file: str = msgspec.field(default="", name="tokenFile")
    username: str = ""
    password: str = ""
    impersonate: str = msgspec.field(default="", name="as")
    impersonate_uid: str = msgspec.field(default="", name="as-uid")
    impersonate_groups: list[str] | None = msgspec.field(default=None, name="as-groups")
    impersonate_extra: dict[str, list[str]] | None = msgspec.field(default=None, name="as-user-extra")
    auth_provider: Any = None
    exec: ExecConfig | None = None


class _Context(msgspec.Struct, frozen=True):
    cluster: str = ""
    user: str = ""


class _NamedCluster(msgspec.Struct, frozen=True):
    name: str
    cluster: Cluster | None = None


class _NamedUser(msgspec.Struct, frozen=True):
    name: str
    user: User | None = None


class _NamedContext(msgspec.Struct, frozen=True):
    name: str
    context: _Context | None = None


@readable
class _File(msgspec.Struct, frozen=True, rename="kebab"):
    clusters: list[_NamedCluster] | None = None
    users: list[_NamedUser] | None = None
    contexts: list[_NamedContext] | None = None
    current_context: str = ""


class Chosen(msgspec.Struct, frozen=True):
    """A context's cluster and user, and the folders that their relative paths start from."""

    context: str
    cluster: Cluster
    cluster_folder: Path
    user: User
    user_folder: Path


def choose(files: Sequence[Path], context: str = "") -> Chosen:
    """The cluster and the user of a context, or of the current one.

    Of several files the first that has a name wins, and the first current-context; missing files are passed
    over, as long as one is there.
    """
    # Not resolved: a mounted Secret's files are links into a folder that goes with the next rotation.
    read = [(path.absolute().parent, _read(path)) for path in files if path.is_file()]
    listed = ", ".join(map(str, files))
    if not read:
        raise ConfigurationError(f"no kubeconfig: {listed} is not there; set kubeconfig_path or KUBECONFIG")
    return _chosen(read, f"kubeconfig {listed}", context)


def choose_in(text: str, context: str = "") -> Chosen:
    """The same in a kubeconfig's own text, which has no folder: `Chosen`'s folders mean nothing."""
    what = "the given kubeconfig"
    return _chosen([(Path(), _parsed(text, what))], what, context)


def _chosen(read: Sequence[tuple[Path, _File]], what: str, context: str) -> Chosen:
    clusters: dict[str, tuple[Path, Cluster]] = {}
    users: dict[str, tuple[Path, User]] = {}
    contexts: dict[str, _Context] = {}
    for folder, file in read:
        for cluster in file.clusters or ():
            clusters.setdefault(cluster.name, (folder, cluster.cluster or Cluster()))
        for user in file.users or ():
            users.setdefault(user.name, (folder, user.user or User()))
        for entry in file.contexts or ():
            contexts.setdefault(entry.name, entry.context or _Context())
    wanted = context or next((file.current_context for _, file in read if file.current_context), "")
    if not wanted:
        raise ConfigurationError(f"{what} has no current-context; set kubeconfig_context to {_one_of(contexts)}")
    if wanted not in contexts:
        raise ConfigurationError(f"{what} has no context {wanted!r}; there are: {_one_of(contexts)}")
    chosen = contexts[wanted]
    if chosen.cluster not in clusters:
        raise ConfigurationError(
            f"{what}: context {wanted} names the cluster {chosen.cluster!r}; there are: {_one_of(clusters)}"
        )
    if chosen.user and chosen.user not in users:
        raise ConfigurationError(
            f"{what}: context {wanted} names the user {chosen.user!r}; there are: {_one_of(users)}"
        )
    cluster_folder, found = clusters[chosen.cluster]
    if not found.server:
        raise ConfigurationError(f"{what}: the cluster {chosen.cluster!r} has no server")
    user_folder, login = users.get(chosen.user, (cluster_folder, User()))
    return Chosen(wanted, found, cluster_folder, login, user_folder)


def decoded(text: str, what: str) -> bytes:
    """A `…-data` field's bytes; the error names the field and shows nothing of it."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise ConfigurationError(f"{what} in the kubeconfig is not base64") from None


def _one_of(names: dict[str, Any]) -> str:
    return ", ".join(sorted(names)) or "none"


def _read(path: Path) -> _File:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigurationError(f"kubeconfig {path} cannot be read: {reason}") from None
    return _parsed(text, f"kubeconfig {path}")


def _parsed(text: str, what: str) -> _File:
    """A kubeconfig's text; errors show the place, never the text, which holds logins."""
    try:
        content = yaml.load(text, yaml.CSafeLoader) or {}
    except (yaml.YAMLError, RecursionError, ValueError) as error:  # ValueError of a date or a number that is none
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        raise ConfigurationError(f"{what}{place} is not YAML") from None
    try:
        return msgspec.convert(content, _File, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{what}: {error}") from None
