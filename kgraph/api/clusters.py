"""The clusters in the graph: what each is, whether it is in step, how much is in it."""

import msgspec

from kgraph.api.errors import NotFound
from kgraph.api.reading.reader import Reader
from kgraph.api.status import Status, SyncState, status_of
from kgraph.graphdb.model import NAMESPACE, GroupKind
from kgraph.groups import with_group


class Ailing(msgspec.Struct, frozen=True):
    """A kind with which something is wrong: it can't be read, or not all of its objects can, or only in part."""

    plural: str
    group: str
    error: str | None
    left_out: int
    malformed: int
    reasons: list[str]

    @property
    def name(self) -> str:
        """As kubectl writes the kind: `pods`, `deployments.apps`."""
        return with_group(self.plural, self.group)

    @property
    def ready(self) -> bool:
        """Whether all of the kind's objects are in the graph, if only as far as they can be."""
        return self.error is None and not self.left_out

    @property
    def message(self) -> str:
        """What is wrong, with the first reasons."""
        counts = ((self.left_out, "left out"), (self.malformed, "malformed and read in part"))
        parts = [self.error] if self.error else []
        parts += [f"{count} object{'s' if count > 1 else ''} {what}" for count, what in counts if count]
        return "; ".join([*parts, *self.reasons])


class Cluster(msgspec.Struct, frozen=True):
    """One cluster as its node says; counts are of what is synced, times ISO 8601."""

    handle: str
    key: str
    id: str
    name: str
    environment: str | None
    region: str | None
    version: str | None
    server: str | None
    source: str | None
    synced_at: str | None
    error: str | None
    node_count: int | None
    namespace_count: int | None
    created_at: str | None  # of the kube-system namespace, which is as old as its cluster
    connected: bool | None
    connected_since: str | None
    problem: str | None
    lag_seconds: float | None
    last_event_at: str | None
    resource_count: int | None
    failing_kinds: int | None
    removing: bool
    worker: str | None  # the name of the worker that syncs it
    feed_problem: str | None
    ailing: tuple[Ailing, ...]

    @property
    def status(self) -> Status:
        """How its sync is."""
        return status_of(msgspec.convert(self, SyncState, from_attributes=True))


async def all_clusters(reader: Reader, *, timeout: float) -> tuple[Cluster, ...]:
    """All clusters by id; of one in which the caller does not see everything, nothing is counted that they do not see.

    That there is a cluster, what it is called and whether it is in step is no secret.
    """
    record = await reader.read_one("read/clusters", {"of": {}}, timeout=timeout)
    found = (Cluster(*[*row, tuple(Ailing(*kind) for kind in ailing)]) for *row, ailing in record["clusters"])
    return tuple([await _shown(reader, cluster) for cluster in found])


async def the_cluster(reader: Reader, identity: str, *, timeout: float) -> Cluster:
    """One cluster; NotFound lists those that there are."""
    found = await all_clusters(reader, timeout=timeout)
    for one in found:
        if one.id == identity:
            return one
    there_are = ", ".join(one.id for one in found) or "none yet"
    raise NotFound(f"there is no cluster {identity!r}; clusters: {there_are}")


async def _shown(reader: Reader, cluster: Cluster) -> Cluster:
    """What the caller may know of a cluster."""
    if reader.sight is None or await reader.sight.sees_everything_of(cluster.id):
        return cluster
    nodes = await reader.sight.lists_kind(cluster.id, GroupKind("", "Node"))
    namespaces = await reader.sight.lists_kind(cluster.id, NAMESPACE)
    return msgspec.structs.replace(
        cluster,
        node_count=cluster.node_count if nodes else None,
        namespace_count=cluster.namespace_count if namespaces else None,
        resource_count=None,
        failing_kinds=None,
        ailing=(),
    )
