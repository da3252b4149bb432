"""The types of kinds, over the demo: real objects of a real control plane."""

import gzip
import hashlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import neo4j
import pytest

from kgraph.api.graphql.resource import TYPES
from kgraph.api.graphql.schema import make_schema
from kgraph.api.settings import Limits
from kgraph.cli.sources import demo_folder
from kgraph.graphdb.schema import prepare
from kgraph.graphdb.store import Store
from kgraph.kube.settings import AuthMethod, ClusterSettings
from tests.client import Client, asking, http_client
from tests.integration.api.graphs import clear_graph, write_graph
from tests.integration.api.selections import fields
from tests.servers import Graph
from tests.workers import graph_settings, running

pytestmark = pytest.mark.neo4j

SCHEMA = make_schema(Limits())._schema
DEMO = ClusterSettings(
    id="demo",
    auth_method=AuthMethod.SNAPSHOT,
    snapshot_path=str(demo_folder()),
    environment="dev",
    region="here",
)
OBJECTS = frozenset({"dependencies", "dependents", "entity", "manifest", "annotations", "labels", "rollup"})


@pytest.fixture(scope="module")
async def demo_store(session_driver: neo4j.AsyncDriver, neo4j_server: Graph) -> AsyncIterator[Store]:
    """The graph of the demo."""
    async with Store.open(graph_settings(neo4j_server)) as store:
        await clear_graph(session_driver)
        await prepare(store)
        async with running(store, DEMO):
            pass
        yield store


@pytest.fixture(scope="module")
async def demo(demo_store: Store) -> AsyncIterator[Client]:
    """A client of the API over the demo."""
    async with asking(demo_store, default_namespace="shop") as client:
        yield client


@pytest.mark.parametrize("kind", TYPES, ids=str)
async def test_every_field_of_every_kind_has_an_answer(demo: Client, kind: Any) -> None:
    """All fields of a kind, and a step along each of its relations, of all its objects: no error, and its own type."""
    selection = fields(SCHEMA, TYPES[kind].__name__, without=OBJECTS, depth=1)
    data = await demo.ask(
        f"query ($kinds: [String!]) {{ resources(filter: {{kinds: $kinds}}, first: 20) {{ nodes {{ __typename "
        f"... on {kind.kind} {{ {selection} }} }} }} }}",
        kinds=[str(kind)],
    )
    assert {one["__typename"] for one in data["resources"]["nodes"]} <= {kind.kind}


async def test_demo_has_all_kinds(demo: Client) -> None:
    """The test above says nothing of a kind of which there is no object."""
    data = await demo.ask("{ resources(first: 5000) { nodes { __typename kind group } } }")
    nodes = data["resources"]["nodes"]
    there_are = {one["__typename"] for one in nodes}
    assert {kind.kind for kind in TYPES} - there_are <= {"Event"}
    assert {one["kind"] for one in nodes if one["__typename"] == "GenericResource"} >= {"Promotion", "Certificate"}


async def test_pod_says_what_kubectl_describe_leads_with(demo: Client) -> None:
    """Typed fields are the object's: enums, times, containers with their states, sums of resources."""
    query = """{ pods(cluster: "demo", namespace: "shop", filter: {labelSelector: "app=web"}, first: 1) {
      name namespace cluster phase ready reason restarts nodeName podIP hostIP startedAt restartPolicy manifest
      serviceAccountName conditions { type status lastTransitionTime }
      containers { name image ready restartCount state { state startedAt } resources { requests { cpu memory } } }
      initContainers { name } resources { requests { cpu memory all } limits { memory } } volumes { name type } } }"""
    (pod,) = (await demo.ask(query))["pods"]
    spec, status = pod["manifest"]["spec"], pod["manifest"]["status"]
    assert (pod["phase"], pod["ready"], pod["restarts"], pod["reason"]) == ("RUNNING", True, 0, None)
    assert (pod["podIP"], pod["hostIP"]) == (status["podIP"], status.get("hostIP"))
    assert (pod["nodeName"], pod["startedAt"]) == (spec["nodeName"], status["startTime"])
    assert [one["type"] for one in pod["conditions"]] == [one["type"] for one in status["conditions"]]
    (container,), (written,) = pod["containers"], spec["containers"]
    assert (container["name"], container["image"], container["ready"]) == (written["name"], written["image"], True)
    assert container["state"]["state"] == "RUNNING"
    assert container["resources"]["requests"] == written["resources"]["requests"]
    assert pod["resources"]["requests"]["all"] == written["resources"]["requests"]
    assert {one["name"] for one in pod["volumes"]} == {one["name"] for one in spec["volumes"]}


