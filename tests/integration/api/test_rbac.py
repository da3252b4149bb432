"""`canI` and `whoCan` over RBAC that a reader can check by eye; sync/test_rbac.py asks the apiserver."""

from collections.abc import AsyncIterator
from typing import Any

import neo4j
import pytest

from kgraph.graphdb.store import Store
from tests.client import Client, asking
from tests.integration.api.graphs import EdgeRow, Node, clear_graph, opened_on, write_cluster
from tests.servers import Graph

pytestmark = pytest.mark.neo4j

RBAC = "rbac.authorization.k8s.io"
CAN_I = """query ($verb: String!, $type: String!, $namespace: String, $subresource: String, $name: String,
                  $user: String, $groups: [String!], $account: String) {
  canI(cluster: "prod", verb: $verb, resourceType: $type, namespace: $namespace, subresource: $subresource, name: $name,
       user: $user, groups: $groups, serviceAccount: $account) {
    allowed reason complete request user groups
    grant { subject { kind name namespace } binding { key labels } role { key } rule { verbs resources nonResourceURLs }
            aggregatedFrom scope } } }"""
WHO_CAN = """query ($verb: String!, $type: String!, $namespace: String, $subresource: String, $name: String,
                    $first: Int) {
  whoCan(cluster: "prod", verb: $verb, resourceType: $type, namespace: $namespace, subresource: $subresource,
         name: $name, first: $first) {
    items { subject { kind name namespace } binding { name } role { kind name } scope aggregatedFrom }
    truncated complete request reason } }"""


def allow(verbs: str, resources: str, group: str = "", names: str = "") -> dict[str, Any]:
    """A rule for resources of one group."""
    rule: dict[str, Any] = {"verbs": verbs.split(","), "apiGroups": [group], "resources": resources.split(",")}
    return rule | ({"resourceNames": names.split(",")} if names else {})


def access() -> tuple[list[Node], list[EdgeRow]]:
    """Developers edit the shop, a robot reads one Secret of it, operators do everything, and everyone sees metrics."""
    nodes: list[Node] = [("cluster:prod", {}), ("prod/core/Namespace/_/shop", {}), ("prod/core/Node/_/n1", {})]
    edges: list[EdgeRow] = []

    def role(key: str, *rules: dict[str, Any], **more: Any) -> None:
        nodes.append((f"prod/{RBAC}/{key}", {"object": {"rules": list(rules), **more}}))

    def bind(key: str, role_key: str, *subjects: str) -> None:
        # Objects of bindings are never read: theirs are no JSON.
        binding = f"prod/{RBAC}/{key}"
        nodes.append((binding, {"manifest": "no JSON", "labels": ["made=by-hand"]}))
        edges.append((binding, "BINDS", f"prod/{RBAC}/{role_key}", {}))
        for subject in subjects:
            if subject not in {node for node, _ in nodes}:
                nodes.append((subject, {"missing": True} if subject.startswith("prod/") else {}))
            edges.append((binding, "SUBJECT", subject, {}))

    role("ClusterRole/_/edit", allow("get,list,create", "pods,pods/log"), aggregationRule={"clusterRoleSelectors": []})
    role("ClusterRole/_/part", allow("watch", "pods"), allow("get,list,create", "pods,pods/log"))
    edges.append((f"prod/{RBAC}/ClusterRole/_/edit", "AGGREGATES", f"prod/{RBAC}/ClusterRole/_/part", {}))
    role("ClusterRole/_/everything", {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]})
    role("ClusterRole/_/metrics", {"verbs": ["get"], "nonResourceURLs": ["/metrics/*"]})
    role("ClusterRole/_/machines", allow("get", "pods"))
    role("ClusterRole/_/odd", {"verbs": "get"})
    role("Role/shop/secret", allow("get,create", "secrets", names="database"))
    bind("RoleBinding/shop/developers", "ClusterRole/_/edit", "subject:prod/Group/devs", "subject:prod/User/jane")
    bind("RoleBinding/shop/robot", "Role/shop/secret", "prod/core/ServiceAccount/shop/robot")
    bind("RoleBinding/shop/lost", "Role/shop/lost", "subject:prod/User/jane")
    nodes.append((f"prod/{RBAC}/Role/shop/lost", {"missing": True}))
    bind("RoleBinding/data/developers", "ClusterRole/_/everything", "subject:prod/Group/devs")
    bind("ClusterRoleBinding/_/operators", "ClusterRole/_/everything", "subject:prod/Group/ops")
    bind("ClusterRoleBinding/_/metrics", "ClusterRole/_/metrics", "subject:prod/Group/system:authenticated")
    bind("ClusterRoleBinding/_/machines", "ClusterRole/_/machines", "prod/core/Node/_/n1")
    bind("ClusterRoleBinding/_/odd", "ClusterRole/_/odd", "subject:prod/User/odd")
    return nodes, edges


