"""GraphQL over the little shop: lists, filters, relations, findings, search, paths; and what each costs."""

from typing import Any

import pytest

from tests.client import Client

pytestmark = pytest.mark.neo4j

LIST = """query ($filter: ResourceFilter, $first: Int, $after: String) {
  resources(filter: $filter, first: $first, after: $after) {
    totalCount nodes { key } edges { cursor } pageInfo { hasNextPage endCursor } } }"""


async def listed(api: Client, **conditions: Any) -> list[str]:
    """The keys that a filter selects, the cluster left out; as many as are counted."""
    data = await api.ask(LIST, filter=conditions)
    found = [one["key"].removeprefix("prod/") for one in data["resources"]["nodes"]]
    assert data["resources"]["totalCount"] == len(found)
    return found


WEB_PODS = [f"core/Pod/shop/web-1-{at}" for at in (1, 2, 3)]
API_POD = "core/Pod/shop/api-1-1"


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        pytest.param({"kinds": ["po"], "labelSelector": "app=web"}, WEB_PODS, id="equal"),
        pytest.param({"kinds": ["pods"], "labelSelector": "app in (api,none),tier"}, [API_POD], id="in-and-exists"),
        pytest.param({"kinds": ["Pod"], "labelSelector": "app!=web,app"}, [API_POD], id="not-equal"),
        pytest.param(
            {"kinds": ["pod"], "namespaces": ["shop"], "labelSelector": "!app"}, ["core/Pod/shop/bare"], id="absent"
        ),
        pytest.param(
            {"kinds": ["pod"], "fieldSelector": "spec.nodeName=node-1,metadata.namespace=shop"},
            [API_POD, WEB_PODS[0]],
            id="fields",
        ),
        pytest.param({"kinds": ["pod"], "fieldSelector": "status.phase!=Running"}, [], id="field-not-equal"),
        pytest.param({"nodeName": "node-3", "namespaces": ["shop"]}, [WEB_PODS[2]], id="node-name"),
        pytest.param({"phase": "Released"}, ["core/PersistentVolume/_/left-over"], id="phase"),
        pytest.param(
            {"resourceTypes": ["deploy", "ds"]},
            ["apps/DaemonSet/kube-system/proxy", "apps/Deployment/shop/api", "apps/Deployment/shop/web"],
            id="two-kinds",
        ),
        pytest.param({"namespaces": ["empty"]}, [], id="empty-namespace"),
        pytest.param({"clusters": ["prod"], "kinds": ["deployments.apps"], "labelSelector": "app=api"},
                     ["apps/Deployment/shop/api"], id="cluster"),
    ],
)  # fmt: skip
async def test_filters_select_as_kubectl_does(api: Client, conditions: dict[str, Any], expected: list[str]) -> None:
    """A filter selects what kubectl would, in the order of the keys, and counts as many."""
    assert await listed(api, **conditions) == expected


async def test_pages_follow_one_another(api: Client) -> None:
    """Every resource comes once, in order, whatever the size of the pages."""
    whole = [one["key"] for one in (await api.ask(LIST, filter={}))["resources"]["nodes"]]
    assert whole == sorted(whole)
    assert not any("gone" in key for key in whole)
    found: list[str] = []
    after = None
    while True:
        page = (await api.ask(LIST, filter={}, first=7, after=after))["resources"]
        found += [one["key"] for one in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert found == whole


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        pytest.param({"first": 5001}, "5000", id="too-many"),
        pytest.param({"first": -1}, "between 0 and", id="negative"),
        pytest.param({"after": "%%%"}, "cursor", id="no-cursor"),
        pytest.param({"filter": {"labelSelector": "a=b=c"}}, "a=b=c", id="label-selector"),
        pytest.param({"filter": {"fieldSelector": "spec.nothing=1"}}, "status.phase", id="field-selector"),
        pytest.param({"filter": {"kinds": ["deploymnt"]}}, "deployments.apps", id="kind"),
    ],
)
async def test_bad_arguments_are_refused_with_what_is_allowed(
    api: Client, variables: dict[str, Any], words: str
) -> None:
    """What cannot be understood is BAD_USER_INPUT, and the message helps."""
    error = await api.refused(LIST, **variables)
    assert error["code"] == "BAD_USER_INPUT"
    assert words in error["message"]


