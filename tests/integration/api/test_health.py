"""Health in GraphQL: a cluster in trouble, what each part of it says of itself, and what that comes to."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import neo4j
import pytest

from kgraph import cypher
from kgraph.api.app import create_app
from kgraph.api.settings import ApiSettings
from kgraph.graphdb.schema import prepare
from kgraph.graphdb.store import GraphSettings, Store
from kgraph.kube.sealing import Sealer
from tests.integration.api.conftest import Client
from tests.integration.api.graphs import EdgeRow, Node, clear_graph, placed, write_cluster
from tests.servers import Graph

pytestmark = pytest.mark.neo4j


def trouble() -> tuple[list[Node], list[EdgeRow]]:
    """A Deployment in the middle of a rollout, a CronJob with its past, a quota, a cordoned Node; and `quiet`."""
    nodes: list[Node] = [("cluster:prod", {}), ("cluster:bare", {})]
    edges: list[EdgeRow] = []

    def add(kind: str, name: str, health: str | None = "HEALTHY", reason: str = "", **properties: Any) -> str:
        space = properties.pop("namespace", "shop")
        key = f"prod/{properties.pop('group', 'core')}/{kind}/{space}/{name}"
        said = {"health": health, "healthReason": reason} if reason else {"health": health} if health else {}
        nodes.append((key, {**said, **properties}))
        return key

    def owned(child: str, owner: str) -> str:
        edges.append((child, "OWNED_BY", owner, {"controller": True}))
        return child

    def pod(name: str, owner: str, health: str = "HEALTHY", reason: str = "", **properties: Any) -> str:
        return owned(add("Pod", name, health, reason, **{"phase": "Running", **properties}), owner)

    for space in ("shop", "quiet"):
        add("Namespace", space, namespace="_")
    add("Node", "node-1", "SUSPENDED", "cordoned", namespace="_")
    web = add(
        "Deployment", "web", "PROGRESSING", "2 of 3 replicas available",
        group="apps", replicas=3, readyReplicas=2, revision="2",
    )  # fmt: skip
    new = owned(add("ReplicaSet", "web-2", "PROGRESSING", "2 of 3 replicas available", group="apps", replicas=3,
                    readyReplicas=2, revision="2"), web)  # fmt: skip
    old = owned(add("ReplicaSet", "web-1", "PROGRESSING", "0 of 1 replica available", group="apps", replicas=1,
                    revision="1"), web)  # fmt: skip
    pod("web-2-a", new)
    pod("web-2-b", new)
    pod("web-2-c", new, "DEGRADED", "ImagePullBackOff", healthImage="nginx:1.99", phase="Pending")
    pod("web-2-evicted", new, "DEGRADED", "Evicted: low on memory", phase="Failed")
    pod("web-2-leaving", new, "PROGRESSING", "being deleted", deletedAt="2026-01-01T00:00:00Z")
    pod("web-1-a", old, "UNKNOWN", "phase Unknown", phase="Unknown")
    nightly = add("CronJob", "nightly", group="batch")
    past = owned(add("Job", "nightly-1", "DEGRADED", "BackoffLimitExceeded", group="batch"), nightly)
    pod("nightly-1-x", past, "DEGRADED", "exit code 1", phase="Failed")
    now = owned(add("Job", "nightly-2", "PROGRESSING", "0 of 1 done, 1 active", group="batch"), nightly)
    pod("nightly-2-x", now, "PROGRESSING", "runs to its end")
    add("StatefulSet", "db", "DEGRADED", "FailedCreate: exceeded quota", group="apps", replicas=1)
    alone = add("Widget", "alone", None, group="example.com")
    pod("alone-0", alone, "DEGRADED", "exit code 1", phase="Failed")
    unscheduled = add("Deployment", "big", "DEGRADED", "ProgressDeadlineExceeded: timed out", group="apps", replicas=2)
    pod("big-a", unscheduled, "PROGRESSING", "Unschedulable: 0/1 nodes are available", phase="Pending")
    add("ConfigMap", "settings", None)
    add("Service", "fine", namespace="quiet")
    idle = add("Deployment", "fine", group="apps", namespace="quiet", replicas=0)
    edges.append((idle, "USES_SECRET", add("Secret", "gone", None, missing=True), {}))
    edges.append((idle, "USES_CONFIGMAP", add("Gadget", "gone", None, group="example.com", missing=True), {}))
    return nodes, [*edges, *placed(nodes)]


@pytest.fixture(scope="module")
async def troubled(session_driver: neo4j.AsyncDriver, neo4j_server: Graph) -> AsyncIterator[Client]:
    """The API over the cluster in trouble."""
    settings = GraphSettings(uri=neo4j_server.bolt_uri, user=neo4j_server.user, password=neo4j_server.password)
    async with Store.open(settings) as store:
        await clear_graph(session_driver)
        await prepare(store)
        nodes, edges = trouble()
        await write_cluster(session_driver, nodes, edges, without=["Gadget"])
        transport = httpx.ASGITransport(app=create_app(store, ApiSettings(default_namespace="shop"), Sealer.of({})))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            yield Client(http, store)


ROLLUP = """query ($type: String!, $name: String!, $namespace: String) {
  resource(cluster: "prod", resourceType: $type, name: $name, namespace: $namespace) {
    health healthReason
    rollup { health reason counts { healthy suspended progressing missing degraded unknown } } } }"""


async def of(api: Client, kind: str, name: str, namespace: str = "shop") -> tuple[Any, Any, dict[str, int]]:
    """A resource's rolled-up health, reason and counts, those that are 0 left out."""
    found = (await api.ask(ROLLUP, type=kind, name=name, namespace=namespace))["resource"]["rollup"]
    return found["health"], found["reason"], {name: count for name, count in found["counts"].items() if count}


