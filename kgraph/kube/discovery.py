"""Which kinds a cluster serves, each once, in the version that the server prefers.

Aggregated discovery (Kubernetes 1.27 and later) answers with two requests; older servers are asked group by group.
A group whose own server is down costs that group alone.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import msgspec

from kgraph.groups import GROUPS_OF_OLD, api_version, with_group
from kgraph.kube.connection import Connection
from kgraph.kube.errors import KubeError, Unavailable

ACCEPT_AGGREGATED = (
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
    "application/json"
)
# An older server is asked once a group and version: enough at once to be quick, too few to be noticed.
CONCURRENT_REQUESTS = 8

# Kinds that a server shows under two groups, and the group under which they are kept. The same objects are behind
# both; without this the graph would hold them twice.
_SAME_AS: Mapping[tuple[str, str], str] = {
    **GROUPS_OF_OLD,
    # OpenShift serves RBAC a second time.
    ("authorization.openshift.io", "ClusterRole"): "rbac.authorization.k8s.io",
    ("authorization.openshift.io", "ClusterRoleBinding"): "rbac.authorization.k8s.io",
    ("authorization.openshift.io", "Role"): "rbac.authorization.k8s.io",
    ("authorization.openshift.io", "RoleBinding"): "rbac.authorization.k8s.io",
}


class ApiResource(msgspec.Struct, frozen=True):
    """One kind as it is served: `apps/v1 Deployment`, plural `deployments`, at `/apis/apps/v1/deployments`."""

    group: str
    version: str
    kind: str
    plural: str
    singular: str = ""
    short_names: tuple[str, ...] = ()
    namespaced: bool = True
    verbs: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        """`v1`, `apps/v1`."""
        return api_version(self.group, self.version)

    @property
    def listable(self) -> bool:
        """Whether all objects of the kind can be read."""
        return "list" in self.verbs

    @property
    def watchable(self) -> bool:
        """Whether they can be read and followed."""
        return "list" in self.verbs and "watch" in self.verbs

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """Where the kind is served: in all namespaces or in one, and one object of it."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        place = f"/namespaces/{namespace}" if namespace and self.namespaced else ""
        return f"{root}{place}/{self.plural}" + (f"/{name}" if name else "")

    def __str__(self) -> str:
        """As kubectl writes it: `pods`, `deployments.apps`."""
        return with_group(self.plural, self.group)


class DiscoveryFailure(msgspec.Struct, frozen=True):
    """A group and version whose kinds are not known now; what was known of them before is not gone."""

    group: str
    version: str
    error: KubeError

    def __str__(self) -> str:
        return f"{self.group}/{self.version}: {self.error}"


class Discovery(msgspec.Struct, frozen=True):
    """What a cluster serves: core's kinds first, then group by group in the server's own order of precedence."""

    resources: tuple[ApiResource, ...]
    failures: tuple[DiscoveryFailure, ...] = ()


class _Metadata(msgspec.Struct):
    name: str = ""


class _ResponseKind(msgspec.Struct):
    kind: str = ""


class _AggregatedResource(msgspec.Struct, rename="camel"):
    resource: str
    response_kind: _ResponseKind | None = None
    scope: str = ""
    singular_resource: str = ""
    verbs: list[str] | None = None
    short_names: list[str] | None = None


class _AggregatedVersion(msgspec.Struct):
    version: str
    resources: list[_AggregatedResource] | None = None
    freshness: str = ""


class _AggregatedGroup(msgspec.Struct):
    metadata: _Metadata
    versions: list[_AggregatedVersion] | None = None


class _GroupVersion(msgspec.Struct):
    version: str = ""


class _Group(msgspec.Struct, rename="camel"):
    name: str
    versions: list[_GroupVersion] = []
    preferred_version: _GroupVersion | None = None


class _Root(msgspec.Struct):
    """What `/api` and `/apis` answer, in whichever form: APIGroupDiscoveryList, APIVersions or APIGroupList."""

    kind: str = ""
    items: list[_AggregatedGroup] | None = None
    versions: list[str] | None = None
    groups: list[_Group] | None = None


class _Resource(msgspec.Struct, rename="camel"):
    name: str
    kind: str
    singular_name: str = ""
    namespaced: bool = False
    verbs: list[str] | None = None
    short_names: list[str] | None = None


class _ResourceList(msgspec.Struct):
    resources: list[_Resource] | None = None


class _Served(msgspec.Struct):
    """A group's versions with their kinds, the preferred version first."""

    group: str
    versions: list[Sequence[ApiResource]] = []


