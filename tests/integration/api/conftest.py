"""A store on the session's Neo4j, the little shop in it, and a client of the API over it."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import neo4j
import pytest

from kgraph.api.app import create_app
from kgraph.api.settings import ApiSettings
from kgraph.graphdb.schema import prepare
from kgraph.graphdb.store import GraphSettings, Store
from kgraph.kube.sealing import Sealer
from tests.integration.api.graphs import clear_graph, shop, write_cluster
from tests.servers import Graph

pytestmark = pytest.mark.neo4j


@pytest.fixture
async def store(graph_driver: neo4j.AsyncDriver, neo4j_server: Graph) -> AsyncIterator[Store]:
    """An empty graph with its schema."""
    settings = GraphSettings(uri=neo4j_server.bolt_uri, user=neo4j_server.user, password=neo4j_server.password)
    async with Store.open(settings) as opened:
        await prepare(opened)
        yield opened


@pytest.fixture(scope="module")
async def shop_store(session_driver: neo4j.AsyncDriver, neo4j_server: Graph) -> AsyncIterator[Store]:
    """The graph of the little shop, written once for the tests of a module: they only read it."""
    settings = GraphSettings(uri=neo4j_server.bolt_uri, user=neo4j_server.user, password=neo4j_server.password)
    async with Store.open(settings) as opened:
        await clear_graph(session_driver)
        await prepare(opened)
        nodes, edges = shop()
        await write_cluster(session_driver, nodes, edges, without=["StorageClass"])
        await session_driver.execute_query("CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()")
        yield opened


class Client:
    """Asks the application as a caller on the same machine does."""

    def __init__(self, http: httpx.AsyncClient, store: Store) -> None:
        self.http = http
        self.store = store

    async def answer(self, query: str, /, **variables: Any) -> dict[str, Any]:
        """The whole answer, errors and all."""
        response = await self.http.post("/graphql", json={"query": query, "variables": variables})
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    async def ask(self, query: str, /, **variables: Any) -> Any:
        """The data; there must be no errors."""
        answer = await self.answer(query, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def refused(self, query: str, /, **variables: Any) -> Mapping[str, Any]:
        """The one error of a question that is refused: its code and its message."""
        answer = await self.answer(query, **variables)
        (error,) = answer["errors"]
        return {"message": error["message"], **error["extensions"]}


@pytest.fixture(scope="module")
async def api(shop_store: Store) -> AsyncIterator[Client]:
    """A client of the API over the little shop."""
    app = create_app(shop_store, ApiSettings(default_namespace="shop"), Sealer.of({}))
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]  # Litestar words ASGI its own way
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        yield Client(http, shop_store)