async def test_wide_and_narrow_answers_agree(demo: Client) -> None:
    """What is read column by column is what the ordinary way gives, which any field that needs the graph leads to."""
    plain = """key name phase ready health nodeName createdAt labels conditions { type status }
      containers { name image state { state } resources { requests { cpu } } }"""
    fast = (await demo.ask(f"{{ allPods {{ {plain} }} }}"))["allPods"]
    slow = (await demo.ask(f"{{ allPods {{ {plain} firstSeen }} }}"))["allPods"]
    assert len(fast) > 20
    assert fast == [{name: value for name, value in one.items() if name != "firstSeen"} for one in slow]
    graph = """{ resourceGraph(cluster: "demo", namespace: "shop", resourceType: "deploy", name: "web", depth: 3) {
      nodes { key kind __typename %s ... on Pod { phase } ... on Service { type clusterIP } } } }"""
    mixed, slow_mixed = [(await demo.ask(graph % more))["resourceGraph"]["nodes"] for more in ("", "firstSeen")]
    assert {one["__typename"] for one in mixed} > {"Deployment", "Pod", "Service"}
    assert mixed == [{name: value for name, value in one.items() if name != "firstSeen"} for one in slow_mixed]
    services = '{ resources(filter: {kinds: ["pods", "services"]}) { nodes { ... on Service { clusterIP } } } }'
    found = (await demo.ask(services))["resources"]["nodes"]
    assert {tuple(one) for one in found} == {(), ("clusterIP",)}


RELATIONS: Mapping[str, tuple[str, str, Any]] = {
    "deployment-pods-services": (
        '{ deployment(cluster: "demo", name: "payments") { pods { services { name } } } }',
        "deployment.pods.services.name",
        ["payments"],
    ),
    "deployment-replica-sets": (
        '{ deployment(cluster: "demo", name: "payments") { replicaSets { ownedBy { name kind } } } }',
        "deployment.replicaSets.ownedBy.name",
        ["payments"],
    ),
    "pod-owner": (
        '{ allPods(filter: {labelSelector: "app=payments"}) { ownedBy { kind } node { pods(first: 1) { name } } } }',
        "allPods.ownedBy.kind",
        ["ReplicaSet"],
    ),
    "service-pods-and-back": (
        '{ service(cluster: "demo", name: "web") { pods { services { name } } endpoints { services { name } } } }',
        "service.endpoints.services.name",
        ["web"],
    ),
    "service-ingresses": (
        '{ service(cluster: "demo", name: "web") { ingresses { name paths { path serviceName } } } }',
        "service.ingresses.name",
        ["shop"],
    ),
    "ingress-pods-through-services": (
        '{ resource(cluster: "demo", resourceType: "ing", name: "shop") { ... on Ingress { pods { labels } } } }',
        "resource.pods.labels.app",
        ["cart", "catalog", "checkout", "web"],
    ),
    "namespace-deployments": (
        '{ namespace(cluster: "demo", name: "ingress") { deployments { name } } }',
        "namespace.deployments.name",
        ["gateway"],
    ),
    "cronjob-template": (
        (
            '{ resource(cluster: "demo", namespace: "data", resourceType: "cj", name: "postgres-backup") '
            "{ ... on CronJob { schedule template { containers { name image } } } } }"
        ),
        "resource.template.containers.name",
        ["dump"],
    ),
    "claim-volume": (
        (
            '{ resource(cluster: "demo", namespace: "data", resourceType: "pvc", name: "exports-2023") '
            "{ ... on PersistentVolumeClaim { persistentVolume { name claim { name } } } } }"
        ),
        "resource.persistentVolume.claim.name",
        ["exports-2023"],
    ),
    "account-bindings": (
        (
            '{ resource(cluster: "demo", resourceType: "sa", name: "ci-deployer") '
            "{ ... on ServiceAccount { clusterRoleBindings { role { name } subjects { kind name } } } } }"
        ),
        "resource.clusterRoleBindings.role.name",
        ["cluster-admin"],
    ),
    "missing-secret": (
        '{ deployment(cluster: "demo", name: "loyalty") { secrets { name missing keys { name } } } }',
        "deployment.secrets.name",
        ["loyalty-registry"],
    ),
    "cluster-nodes": (
        '{ cluster(id: "demo") { nodes { name } } }',
        "cluster.nodes.name",
        ["node-a", "node-b", "node-c"],
    ),
}