@pytest.fixture(scope="module")
async def access_store(session_driver: neo4j.AsyncDriver, neo4j_server: Graph) -> AsyncIterator[Store]:
    """The graph of RBAC, written once."""
    async with opened_on(session_driver, neo4j_server, *access()) as store:
        yield store


@pytest.fixture(scope="module")
async def api(access_store: Store) -> AsyncIterator[Client]:
    """A client of the API over it."""
    async with asking(access_store) as client:
        yield client


async def can_i(api: Client, verb: str, resource_type: str, **more: Any) -> dict[str, Any]:
    """The decision."""
    found: dict[str, Any] = (await api.ask(CAN_I, verb=verb, type=resource_type, **more))["canI"]
    return found


async def who_can(api: Client, verb: str, resource_type: str, **more: Any) -> dict[str, Any]:
    """The grants."""
    found: dict[str, Any] = (await api.ask(WHO_CAN, verb=verb, type=resource_type, **more))["whoCan"]
    return found


async def test_a_yes_is_explained_by_the_binding_that_gave_it(api: Client) -> None:
    """The answer names the subject, the binding, the role, the rule, where it holds and where the rule is from."""
    found = await can_i(api, "get", "po", subresource="log", namespace="shop", user="mary", groups=["devs"])
    assert found == {
        "allowed": True,
        "reason": "RoleBinding shop/developers gives Group devs the ClusterRole edit, which has the rule of "
        "ClusterRole part",
        "complete": True,
        "request": "get pods/log in shop",
        "user": "mary",
        "groups": ["devs", "system:authenticated"],
        "grant": {
            "subject": {"kind": "Group", "name": "devs", "namespace": None},
            "binding": {"key": f"prod/{RBAC}/RoleBinding/shop/developers", "labels": {"made": "by-hand"}},
            "role": {"key": f"prod/{RBAC}/ClusterRole/_/edit"},
            "rule": {"verbs": ["get", "list", "create"], "resources": ["pods", "pods/log"], "nonResourceURLs": []},
            "aggregatedFrom": "part",
            "scope": "shop",
        },
    }


