"""Questions whose clients have gone, over HTTP: Neo4j does nothing more for them."""

import asyncio
from typing import Any

import aiohttp
import pytest

from kgraph.api.reading.results import Results, Statement
from kgraph.graphdb.store import Store
from tests.servers import Graph
from tests.streams import served
from tests.workers import until

pytestmark = pytest.mark.neo4j

# Minutes of work, and a word to know it by.
LONG = "UNWIND range(1, 1000000000) AS abandoned WITH abandoned WHERE abandoned % 7 = 0 RETURN count(abandoned) AS n"
UNDER_WAY = "SHOW TRANSACTIONS YIELD currentQuery WHERE currentQuery STARTS WITH 'UNWIND range' RETURN count(*) AS n"


def by_key(key: str) -> Statement:
    """A question whose answer is kept."""
    of = {"keys": [key], "sight": None, "properties": False, "manifests": False, "hidden": []}
    return Statement("read/by_keys", {"of": of}, (), 20.0)


async def under_way(store: Store) -> int:
    """How many of the long statements Neo4j works on."""
    return int((await store.read_text(UNDER_WAY))[0]["n"])


async def test_a_question_whose_client_has_gone_is_asked_no_longer(store: Store) -> None:
    """Its statement ends in Neo4j as soon as the connection is closed, though it might go on for longer."""
    body = {"query": "query ($q: String!) { cypher(query: $q) { rows } }", "variables": {"q": LONG}}
    async with served(store, None) as (address, _), aiohttp.ClientSession() as http:
        asking = asyncio.create_task(http.post(f"{address}/graphql", json=body))
        await until(lambda: under_way(store), "the statement is under way")
        asking.cancel()
        await asyncio.wait({asking})

        async def is_over() -> bool:
            return await under_way(store) == 0

        await until(is_over, "nobody asks for it any more", 15)
        async with http.post(f"{address}/graphql", json={"query": "{ clusters { id } }"}) as answer:
            assert answer.status == 200


async def test_an_answer_that_many_wait_for_is_asked_for_until_the_last_has_gone(
    store: Store, neo4j_server: Graph
) -> None:
    """One who goes away takes nothing from the others; the last one takes the question along."""
    results = Results(store, 30.0)
    look = await results.look(None)
    assert look is not None
    await results.of(by_key("any"), look)  # what is needed for any question is there

    async def waiting(count: int) -> bool:
        return any(asking._waiting == count for asking in list(results._asking.values())[-1:])

    async def under_way_are(count: int) -> bool:
        return len(results._asking) == count

    async def asked(key: str) -> list[asyncio.Task[Any]]:
        tasks = [asyncio.create_task(results.of(by_key(key), look)) for _ in range(3)]
        await until(lambda: waiting(3), "all of them wait for one answer")
        return tasks

    neo4j_server.pause()
    try:
        first, *others = await asked("one")
        first.cancel()
        await asyncio.wait({first})
        assert len(results._asking) == 1
        gone = await asked("two")
        assert len(results._asking) == 2
        for task in gone:
            task.cancel()
        await asyncio.wait(gone)
        await until(lambda: under_way_are(1), "the question that nobody asks any more is over")
    finally:
        neo4j_server.resume()
    assert [task.cancelled() for task in (first, *gone)] == [True] * 4
    assert await asyncio.gather(*others) == [{"nodes": [], "unknown": []}] * 2
