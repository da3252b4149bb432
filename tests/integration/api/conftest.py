"""The little shop in a graph, a client of the API over it, and a namespace to change."""

from collections.abc import AsyncIterator

import neo4j
import pytest

from kgraph.graphdb.store import Store
from tests.client import Client, asking
from tests.integration.api.changing import Changing
from tests.integration.api.graphs import opened_on, shop
from tests.servers import Cluster, Graph

pytestmark = pytest.mark.neo4j


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


@pytest.fixture
async def changing(store: Store, control_plane: Cluster, namespace: str) -> AsyncIterator[Changing]:
    """An empty namespace; users are known, and have no rights yet."""
    async with Changing.over(store, control_plane, namespace) as found:
        yield found
