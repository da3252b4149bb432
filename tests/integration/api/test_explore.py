"""The statements that people paste into Neo4j Browser work there as they stand."""

from importlib import resources

import neo4j
import pytest

from kgraph import cypher
from kgraph.graphdb.store import Store
from tests.integration.api.graphs import write_graph

pytestmark = pytest.mark.neo4j

ROWS = {  # name: the least rows that the little shop gives
    "explore/application": 1,
    "explore/blast_radius": 3,
    "explore/dangling_references": 1,
    "explore/images_in_use": 1,
    "explore/orphans": 6,
    "explore/over_privileged_accounts": 1,
    "explore/refused_references": 1,
    "explore/schema": 10,
    "explore/single_points_of_failure": 1,
    "explore/unhealthy": 1,
}


@pytest.fixture(scope="module")
async def robot(shop_store: Store, session_driver: neo4j.AsyncDriver) -> None:
    """A ServiceAccount that may do everything, and a Job that failed."""
    binding = "prod/rbac.authorization.k8s.io/ClusterRoleBinding/_/too-much"
    role = "prod/rbac.authorization.k8s.io/ClusterRole/_/cluster-admin"
    account = "prod/core/ServiceAccount/shop/robot"
    await write_graph(
        session_driver,
        [
            (binding, {}),
            (role, {}),
            (account, {}),
            ("prod/batch/Job/shop/migrate", {"health": "DEGRADED", "healthReason": "BackoffLimitExceeded"}),
        ],
        [(binding, "BINDS", role, {}), (binding, "SUBJECT", account, {})],
    )


@pytest.fixture(scope="module")
async def route(shop_store: Store, session_driver: neo4j.AsyncDriver) -> None:
    """A route into two namespaces, one of which allows it."""
    key = "prod/gateway.networking.k8s.io/HTTPRoute/front/all"
    backends = {name: f"prod/core/Service/{name}/api" for name in ("open", "closed")}
    await write_graph(
        session_driver,
        [(key, {}), *((backend, {}) for backend in backends.values())],
        [(key, "ROUTES_TO", backend, {"granted": name == "open"}) for name, backend in backends.items()],
    )


@pytest.mark.usefixtures("robot", "route")
@pytest.mark.parametrize("name", cypher.statements("explore"))
async def test_statement_runs_without_parameters_and_finds_something(shop_store: Store, name: str) -> None:
    """Each begins with a comment, needs no parameter, only reads, and finds what it is for."""
    text = cypher.statement(name)
    assert text.startswith("// ")
    assert "$" not in text
    assert await shop_store.explain(text) == "r"
    assert len(await shop_store.read_text(text)) >= ROWS[name]


async def test_single_points_of_failure_are_the_ones(shop_store: Store) -> None:
    """`api` has one Pod; `web` has three on three Nodes and is none."""
    found = await shop_store.read("explore/single_points_of_failure")
    assert [(row["service"], row["pods"], row["node"], row["inFront"]) for row in found] == [
        ("api", 1, "node-1", ["Ingress api"])
    ]


@pytest.mark.usefixtures("route")
async def test_refused_references_are_those_that_no_grant_allows(shop_store: Store) -> None:
    """What a grant allows is not shown."""
    found = await shop_store.read("explore/refused_references")
    assert [row["path"].end_node["key"] for row in found] == ["prod/core/Service/closed/api"]


async def test_dangling_references_are_the_needed_ones(shop_store: Store) -> None:
    """Only what is needed, and of a kind that is synced, is shown."""
    found = await shop_store.read("explore/dangling_references")
    assert [row["path"].end_node["key"] for row in found] == ["prod/core/Secret/shop/gone"]


def test_style_file_knows_the_labels_and_is_well_formed() -> None:
    """The style has a rule for every node that is no resource, for placeholders and for Pods, and its braces match."""
    style = resources.files(cypher).joinpath("explore", "style.grass").read_text("utf-8")
    assert style.count("{") == style.count("}")
    for label in ("Cluster", "Image", "Host", "Subject", "Missing", "Pod", "Node", "Namespace"):
        assert f"node.{label} {{" in style
