"""What tests of several parts take: an empty graph, and an issuer of tokens."""

from collections.abc import AsyncIterator

import neo4j
import pytest
import pytest_asyncio

from kgraph.graphdb.schema import prepare
from kgraph.graphdb.store import Store
from tests.issuer import Issuer
from tests.servers import Graph
from tests.workers import graph_settings


@pytest_asyncio.fixture(loop_scope="session")
async def store(graph_driver: neo4j.AsyncDriver, neo4j_server: Graph) -> AsyncIterator[Store]:
    """An empty graph with its schema."""
    async with Store.open(graph_settings(neo4j_server)) as opened:
        await prepare(opened)
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def issuer(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Issuer]:
    """An issuer of ID tokens."""
    async with Issuer.start(tmp_path_factory.mktemp("issuer")) as started:
        yield started
