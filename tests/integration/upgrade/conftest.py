"""A store on the session's Neo4j without nodes; a test prepares the schema itself where that is its matter."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from kgraph.graphdb.store import Store
from tests.servers import Graph
from tests.workers import graph_settings


@pytest_asyncio.fixture(loop_scope="session")
async def bare(graph_driver: Any, neo4j_server: Graph) -> AsyncIterator[Store]:
    """An empty graph, whose schema is not known to have been made."""
    async with Store.open(graph_settings(neo4j_server)) as opened:
        yield opened
