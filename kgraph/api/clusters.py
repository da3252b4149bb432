"""The clusters in the graph: what each is, whether it is in step, how much is in it."""

import msgspec

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


async def all_clusters(store: Store, *, timeout: float) -> tuple[Cluster, ...]:
    """All clusters by id."""
    record = await store.read_one("read/clusters", timeout=timeout)
    return tuple(Cluster(*row) for row in record["clusters"])