@pytest.mark.parametrize(
    ("question", "binding"),
    [
        pytest.param(("list", "pods", {"namespace": "shop", "user": "jane"}), "RoleBinding/shop/developers", id="user"),
        pytest.param(("list", "pods", {"namespace": "data", "user": "jane"}), None, id="another namespace"),
        pytest.param(("list", "pods", {"user": "jane"}), None, id="all namespaces"),
        pytest.param(("list", "pods", {"groups": ["ops"]}), "ClusterRoleBinding/_/operators", id="the whole cluster"),
        pytest.param(("list", "pods", {"namespace": "shop", "groups": ["ops", "devs"]}),
                     "ClusterRoleBinding/_/operators", id="the whole cluster first"),
        pytest.param(("list", "pods", {"namespace": "data", "user": "JANE", "groups": ["Devs"]}), None, id="case"),
        pytest.param(("get", "secrets", {"namespace": "shop", "account": "robot", "name": "database"}),
                     "RoleBinding/shop/robot", id="account"),
        pytest.param(("get", "secrets", {"namespace": "shop", "account": "data/robot", "name": "database"}), None,
                     id="its namesake"),
        pytest.param(("get", "secrets", {"namespace": "shop", "user": "system:serviceaccount:shop:robot",
                                         "name": "database"}), "RoleBinding/shop/robot", id="account by its user"),
        pytest.param(("get", "pods", {"user": "system:node:n1"}), "ClusterRoleBinding/_/machines", id="node"),
        pytest.param(("get", "/metrics/x", {"user": "jane"}), "ClusterRoleBinding/_/metrics", id="path"),
        pytest.param(("get", "/metrics/x", {"user": "system:anonymous"}), None, id="anonymous"),
    ],
)  # fmt: skip
async def test_who_may_is_decided_by_the_bindings_that_name_them(
    api: Client, question: tuple[str, str, dict[str, Any]], binding: str | None
) -> None:
    """A binding counts in its namespace, or everywhere, for whom it names."""
    verb, resource_type, more = question
    found = await can_i(api, verb, resource_type, **more)
    assert found["allowed"] is (binding is not None)
    assert (found["grant"] or {}).get("binding", {}).get("key") == (binding and f"prod/{RBAC}/{binding}")
    assert found["complete"]


async def test_members_of_masters_may_without_a_binding(api: Client) -> None:
    """No authorizer is asked about the group that Kubernetes itself trusts."""
    found = await can_i(api, "delete", "nodes", groups=["system:masters"])
    assert (found["allowed"], found["grant"], found["complete"]) == (True, None, True)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        pytest.param({"verb": "delete", "type": "nodes", "user": "jane"},
                     "no binding lets jane (members of system:authenticated) delete nodes in the whole cluster",
                     id="who and what"),
        pytest.param({"verb": "get", "type": "secrets", "namespace": "shop", "account": "shop/robot"},
                     "RoleBinding shop/robot does for the names database alone", id="other names"),
        pytest.param({"verb": "delete", "type": "pods", "namespace": "shop", "user": "jane"},
                     "RoleBinding shop/lost names a Role lost that is not there", id="role that is not there"),
        pytest.param({"verb": "create", "type": "secrets", "namespace": "shop", "account": "robot", "name": "database"},
                     "But no create request carries a name", id="names of what is created"),
        pytest.param({"verb": "get", "type": "nodes", "namespace": "shop", "user": "jane"},
                     "nodes have no namespace, so that shop was not regarded", id="no namespace"),
        pytest.param({"verb": "get", "type": "pods", "user": "odd"},
                     "not all RBAC of prod is in the graph: ClusterRole odd cannot be read", id="unreadable role"),
    ],
)  # fmt: skip
async def test_a_reason_says_what_stands_in_the_way(api: Client, question: dict[str, Any], words: str) -> None:
    """A no names who was asked about and what comes near; a yes that means little says so."""
    assert words in (await api.ask(CAN_I, **question))["canI"]["reason"]


async def test_everybody_who_may_is_listed_with_each_binding(api: Client) -> None:
    """The whole cluster's bindings come first, then the namespace's, users and groups before accounts."""
    found = await who_can(api, "get", "pods", namespace="shop")
    assert [
        (one["subject"]["kind"], one["subject"]["name"], one["binding"]["name"], one["role"]["name"], one["scope"])
        for one in found["items"]
    ] == [
        ("Group", "ops", "operators", "everything", None),
        ("User", "system:node:n1", "machines", "machines", None),
        ("Group", "devs", "developers", "edit", "shop"),
        ("User", "jane", "developers", "edit", "shop"),
    ]
    assert [one["aggregatedFrom"] for one in found["items"]] == [None, None, "part", "part"]
    assert (found["truncated"], found["request"]) == (False, "get pods in shop")