@pytest.mark.parametrize("name", RELATIONS)
async def test_relations_lead_to_what_is_meant(demo: Client, name: str) -> None:
    """Each relation goes along its edges, the right way, to its kind."""
    query, path, expected = RELATIONS[name]
    assert sorted(set(_at(await demo.ask(query), path))) == expected


def _at(value: Any, path: str) -> list[Any]:
    """All values at a path through objects and lists."""
    found = [value]
    for key in path.split("."):
        found = [one[key] for one in found]
        found = [item for one in found for item in (one if isinstance(one, list) else [one])]
    return found


FILTERS: Mapping[str, tuple[str, str, list[str]]] = {
    "labels": ("pods", 'filter: {labelSelector: "app=postgres"}', ["postgres-0", "postgres-1"]),
    "phase": ("pods", 'filter: {phase: SUCCEEDED, labelSelector: "job-name=migrate-orders"}', ["migrate-orders"]),
    "not-ready": ("pods", 'filter: {ready: false, phase: PENDING, labelSelector: "app in (loyalty)"}', ["loyalty"]),
    "node": ("pods", 'namespace: "monitoring", filter: {nodeName: "node-b", labelSelector: "app=node-exporter"}',
             ["node-exporter"]),
    "service-type": ("services", "filter: {type: LOAD_BALANCER}", ["gateway"]),
    "namespaces": ("services", 'filter: {namespaces: ["monitoring"]}', ["prometheus"]),
    "field-selector": ("services", 'filter: {fieldSelector: "metadata.name=web"}', ["web"]),
    "health": ("pods", 'filter: {health: [DEGRADED], labelSelector: "app=loyalty"}', ["loyalty"]),
    "another-health": ("pods", 'filter: {health: [HEALTHY], labelSelector: "app=loyalty"}', []),
    "paused": ("deployments", "filter: {paused: true}", []),
    "ready-nodes": ("nodes", "filter: {ready: true}", ["node-a", "node-b", "node-c"]),
    "cordoned": ("nodes", "filter: {schedulable: false}", []),
    "phase-of-namespace": ("namespaces", 'filter: {phase: "Active", fieldSelector: "metadata.name=shop"}', ["shop"]),
    "environment": ("nodes", 'filter: {environment: "dev", region: "here"}', ["node-a", "node-b", "node-c"]),
    "another-environment": ("nodes", 'filter: {environment: "prod"}', []),
    "another-region": ("nodes", 'filter: {region: "there"}', []),
}  # fmt: skip


@pytest.mark.parametrize("name", FILTERS)
async def test_filters_of_kinds(demo: Client, name: str) -> None:
    """A kind's own conditions select by what its objects say; names are compared by their beginnings."""
    field, arguments, expected = FILTERS[name]
    found = (await demo.ask(f'{{ {field}(cluster: "demo", {arguments}) {{ name }} }}'))[field]
    names = [one["name"] for one in found]
    assert len(names) == len(expected)
    assert all(name.startswith(start) for name, start in zip(names, expected, strict=True))


async def test_pages_of_kinds_follow_one_another(demo: Client) -> None:
    """Every Pod comes once: the last one's key is what the next page comes after; nested pages too."""
    whole = [one["key"] for one in (await demo.ask("{ allPods { key } }"))["allPods"]]
    found: list[str] = []
    page = None
    while page is None or page:
        last = found[-1] if found else None
        data = await demo.ask("query ($a: String) { allPods(first: 7, after: $a) { key } }", a=last)
        page = [one["key"] for one in data["allPods"]]
        assert len(page) <= 7
        found += page
    assert found == whole == sorted(whole)
    query = """query ($a: String) { namespace(cluster: "demo", name: "shop") { services(first: 3, after: $a) { key } }
      service(cluster: "demo", name: "web") { pods(first: 1, after: $a) { key } } }"""
    first = await demo.ask(query)
    after = await demo.ask(query, a=first["namespace"]["services"][-1]["key"])
    assert len(first["namespace"]["services"]) == 3
    assert after["namespace"]["services"][0]["key"] > first["namespace"]["services"][-1]["key"]
    pods = [one["key"] for one in first["service"]["pods"]]
    assert [one["key"] for one in (await demo.ask(query, a=pods[0]))["service"]["pods"]] != pods


