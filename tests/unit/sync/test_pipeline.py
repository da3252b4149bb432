"""The queue before the writer: bounded, without waiting, patient with Neo4j, strict with what it refuses."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import pytest

from kgraph.graphdb.errors import Fenced, GraphTimeout, GraphUnavailable, StatementRefused
from kgraph.graphdb.model import Resource
from kgraph.sync import pipeline as pipelines
from kgraph.sync.batch import Batch
from kgraph.sync.pipeline import Pipeline
from tests.unit.sync.test_batch import EDGE, resource

SYNTAX = "Neo.ClientError.Statement.TypeError"
NOT_FOUND = "Neo.ClientError.Statement.EntityNotFound"


class Graph:
    """What the pipeline writes to: it keeps what it is given, may be held up, and answers with errors as told."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.written: list[str] = []
        self.errors: list[Exception] = []
        self.poison: set[str] = set()
        self.most = 1_000  # what a transaction may have in it, to be in time
        self.open = asyncio.Event()
        self.open.set()
        self.began = asyncio.Event()

    async def write(self, batch: Batch) -> None:
        """Take a batch or raise."""
        self.began.set()
        await self.open.wait()
        self.batches.append(batch)
        if self.errors:
            raise self.errors.pop(0)
        if len(batch) > self.most:
            raise GraphTimeout("slow")
        if self.poison & set(batch.names()):
            raise StatementRefused("property values can only be of primitive types", SYNTAX)
        self.written += batch.names()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let retries wait for a moment only."""
    monkeypatch.setattr(pipelines, "RETRY_FIRST_SECONDS", 0.001)
    monkeypatch.setattr(pipelines, "RETRY_MOST_SECONDS", 0.002)
    return iter([None])


def put(pipeline: Pipeline, key: str, manifest: str = "{}") -> None:
    """Put one resource that the graph does not hold."""
    made: Resource = resource(key, manifest=manifest)
    pipeline.pending.put(made, edges_changed=True, fresh=True)
    pipeline.changed()


async def stop(task: asyncio.Task[None]) -> None:
    """End a pipeline's loop."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_what_queued_up_while_a_transaction_ran_is_the_next_one() -> None:
    """Nothing waits when the graph is idle, and when it is busy all that came meanwhile goes in one transaction."""
    graph = Graph()
    pipeline = Pipeline("c", graph.write)
    running = asyncio.create_task(pipeline.run())
    graph.open.clear()
    put(pipeline, "a")
    await graph.began.wait()
    for key in ("b", "c", "b"):
        put(pipeline, key)
    graph.open.set()
    await pipeline.flush()
    assert [sorted(batch.upserts) for batch in graph.batches] == [["a"], ["b", "c"]]
    assert pipeline.transactions == 2
    await stop(running)


