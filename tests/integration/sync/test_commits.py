"""Batches of many clusters that change at the same time, in one real graph."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import neo4j
import pytest

from kgraph.graphdb.errors import Fenced, StatementRefused
from kgraph.graphdb.model import Resource, cluster_key
from kgraph.graphdb.store import Store
from kgraph.stack.neo4j import DATABASE
from kgraph.sync.batch import Batch
from kgraph.sync.commits import SMALL, SMALL_BYTES, TOGETHER_SECONDS, Commits
from kgraph.sync.writer import Entry, Writer
from tests.workers import until

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


@asynccontextmanager
async def locked(driver: neo4j.AsyncDriver, cluster: str) -> AsyncIterator[None]:
    """Somebody else has begun to write a cluster's own node, and does not go on."""
    async with driver.session(database=DATABASE) as session, await session.begin_transaction() as transaction:
        await transaction.run("MATCH (c:Cluster {key: $key}) SET c.claimedAt = datetime()", key=cluster_key(cluster))
        try:
            yield
        finally:
            await transaction.rollback()


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


async def test_a_small_batch_of_large_objects_goes_alone(store: Store) -> None:
    """What is few and heavy does not share a transaction with the others' changes."""
    writers, commits = await claimed(store), Commits(1)
    first, *rest = CLUSTERS
    await asyncio.gather(
        commits.write(Entry(writers[first], batch(first, manifest="x" * (SMALL_BYTES + 1)), {})),
        *(commits.write(Entry(writers[each], batch(each), {})) for each in rest),
    )
    assert commits.transactions == 2
    assert await written(store) == dict.fromkeys(CLUSTERS, 1)


async def test_who_writes_again_as_soon_as_it_may_is_served(store: Store) -> None:
    """Clusters that have their next batch ready when the last is committed never wait for somebody else's."""
    writers, commits = await claimed(store), Commits(1)

    async def often(cluster: str) -> None:
        for number in range(1, 11):
            await commits.write(Entry(writers[cluster], batch(cluster, count=number), {}))

    async with asyncio.timeout(60):
        await often(CLUSTERS[0])
        await asyncio.gather(*(often(cluster) for cluster in CLUSTERS))
    assert await written(store) == dict.fromkeys(CLUSTERS, 10)


async def test_a_cluster_that_is_alone_waits_for_nobody(store: Store) -> None:
    """A single change is one transaction, under way before anything else is waited for."""
    writers, commits = await claimed(store), Commits(2)
    (cluster, *_) = CLUSTERS
    await commits.write(Entry(writers[cluster], batch(cluster), {}))  # Neo4j has its plans
    began = time.perf_counter()
    await commits.write(Entry(writers[cluster], batch(cluster, count=2), {}))
    alone = time.perf_counter() - began
    began = time.perf_counter()
    await writers[cluster].write(batch(cluster, count=3))
    assert alone < 2 * (time.perf_counter() - began) + 0.1
    assert commits.transactions == 2


async def test_a_cluster_that_somebody_holds_does_not_hold_the_others(
    store: Store, graph_driver: neo4j.AsyncDriver
) -> None:
    """Where one cluster's node is locked the others are written without it soon, and at once the next time."""
    writers, commits = await claimed(store), Commits(2)
    others = [cluster for cluster in CLUSTERS if cluster != "c07"]
    async with locked(graph_driver, "c07"):
        writing = {
            cluster: asyncio.create_task(commits.write(Entry(writer, batch(cluster), {})))
            for cluster, writer in writers.items()
        }
        async with asyncio.timeout(TOGETHER_SECONDS * 3):
            await asyncio.gather(*(writing[cluster] for cluster in others))
        assert not writing["c07"].done()
        began = time.perf_counter()
        await asyncio.gather(*(commits.write(Entry(writers[each], batch(each, count=2), {})) for each in others))
        assert time.perf_counter() - began < TOGETHER_SECONDS
        assert not writing["c07"].done()
    await writing["c07"]
    assert await written(store) == {cluster: 1 if cluster == "c07" else 2 for cluster in CLUSTERS}


async def test_a_worker_that_is_cancelled_costs_the_others_nothing(
    store: Store, graph_driver: neo4j.AsyncDriver
) -> None:
    """Batches that waited, or were being written, with one whose worker has ended are written all the same."""
    writers, commits = await claimed(store), Commits(1)
    first, second, *rest = CLUSTERS
    async with locked(graph_driver, first):
        going = asyncio.create_task(commits.write(Entry(writers[first], batch(first), {})))
        await until(lambda: asyncio.sleep(0, commits.transactions == 1), "the first is being written")
        waiting = {
            cluster: asyncio.create_task(commits.write(Entry(writers[cluster], batch(cluster), {})))
            for cluster in (second, *rest)
        }
        going.cancel()
        await asyncio.wait({going})
        waiting.pop(second).cancel()
    await asyncio.gather(*waiting.values())
    found = await written(store)
    assert {cluster: found[cluster] for cluster in rest} == dict.fromkeys(rest, 1)
    assert second not in found