@pytest.mark.parametrize(
    ("query", "statements"),
    [
        pytest.param("{ clusters { namespaces { deployments { pods { services { name } } } } } }", 5, id="five-levels"),
        pytest.param(
            "{ allPods { phase conditions { type } containers { name state { state } } restarts } }", 1, id="typed"
        ),
        pytest.param(
            "{ allPods { name node { kubeletVersion } services { clusterIP } ownedBy { uid } } }", 2, id="three"
        ),
        pytest.param(
            '{ pod: pods(cluster: "demo", first: 1) { node { pods { node { name } } } } }', 4, id="there-and-back"
        ),
    ],
)
async def test_each_level_is_one_statement(demo: Client, query: str, statements: int) -> None:
    """However many resources there are and however many relations are asked for, each level is one statement."""
    await demo.ask(query)
    await demo.ask("{ resources(first: 1) { nodes { key } } }")
    before = demo.store.statements_sent
    await demo.ask(query)
    assert demo.store.statements_sent - before == statements


async def test_answers_are_bounded_while_they_are_made(demo_store: Store) -> None:
    """An answer that turns out to lead to more resources than it may is refused, however cheap it looked."""
    query = '{ nodes(cluster: "demo", first: 3) { pods { node { pods { node { name } } } } } }'
    async with asking(demo_store, limits=Limits(related=60)) as client:
        assert (await client.answer(query))["errors"][0]["extensions"]["code"] == "TOO_COMPLEX"
        error = await client.refused('{ nodes(cluster: "demo", first: 1) { pods(first: 501) { name } } }')
        assert (error["code"], "500" in error["message"]) == ("BAD_USER_INPUT", True)
    async with asking(demo_store) as client:
        await client.ask(query)


async def test_names_and_places_must_agree(demo: Client) -> None:
    """A cluster that the filter excludes is a mistake, not an empty answer; so is one that is not there."""
    error = await demo.refused('{ pods(cluster: "demo", filter: {clusters: ["other"]}) { name } }')
    assert (error["code"], "other" in error["message"]) == ("BAD_USER_INPUT", True)
    assert (await demo.refused('{ pods(cluster: "nowhere") { name } }'))["code"] == "NOT_FOUND"
    assert (await demo.refused('{ pod(cluster: "demo", name: "nobody") { name } }'))["code"] == "NOT_FOUND"


async def test_secrets_show_keys_and_sizes_only(demo: Client) -> None:
    """A Secret's keys have sizes; a ConfigMap's too, with its texts."""
    query = """{ resources(filter: {kinds: ["secrets", "configmaps"], namespaces: ["shop"]}) { nodes { name
      ... on Secret { secretType: type keys { name size } }
      ... on ConfigMap { data keys { name size } } } } }"""
    nodes = (await demo.ask(query))["resources"]["nodes"]
    secrets = [one for one in nodes if "secretType" in one]
    assert secrets
    assert all(key["size"] > 0 for one in secrets for key in one["keys"])
    configs = [one for one in nodes if "data" in one]
    assert all(key["size"] == len(one["data"][key["name"]].encode()) for one in configs for key in one["keys"])


async def test_wild_objects_spoil_no_answer(demo: Client, session_driver: neo4j.AsyncDriver) -> None:
    """What stands where another type is expected is null, or an empty list; the other Pods are as they are."""
    wild = {
        "spec": {
            "nodeName": ["a"],
            "containers": [None, "x", {"name": 7, "image": {}, "ports": None}],
            "volumes": None,
        },
        "status": {"phase": "Dancing", "podIP": 10**12, "conditions": {"Ready": True}, "containerStatuses": "none"},
    }
    key = "demo/core/Pod/shop/zzz-wild"
    await write_graph(session_driver, [(key, {"object": wild}), (f"{key}-null", {"object": {"spec": None}})], [])
    query = """{ pods(cluster: "demo", namespace: "shop", after: "demo/core/Pod/shop/zzz") { nodeName phase podIP
      containers { name image ports { name } state { state } } volumes { name } conditions { type } resources {
      requests { cpu } } } }"""
    pods = (await demo.ask(query))["pods"]
    await session_driver.execute_query("MATCH (n:Pod) WHERE n.key STARTS WITH $key DETACH DELETE n", key=key)
    nothing: dict[str, Any] = {
        "nodeName": None,
        "phase": None,
        "volumes": [],
        "conditions": [],
        "resources": {"requests": {"cpu": None}},
    }
    containers: list[dict[str, Any]] = [{"name": "7", "image": None, "ports": [], "state": None}]
    assert pods == [
        {**nothing, "podIP": str(10**12), "containers": containers},
        {**nothing, "podIP": None, "containers": []},
    ]