async def discover(conn: Connection, versions: Mapping[tuple[str, str], str] = {}) -> Discovery:
    """Ask the cluster what it serves; KubeError where it cannot even say which groups there are.

    `versions` are those that are wanted of a group and plural; where one is not served, the server's choice holds.
    """
    found: list[_Served] = []
    failures: list[DiscoveryFailure] = []
    for path in ("/api", "/apis"):
        root = conn.decoded(await conn.get(path, accept=ACCEPT_AGGREGATED), _Root, path)
        if root.kind == "APIGroupDiscoveryList":
            found += [_from_aggregated(item, failures) for item in root.items or ()]
        elif path == "/api":
            core = _Group("", [_GroupVersion(version) for version in root.versions or ()])
            found += await _ask_each(conn, [core], failures)
        else:
            found += await _ask_each(conn, root.groups or [], failures)
    return Discovery(tuple(_kept(resource) for resource in _once(found, versions)), tuple(failures))


@lru_cache(maxsize=4096)
def _kept(resource: ApiResource) -> ApiResource:
    """The one value of all that are equal: a hundred clusters serve the same kinds, of some 1 kB each."""
    return resource


def _from_aggregated(item: _AggregatedGroup, failures: list[DiscoveryFailure]) -> _Served:
    group = item.metadata.name
    served = _Served(group)
    for version in item.versions or ():
        if version.freshness == "Stale":
            # As client-go: what a stale version lists may no longer be so.
            problem = f"{group}/{version.version} is stale: the API server behind it does not answer"
            failures.append(
                DiscoveryFailure(
                    group,
                    version.version,
                    Unavailable(problem, advice=f"kubectl get apiservice {version.version}.{group} says why"),
                )
            )
            continue
        served.versions.append(
            [
                ApiResource(
                    group,
                    version.version,
                    resource.response_kind.kind,
                    resource.resource,
                    resource.singular_resource,
                    tuple(resource.short_names or ()),
                    resource.scope == "Namespaced",
                    tuple(resource.verbs or ()),
                )
                for resource in version.resources or ()
                if resource.response_kind and resource.response_kind.kind
            ]
        )
    return served


async def _ask_each(conn: Connection, groups: Iterable[_Group], failures: list[DiscoveryFailure]) -> list[_Served]:
    limit = asyncio.Semaphore(CONCURRENT_REQUESTS)

    async def ask(group: str, version: str) -> Sequence[ApiResource]:
        path = f"/apis/{group}/{version}" if group else f"/api/{version}"
        try:
            async with limit:
                listed = await conn.get_json(path, _ResourceList)
        except KubeError as error:
            failures.append(DiscoveryFailure(group, version, error))
            return ()
        return [
            ApiResource(
                group,
                version,
                resource.kind,
                resource.name,
                resource.singular_name,
                tuple(resource.short_names or ()),
                resource.namespaced,
                tuple(resource.verbs or ()),
            )
            for resource in listed.resources or ()
            if "/" not in resource.name
        ]

    asked: list[tuple[str, list[asyncio.Task[Sequence[ApiResource]]]]] = []
    async with asyncio.TaskGroup() as tasks:
        for group in groups:
            preferred = group.preferred_version.version if group.preferred_version else ""
            versions = sorted((v.version for v in group.versions), key=lambda version: version != preferred)
            asked.append(
                (
                    group.name,
                    [tasks.create_task(ask(group.name, v), name=f"discover {group.name}/{v}") for v in versions],
                )
            )
    failures.sort(key=lambda failure: (failure.group, failure.version))
    return [_Served(name, [task.result() for task in answers]) for name, answers in asked]


def _once(found: Iterable[_Served], versions: Mapping[tuple[str, str], str]) -> list[ApiResource]:
    """Each kind once: in the version that is wanted, else the first; under one group where it is shown under two."""
    chosen: dict[tuple[str, str], ApiResource] = {}
    for served in found:
        of_group: dict[tuple[str, str], ApiResource] = {}
        for version in served.versions:
            for resource in version:
                if versions.get(key := (resource.group, resource.plural)) == resource.version:
                    of_group[key] = resource
                of_group.setdefault(key, resource)
        chosen.update(sorted(of_group.items()))
    kinds = {(resource.group, resource.kind) for resource in chosen.values()}
    return [
        resource
        for resource in chosen.values()
        if (other := _SAME_AS.get((resource.group, resource.kind))) is None or (other, resource.kind) not in kinds
    ]
