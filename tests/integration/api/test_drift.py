"""`drift` in GraphQL over two parts of one graph: what is asked wrongly, what cannot be read, what is compared.

What a real cluster makes of it is tested in tests/integration/sync/test_drift.py.
"""

from collections.abc import AsyncIterator
from typing import Any

import neo4j
import pytest

from tests.client import Client, asking
from tests.integration.api.graphs import EdgeRow, Node, opened_on, placed
from tests.servers import Graph

pytestmark = pytest.mark.neo4j

DRIFT = """query ($desired: String!, $actual: String!, $first: Int) {
  drift(desired: $desired, actual: $actual, first: $first) {
    resources { key change fields { path desired actual manager } owned { path manager } }
    drifted compared truncated unread } }"""


def checkout_and_cluster() -> tuple[list[Node], list[EdgeRow]]:
    """A snapshot of a few manifests, and a cluster that follows them but for some; it syncs no Widgets."""
    nodes: list[Node] = [("cluster:git", {"source": "snapshot"}), ("cluster:prod", {"source": "live"})]
    edges: list[EdgeRow] = []
    nodes += [(f"{cluster}/core/Namespace/_/shop", {}) for cluster in ("git", "prod")]

    def add(cluster: str, key: str, **object_: Any) -> str:
        properties: dict[str, Any] = {name: object_.pop(name) for name in ("managers", "type") if name in object_}
        nodes.append((f"{cluster}/{key}", {"object": object_, **properties}))
        return f"{cluster}/{key}"

    add("git", "core/ConfigMap/shop/same", data={"a": "1"})
    add("prod", "core/ConfigMap/shop/same", data={"a": "1"}, status={"x": 1})
    add("git", "core/ConfigMap/shop/other", data={"a": "1"})
    add("prod", "core/ConfigMap/shop/other", data={"a": "2", "b": "3"})
    add("git", "core/Secret/shop/login", data={"password": None})
    add("prod", "core/Secret/shop/login", data={"password": None, "more": None})
    add("git", "apps/Deployment/shop/web", spec={"replicas": 1})
    add("prod", "apps/Deployment/shop/web", spec={"replicas": 4}, managers='{"keda":["spec.replicas"]}')
    add("git", "apps/Deployment/shop/gone", spec={})
    nodes.append(("prod/apps/Deployment/shop/gone", {"missing": True}))
    add("git", "example.com/Widget/shop/one")
    # Nobody's, somebody's, and a controller's.
    add("prod", "core/ConfigMap/shop/kube-root-ca.crt")
    add("prod", "core/Secret/shop/release", type="helm.sh/release.v1")
    made = add("prod", "core/ConfigMap/shop/made")
    add("prod", "core/ConfigMap/shop/by-hand")
    edges.append((made, "OWNED_BY", "prod/apps/Deployment/shop/web", {"controller": True}))
    return nodes, [*edges, *placed(nodes)]


@pytest.fixture(scope="module")
async def api(session_driver: neo4j.AsyncDriver, neo4j_server: Graph) -> AsyncIterator[Client]:
    """A client of the API over both."""
    async with opened_on(session_driver, neo4j_server, *checkout_and_cluster()) as store, asking(store) as client:
        yield client


async def test_each_resource_that_is_not_as_desired_is_told(api: Client) -> None:
    """Changed, missing, added and owned resources in order; what is as desired, made or unsynced is none of them."""
    found = (await api.ask(DRIFT, desired="git", actual="prod"))["drift"]
    assert [(one["key"].removeprefix("prod/"), one["change"]) for one in found["resources"]] == [
        ("core/ConfigMap/shop/by-hand", "ADDED"),
        ("core/ConfigMap/shop/other", "CHANGED"),
        ("apps/Deployment/shop/gone", "MISSING"),
        ("apps/Deployment/shop/web", "OWNED"),
        ("core/Secret/shop/login", "CHANGED"),
    ]
    _, other, _, web, login = found["resources"]
    assert [(one["path"], one["desired"], one["actual"]) for one in other["fields"]] == [
        ("data.a", "1", "2"),
        ("data.b", None, "3"),
    ]
    assert web["owned"] == [{"path": "spec.replicas", "manager": "keda"}]
    assert [(one["path"], one["actual"]) for one in login["fields"]] == [("data.more", "(hidden)")]
    (unread,) = found["unread"]
    assert unread.startswith("Widget.example.com: the cluster prod does not serve it")
    assert (found["drifted"], found["compared"], found["truncated"]) == (True, 6, False)


async def test_drift_is_bounded(api: Client) -> None:
    """At most `first` resources are told, and that there are more."""
    found = (await api.ask(DRIFT, desired="git", actual="prod", first=1))["drift"]
    assert (len(found["resources"]), found["truncated"]) == (1, True)


@pytest.mark.parametrize(
    ("desired", "actual", "code", "words"),
    [
        pytest.param("prod", "git", "BAD_USER_INPUT", "snapshot: git", id="live-cluster-as-desired"),
        pytest.param("git", "git", "BAD_USER_INPUT", "both git", id="the-same"),
        pytest.param("git", "moon", "NOT_FOUND", "clusters: git, prod", id="unknown"),
    ],
)
async def test_what_cannot_be_compared_is_refused(
    api: Client, desired: str, actual: str, code: str, words: str
) -> None:
    """The two sides are a snapshot and another cluster; anything else is refused with what there is."""
    error = await api.refused(DRIFT, desired=desired, actual=actual)
    assert error["code"] == code
    assert words in error["message"]