async def test_unknown_cluster_and_resource_are_not_found(api: Client) -> None:
    """A cluster that is not there is NOT_FOUND with those that are; so is a resource."""
    error = await api.refused('{ resource(cluster: "dev", resourceType: "pod", name: "x") { key } }')
    assert (error["code"], "prod" in error["message"]) == ("NOT_FOUND", True)
    error = await api.refused('{ resource(cluster: "prod", resourceType: "pod", name: "x") { key } }')
    assert error["code"] == "NOT_FOUND"


async def test_resource_has_all_its_forms(api: Client) -> None:
    """One resource: its key's parts, facts, manifest and entity."""
    data = await api.ask(
        """{ resource(cluster: "prod", resourceType: "po", name: "web-1-1") {
        key id apiVersion kind group namespace name uid cluster labels annotations missing properties manifest entity
        } }"""
    )
    found = data["resource"]
    assert found["id"] == "prod:shop:web-1-1"
    assert found["apiVersion"] == "v1"
    assert found["labels"] == {"app": "web", "tier": "front"}
    assert found["annotations"] == {"note": "web"}
    assert found["properties"] == {"phase": "Running", "ready": True, "nodeName": "node-1"}
    assert found["manifest"]["kind"] == "Pod"
    entity = found["entity"]
    assert entity["type"] == "kubernetes.pod"
    assert entity["attributes"]["resource_requests"] == {"cpu": "1500m"}
    assert entity["relationships"] == {
        "owned_by": {"type": "kubernetes.replicaset", "id": "prod:shop:web-1"},
        "runs_on": {"type": "kubernetes.node", "id": "prod::node-1"},
        "uses_configmaps": [{"type": "kubernetes.configmap", "id": "prod:shop:web"}],
        "uses_secrets": [{"type": "kubernetes.secret", "id": "prod:shop:web"}],
        "uses_services": [],
    }


@pytest.mark.parametrize(
    ("query", "statements"),
    [
        pytest.param("{ resources { nodes { key labels } } }", 1, id="list"),
        pytest.param("{ resources { totalCount nodes { key } } }", 2, id="counted"),
        pytest.param("{ resources { nodes { manifest annotations } } }", 1, id="manifests"),
        pytest.param("{ resources { nodes { dependencies { items { resource { name } } } } } }", 2, id="relations"),
        pytest.param(
            "{ resources { nodes { dependencies(first: 5) { items { resource { uid dependents(first: 5) "
            "{ totalCount items { resource { manifest } } } } } } } } }",
            3,
            id="relations-of-relations",
        ),
        pytest.param("{ resources { nodes { entity } } }", 3, id="entities"),
        pytest.param("{ clusters { id nodeCount namespaceCount } }", 1, id="clusters"),
        pytest.param(
            '{ resourceGraph(cluster: "prod", resourceType: "deploy", name: "web", depth: 2) '
            "{ nodes { key uid labels } edges { type fields } } }",
            2,
            id="graph",
        ),
    ],
)
async def test_statements_do_not_grow_with_the_answer(api: Client, query: str, statements: int) -> None:
    """However many resources an answer has, each level of it is one statement."""
    await api.ask(query)  # a statement is planned once, which can take longer than the kinds are remembered
    await api.ask("{ resources(first: 1) { nodes { key } } }")  # the kinds are read, and remembered
    before = api.store.statements_sent
    await api.ask(query)
    assert api.store.statements_sent - before == statements