ENTITIES = "query ($them: [_Any!]!) { _entities(representations: $them) { __typename ... on Pod { name phase } %s } }"


async def test_entities_of_a_federation(demo: Client) -> None:
    """What a gateway names by key or id is found in one statement for all; what is not there, or another's, is null."""
    pods = (await demo.ask("{ allPods(first: 20) { key id } }"))["allPods"]
    them = [{"__typename": "Pod", "key": one["key"]} for one in pods[:10]]
    them += [{"__typename": "Pod", "id": one["id"]} for one in pods[10:]]
    before = demo.store.statements_sent
    found = (await demo.ask(ENTITIES % "", them=them))["_entities"]
    assert demo.store.statements_sent - before == 1
    assert len({one["name"] for one in found}) == 20
    others = [
        {"__typename": "Service", "key": pods[0]["key"]},
        {"__typename": "Pod", "key": "demo/core/Pod/shop/nobody"},
        {"__typename": "Cluster", "id": "demo", "key": "cluster:demo"},
        {"__typename": "GenericResource", "key": "demo/shop.example/Promotion/shop/nobody"},
    ]
    found = (await demo.ask(ENTITIES % "... on Cluster { id }", them=others))["_entities"]
    assert found == [None, None, {"__typename": "Cluster", "id": "demo"}, None]
    for wrong in ({"__typename": "Nonsense", "key": "x"}, {"key": "x"}, {"__typename": "Pod", "id": "x"}):
        assert (await demo.refused(ENTITIES % "", them=[wrong]))["code"] == "BAD_USER_INPUT"


async def test_subgraph_tells_its_schema(demo: Client) -> None:
    """A gateway reads the schema with its keys."""
    sdl = (await demo.ask("{ _service { sdl } }"))["_service"]["sdl"]
    assert 'type Pod implements Resource @key(fields: "key") @key(fields: "id")' in sdl


async def test_persisted_queries(demo_store: Store) -> None:
    """A document is sent once and then by its hash; an unknown hash is asked for, a wrong one refused."""
    query = "{ allPods(first: 1) { name } }"
    asked = {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(query.encode()).hexdigest()}}
    async with http_client(demo_store) as http:

        async def ask(**body: Any) -> Any:
            return (await http.post("/graphql", json=body)).json()

        unknown = (await ask(extensions=asked))["errors"][0]
        assert (unknown["message"], unknown["extensions"]["code"]) == (
            "PersistedQueryNotFound",
            "PERSISTED_QUERY_NOT_FOUND",
        )
        full = await ask(query=query, extensions=asked)
        assert full["data"]["allPods"][0]["name"]
        assert await ask(extensions=asked) == full
        wrong = await ask(query="{ allPods { key } }", extensions=asked)
        assert wrong["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_long_answers_are_compressed(demo_store: Store) -> None:
    """Who takes gzip gets it, where it is worth it."""
    async with http_client(demo_store) as http:
        asked = {"query": "{ allPods { key name labels } }"}
        plain = await http.post("/graphql", headers={"accept-encoding": "identity"}, json=asked)
        async with http.stream("POST", "/graphql", headers={"accept-encoding": "gzip"}, json=asked) as response:
            packed = b"".join([part async for part in response.aiter_raw()])
        assert response.headers["content-encoding"] == "gzip"
        assert gzip.decompress(packed) == plain.content
        assert len(packed) < len(plain.content) / 4
        short = await http.post("/graphql", json={"query": "{ allPods(first: 1) { name } }"})
        assert "content-encoding" not in short.headers


async def test_documented_queries_work(demo: Client) -> None:
    """Every query of the guide is answered as it stands there."""
    for query in documented():
        await demo.ask(query)


def documented() -> list[str]:
    """The GraphQL blocks of the guide, one operation each."""
    text = (Path(__file__).parents[3] / "docs" / "guides" / "graphql.md").read_text("utf-8")
    blocks = [block.partition("```")[0] for block in text.split("```graphql\n")[1:]]
    return [f"query {one}" for block in blocks for one in block.split("query ")[1:]]


def test_guide_has_queries() -> None:
    """The test above has something to ask."""
    assert len(documented()) > 5
