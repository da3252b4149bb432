"""Kept results beside the graph itself: at every moment after a commit, the same answers."""

import asyncio

import pytest

from kgraph.api.changing.waiting import shown
from kgraph.api.reading import touches
from kgraph.api.reading.reader import Reader
from kgraph.api.reading.results import Results
from kgraph.graphdb.store import Store
from tests.integration.api.changing_graphs import CLUSTER, Busy, answer, questions

pytestmark = pytest.mark.neo4j

STEPS = 12
HOUR = 3600.0
A_POD = "MATCH (n:Pod) RETURN n.key AS key, n.uid AS uid, n.resourceVersion AS version LIMIT 1"


@pytest.mark.parametrize("seed", [1, 2])
async def test_what_is_kept_is_what_the_graph_answers(store: Store, seed: int) -> None:
    """After each of many random transactions, every kept answer is the one that the graph gives then."""
    busy, results = await Busy.starting(store, seed), Results(store, HOUR)
    for step in range(STEPS):
        await busy.change()
        for name, question in questions().items():
            kept = await answer(question, Reader(store, None, results))
            assert kept == await answer(question, Reader(store)), f"step {step}: {name}"
    assert results.counters.hits > results.counters.misses / 4


async def test_answers_of_a_storm_do_not_outlive_it(store: Store) -> None:
    """Whoever asked while transactions were being committed leaves nothing behind that is not the graph's."""
    busy, results = await Busy.starting(store, 4), Results(store, HOUR)
    asked = questions()

    async def ask_for_ever(names: list[str]) -> None:
        while True:
            for name in names:
                await answer(asked[name], Reader(store, None, results))

    names = list(asked)
    async with asyncio.TaskGroup() as tasks:
        askers = [tasks.create_task(ask_for_ever(names[start::4])) for start in range(4)]
        for step in range(12):
            for _ in range(5):
                await busy.change()
            for name in names[step % 3 :: 3]:
                kept = await answer(asked[name], Reader(store, None, results))
                assert kept == await answer(asked[name], Reader(store)), f"step {step}: {name}"
        for asker in askers:
            asker.cancel()
    assert results.counters.hits > 0


async def test_who_has_waited_for_a_change_sees_it_at_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that goes on after it has waited for the graph looks again, however short the wait was."""
    monkeypatch.setattr(touches, "FRESH_SECONDS", HOUR)  # on a slow machine it would look again by itself
    busy, results = await Busy.starting(store, 5), Results(store, HOUR)
    question = questions()[f"list {CLUSTER}/core/Pod/"]
    for _ in range(8):
        reader = Reader(store, None, results)
        await answer(question, reader)
        await busy.change()
        for row in await store.read_text(A_POD):
            metadata = {"uid": row["uid"], "resourceVersion": row["version"]}
            assert await shown(store, row["key"], {"metadata": metadata})
            assert await answer(question, reader) == await answer(question, Reader(store))
    assert results.counters.hits + results.counters.misses > 8