async def test_relations_are_bounded_and_counted(api: Client) -> None:
    """The first relations by type and key, and how many there are."""
    data = await api.ask(
        """{ resource(cluster: "prod", resourceType: "node", name: "node-1") {
        dependents(first: 2) { totalCount items { type resource { key } } }
        dependencies { totalCount }
        contained: dependencies(edgeTypes: ["IN_CLUSTER"]) { items { resource { kind } } } } }"""
    )
    found = data["resource"]
    assert found["dependents"]["totalCount"] == 3
    assert [one["resource"]["key"] for one in found["dependents"]["items"]] == [
        "prod/core/Pod/kube-system/proxy-1",
        "prod/core/Pod/shop/api-1-1",
    ]
    assert found["dependencies"]["totalCount"] == 0
    assert found["contained"]["items"] == [{"resource": {"kind": "Cluster"}}]


PATH = """query ($from: String!, $to: String!) {
  path(from: {key: $from}, to: {key: $to}) { direction nodes { name } edges { type } } }"""


@pytest.mark.parametrize(
    ("start", "end", "direction", "names"),
    [
        pytest.param(
            "networking.k8s.io/Ingress/shop/web",
            "core/Node/_/node-1",
            "OUT",
            ["web", "web", "web-1-1", "node-1"],
            id="dependency",
        ),
        pytest.param(
            "core/Node/_/node-1",
            "apps/DaemonSet/kube-system/proxy",
            "BOTH",
            ["node-1", "proxy-1", "proxy"],
            id="connection",
        ),
        pytest.param("core/ConfigMap/shop/web", "core/Pod/shop/web-1-1", "IN", ["web", "web-1-1"], id="backwards"),
        pytest.param(
            "apps/Deployment/shop/web", "apps/Deployment/shop/api", "BOTH", ["web", "default", "api"], id="sideways"
        ),
        pytest.param("core/Pod/shop/bare", "core/Pod/shop/bare", "OUT", ["bare"], id="itself"),
    ],
)
async def test_path_prefers_dependencies(api: Client, start: str, end: str, direction: str, names: list[str]) -> None:
    """The shortest way along the edges, else against them, else any."""
    found = (await api.ask(PATH, **{"from": f"prod/{start}", "to": f"prod/{end}"}))["path"]
    assert (found["direction"], [one["name"] for one in found["nodes"]]) == (direction, names)
    assert len(found["edges"]) == len(names) - 1


async def test_no_path_is_null(api: Client) -> None:
    """Two resources without a way between them have none; containment is no way."""
    data = await api.ask(PATH, **{"from": "prod/core/Pod/shop/bare", "to": "prod/core/Pod/shop/web-1-1"})
    assert data["path"] is None


async def test_ends_of_a_path_are_named_as_kubectl_does(api: Client) -> None:
    """An end is a key, or cluster, type and name."""
    data = await api.ask(
        """{ path(from: {cluster: "prod", resourceType: "ing", name: "web"},
                 to: {cluster: "prod", resourceType: "svc", name: "web"}) { edges { type source target } } }"""
    )
    assert [edge["type"] for edge in data["path"]["edges"]] == ["ROUTES_TO"]
    error = await api.refused('{ path(from: {name: "x"}, to: {name: "y"}) { edges { type } } }')
    assert error["code"] == "BAD_USER_INPUT"


ORPHANS = {
    "bare_pods": {"core/Pod/shop/bare"},
    "idle_disruption_budgets": {"policy/PodDisruptionBudget/shop/left-over"},
    "idle_network_policies": {"networking.k8s.io/NetworkPolicy/shop/left-over"},
    "idle_services": {"core/Service/shop/left-over"},
    "ownerless_replicasets": {"apps/ReplicaSet/shop/left-over"},
    "unbound_roles": {"rbac.authorization.k8s.io/Role/shop/left-over"},
    "unbound_volumes": {"core/PersistentVolume/_/left-over"},
    "unmounted_claims": {"core/PersistentVolumeClaim/shop/left-over"},
    "unused_configmaps": {"core/ConfigMap/shop/left-over"},
    "unused_secrets": {"core/Secret/shop/left-over"},
    "unused_service_accounts": {"core/ServiceAccount/shop/left-over"},
}


