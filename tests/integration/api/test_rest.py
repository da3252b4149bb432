"""REST over the little shop: lists, one by its name, the graph, and what is refused."""

import json
from typing import Any

import httpx
import pytest

from kgraph.graphdb.store import Store
from tests.client import Client, http_client

pytestmark = pytest.mark.neo4j

SHOP = "/api/v1/clusters/prod/namespaces/shop"


@pytest.fixture(scope="module")
async def rest(shop_store: Store) -> Any:
    """A client of the API over the little shop."""
    async with http_client(shop_store, default_namespace="shop") as client:
        yield client


async def _json(rest: httpx.AsyncClient, path: str, **params: Any) -> dict[str, Any]:
    answer = await rest.get(path, params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _ids(page: dict[str, Any]) -> list[str]:
    return [item["id"] for item in page["items"]]


@pytest.mark.parametrize("plural", ["pods", "deployments", "services"])
@pytest.mark.parametrize("limit", [1, 2, 1000])
async def test_pages_together_are_the_list(rest: httpx.AsyncClient, plural: str, limit: int) -> None:
    """Following `continue` gives each resource once, in order, and ends."""
    whole = _ids(await _json(rest, f"{SHOP}/{plural}"))
    found: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = await _json(rest, f"{SHOP}/{plural}", limit=limit, **after)
        assert len(page["items"]) <= limit
        found += _ids(page)
        if "continue" not in page["metadata"]:
            break
        after = {"continue": page["metadata"]["continue"]}
    assert found == whole
    assert whole


@pytest.mark.parametrize(
    "path", [f"{SHOP}/deployments", "/api/v1/clusters/prod/nodes", "/api/v1/clusters/prod/namespaces"]
)
async def test_objects_are_as_the_graph_has_them(rest: httpx.AsyncClient, path: str) -> None:
    """With `form=object` a list, and each of it by its name, are Kubernetes' objects byte for byte."""
    listed = await _json(rest, path, form="object")
    assert listed["kind"].endswith("List")
    assert listed["items"]
    for item in listed["items"]:
        assert await _json(rest, f"{path}/{item['metadata']['name']}", form="object") == item


async def test_entities_are_those_of_graphql(rest: httpx.AsyncClient, api: Client) -> None:
    """An entity is the same by REST's list, by its name, and in GraphQL."""
    query = '{ resource(cluster: "prod", namespace: "shop", resourceType: "deployment", name: "web") { entity } }'
    entity = (await api.ask(query))["resource"]["entity"]
    assert await _json(rest, f"{SHOP}/deployments/web") == entity
    assert entity in (await _json(rest, f"{SHOP}/deployments"))["items"]


async def test_what_has_not_changed_is_not_sent_again(rest: httpx.AsyncClient) -> None:
    """The ETag is the resourceVersion; who has that gets 304, who has another the whole."""
    first = await rest.get(f"{SHOP}/deployments/web", params={"form": "object"})
    version = first.json()["metadata"]["resourceVersion"]
    assert first.headers["etag"] == f'"{version}"'
    for known, status in ((f'"{version}"', 304), (f'"x", W/"{version}"', 304), ('"other"', 200)):
        again = await rest.get(f"{SHOP}/deployments/web", headers={"If-None-Match": known})
        assert again.status_code == status
        assert bool(again.content) is (status == 200)


@pytest.mark.parametrize(
    ("params", "least"),
    [
        ({"labelSelector": "app=web"}, 1),
        ({"labelSelector": "app=nobody"}, 0),
        ({"fieldSelector": "status.phase!=Running"}, 0),
    ],
)
async def test_selectors_are_kubectls(rest: httpx.AsyncClient, api: Client, params: dict[str, str], least: int) -> None:
    """Selectors select what GraphQL's do."""
    found = _ids(await _json(rest, f"{SHOP}/pods", **params))
    query = """query($labels: String, $fields: String) { resources(filter: {kinds: ["pods"], namespaces: ["shop"],
      labelSelector: $labels, fieldSelector: $fields}) { nodes { id } } }"""
    variables = {"labels": params.get("labelSelector"), "fields": params.get("fieldSelector")}
    nodes = (await api.ask(query, **variables))["resources"]["nodes"]
    assert found == [node["id"] for node in nodes]
    assert len(found) >= least


async def test_graph_is_resource_graph(rest: httpx.AsyncClient, api: Client) -> None:
    """/graph has the nodes and edges of `resourceGraph`."""
    query = """{ resourceGraph(cluster: "prod", namespace: "shop", resourceType: "deployment", name: "web", depth: 3) {
      nodes { key health } edges { type source target optional fields } truncated depth } }"""
    wanted = (await api.ask(query))["resourceGraph"]
    found = await _json(rest, f"{SHOP}/graph", resourceType="deployment", name="web", depth=3)
    assert [{"key": node["key"], "health": node["health"]} for node in found["nodes"] if not node["missing"]] == [
        node for node in wanted["nodes"] if node["key"] in {one["key"] for one in found["nodes"] if not one["missing"]}
    ]
    assert [node["key"] for node in found["nodes"]] == [node["key"] for node in wanted["nodes"]]
    assert found["edges"] == wanted["edges"]
    assert (found["truncated"], found["depth"], found["root"]) == (False, 3, found["nodes"][0])


async def test_clusters_are_listed(rest: httpx.AsyncClient) -> None:
    """Each cluster is in the list as it is by its id."""
    items = (await _json(rest, "/api/v1/clusters"))["items"]
    assert [item["id"] for item in items] == ["prod"]
    assert await _json(rest, "/api/v1/clusters/prod") == items[0]


@pytest.mark.parametrize(
    ("path", "status", "code", "words"),
    [
        (f"{SHOP}/pods/nobody", 404, "NOT_FOUND", "prod/core/Pod/shop/nobody is not in the graph"),
        ("/api/v1/clusters/nowhere", 404, "NOT_FOUND", "clusters: prod"),
        ("/api/v1/clusters/nowhere/nodes", 404, "NOT_FOUND", "clusters: prod"),
        ("/api/v1/clusters/nowhere/namespaces/shop/pods/x", 404, "NOT_FOUND", "clusters: prod"),
        ("/api/v1/clusters/prod/gadgets", 404, "NOT_FOUND", ""),
        (f"{SHOP}/pods?limit=-1", 400, "BAD_USER_INPUT", "limit is -1"),
        (f"{SHOP}/pods?limit=many", 400, "BAD_USER_INPUT", "limit"),
        (f"{SHOP}/pods?continue=???", 400, "BAD_USER_INPUT", "cursor"),
        (f"{SHOP}/pods?form=yaml", 400, "BAD_USER_INPUT", "form"),
        (f"{SHOP}/pods?labelSelector=a==b==c", 400, "BAD_USER_INPUT", "a==b==c"),
        (f"{SHOP}/pods?fieldSelector=spec.nothing=1", 400, "BAD_USER_INPUT", "spec.nothing"),
        (f"{SHOP}/graph?resourceType=gadget&name=x", 400, "BAD_USER_INPUT", "gadget"),
        (f"{SHOP}/graph?resourceType=pod", 400, "BAD_USER_INPUT", "name"),
        (f"{SHOP}/graph?resourceType=deploy&name=web&depth=99", 400, "BAD_USER_INPUT", "depth is 99"),
    ],
)
async def test_refusals_are_problems(rest: httpx.AsyncClient, path: str, status: int, code: str, words: str) -> None:
    """Every error is a problem document that says what was wrong with the question."""
    answer = await rest.get(path)
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in problem["detail"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/api/v1/clusters", 405),
        ("DELETE", "/api/v1/clusters/prod", 405),
        ("POST", "/api/v1/clusters/prod/namespaces", 405),
        ("DELETE", "/api/v1/clusters/prod/namespaces/shop", 405),
        ("POST", f"{SHOP}/pods", 405),
        ("PUT", f"{SHOP}/pods/web", 405),
        ("DELETE", f"{SHOP}/services/web", 405),
        ("PATCH", f"{SHOP}/deployments/web/scale", 404),
        ("POST", f"{SHOP}/deployments/web/restart", 404),
    ],
)
async def test_without_mutations_nothing_writes(rest: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    """Where the configuration does not enable mutations, there are no paths for them: 405 names what there is."""
    answer = await rest.request(method, path, json={})
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    if status == 405:
        assert {"GET", "HEAD"} >= {each.strip() for each in answer.headers["allow"].split(",")} - {"OPTIONS"}
        assert "GET" in answer.headers["allow"]


async def test_description_is_openapi(shop_store: Store) -> None:
    """Every path is described in OpenAPI 3.1, with an example of each body that is sent or answered.

    The page that shows it loads nothing from elsewhere.
    """
    async with http_client(shop_store, mutations=True) as rest:
        description = await _json(rest, "/schema")
        page = await rest.get("/schema/pages")
    assert description["openapi"].startswith("3.1")
    assert f"{SHOP.replace('prod', '{cluster}').replace('shop', '{namespace}')}/pods/{{name}}" in description["paths"]
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            assert operation["description"], path
            good = {status: answer for status, answer in operation["responses"].items() if status.startswith("2")}
            assert good, path
            bodies = [operation["requestBody"]] if "requestBody" in operation else []
            bodies += [answer for answer in good.values() if "content" in answer]
            assert bodies or set(good) <= {"202", "204"}, (method, path)
            for body in bodies:
                (content,) = body["content"].values()
                assert content.get("examples") or content["schema"]["examples"], (method, path)
    assert "//" not in page.text.replace("<!doctype", "")
    assert "example.com" not in json.dumps(description)
