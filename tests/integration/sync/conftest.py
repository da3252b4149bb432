"""A store on the session's Neo4j, its schema made."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from kgraph.graphdb.schema import prepare
from kgraph.graphdb.store import GraphSettings, Store


@pytest_asyncio.fixture(loop_scope="session")
async def store(graph_driver: Any, neo4j_server: Any) -> AsyncIterator[Store]:
    """An empty graph."""
    settings = GraphSettings(uri=neo4j_server.bolt_uri, user=neo4j_server.user, password=neo4j_server.password)
    async with Store.open(settings) as store:
        await prepare(store)
        yield store