async def test_room_is_gone_when_the_batch_is_full_and_comes_back_with_the_next() -> None:
    """Who puts changes waits while a full batch waits for Neo4j, so that memory is bounded by the limit."""
    graph = Graph()
    pipeline = Pipeline("c", graph.write, limit=2)
    put(pipeline, "a")
    await asyncio.wait_for(pipeline.room(), 1)
    put(pipeline, "b")
    waiting = asyncio.create_task(pipeline.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    await pipeline.write_pending()
    await asyncio.wait_for(waiting, 1)


async def test_large_objects_fill_a_batch_before_their_number_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch is bounded by the size of its objects too, not by their number alone."""
    monkeypatch.setattr(pipelines, "BATCH_BYTES", 1000)
    pipeline = Pipeline("c", Graph().write)
    put(pipeline, "a", manifest="x" * 999)
    await asyncio.wait_for(pipeline.room(), 1)
    put(pipeline, "b", manifest="x")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(pipeline.room(), 0.01)


async def test_flush_returns_when_what_was_put_before_it_is_committed() -> None:
    """A flush waits for its own changes, not for those that come after it."""
    graph = Graph()
    pipeline = Pipeline("c", graph.write)
    put(pipeline, "a")
    graph.open.clear()
    running = asyncio.create_task(pipeline.run())
    await graph.began.wait()
    flushed = asyncio.create_task(pipeline.flush())
    await asyncio.sleep(0)
    put(pipeline, "b")
    assert not flushed.done()
    graph.open.set()
    await asyncio.wait_for(flushed, 1)
    assert "a" in graph.written
    await stop(running)


async def test_a_flush_of_nothing_does_not_wait() -> None:
    """Where nothing was put, there is nothing to wait for."""
    await asyncio.wait_for(Pipeline("c", Graph().write).flush(), 1)


@pytest.mark.parametrize(
    "error",
    [
        GraphUnavailable("gone"),
        GraphTimeout("slow"),
        StatementRefused("the disk is full", "Neo.DatabaseError.Transaction.TransactionCommitFailed"),
        StatementRefused("read only", "Neo.ClientError.General.ForbiddenOnReadOnlyDatabase"),
    ],
    ids=["unavailable", "timeout", "disk full", "read-only"],
)
async def test_what_is_not_the_datas_fault_is_waited_for(error: Exception) -> None:
    """While Neo4j can't write anything, nothing is dropped; afterwards all of it is written, trusting nothing."""
    graph = Graph()
    graph.errors = [error, error]
    pipeline = Pipeline("c", graph.write)
    put(pipeline, "a")
    put(pipeline, "b")
    await pipeline.write_pending()
    assert sorted(graph.written) == ["a", "b"]
    assert pipeline.refused == {}
    assert all(not upsert.fresh for upsert in graph.batches[-1].upserts.values())


async def test_what_is_too_much_at_once_is_written_in_parts() -> None:
    """A batch that a slow Neo4j never ends in time becomes smaller ones; nothing is dropped, and nothing is refused."""
    graph = Graph()
    graph.most = 3
    pipeline = Pipeline("c", graph.write)
    for number in range(10):
        put(pipeline, f"r{number}")
    async with asyncio.timeout(5):
        await pipeline.write_pending()
    assert sorted(graph.written) == [f"r{number}" for number in range(10)]
    assert pipeline.refused == {}


async def test_meeting_another_clusters_worker_costs_no_resource() -> None:
    """An image that another cluster's worker takes away just now is no reason to leave a Pod out."""
    graph = Graph()
    graph.errors = [StatementRefused("Node(7) not found", NOT_FOUND)]
    pipeline = Pipeline("c", graph.write)
    put(pipeline, "a")
    await pipeline.write_pending()
    assert (graph.written, pipeline.refused) == (["a"], {})


async def test_only_what_neo4j_refuses_is_left_out() -> None:
    """A batch with one resource that Neo4j refuses is written but for that one, which is reported with the reason."""
    graph = Graph()
    graph.poison = {"r5"}
    pipeline = Pipeline("c", graph.write)
    for number in range(10):
        put(pipeline, f"r{number}")
    pipeline.pending.match("r1", EDGE)
    pipeline.pending.checkpoint("c/pods", {"kind": "Pod"})
    await pipeline.write_pending()
    assert sorted(set(graph.written)) == sorted([*(f"r{number}" for number in range(10) if number != 5), "c/pods"])
    assert list(pipeline.refused) == ["r5"]
    assert "primitive types" in pipeline.refused["r5"]


async def test_a_refused_node_with_one_edge_ends() -> None:
    """One resource with one selector edge, refused, is left out; the edge alone is tried."""
    graph = Graph()
    graph.poison = {"r1"}
    pipeline = Pipeline("c", graph.write)
    put(pipeline, "r1")
    pipeline.pending.match("r1", EDGE)
    await asyncio.wait_for(pipeline.write_pending(), 5)
    assert set(pipeline.refused) == {"r1"}


async def test_what_is_mended_is_no_longer_reported() -> None:
    """A resource that Neo4j refused and then takes is not reported any more, nor is one that has gone."""
    graph = Graph()
    graph.poison = {"a", "b"}
    pipeline = Pipeline("c", graph.write)
    put(pipeline, "a")
    put(pipeline, "b")
    await pipeline.write_pending()
    assert set(pipeline.refused) == {"a", "b"}
    graph.poison = set()
    put(pipeline, "a")
    pipeline.pending.remove("b", "Pod")
    pipeline.changed()
    await pipeline.write_pending()
    assert pipeline.refused == {}


async def test_fenced_ends_the_loop() -> None:
    """A worker that another has replaced stops writing, without a second try."""
    graph = Graph()
    graph.errors = [Fenced("another worker")]
    pipeline = Pipeline("c", graph.write)
    put(pipeline, "a")
    with pytest.raises(Fenced):
        await asyncio.wait_for(pipeline.run(), 1)
    assert len(graph.batches) == 1
