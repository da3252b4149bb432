"""Two clusters in one graph: the same workload compared, and what ties the clusters together."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import neo4j
import pytest

from kgraph.api.app import create_app
from kgraph.api.settings import ApiSettings
from kgraph.graphdb.schema import prepare
from kgraph.graphdb.store import GraphSettings, Store
from kgraph.kube.sealing import Sealer
from tests.integration.api.conftest import Client
from tests.integration.api.graphs import EdgeRow, Node, clear_graph, placed, write_cluster
from tests.servers import Graph

pytestmark = pytest.mark.neo4j

HOST = "host:db.example.com"


def fleet() -> tuple[list[Node], list[EdgeRow]]:
    """The same application in prod and in staging, whose namespace is called otherwise.

    Staging runs a newer nginx and the same envoy, has other settings, one more variable and more replicas; its Secret
    is only referred to, and it needs no claim.
    """
    nodes: list[Node] = []
    edges: list[EdgeRow] = []
    for cluster, space, tag, level in (("prod", "shop", "1.27", "info"), ("staging", "shop-next", "1.28", "debug")):
        prod = cluster == "prod"
        nginx, envoy = f"image:docker.io/library/nginx:{tag}", "image:docker.io/envoyproxy/envoy:v1"
        containers = [
            {
                "name": "web",
                "image": f"nginx:{tag}",
                "env": [{"name": "A", "value": "1"}, *([] if prod else [{"name": "B", "value": "2"}])],
                "resources": {"limits": {"cpu": "1" if prod else "1000m"}},
            },
            {"name": "side", "image": "envoyproxy/envoy:v1"},
        ]
        spec = {"replicas": 2 if prod else 3, "template": {"spec": {"containers": containers}}}

        def key(kind: str, name: str, group: str = "core", *, at: str = f"{cluster}", space: str = space) -> str:
            return f"{at}/{group}/{kind}/{space}/{name}"

        web, config, secret = key("Deployment", "web", "apps"), key("ConfigMap", "settings"), key("Secret", "login")
        same, claim = key("ConfigMap", "same"), key("PersistentVolumeClaim", "data")
        nodes += [
            (f"cluster:{cluster}", {}),
            (f"{cluster}/core/Namespace/_/{space}", {}),
            (nginx, {}),
            (web, {"object": {"spec": spec, "status": {"replicas": 1 if prod else 9}}, "labels": ["app=web"]}),
            (config, {"object": {"data": {"LEVEL": level, "URL": "x"}}}),
            (same, {"object": {"data": {"a": "b"}}}),
            (secret, {"object": {"data": {"password": None}}} if prod else {"missing": True}),
        ]
        edges += [
            (web, "RUNS_IMAGE", nginx, {}),
            (web, "RUNS_IMAGE", envoy, {}),
            (web, "USES_CONFIGMAP", config, {}),
            (web, "USES_CONFIGMAP", same, {}),
            (web, "USES_SECRET", secret, {}),
            (web, "CALLS", HOST, {}),
        ]
        if prod:
            nodes += [(envoy, {}), (HOST, {}), (claim, {"object": {"spec": {}}})]
            edges.append((web, "USES_CLAIM", claim, {}))
    return nodes, [*edges, *placed(nodes)]


@pytest.fixture(scope="module")
async def api(session_driver: neo4j.AsyncDriver, neo4j_server: Graph) -> AsyncIterator[Client]:
    """A client of the API over both clusters."""
    settings = GraphSettings(uri=neo4j_server.bolt_uri, user=neo4j_server.user, password=neo4j_server.password)
    async with Store.open(settings) as store:
        await clear_graph(session_driver)
        await prepare(store)
        await write_cluster(session_driver, *fleet())
        app = create_app(store, ApiSettings(), Sealer.of({}))
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]  # Litestar words ASGI its own way
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            yield Client(http, store)


COMPARE = """query ($a: ResourceRef!, $b: ResourceRef!, $everything: Boolean!) {
  compare(a: $a, b: $b, everything: $everything) {
    a { key } b { key } truncated
    fields { path a b }
    dependencies { type name detail a { key } b { key missing } content { path a b } }
  } }"""
PROD = {"cluster": "prod", "namespace": "shop", "resourceType": "deploy", "name": "web"}
STAGING = {"key": "staging/apps/Deployment/shop-next/web"}
C = "spec.template.spec.containers"


async def compared(api: Client, a: Any, b: Any, *, everything: bool = False) -> Any:
    """The comparison."""
    return (await api.ask(COMPARE, a=a, b=b, everything=everything))["compare"]


async def test_the_same_workload_of_two_clusters_is_compared(api: Client) -> None:
    """Fields are told by path, amounts by meaning; name, namespace, labels that are the same, and status are not."""
    found = await compared(api, PROD, STAGING)
    assert (found["a"]["key"], found["b"]["key"]) == ("prod/apps/Deployment/shop/web", STAGING["key"])
    assert found["fields"] == [
        {"path": "spec.replicas", "a": 2, "b": 3},
        {"path": f"{C}[name=web].env[name=B]", "a": None, "b": {"name": "B", "value": "2"}},
        {"path": f"{C}[name=web].image", "a": "nginx:1.27", "b": "nginx:1.28"},
    ]
    assert not found["truncated"]


async def test_dependencies_are_compared_by_what_they_are_called(api: Client) -> None:
    """Each cluster's `settings` is the other's; a tag, a content, an absence and a claim too many are told, no more."""
    found = (await compared(api, PROD, STAGING))["dependencies"]
    assert [(one["type"], one["name"], one["detail"]) for one in found] == [
        ("RUNS_IMAGE", "docker.io/library/nginx", "nginx:1.27 -> nginx:1.28"),
        ("USES_CLAIM", "PersistentVolumeClaim/data", "only in a"),
        ("USES_CONFIGMAP", "ConfigMap/settings", "its content differs"),
        ("USES_SECRET", "Secret/login", "not there in b"),
    ]
    assert found[2]["content"] == [{"path": "data.LEVEL", "a": "info", "b": "debug"}]
    assert (found[1]["b"], found[3]["b"]["missing"]) == (None, True)


async def test_everything_is_compared_where_it_is_asked_for(api: Client) -> None:
    """Status and identity differ between any two resources, and are told only on demand."""
    paths = {one["path"] for one in (await compared(api, PROD, STAGING, everything=True))["fields"]}
    assert {"status.replicas", "metadata.namespace", "metadata.uid", "spec.replicas"} <= paths


async def test_a_resource_is_as_itself(api: Client) -> None:
    """Nothing differs between a resource and itself."""
    found = await compared(api, STAGING, STAGING, everything=True)
    assert (found["fields"], found["dependencies"]) == ([], [])


async def test_what_is_not_there_cannot_be_compared(api: Client) -> None:
    """A resource that is not in the graph is NOT_FOUND; one that is only referred to is BAD_USER_INPUT."""
    error = await api.refused(COMPARE, a=PROD, b={**PROD, "name": "gone"}, everything=False)
    assert (error["code"], "gone" in error["message"]) == ("NOT_FOUND", True)
    error = await api.refused(COMPARE, a=PROD, b={"key": "staging/core/Secret/shop-next/login"}, everything=False)
    assert error["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    ("kind", "name", "others"),
    [
        pytest.param("image", "docker.io/envoyproxy/envoy:v1", {"prod", "staging"}, id="image-of-both"),
        pytest.param("images", "nginx:1.28", {"staging"}, id="image-of-one-as-pods-write-it"),
        pytest.param("host", "db.example.com", {"prod", "staging"}, id="host"),
    ],
)
async def test_images_and_hosts_tie_clusters_together(api: Client, kind: str, name: str, others: set[str]) -> None:
    """A walk from an image or a host, asked in one cluster, shows who uses it in every cluster."""
    data = await api.ask(
        """query ($kind: String!, $name: String!) {
        resourceGraph(cluster: "prod", resourceType: $kind, name: $name, depth: 1, direction: IN) {
          root { name cluster } nodes { cluster name } } }""",
        kind=kind,
        name=name,
    )
    found = data["resourceGraph"]
    assert (found["root"]["name"].endswith(name), found["root"]["cluster"]) == (True, None)
    assert {(one["cluster"], one["name"]) for one in found["nodes"][1:]} == {(each, "web") for each in others}
