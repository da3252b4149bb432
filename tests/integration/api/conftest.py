"""A store on the session's Neo4j, the little shop in it, and a client of the API over it."""

from collections.abc import AsyncIterator

import neo4j
import pytest

from kgraph.graphdb.schema import prepare
from kgraph.graphdb.store import Store
from tests.client import Client, asking
from tests.integration.api.graphs import opened_on, shop
from tests.servers import Graph
from tests.workers import graph_settings

pytestmark = pytest.mark.neo4j


@pytest.fixture
async def store(graph_driver: neo4j.AsyncDriver, neo4j_server: Graph) -> AsyncIterator[Store]:
    """An empty graph with its schema."""
    async with Store.open(graph_settings(neo4j_server)) as opened:
        await prepare(opened)
        yield opened


@pytest.fixture(scope="module")
async def shop_store(session_driver: neo4j.AsyncDriver, neo4j_server: Graph) -> AsyncIterator[Store]:
    """The graph of the little shop, written once for the tests of a module: they only read it."""
    async with opened_on(session_driver, neo4j_server, *shop(), without=["StorageClass"]) as store:
        await session_driver.execute_query("CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()")
        yield store


@pytest.fixture(scope="module")
async def api(shop_store: Store) -> AsyncIterator[Client]:
    """A client of the API over the little shop."""
    async with asking(shop_store, default_namespace="shop") as client:
        yield client
