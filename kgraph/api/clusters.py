"""The clusters in the graph: what each is, whether it is in step, how much is in it."""

import msgspec

from kgraph.api.status import Status, SyncState, status_of
from kgraph.graphdb.registry import LOST_SECONDS
from kgraph.graphdb.store import Store


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
    node_count: int
    namespace_count: int
    created_at: str | None  # of the kube-system namespace, which is as old as its cluster
    connected: bool | None
    connected_since: str | None
    problem: str | None
    lag_seconds: float | None
    last_event_at: str | None
    resource_count: int | None
    failing_kinds: int
    removing: bool
    followed: bool

    @property
    def status(self) -> Status:
        """How its sync is."""
        return status_of(msgspec.convert(self, SyncState, from_attributes=True))


async def all_clusters(store: Store, *, timeout: float) -> tuple[Cluster, ...]:
    """All clusters by id."""
    record = await store.read_one("read/clusters", {"of": {"lostSeconds": LOST_SECONDS}}, timeout=timeout)
    return tuple(Cluster(*row) for row in record["clusters"])
