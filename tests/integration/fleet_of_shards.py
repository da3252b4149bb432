"""Many small clusters, all of them one apiserver's, for workers that share them; and who wrote which of them when."""

import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import pytest

from kgraph.graphdb.store import Store
from kgraph.kube.settings import ClusterSettings
from kgraph.sync import commits
from kgraph.sync.options import SyncOptions
from kgraph.sync.writer import Entry, Writer, write_together
from tests.servers import Cluster
from tests.workers import cluster_settings

KINDS = ("namespaces", "configmaps")
SMALL = SyncOptions(watch_resources=KINDS, usage_seconds=0)


def entries(cluster: Cluster, count: int) -> tuple[ClusterSettings, ...]:
    """So many clusters, which are one."""
    return tuple(cluster_settings(cluster, f"c{number:03}") for number in range(count))


def configuration(clusters: Sequence[ClusterSettings]) -> dict[str, Any]:
    """The same for a process."""
    written = [{"id": one.id, "kubeconfig_path": one.kubeconfig_path, "qps": 0} for one in clusters]
    return {"clusters": written, "watch_resources": list(KINDS), "usage_interval": "0s"}


async def change(cluster: Cluster, namespace: str, name: str) -> None:
    """Make a ConfigMap, which is a change of each of the clusters."""
    await cluster.request("POST", f"/api/v1/namespaces/{namespace}/configmaps", {"metadata": {"name": name}})


async def without(store: Store, clusters: Collection[str], namespace: str, name: str) -> list[str]:
    """Those of the clusters in whose graph the change is not seen yet."""
    text = "MATCH (n:ConfigMap) WHERE n.namespace = $namespace AND n.name = $name RETURN n.cluster AS cluster"
    seen = {row["cluster"] for row in await store.read_text(text, {"namespace": namespace, "name": name})}
    return sorted(set(clusters) - seen)


class Held(NamedTuple):
    """A shard: who holds it by the graph, who claimed its cluster last, and how often it was claimed."""

    worker: str | None
    claimed_by: str | None
    epoch: int | None


async def shards(store: Store) -> Mapping[str, Held]:
    """All shards, by cluster."""
    text = """
    MATCH (s:Shard)
    OPTIONAL MATCH (c:Cluster {key: "cluster:" + s.cluster})
    OPTIONAL MATCH (w:SyncWorker {key: s.worker}) WHERE w.until >= datetime.realtime()
    RETURN s.cluster AS cluster, w.name AS worker, c.worker AS claimed, c.epoch AS epoch
    """
    return {row["cluster"]: Held(row["worker"], row["claimed"], row["epoch"]) for row in await store.read_text(text)}


async def shared_by(store: Store, count: int, *names: str) -> Mapping[str, Held] | None:
    """All shards, once each has been claimed by the worker that holds it, and each of these workers has some."""
    found = await shards(store)
    settled = len(found) == count and all(one.worker and one.worker == one.claimed_by for one in found.values())
    return found if settled and {one.worker for one in found.values()} == set(names) else None


class Written(NamedTuple):
    """A transaction that was committed, or a claim: which epoch of which shard, begun and ended when."""

    shard: str
    epoch: int
    began: float
    ended: float


class Audit:
    """Every claim and every committed batch of all workers in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.claims: list[Written] = []
        self.writes: list[Written] = []
        monkeypatch.setattr(commits, "write_together", self._write)
        self._claim = Writer.claim
        monkeypatch.setattr(Writer, "claim", self._audited_claim)

    async def _write(self, some: Sequence[Entry], seconds: float) -> None:
        began = time.monotonic()
        await write_together(some, seconds)
        ended = time.monotonic()
        self.writes += [Written(one.writer.shard, one.writer.epoch, began, ended) for one in some]

    async def _audited_claim(self, store: Store, cluster: str, *rest: Any, **more: Any) -> Writer:
        began = time.monotonic()
        writer = await self._claim(store, cluster, *rest, **more)
        self.claims.append(Written(writer.shard, writer.epoch, began, time.monotonic()))
        return writer

    def two_at_a_time(self) -> list[tuple[Written, Written]]:
        """Writes that began when a later epoch was claimed already, and were committed all the same."""
        by_shard: dict[str, list[Written]] = {}
        for claim in self.claims:
            by_shard.setdefault(claim.shard, []).append(claim)
        return [
            (write, claim)
            for write in self.writes
            for claim in by_shard.get(write.shard, ())
            if claim.epoch > write.epoch and claim.ended < write.began
        ]
