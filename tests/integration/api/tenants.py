"""Callers with different rights in one real cluster, and what the apiserver itself answers each of them."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self

import httpx
import msgspec

from kgraph.graphdb.catalogue import Catalogue
from kgraph.graphdb.model import GroupKind, ResourceKey
from tests.integration.sync.live import Api, core
from tests.servers import Cluster

RBAC = "/apis/rbac.authorization.k8s.io/v1"
CLUSTER = "tenants"


class Rights(msgspec.Struct, frozen=True):
    """What a service account gets: rules in its own namespace, and a ClusterRole there or everywhere.

    `narrowed_to` is the account whose rights are what its tenant leaves of them.
    """

    rules: tuple[Mapping[str, Any], ...] = ()
    role: str = ""
    everywhere: str = ""
    narrowed_to: str = ""

    @property
    def sees_others(self) -> bool:
        """Whether other namespaces than its own are shown to it."""
        return bool(self.everywhere) and not self.narrowed_to


CALLERS: Mapping[str, Rights] = {
    "admin": Rights(everywhere="cluster-admin"),
    "viewer": Rights(role="view"),  # no Secrets, and of its Namespace the get
    "editor": Rights(role="edit"),
    "watcher": Rights(everywhere="view"),  # all namespaces, neither Secrets nor Nodes
    "picker": Rights(
        rules=(
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
            {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["settings"], "verbs": ["get"]},
        )
    ),
    # A selector names no Pod: who may get them, and list what selects them, learns of none.
    "getter": Rights(
        rules=(
            {"apiGroups": [""], "resources": ["services"], "verbs": ["list", "get"]},
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]},
        )
    ),
    "nobody": Rights(),
    "owner": Rights(role="cluster-admin"),  # all that there is in its namespace, and nothing else
    "tenant": Rights(everywhere="cluster-admin", narrowed_to="owner"),
}


class Oracle:
    """The apiserver, asked by one caller's own token: whether they may list, and get.

    `within` is the one namespace that a tenant leaves: what everybody may list outside, such as ClusterTrustBundles,
    is hidden all the same.
    """

    def __init__(self, cluster: Cluster, token: str, within: str = "") -> None:
        self._within = within
        self._client = httpx.AsyncClient(
            base_url=cluster.server,
            headers={"authorization": f"Bearer {token}"},
            verify=ssl.create_default_context(cafile=cluster.ca_file),
            timeout=30,
            trust_env=False,
        )
        self._answers: dict[str, bool] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def lists(self, key: str) -> bool:
        """Whether the kind of a resource may be listed in its namespace; a Namespace, whether it may be got."""
        name = ResourceKey.parse(key)
        if not self._is_inside(name):
            return False
        if (name.group, name.kind) == ("", "Namespace"):
            return await self._may(f"/api/v1/namespaces/{name.name}") or await self._may("/api/v1/namespaces?limit=1")
        return await self._may(f"{path_of(name)}?limit=1")

    async def gets(self, key: str) -> bool:
        """Whether a resource may be got by its name."""
        name = ResourceKey.parse(key)
        return self._is_inside(name) and await self._may(f"{path_of(name)}/{name.name}")

    async def get(self, path: str) -> httpx.Response:
        """What the apiserver answers."""
        return await self._client.get(path)

    def _is_inside(self, name: ResourceKey) -> bool:
        inside = name.name if (name.group, name.kind) == ("", "Namespace") else name.namespace
        return self._within in ("", inside)

    async def _may(self, path: str) -> bool:
        if path not in self._answers:
            self._answers[path] = (await self._client.get(path)).status_code != httpx.codes.FORBIDDEN
        return self._answers[path]


def path_of(name: ResourceKey) -> str:
    """Where a built-in kind's objects are."""
    kind = next(one for one in Catalogue().kinds if one.group_kind == GroupKind(name.group, name.kind))
    version = {"": "v1", "events.k8s.io": "v1", "autoscaling": "v2", "flowcontrol.apiserver.k8s.io": "v1"}
    start = f"/apis/{name.group}/{version.get(name.group, 'v1')}" if name.group else "/api/v1"
    return f"{start}/namespaces/{name.namespace}/{kind.plural}" if name.namespace else f"{start}/{kind.plural}"


@asynccontextmanager
async def tenants(cluster: Cluster, own: str, foreign: str) -> AsyncIterator[Mapping[str, str]]:
    """The same little application in two namespaces, and callers with rights in the first; their tokens."""
    async with Api(cluster) as api:
        await asyncio.gather(_application(api, own), _application(api, foreign))
        bindings = [await _account(api, own, name, rights) for name, rights in CALLERS.items()]
        tokens = {name: await _token(api, own, name) for name in CALLERS}
        try:
            yield tokens
        finally:
            for binding in filter(None, bindings):
                await api.delete(f"{RBAC}/clusterrolebindings/{binding}")


async def _application(api: Api, namespace: str) -> None:
    await api.make(core(namespace, "configmaps"), metadata={"name": "settings"}, data={"a": "b"})
    await api.make(core(namespace, "configmaps"), metadata={"name": "unused"}, data={"a": "b"})
    await api.make(core(namespace, "secrets"), metadata={"name": "login"}, stringData={"password": "x"})
    labels = {"app": "web"}
    container = {
        "name": "c",
        "image": f"registry.example/{namespace}:1",
        "envFrom": [{"configMapRef": {"name": "settings"}}, {"secretRef": {"name": "login"}}],
    }
    await api.make(
        f"/apis/apps/v1/namespaces/{namespace}/deployments",
        metadata={"name": "web"},
        spec={
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    )
    await api.make(
        core(namespace, "services"), metadata={"name": "web"}, spec={"selector": labels, "ports": [{"port": 80}]}
    )
    await api.make(
        f"/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses",
        metadata={"name": "web"},
        spec={
            "defaultBackend": {"service": {"name": "web", "port": {"number": 80}}},
            "tls": [{"secretName": "not-there"}],
        },
    )


async def _account(api: Api, namespace: str, name: str, rights: Rights) -> str:
    """Make a service account with its rights; the name of the ClusterRoleBinding that has to go in the end."""
    await api.make(core(namespace, "serviceaccounts"), metadata={"name": name})
    subjects = [{"kind": "ServiceAccount", "name": name, "namespace": namespace}]
    group = "rbac.authorization.k8s.io"
    if rights.rules:
        await api.make(f"{RBAC}/namespaces/{namespace}/roles", metadata={"name": name}, rules=list(rights.rules))
    role = {"kind": "Role", "name": name} if rights.rules else {"kind": "ClusterRole", "name": rights.role}
    if rights.rules or rights.role:
        await api.make(
            f"{RBAC}/namespaces/{namespace}/rolebindings",
            metadata={"name": name},
            subjects=subjects,
            roleRef={"apiGroup": group, **role},
        )
    if not rights.everywhere:
        return ""
    binding = f"{namespace}-{name}"
    await api.make(
        f"{RBAC}/clusterrolebindings",
        metadata={"name": binding},
        subjects=subjects,
        roleRef={"apiGroup": group, "kind": "ClusterRole", "name": rights.everywhere},
    )
    return binding


def account(namespace: str, name: str) -> str:
    """What the apiserver calls a service account."""
    return f"system:serviceaccount:{namespace}:{name}"


async def _token(api: Api, namespace: str, name: str) -> str:
    path = f"{core(namespace, 'serviceaccounts', name)}/token"
    answer = await api.make(path, spec={"expirationSeconds": 3600})
    return str(answer["status"]["token"])
