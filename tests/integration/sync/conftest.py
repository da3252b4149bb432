"""A store on the session's Neo4j, its schema made, and an apiserver to talk to."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from kgraph.graphdb.schema import prepare
from kgraph.graphdb.store import GraphSettings, Store
from tests.integration.sync.definitions import delete_definitions
from tests.integration.sync.live import Api
from tests.servers import Cluster


@pytest_asyncio.fixture(loop_scope="session")
async def store(graph_driver: Any, neo4j_server: Any) -> AsyncIterator[Store]:
    """An empty graph."""
    settings = GraphSettings(uri=neo4j_server.bolt_uri, user=neo4j_server.user, password=neo4j_server.password)
    async with Store.open(settings) as store:
        await prepare(store)
        yield store


@pytest_asyncio.fixture(loop_scope="session")
async def api(control_plane: Cluster) -> AsyncIterator[Api]:
    """The apiserver as the administrator asks it."""
    async with Api(control_plane) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def no_definitions(api: Api) -> AsyncIterator[None]:
    """No definition of the tests' group before or after a test."""
    await delete_definitions(api)
    yield
    await delete_definitions(api)