async def test_workload_counts_its_replicas_and_names_the_worst_pod(troubled: Client) -> None:
    """What is wrong, where, with which image; what the rollout has replaced or evicted is left out."""
    assert await of(troubled, "deploy", "web") == (
        "DEGRADED",
        "2 of 3 replicas ready: ImagePullBackOff on web-2-c (nginx:1.99)",
        {"healthy": 2, "progressing": 2, "degraded": 1},
    )


async def test_own_health_is_the_resources_own(troubled: Client) -> None:
    """The roll-up is another field."""
    found = await troubled.ask(ROLLUP, type="deploy", name="web")
    assert found["resource"]["health"] == "PROGRESSING"
    assert found["resource"]["healthReason"] == "2 of 3 replicas available"
    found = await troubled.ask(ROLLUP, type="pod", name="web-2-c")
    assert found["resource"]["healthReason"] == "ImagePullBackOff (nginx:1.99)"


@pytest.mark.parametrize(
    ("named", "health", "reason", "counts"),
    [
        pytest.param(
            ("cj", "nightly"),
            "PROGRESSING",
            "runs to its end on nightly-2-x",
            {"healthy": 1, "progressing": 2},
            id="jobs-of-the-past",
        ),
        pytest.param(("job", "nightly-1"), "DEGRADED", "BackoffLimitExceeded", {"degraded": 1}, id="finished-pods"),
        pytest.param(
            ("job", "nightly-2"),
            "PROGRESSING",
            "0 of 1 done, 1 active: runs to its end on nightly-2-x",
            {"progressing": 2},
            id="own-words-and-a-pod",
        ),
        pytest.param(
            ("sts", "db"),
            "DEGRADED",
            "0 of 1 replica ready: FailedCreate: exceeded quota",
            {"degraded": 1},
            id="no-pods-at-all",
        ),
        pytest.param(
            ("deploy", "big"),
            "DEGRADED",
            "0 of 2 replicas ready: Unschedulable on big-a: 0/1 nodes are available",
            {"progressing": 1, "degraded": 1},
            id="worst-pod-though-its-owner-is-worse",
        ),
        pytest.param(
            ("widgets", "alone"), "DEGRADED", "exit code 1 on alone-0", {"degraded": 1}, id="owner-without-health"
        ),
        pytest.param(("pod", "web-2-a"), "HEALTHY", None, {"healthy": 1}, id="healthy"),
        pytest.param(("no", "node-1"), "SUSPENDED", "cordoned", {"suspended": 1}, id="own"),
        pytest.param(("secret", "gone"), "MISSING", "it is not there", {"missing": 1}, id="missing"),
        pytest.param(
            ("ns", "shop"),
            "DEGRADED",
            "4 DEGRADED, 5 PROGRESSING: exit code 1 on alone-0",
            {"healthy": 4, "progressing": 5, "degraded": 4},
            id="namespace",
        ),
    ],
)
async def test_rollups(
    troubled: Client, named: tuple[str, str], health: str, reason: str | None, counts: dict[str, int]
) -> None:
    """What all that belongs to something comes to, in the order of Argo CD, with the reason of the worst."""
    assert await of(troubled, *named) == (health, reason, counts)


async def test_namespace_in_which_all_is_well(troubled: Client) -> None:
    """A HEALTHY roll-up has counts and no reason."""
    assert await of(troubled, "ns", "quiet") == ("HEALTHY", None, {"healthy": 3})


async def test_nothing_that_has_a_health_has_no_rollup(troubled: Client) -> None:
    """A ConfigMap says nothing of how it is: null, not UNKNOWN."""
    found = (await troubled.ask(ROLLUP, type="cm", name="settings"))["resource"]
    assert found == {"health": None, "healthReason": None, "rollup": None}


