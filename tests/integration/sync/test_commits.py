"""Batches of many clusters that change at the same time, in one real graph."""

import asyncio
from typing import Any

import pytest

from kgraph.graphdb.errors import Fenced, StatementRefused
from kgraph.graphdb.model import Resource
from kgraph.graphdb.store import Store
from kgraph.sync.batch import Batch
from kgraph.sync.commits import SMALL, Commits
from kgraph.sync.writer import Entry, Writer

pytestmark = pytest.mark.neo4j

CLUSTERS = [f"c{number:02}" for number in range(20)]


def batch(cluster: str, *, count: int = 1, **properties: Any) -> Batch:
    """A batch of some new ConfigMaps."""
    made = Batch()
    for number in range(count):
        key = f"{cluster}/core/ConfigMap/shop/{number}"
        told = {"key": key, "cluster": cluster, "kind": "ConfigMap", "manifest": "{}", **properties}
        made.put(Resource(key, "ConfigMap", "u", "1", "f", told, (), "0:"), edges_changed=True, fresh=True)
    return made


async def claimed(store: Store) -> dict[str, Writer]:
    """A writer for each cluster."""
    return {cluster: await Writer.claim(store, cluster, {}) for cluster in CLUSTERS}


async def written(store: Store) -> dict[str, int]:
    """How many ConfigMaps each cluster has in the graph."""
    rows = await store.read_text("MATCH (n:ConfigMap) RETURN n.cluster AS cluster, count(n) AS count")
    return {row["cluster"]: row["count"] for row in rows}


async def test_batches_that_wait_together_are_written_together(store: Store) -> None:
    """Twenty clusters that change at once take fewer transactions than twenty, and each says its own state."""
    writers, commits = await claimed(store), Commits(2)
    await asyncio.gather(
        *(commits.write(Entry(writer, batch(each), {"resourceCount": 1})) for each, writer in writers.items())
    )
    assert await written(store) == dict.fromkeys(CLUSTERS, 1)
    assert commits.transactions <= 4
    told = await store.read_text("MATCH (c:Cluster) RETURN c.resourceCount AS count")
    assert [row["count"] for row in told] == [1] * len(CLUSTERS)


async def test_one_cluster_that_was_taken_over_costs_only_itself(store: Store) -> None:
    """Of batches that are written together, those of other clusters are written though one is fenced off."""
    writers, commits = await claimed(store), Commits(1)
    await Writer.claim(store, "c07", {})
    results = await asyncio.gather(
        *(commits.write(Entry(writer, batch(each), {})) for each, writer in writers.items()), return_exceptions=True
    )
    fenced = [cluster for cluster, result in zip(CLUSTERS, results, strict=True) if isinstance(result, Fenced)]
    assert fenced == ["c07"]
    assert await written(store) == {cluster: 1 for cluster in CLUSTERS if cluster != "c07"}


async def test_what_neo4j_refuses_of_one_cluster_is_refused_alone(store: Store) -> None:
    """A value that no node can have costs the batch that it is in, not those that were written with it."""
    writers, commits = await claimed(store), Commits(1)
    results = await asyncio.gather(
        *(
            commits.write(Entry(writer, batch(each, **({"odd": 1 << 70} if each == "c03" else {})), {}))
            for each, writer in writers.items()
        ),
        return_exceptions=True,
    )
    refused = [each for each, result in zip(CLUSTERS, results, strict=True) if isinstance(result, StatementRefused)]
    assert refused == ["c03"]
    assert await written(store) == {cluster: 1 for cluster in CLUSTERS if cluster != "c03"}


async def test_a_large_batch_goes_alone_and_the_small_ones_behind_it_together(store: Store) -> None:
    """A first sync's batch and the others' changes do not share a transaction."""
    writers, commits = await claimed(store), Commits(1)
    first, *rest = CLUSTERS
    await asyncio.gather(
        commits.write(Entry(writers[first], batch(first, count=SMALL + 1), {})),
        *(commits.write(Entry(writers[each], batch(each), {})) for each in rest),
    )
    assert commits.transactions == 2
    assert await written(store) == {first: SMALL + 1, **dict.fromkeys(rest, 1)}