@pytest.mark.parametrize("rule", ORPHANS)
async def test_orphans_by_each_rule(api: Client, rule: str) -> None:
    """Each rule finds what it is for, and nothing that is used or that belongs to Kubernetes itself."""
    data = await api.ask(
        "query ($rules: [String!]) { orphans(filter: {rules: $rules}) { truncated items { resource { key } } } }",
        rules=[rule],
    )
    found = {one["resource"]["key"].removeprefix("prod/") for one in data["orphans"]["items"]}
    assert found == ORPHANS[rule]
    assert not data["orphans"]["truncated"]


async def test_orphans_are_bounded_and_in_order(api: Client) -> None:
    """All rules together: by key, cut at `first`."""
    data = await api.ask("{ orphans(first: 4) { truncated items { rule resource { key } } } }")
    keys = [one["resource"]["key"] for one in data["orphans"]["items"]]
    assert (len(keys), keys, data["orphans"]["truncated"]) == (4, sorted(keys), True)
    error = await api.refused('{ orphans(filter: {rules: ["nonsense"]}) { truncated } }')
    assert "unused_secrets" in error["message"]


async def test_dangling_references_are_needed_synced_or_stale(api: Client) -> None:
    """A needed reference to nothing and a stale one are listed; optional ones and kinds that are not synced are not."""
    data = await api.ask(
        "{ danglingReferences { items { stale source { name } target { key missing } edge { type fields } } } }"
    )
    assert data["danglingReferences"]["items"] == [
        {
            "stale": False,
            "source": {"name": "web"},
            "target": {"key": "prod/core/Secret/shop/gone", "missing": True},
            "edge": {"type": "USES_SECRET", "fields": ["spec.template.spec.imagePullSecrets[0].name"]},
        },
        {
            "stale": True,
            "source": {"name": "bare"},
            "target": {"key": "prod/apps/ReplicaSet/shop/left-over", "missing": False},
            "edge": {"type": "OWNED_BY", "fields": []},
        },
    ]


async def test_impact_in_graphql(api: Client) -> None:
    """Effects with counts and paths, and the totals beside a short list."""
    data = await api.ask(
        """{ impact(cluster: "prod", resourceType: "node", name: "node-1", change: FAIL, limit: 2) {
        root { name } change deleted broken degraded truncated complete
        affected { effect left of resource { key uid } path { source type target } } } }"""
    )
    found = data["impact"]
    assert (found["broken"], found["degraded"], found["truncated"], found["complete"]) == (8, 5, True, True)
    assert found["affected"][0]["resource"] == {
        "key": "prod/core/Pod/kube-system/proxy-1",
        "uid": "uid-prod/core/Pod/kube-system/proxy-1",
    }
    assert found["affected"][0]["path"] == [
        {"source": "prod/core/Pod/kube-system/proxy-1", "type": "RUNS_ON", "target": "prod/core/Node/_/node-1"}
    ]


async def test_namespace_is_the_default_one_unless_told(api: Client) -> None:
    """Without a namespace the configured default is meant, and none for kinds that have none."""
    query = '{ a: resource(cluster: "prod", resourceType: "svc", name: "web") { key } '
    query += 'b: resource(cluster: "prod", resourceType: "no", name: "node-1", namespace: "shop") { key } }'
    data = await api.ask(query)
    assert data == {"a": {"key": "prod/core/Service/shop/web"}, "b": {"key": "prod/core/Node/_/node-1"}}


async def test_images_can_be_asked_for(api: Client) -> None:
    """A walk can start at an image: who runs it."""
    data = await api.ask(
        """{ resourceGraph(cluster: "prod", resourceType: "image", name: "docker.io/library/nginx:1.27", depth: 1) {
        root { kind cluster } nodes { name } } }"""
    )
    assert data["resourceGraph"]["root"] == {"kind": "Image", "cluster": None}
    assert len(data["resourceGraph"]["nodes"]) == 5
