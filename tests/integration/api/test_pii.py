"""What is marked as personal data: in entities, by a label of the resource or of its Namespace."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import neo4j
import pytest

from tests.client import http_client
from tests.integration.api.graphs import Node, opened_on, placed
from tests.servers import Graph

pytestmark = pytest.mark.neo4j

PII = ["dictamesh.io/pii=true"]
# What is there, and whether it is marked.
THERE: dict[str, tuple[list[str], bool]] = {
    "prod/core/Namespace/_/people": (PII, True),
    "prod/core/Namespace/_/shop": (["team=web"], False),
    "prod/core/Pod/people/plain": ([], True),
    "prod/core/Pod/people/labelled": (PII, True),
    "prod/core/Pod/shop/plain": (["app=dictamesh.io"], False),
    "prod/core/Pod/shop/labelled": (PII, True),
    "prod/core/Node/_/plain": ([], False),
    "prod/core/Node/_/labelled": (PII, True),
}
MARKED = {key: marked for key, (_, marked) in THERE.items()}


@pytest.fixture(scope="module")
async def marked(session_driver: neo4j.AsyncDriver, neo4j_server: Graph) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API over two Namespaces, one of them labelled."""
    nodes: list[Node] = [("cluster:prod", {}), *((key, {"labels": labels}) for key, (labels, _) in THERE.items())]
    async with opened_on(session_driver, neo4j_server, nodes, placed(nodes)) as store, http_client(store) as client:
        yield client


async def test_graphql_marks_by_either_label(marked: httpx.AsyncClient) -> None:
    """A resource is marked by its own label and by its Namespace's, a Namespace and a Node by their own alone."""
    query = "{ resources(first: 100) { nodes { key entity } } }"
    answer: Any = (await marked.post("/graphql", json={"query": query})).json()
    found = {one["key"]: one["entity"]["metadata"]["pii"] for one in answer["data"]["resources"]["nodes"]}
    assert found == MARKED


async def test_rest_marks_by_either_label(marked: httpx.AsyncClient) -> None:
    """REST marks the same, in lists and of each by its name."""
    found: dict[str, bool] = {}
    for key in THERE:
        _, _, kind, namespace, name = key.split("/")
        plural = f"namespaces/{namespace}/pods" if kind == "Pod" else f"{kind.lower()}s"
        path = f"/api/v1/clusters/prod/{plural}"
        one = (await marked.get(f"{path}/{name}")).json()
        found[key] = one["metadata"]["pii"]
        assert one in (await marked.get(path)).json()["items"]
    assert found == MARKED