async def test_placeholder_is_missing_where_its_kind_is_synced(troubled: Client) -> None:
    """Of a kind that is not synced nothing can be said."""
    query = "{ a: resourceGraph(cluster: %s) { nodes { key health } } }"
    where = '"prod", resourceType: "deploy", name: "fine", namespace: "quiet", depth: 1'
    found = (await troubled.ask(query % where))["a"]["nodes"]
    assert {one["key"]: one["health"] for one in found} == {
        "prod/apps/Deployment/quiet/fine": "HEALTHY",
        "prod/core/Secret/shop/gone": "MISSING",
        "prod/example.com/Gadget/shop/gone": "UNKNOWN",
    }


async def test_cluster_rolls_up_all_that_is_in_it(troubled: Client) -> None:
    """A cluster's worst, with the namespaces left out of nothing; one with nothing in it has no health."""
    found = await troubled.ask("{ clusters { id health rollup { reason counts { suspended degraded } } } }")
    assert found["clusters"] == [
        {"id": "bare", "health": None, "rollup": None},
        {
            "id": "prod",
            "health": "DEGRADED",
            "rollup": {
                "reason": "4 DEGRADED, 5 PROGRESSING, 1 SUSPENDED: exit code 1 on alone-0",
                "counts": {"suspended": 1, "degraded": 4},
            },
        },
    ]


@pytest.mark.parametrize(
    ("health", "expected"),
    [
        (["SUSPENDED"], ["core/Node/_/node-1"]),
        (["UNKNOWN", "SUSPENDED"], ["core/Node/_/node-1", "core/Pod/shop/web-1-a"]),
        (["MISSING"], []),
    ],
    ids=str,
)
async def test_lists_are_filtered_by_health(troubled: Client, health: list[str], expected: list[str]) -> None:
    """A list of what is not well, counted as well."""
    query = (
        """query ($health: [Health!]) { resources(filter: {health: $health}) { totalCount nodes { key health } } }"""
    )
    found = (await troubled.ask(query, health=health))["resources"]
    assert [one["key"].removeprefix("prod/") for one in found["nodes"]] == expected
    assert found["totalCount"] == len(expected)
    assert {one["health"] for one in found["nodes"]} <= set(health)


@pytest.mark.parametrize(
    ("query", "statements"),
    [
        pytest.param("{ resources { nodes { health healthReason } } }", 1, id="health"),
        pytest.param("{ resources { nodes { rollup { health } } } }", 2, id="rollups"),
        pytest.param("{ clusters { health rollup { reason } } }", 2, id="clusters"),
        pytest.param(
            "{ resources { nodes { dependencies { items { resource { health rollup { reason } } } } } } }",
            3,
            id="of-relations",
        ),
    ],
)
async def test_rollups_are_asked_for_together(troubled: Client, query: str, statements: int) -> None:
    """However many roll-ups an answer has, they are one statement."""
    await troubled.ask("{ resources(first: 1) { nodes { key } } }")  # the kinds are read, and remembered
    before = troubled.store.statements_sent
    await troubled.ask(query)
    assert troubled.store.statements_sent - before == statements


async def test_search_and_impact_say_how_things_are_now(troubled: Client) -> None:
    """A hit has its health; whoever suffers already before the change is marked."""
    found = await troubled.ask('{ search(text: "web-2-c") { resource { health healthReason } } }')
    assert found["search"] == [{"resource": {"health": "DEGRADED", "healthReason": "ImagePullBackOff (nginx:1.99)"}}]
    found = await troubled.ask(
        """{ impact(cluster: "prod", resourceType: "rs", name: "web-2") {
        affected { before effect left of resource { name } } } }"""
    )
    before = {one["resource"]["name"]: one["before"] for one in found["impact"]["affected"]}
    assert before["web-2-c"] == "DEGRADED"
    assert before["web-2-a"] == "HEALTHY"
    assert before["web"] == "PROGRESSING"


async def test_unhealthy_statement_lists_the_worst_first(troubled: Client) -> None:
    """The statement for Neo4j Browser shows what is not well, with its reason."""
    rows = await troubled.store.read("explore/unhealthy")
    assert [row["health"] for row in rows] == sorted(
        (row["health"] for row in rows), key=["UNKNOWN", "DEGRADED", "PROGRESSING", "SUSPENDED"].index
    )
    (pod,) = [row for row in rows if row["name"] == "web-2-c"]
    assert pod["reason"] == "ImagePullBackOff (nginx:1.99)"
    assert "$" not in cypher.statement("explore/unhealthy")
