"""What the components of one control plane share: its folder, its keys, its users."""

import asyncio
import json
import secrets
from collections.abc import Mapping
from pathlib import Path

import msgspec

from kgraph.stack.files import write_private
from kgraph.stack.folders import HeldFolder
from kgraph.stack.kubeconfig import write_kubeconfig
from kgraph.stack.kubernetes_programs import Programs
from kgraph.stack.pki import Authority, Certificate, create_signing_key

ADMIN = "kgraph-admin"
ADMIN_GROUP = "system:masters"
# Kubernetes' own roles are bound to the names of the first two; the others have none there.
COMPONENT_GROUPS: Mapping[str, tuple[str, ...]] = {
    "system:kube-controller-manager": (),
    "system:kube-scheduler": (),
    "kwok": (ADMIN_GROUP,),
    "metrics-server": (ADMIN_GROUP,),
}
TOKEN_BYTES = 24  # of randomness


class ControlPlaneOptions(msgspec.Struct, frozen=True):
    """How a control plane is set up.

    `minimal`: etcd and the apiserver alone, up in a few seconds. `metrics`: metrics-server serves metrics.k8s.io, and
    says that a Pod's containers use what its annotations say, `kwok.x-k8s.io/usage-cpu` and `.../usage-memory`. `users`
    are known by a token: names and their groups. `etcd_url` and `etcd_prefix` put it beside another control plane on
    that one's etcd, in another part of it. `logs` is a file in CRI's format: what every container has written; what
    the one before it has written is in `previous_of` it.
    `authorization` is a file with an AuthorizationConfiguration, in place of RBAC alone. `apiserver_options` are
    further options of kube-apiserver.
    """

    minimal: bool = False
    metrics: bool = False
    users: Mapping[str, tuple[str, ...]] = {}
    etcd_url: str = ""
    etcd_prefix: str = "/registry"
    logs: Path | None = None
    authorization: Path | None = None
    apiserver_options: tuple[str, ...] = ()


class Setting(msgspec.Struct, frozen=True):
    """All that the components need to know of one another. `tokens` are by user, the administrator's included."""

    folder: Path
    programs: Programs
    options: ControlPlaneOptions
    held_files: tuple[int, ...]
    tokens: Mapping[str, str]
    authority: Authority
    front_proxy: Authority
    serving: Certificate
    proxy_client: Certificate
    signing_key: Path

    @property
    def ca_file(self) -> Path:
        """The authority that the servers' certificates, and the clients', are from."""
        return self.authority.ca.certificate

    @property
    def token_file(self) -> Path:
        """The users that the apiserver knows by a token."""
        return self.folder / "tokens.csv"

    @property
    def logs_config_file(self) -> Path:
        """What tells kwok where the containers' logs are."""
        return self.folder / "logs.json"

    def log_of(self, name: str) -> Path:
        """The log file of a component."""
        return self.folder / "logs" / f"{name}.log"

    def kubeconfig_of(self, user: str) -> Path:
        """The kubeconfig file of the administrator or of a component."""
        return self.folder / f"{user.removeprefix('system:')}.kubeconfig"

    def write_kubeconfigs(self, server: str) -> None:
        """Write the kubeconfig files of the administrator and of the components."""
        for user in (ADMIN, *COMPONENT_GROUPS):
            write_kubeconfig(
                self.kubeconfig_of(user), server=server, ca_file=self.ca_file, user=user, token=self.tokens[user]
            )


async def make_setting(held: HeldFolder, programs: Programs, options: ControlPlaneOptions) -> Setting:
    """Make the keys, certificates and tokens of a new control plane. Raises CommandFailed where openssl is missing."""
    folder = held.path
    for name in ("pki", "front-proxy", "logs"):
        (folder / name).mkdir(exist_ok=True, mode=0o700)
    authority, front_proxy, signing_key = await asyncio.gather(
        Authority.create(folder / "pki", "kgraph"),
        # Not the same one: whoever it vouches for may act as any user.
        Authority.create(folder / "front-proxy", "kgraph-front-proxy"),
        create_signing_key(folder / "pki" / "service-accounts.key"),
    )
    serving, proxy_client = await asyncio.gather(
        authority.issue_server("serving"), front_proxy.issue_client("front-proxy-client")
    )
    groups = {ADMIN: (ADMIN_GROUP,), **COMPONENT_GROUPS, **options.users}
    setting = Setting(
        folder=folder,
        programs=programs,
        options=options,
        held_files=(held.lock,),
        tokens={user: secrets.token_urlsafe(TOKEN_BYTES) for user in groups},
        authority=authority,
        front_proxy=front_proxy,
        serving=serving,
        proxy_client=proxy_client,
        signing_key=signing_key,
    )
    lines = (f'{setting.tokens[user]},{user},{user},"{",".join(its_groups)}"\n' for user, its_groups in groups.items())
    write_private(setting.token_file, "".join(lines))
    if options.logs:
        files = {"logsFile": str(options.logs), "previousLogsFile": str(previous_of(options.logs))}
        spec = {"selector": {}, "logs": [files]}
        config = {"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "ClusterLogs", "metadata": {"name": "logs"}}
        setting.logs_config_file.write_text(json.dumps({**config, "spec": spec}))
    return setting


def previous_of(logs: Path) -> Path:
    """The file with what the container before has written, beside the one with what it writes now."""
    return logs.with_name(f"{logs.name}.previous")