async def test_a_list_of_who_may_is_cut_at_first(api: Client) -> None:
    """No more come than are asked for, and the answer says that there are more."""
    found = await who_can(api, "get", "pods", namespace="shop", first=2)
    assert ([one["subject"]["name"] for one in found["items"]], found["truncated"]) == (["ops", "system:node:n1"], True)


async def test_a_name_lets_those_in_who_may_for_it_alone(api: Client) -> None:
    """Whoever may read one Secret is listed for it, and not for any."""
    named = await who_can(api, "get", "secrets", namespace="shop", name="database")
    assert {one["subject"]["name"] for one in named["items"]} == {"ops", "robot"}
    assert {one["subject"]["name"] for one in (await who_can(api, "get", "secrets", namespace="shop"))["items"]} == {
        "ops"
    }


async def test_a_question_costs_the_same_however_many_bindings_there_are(api: Client, access_store: Store) -> None:
    """A yes takes one statement, one more where its role is aggregated; a list of who may takes four."""
    asked = {
        '{ canI(cluster: "prod", verb: "get", resourceType: "pods", groups: ["ops"]) { reason } }': 1,
        '{ canI(cluster: "prod", verb: "get", resourceType: "po", namespace: "shop", user: "jane") { reason } }': 2,
        '{ whoCan(cluster: "prod", verb: "get", resourceType: "po", namespace: "shop") { items { scope } } }': 4,
    }
    for query, statements in asked.items():
        await api.ask(query)
        before = access_store.statements_sent
        await api.ask(query)
        assert access_store.statements_sent - before == statements, query


@pytest.mark.parametrize(
    ("query", "variables", "words"),
    [
        pytest.param(CAN_I, {"verb": "get", "type": "pods"}, "who?", id="nobody"),
        pytest.param(CAN_I, {"verb": "get", "type": "pods/log", "user": "jane"}, "log as subresource", id="part"),
        pytest.param(WHO_CAN, {"verb": "get", "type": "pood"}, "did you mean pods", id="typo"),
        pytest.param(WHO_CAN, {"verb": "get", "type": "pods", "first": -1}, "first is -1", id="negative"),
    ],
)
async def test_a_question_that_cannot_be_understood_is_refused(
    api: Client, query: str, variables: dict[str, Any], words: str
) -> None:
    """The error says what is wrong with which word."""
    error = await api.refused(query, **variables)
    assert error["code"] == "BAD_USER_INPUT"
    assert words in error["message"]


@pytest.mark.parametrize(
    ("without", "edges", "words"),
    [
        pytest.param(["RoleBinding"], True, "its RoleBindings are not synced", id="kind not synced"),
        pytest.param([], False, "enable_relationships is off", id="no edges"),
    ],
)
async def test_what_is_not_in_the_graph_is_said(
    session_driver: neo4j.AsyncDriver, store: Store, without: list[str], edges: bool, words: str
) -> None:
    """A no, and a list, say which of the cluster's RBAC they could not regard; a yes is sure, for RBAC only adds."""
    nodes, links = access()
    await clear_graph(session_driver)
    await write_cluster(session_driver, nodes, links if edges else (), without=without)
    async with asking(store) as api:
        found = await can_i(api, "delete", "pods", namespace="shop", user="jane")
        assert (found["allowed"], found["complete"]) == (False, False)
        assert words in found["reason"]
        listed = await who_can(api, "delete", "pods", namespace="shop")
        assert not listed["complete"]
        assert words in listed["reason"]
        if edges:
            assert (await can_i(api, "delete", "pods", groups=["ops"], namespace="shop"))["complete"]
            # What holds in the whole cluster is not a RoleBinding's to say.
            assert (await can_i(api, "delete", "pods", user="jane"))["complete"]
