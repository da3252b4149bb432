"""The graph's own schema: programs that start at once on an empty graph do each other no harm."""

import asyncio

import neo4j
import pytest

from kgraph.graphdb.schema import prepare
from kgraph.graphdb.store import Store
from tests.servers import Graph
from tests.workers import graph_settings

pytestmark = pytest.mark.neo4j

PROGRAMS = 4


async def _forget(driver: neo4j.AsyncDriver) -> None:
    """Take the schema away, and what says that it was made."""
    for what, all_of_them in (("CONSTRAINT", "CONSTRAINTS"), ("INDEX", "INDEXES")):
        records, _, _ = await driver.execute_query(
            f"SHOW {all_of_them} YIELD name, type WHERE type <> 'LOOKUP' RETURN name"
        )
        for record in records:
            await driver.execute_query(f"DROP {what} {record['name']} IF EXISTS")
    await driver.execute_query("MATCH (n) DETACH DELETE n")


async def test_programs_that_start_at_once_all_come_up(graph_driver: neo4j.AsyncDriver, neo4j_server: Graph) -> None:
    """Programs make the schema of an empty graph together: where Neo4j ends one in a deadlock, it tries again."""
    await _forget(graph_driver)

    async def start() -> int:
        async with Store.open(graph_settings(neo4j_server)) as store:
            return await prepare(store)

    versions = await asyncio.gather(*(start() for _ in range(PROGRAMS)))
    assert len(set(versions)) == 1
