"""Nobody reads what Kubernetes would not show them: every query, for callers of every sort, beside the apiserver."""

import asyncio
import json
import os
import re
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import neo4j
import pytest

from kgraph.api.callers.tenants import Tenant, Tenants
from kgraph.api.callers.token_reviews import TokenReviews
from kgraph.api.connections import Connections
from kgraph.api.events.hub import Hub
from kgraph.api.events.state import state
from kgraph.api.graphql.schema import make_schema
from kgraph.api.kinds import KindReader
from kgraph.api.listing import Filter, conditions, count, page
from kgraph.api.nodes import Wanted
from kgraph.api.reading.reader import Reader
from kgraph.api.reading.sight import Sights
from kgraph.api.reading.verdicts import Verdicts
from kgraph.api.settings import Limits, TokenReviewSettings
from kgraph.api.walk import Walk, neighbourhood
from kgraph.feed.bus import Bus
from kgraph.feed.event import Event, EventType
from kgraph.feed.filters import EventFilter
from kgraph.graphdb.edges import CONTAINMENT
from kgraph.graphdb.schema import prepare
from kgraph.graphdb.store import Store
from kgraph.kube.sealing import Sealer
from tests.client import Client, asking
from tests.integration.api.graphs import clear_graph
from tests.integration.api.selections import DEPTH, everything
from tests.integration.api.tenants import CALLERS, CLUSTER, Oracle, account, tenants
from tests.integration.sync.live import Api, core
from tests.servers import Cluster, Graph
from tests.streams import Socket, Stream, served
from tests.unit.feed.events import event
from tests.workers import cluster_settings, graph_settings, running, until

pytestmark = [pytest.mark.neo4j, pytest.mark.kubernetes]

SCHEMA = make_schema(Limits())._schema
# What an object says itself is Kubernetes' own answer, hidden things that it names among them.
COLLECTION_PREFIX = "/api/v1/clusters"
OBJECTS = frozenset({"manifest", "entity", "annotations", "labels", "properties", "relations"})
KEY = re.compile(rf'"({CLUSTER}/[^"/ ]+/[^"/ ]+/[^"/ ]+/[^"/ ]+)"')
RESTRICTED = [name for name in CALLERS if name != "admin"]
REVIEWERS = (TokenReviewSettings(CLUSTER),)
# The arguments of every query; a query that is not here fails the first test.
_WEB = 'cluster: $cluster, namespace: $own, name: "web"'
QUERIES: Mapping[str, str] = {
    "cluster": "id: $id",
    "clusters": "",
    "resource": f'{_WEB}, resourceType: "deployment"',
    "resources": "first: 100",
    "node": 'cluster: $cluster, name: "node-0"',
    "nodes": "cluster: $cluster, first: 20",
    "namespace": "cluster: $cluster, name: $own",
    "namespaces": "cluster: $cluster, first: 20",
    "pod": "cluster: $cluster, namespace: $own, name: $pod",
    "pods": "cluster: $cluster, first: 20",
    "allPods": "first: 20",
    "deployment": _WEB,
    "deployments": "cluster: $cluster, namespace: $own, first: 20",
    "allDeployments": "first: 20",
    "service": _WEB,
    "services": "cluster: $cluster, namespace: $own, first: 20",
    "allServices": "first: 20",
    "_entities": "representations: [$entity, $hidden]",
    "_service": "",
    "resourceGraph": f'{_WEB}, resourceType: "deployment", depth: 3',
    "dependencies": f'{_WEB}, resourceType: "ingress"',
    "impact": 'cluster: $cluster, namespace: $own, name: "settings", resourceType: "configmap"',
    "path": 'from: {cluster: $cluster, namespace: $own, resourceType: "ingress", name: "web"}, '
    'to: {cluster: $cluster, namespace: $own, resourceType: "configmap", name: "settings"}',
    "compare": 'a: {cluster: $cluster, namespace: $own, resourceType: "deployment", name: "web"}, '
    'b: {cluster: $cluster, namespace: $foreign, resourceType: "deployment", name: "web"}',
    "drift": "desired: $cluster, actual: $other",
    "orphans": "first: 100",
    "danglingReferences": "first: 100",
    "search": 'text: "web", first: 100',
    "cypher": 'query: "MATCH (n) RETURN n.key"',
    "recentChanges": 'around: {cluster: $cluster, namespace: $own, resourceType: "deployment", name: "web"}, '
    'since: "24h"',
    "deletedResources": "first: 100",
    "auditTrail": "first: 100",
    "canI": 'cluster: $cluster, namespace: $own, verb: "get", resourceType: "pods", user: "jane"',
    "whoCan": 'cluster: $cluster, namespace: $own, verb: "get", resourceType: "pods"',
    "utilization": "groupBy: OWNER, first: 100",
    "rightsizing": "first: 100",
    "underutilized": "first: 100",
    "cost": "groupBy: OWNER, first: 100",
}


# Those of every subscription; one that is not here fails the second test.
SUBSCRIPTIONS: Mapping[str, str] = {
    "podEvents": "cluster: $cluster, initialState: true",
    "deploymentEvents": "cluster: $cluster, initialState: true",
    "serviceEvents": "cluster: $cluster, initialState: true",
    "resourceEvents": "cluster: $cluster, initialState: true",
    "clusterEvents": "cluster: $cluster",
}
# The kinds of which a subscription tells; None is any.
TELLS: Mapping[str, str | None] = {
    "podEvents": "core/Pod", "deploymentEvents": "apps/Deployment", "serviceEvents": "core/Service",
    "resourceEvents": None,
}  # fmt: skip

KIND_QUERIES = frozenset(
    {"node", "nodes", "namespace", "namespaces", "pod", "pods", "allPods", "deployment", "deployments"}
    | {"allDeployments", "service", "services", "allServices"}
)


class Setting:
    """The two namespaces in the graph, and a client and an oracle for each caller."""

    def __init__(
        self, client: Client, oracles: Mapping[str, Oracle], tokens: Mapping[str, str], own: str, foreign: str
    ) -> None:
        self.client = client
        self.oracles = oracles
        self.tokens = tokens
        self.own = own
        self.foreign = foreign
        self.pod = ""

    async def answer(
        self, caller: str, field: str, arguments: str | None = None, client: Client | None = None
    ) -> dict[str, Any]:
        """The whole answer to a query, with all that can be selected of it."""
        given = QUERIES[field] if arguments is None else arguments
        variables: dict[str, Any] = {"cluster": CLUSTER, "id": CLUSTER, "own": self.own, "foreign": self.foreign}
        variables |= {"other": CLUSTER, "entity": _entity(self.own), "hidden": _entity(self.foreign), "pod": self.pod}
        types = {"id": "ID!", "entity": "_Any!", "hidden": "_Any!"}
        used = [name for name in variables if re.search(rf"\${name}\b", given)]
        head = ", ".join(f"${name}: {types.get(name, 'String!')}" for name in used)
        # What leads on from a kind leads on from there too: by a step, since some fields of all are some hundred.
        depth = 1 if field in KIND_QUERIES or field in {"cluster", "clusters"} else DEPTH
        selection = everything(SCHEMA, field, without=OBJECTS, depth=depth)
        query = f"query{f'({head})' if head else ''} {{ {field}{f'({given})' if given else ''}{selection} }}"
        asker = client or self.client.by(self.tokens[caller])
        return await asker.answer(query, **{name: variables[name] for name in used})

    async def may_see(self, caller: str, key: str, named: Iterable[str] = ()) -> bool:
        """Whether Kubernetes shows a resource in a list, or to who has its name."""
        oracle = self.oracles[caller]
        return await oracle.lists(key) or (key in named and await oracle.gets(key))


@pytest.fixture(scope="module")
async def setting(
    session_driver: neo4j.AsyncDriver, neo4j_server: Graph, control_plane: Cluster
) -> AsyncIterator[Setting]:
    """A real cluster in the graph, and the callers."""
    mark = f"{os.getpid()}-{secrets.token_hex(3)}"
    own, foreign = f"own-{mark}", f"foreign-{mark}"
    settings = cluster_settings(control_plane, CLUSTER)
    for name in (own, foreign):
        await control_plane.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    async with Store.open(graph_settings(neo4j_server)) as store, tenants(control_plane, own, foreign) as tokens:
        await clear_graph(session_driver)
        await prepare(store)
        async with running(store, settings):
            await _settled(store, (own, foreign))
            async with Api(control_plane) as api:
                for name in (own, foreign):
                    await api.delete(core(name, "configmaps", "unused"))
            await until(
                lambda: _rows(store, "MATCH (d:Deleted {name: 'unused'}) WITH count(*) AS c WHERE c = 2 RETURN c"), ""
            )
        async with asking(
            store, [settings], token_reviews=REVIEWERS, tenants=(_tenant(own),), cache_seconds=30
        ) as client:
            oracles = {
                name: Oracle(control_plane, tokens[narrowed or name], own if narrowed else "")
                for name, narrowed in ((name, CALLERS[name].narrowed_to) for name in tokens)
            }
            made = Setting(client, oracles, tokens, own, foreign)
            made.pod = (await _rows(store, "MATCH (p:Pod {namespace: $own}) RETURN min(p.name) AS name", own=own))[0][
                "name"
            ]
            yield made
            for oracle in oracles.values():
                await oracle.__aexit__()
    for name in (own, foreign):
        await control_plane.request("DELETE", f"/api/v1/namespaces/{name}")


async def _rows(store: Store, text: str, **parameters: Any) -> Any:
    return await store.read_text(text, parameters)


async def _settled(store: Store, namespaces: tuple[str, str]) -> None:
    text = (
        "MATCH (n:Pod) WHERE n.namespace IN $namespaces AND n.phase = 'Running' "
        "AND EXISTS { (n)-[:USES_CONFIGMAP]->(:ConfigMap) } WITH count(*) AS c WHERE c = 4 RETURN c"
    )
    await until(lambda: _rows(store, text, namespaces=list(namespaces)), "four Pods run")


def _tenant(own: str) -> Tenant:
    """To whom there is `own`, and what else might be called so."""
    patterns = (own.replace("own-", "own-*"), "not-there")
    return Tenant(name="shown", users=(account(own, "tenant"),), namespaces={CLUSTER: patterns})


def _entity(namespace: str) -> dict[str, str]:
    return {"__typename": "Deployment", "key": f"{CLUSTER}/apps/Deployment/{namespace}/web"}


def _keys(answer: Mapping[str, Any]) -> set[str]:
    return set(KEY.findall(json.dumps(answer)))


def test_every_query_is_in_the_matrix() -> None:
    """A new query without a row here is one that nobody has looked at for what it shows to whom."""
    query = SCHEMA.query_type
    assert query is not None
    assert set(QUERIES) == set(query.fields)


def test_every_subscription_is_in_the_matrix() -> None:
    """The same of a subscription."""
    subscription = SCHEMA.subscription_type
    assert subscription is not None
    assert set(SUBSCRIPTIONS) == set(subscription.fields)


@pytest.mark.parametrize("field", QUERIES)
@pytest.mark.parametrize("caller", RESTRICTED)
async def test_nothing_is_shown_that_kubernetes_would_not_show(setting: Setting, caller: str, field: str) -> None:
    """Every key in an answer is of what may be listed, or be got by a name that the question or a seen object has."""
    answer = await setting.answer(caller, field)
    own = ("core/ConfigMap/{}/settings", "core/Secret/{}/login", "apps/Deployment/{}/web", "core/Namespace/_/{}")
    named = [f"{CLUSTER}/{one.format(setting.own)}" for one in own]
    named.append(f"{CLUSTER}/core/Pod/{setting.own}/{setting.pod}")
    hidden = [key for key in sorted(_keys(answer)) if not await setting.may_see(caller, key, named)]
    assert hidden == []
    if not CALLERS[caller].sees_others:
        asked = f"{CLUSTER}/apps/Deployment/{setting.foreign}/web is not in the graph"
        assert setting.foreign not in json.dumps(answer).replace(asked, "")


@pytest.mark.parametrize("field", QUERIES)
async def test_administrators_see_all(setting: Setting, field: str) -> None:
    """Who may do everything gets what a server without authentication would answer."""
    answer = await setting.answer("admin", field)
    async with asking(setting.client.store) as open_to_all:
        everything_there_is = await setting.answer("", field, client=open_to_all)
    assert _keys(answer) == _keys(everything_there_is)
    assert answer.get("errors") == everything_there_is.get("errors")
    assert "errors" not in answer or field == "drift"


@pytest.mark.parametrize("caller", RESTRICTED)
async def test_lists_are_what_kubernetes_lists(setting: Setting, caller: str) -> None:
    """`resources` has all that the caller may list, and counts just that."""
    query = "{ resources(first: 5000) { nodes { key } totalCount } }"
    everyone = (await setting.client.by(setting.tokens["admin"]).ask(query))["resources"]["nodes"]
    allowed = {node["key"] for node in everyone if await setting.oracles[caller].lists(node["key"])}
    page = (await setting.client.by(setting.tokens[caller]).ask(query))["resources"]
    assert {node["key"] for node in page["nodes"]} == allowed
    assert page["totalCount"] == len(allowed)


@pytest.mark.parametrize("caller", RESTRICTED)
@pytest.mark.parametrize(
    "start",
    [
        "apps/Deployment/{own}/web",
        "core/Service/{own}/web",
        "core/ConfigMap/{own}/settings",
        "core/Secret/{own}/login",
        "core/Pod/{own}/*",
        "core/Namespace/_/{own}",
        "core/Node/_/node-0",
    ],
)
async def test_walks_go_through_what_is_seen(setting: Setting, caller: str, start: str) -> None:
    """A walk is the one over the graph without all that is hidden: along references by get, against them by list."""
    edges = await setting.client.store.read_text(
        "MATCH (a)-[r]->(b) WHERE r.stale IS NULL AND a.cluster = $cluster "
        "RETURN a.key AS a, type(r) AS t, b.key AS b, coalesce(r.matched, false) AS m",
        {"cluster": CLUSTER},
    )
    wanted = f"{CLUSTER}/{start.format(own=setting.own)}"
    if wanted.endswith("*"):
        wanted = min(row["a"] for row in edges if row["a"].startswith(wanted[:-1]))
    expected = await _walk(setting, caller, wanted, [(row["a"], row["t"], row["b"], row["m"]) for row in edges])
    _, group, kind, namespace, name = wanted.split("/")
    query = """query($c: String!, $ns: String, $t: String!, $n: String!) {
      resourceGraph(cluster: $c, namespace: $ns, resourceType: $t, name: $n, depth: 2, fanout: 5000, limit: 5000) {
        nodes { key } } }"""
    answer = await setting.client.by(setting.tokens[caller]).answer(
        query,
        c=CLUSTER,
        ns=None if namespace == "_" else namespace,
        t=f"{kind.lower()}s.{group}".removesuffix(".core"),
        n=name,
    )
    if expected is None:
        assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    else:
        assert {node["key"] for node in answer["data"]["resourceGraph"]["nodes"]} == expected


async def _walk(setting: Setting, caller: str, root: str, edges: list[tuple[str, str, str, bool]]) -> set[str] | None:
    oracle = setting.oracles[caller]
    if not (await oracle.lists(root) or await oracle.gets(root)):
        return None
    out, into, selected = (defaultdict[str, set[str]](set) for _ in range(3))
    contains = "/core/Namespace/" in root
    for start, type_, end, matched in edges:
        if type_ in CONTAINMENT and not (contains and root in (start, end)):
            continue
        (selected if matched else out)[start].add(end)
        into[end].add(start)
    seen, frontier = {root}, {root}
    for _ in range(2):
        found = set()
        for key in frontier:
            for end in out[key]:
                if not end.startswith(f"{CLUSTER}/") or await oracle.lists(end) or await oracle.gets(end):
                    found.add(end)
            for start in into[key] | selected[key]:  # a selector names nothing
                if not start.startswith(f"{CLUSTER}/") or await oracle.lists(start):
                    found.add(start)
        frontier = found - seen
        seen |= frontier
    return seen


@pytest.mark.parametrize("caller", ["viewer", "picker", "nobody"])
async def test_hidden_is_answered_as_absent(setting: Setting, caller: str) -> None:
    """What may not be seen gives the same error as what is not there."""
    answers = []
    for name in ("login", "no-such-secret"):
        arguments = f'cluster: $cluster, namespace: $own, resourceType: "secret", name: "{name}"'
        answer = await setting.answer(caller, "resource", arguments)
        answers.append(json.dumps(answer["errors"]).replace(name, "NAME"))
    assert answers[0] == answers[1]
    assert "NOT_FOUND" in answers[0]


@pytest.mark.parametrize("caller", ["viewer", "watcher", "tenant"])
async def test_first_graph_costs_tens_of_reviews(setting: Setting, control_plane: Cluster, caller: str) -> None:
    """What a cluster is asked depends on what is near, not on all there is; again, each step is one statement."""
    settings = cluster_settings(control_plane, CLUSTER)
    store, kinds = setting.client.store, KindReader(setting.client.store)
    async with Connections.serving(store, Sealer.of({}), [settings]) as connections:
        token = setting.tokens[caller]
        found = await TokenReviews(connections, CLUSTER).caller(token)
        assert found is not None
        verdicts = Verdicts(connections, Tenants([_tenant(setting.own)]))
        sights = Sights(kinds, verdicts)
        asked, statements = list[int](), list[int]()
        for _ in range(2):
            reader, sent = Reader(store, sights.of(found)), store.statements_sent
            await neighbourhood(reader, f"{CLUSTER}/apps/Deployment/{setting.own}/web", Walk(depth=3), timeout=30)
            asked.append(verdicts.asked)
            statements.append(store.statements_sent - sent)
    assert statements[1] == 3
    assert 1 < asked[0] < 60
    assert asked[1] == asked[0]


async def test_the_next_page_of_a_list_is_one_statement(setting: Setting, control_plane: Cluster) -> None:
    """What a caller may list of a filter is found out with the first page; those after it, and the count, know it."""
    settings = cluster_settings(control_plane, CLUSTER)
    store, kinds = setting.client.store, KindReader(setting.client.store)
    async with Connections.serving(store, Sealer.of({}), [settings]) as connections:
        found = await TokenReviews(connections, CLUSTER).caller(setting.tokens["viewer"])
        assert found is not None
        sights = Sights(kinds, Verdicts(connections, Tenants([])))
        reader, wanted = Reader(store, sights.of(found)), await conditions(kinds, Filter(clusters=(CLUSTER,)))
        first = await page(reader, wanted, first=1, after="", wanted=Wanted(), timeout=30)
        sent = store.statements_sent
        second = await page(reader, wanted, first=1, after=first.nodes[0].key, wanted=Wanted(), timeout=30)
        assert store.statements_sent - sent == 1
        assert await count(reader, wanted, timeout=30) > 1
        assert store.statements_sent - sent == 2
    assert first.nodes[0].key < second.nodes[0].key


@pytest.mark.parametrize("field", QUERIES)
async def test_a_tenant_sees_all_that_it_is_left(setting: Setting, field: str) -> None:
    """Who may do everything, and is of a tenant, gets what they get who may do everything in its namespaces alone.

    But for what Kubernetes shows to everybody: ClusterTrustBundles.
    """
    tenant, owner = await setting.answer("tenant", field), await setting.answer("owner", field)
    assert _keys(tenant) == {key for key in _keys(owner) if "/ClusterTrustBundle/" not in key}
    assert tenant.get("errors") == owner.get("errors")


async def test_a_tenant_changes_what_it_is_left(setting: Setting, control_plane: Cluster) -> None:
    """Whatever rights a tenant's member has, other namespaces and what is in none are refused, by the tenant's name."""
    apply = "mutation ($c: String!, $m: JSON!) { applyResource(cluster: $c, manifest: $m, dryRun: true) { key } }"
    create = """mutation ($c: String!, $n: String!) {
      createNamespace(cluster: $c, name: $n, input: {}, dryRun: true) { key } }"""
    settings = cluster_settings(control_plane, CLUSTER)

    def made(kind: str, name: str, namespace: str = "") -> dict[str, Any]:
        inside = {"namespace": namespace} if namespace else {}
        return {"c": CLUSTER, "m": {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, **inside}}}

    async with asking(
        setting.client.store, [settings], token_reviews=REVIEWERS, tenants=(_tenant(setting.own),), mutations=True
    ) as client:
        tenant, admin = client.by(setting.tokens["tenant"]), client.by(setting.tokens["admin"])
        new = setting.own.replace("own-", "own-new-")
        for query, inside, outside in (
            (apply, made("ConfigMap", "new", setting.own), made("ConfigMap", "new", setting.foreign)),
            (apply, made("Namespace", new), made("Namespace", setting.foreign)),
            (create, {"c": CLUSTER, "n": new}, {"c": CLUSTER, "n": f"not-{new}"}),
        ):
            await tenant.ask(query, **inside)
            await admin.ask(query, **outside)
            error = await tenant.refused(query, **outside)
            assert error["code"] == "FORBIDDEN"
            assert "who is of tenant shown, there is nothing but the namespaces" in error["message"]
        assert (await tenant.refused(apply, **made("PersistentVolume", "new")))["code"] == "FORBIDDEN"


async def test_posing_as_somebody_does_not_lead_out_of_a_tenant(setting: Setting) -> None:
    """A tenant's member who may be anybody sees, as who sees everything, no more than the tenant's."""
    seen = {}
    for caller in ("tenant", "admin"):
        asker = setting.client.by(setting.tokens[caller], {"impersonate-user": account(setting.own, "watcher")})
        page = (await asker.ask("{ resources(first: 5000) { nodes { key } } }"))["resources"]
        seen[caller] = {node["key"] for node in page["nodes"]}
    own = {key for key in seen["admin"] if f"/{setting.own}/" in key or key.endswith(f"/Namespace/_/{setting.own}")}
    assert seen["tenant"] == own
    assert own < seen["admin"]


@pytest.mark.parametrize("caller", CALLERS)
async def test_rest_answers_what_the_apiserver_answers(setting: Setting, caller: str) -> None:
    """Each path: the same names as the apiserver lists for a caller, 403 where it refuses a list, 404 where a name."""
    description = (await setting.client.get("/schema")).json()
    paths = [path for path in description["paths"] if path.startswith(f"{COLLECTION_PREFIX}/{{cluster}}/")]
    assert paths
    for path in paths:
        for namespace in (setting.own, setting.foreign) if "{namespace}" in path else (setting.own,):
            plural = path.removesuffix("/{name}").rpartition("/")[2]
            if plural in {"graph", "logs"} or "get" not in description["paths"][path]:
                continue
            kinds = {"nodes": "node-0", "namespaces": setting.foreign, "pods": "no-such-pod"}
            at = path.format(cluster=CLUSTER, namespace=namespace, name=kinds.get(plural, "web"))
            ours = await setting.client.by(setting.tokens[caller]).get(at, form="object")
            start = "/apis/apps/v1" if plural == "deployments" else "/api/v1"
            theirs = await setting.oracles[caller].get(at.replace(f"{COLLECTION_PREFIX}/{CLUSTER}", start))
            if path.endswith("/{name}"):
                assert ours.status_code == (200 if theirs.status_code == 200 else 404), at
            elif "{namespace}" not in path and theirs.status_code == 403:  # what kubectl has no list for
                metadata = [item["metadata"] for item in ours.json().get("items", ())]
                assert {one.get("namespace", one["name"]) for one in metadata} <= {setting.own}, at
            else:
                assert ours.status_code == theirs.status_code, at
                if ours.status_code == 200:
                    names = [[item["metadata"]["name"] for item in each.json()["items"]] for each in (ours, theirs)]
                    assert sorted(names[0]) == sorted(names[1]), at


async def test_a_name_that_was_asked_for_hides_no_list(setting: Setting) -> None:
    """Who may get their Namespace sees it in a list, whatever was asked before it: by its name, or by another's."""
    query = """query($c: String!, $own: String!) {
      namespace(cluster: $c, name: $own) { key }
      namespaces(cluster: $c) { key } }"""
    for _ in range(2):
        answer = await setting.client.by(setting.tokens["viewer"]).ask(query, c=CLUSTER, own=setting.own)
        assert answer["namespaces"] == [answer["namespace"]]


async def test_questions_at_once_are_told_the_same(setting: Setting, control_plane: Cluster) -> None:
    """Fields of one operation that ask together whether everything is seen all wait for the cluster's answer."""
    settings = cluster_settings(control_plane, CLUSTER)
    async with Connections.serving(setting.client.store, Sealer.of({}), [settings]) as connections:
        admin = await TokenReviews(connections, CLUSTER).caller(setting.tokens["admin"])
        assert admin is not None
        sight = Sights(KindReader(setting.client.store), Verdicts(connections, Tenants([]))).of(admin)
        told = await asyncio.gather(*(sight.sees_everything_of(CLUSTER) for _ in range(3)))
    assert told == [True, True, True]


class Feed:
    """The API with a feed, and what is told on it: an event of each resource in the graph."""

    def __init__(self, address: str, bus: Bus, hub: Hub, events: Sequence[Event]) -> None:
        self.address = address
        self.bus = bus
        self.hub = hub
        self.events = events


@pytest.fixture(scope="module")
async def feed(setting: Setting, control_plane: Cluster) -> AsyncIterator[Feed]:
    """The same graph and callers, over HTTP."""
    settings, bus, store = cluster_settings(control_plane, CLUSTER), Bus(), setting.client.store
    events = [
        one.event async for some in state(Reader(store), KindReader(store), EventFilter(), timeout=30) for one in some
    ]
    numbered = [
        msgspec.structs.replace(one, metadata=msgspec.structs.replace(one.metadata, sequence=at))
        for at, one in enumerate(events, start=1)
    ]
    tenancy = (_tenant(setting.own),)
    async with served(store, bus, [settings], token_reviews=REVIEWERS, tenants=tenancy) as (address, hub):
        assert hub is not None
        yield Feed(address, bus, hub, numbered)


@pytest.mark.parametrize("field", SUBSCRIPTIONS)
@pytest.mark.parametrize("caller", CALLERS)
async def test_subscriptions_begin_with_what_may_be_listed(
    setting: Setting, feed: Feed, caller: str, field: str
) -> None:
    """The initial state has all that the caller may list, and nothing of it leads to what they may not see."""
    selection = everything(SCHEMA, field, without=OBJECTS | {"diff", "oldObject"}, depth=1)
    query = f"subscription($cluster: String!) {{ {field}({SUBSCRIPTIONS[field]}){selection} }}"
    told: list[Any] = []
    async with Socket.open(feed.address, setting.tokens[caller]) as socket:
        before = feed.hub.subscriptions
        await socket.subscribe(query, cluster=CLUSTER)
        if field == "clusterEvents":

            async def follows() -> bool:
                return feed.hub.subscriptions > before

            await until(follows, "it follows")
            feed.bus.publish([_lost()])
            told.append((await socket.next())[field])
        while field != "clusterEvents" and (not told or told[-1]["type"] != "BOOKMARK"):
            told.append((await socket.next())[field])
    if caller != "admin":
        hidden = [key for key in sorted(_keys({"told": told})) if not await setting.may_see(caller, key)]
        named = [key for key in hidden if not await setting.oracles[caller].gets(key)]
        assert named == []
    if field == "clusterEvents":
        assert told[0]["message"] == ("three Pods fail" if caller == "admin" else "")
        return
    keys = {one["key"] for one in told[:-1]}
    assert len(keys) == len(told) - 1
    of_kind = [one.key for one in feed.events if TELLS[field] is None or f"/{TELLS[field]}/" in one.key]
    assert keys == {key for key in of_kind if await setting.oracles[caller].lists(key)}


def _lost(type_: EventType = EventType.CLUSTER_LOST) -> Event:
    """That something is wrong with a cluster, and what."""
    one = event({})
    metadata = msgspec.structs.replace(one.metadata, message="three Pods fail", sequence=secrets.randbelow(2**40))
    return msgspec.structs.replace(one, event_type=type_, cluster_id=CLUSTER, resource=None, metadata=metadata)


@pytest.mark.parametrize("caller", CALLERS)
async def test_events_are_of_what_may_be_listed(
    setting: Setting, feed: Feed, caller: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over SSE: each event of what may be listed and no other, be it live or after coming back; nor how many others."""
    marked = [msgspec.structs.replace(one, event_id=f"{one.event_id}-{caller}") for one in feed.events]
    allowed = [one.event_id for one in marked if await setting.oracles[caller].lists(one.key)]
    async with Stream.open(feed.address, token=setting.tokens[caller], cluster=CLUSTER) as stream:
        opened = stream.last
        before = feed.hub.counts.events
        feed.bus.publish(marked)

        async def told() -> bool:
            return feed.hub.counts.events == before + len(marked)

        await until(told, "the hub has told them")
        live = [await stream.next() for _ in allowed]
    async with Stream.open(feed.address, token=setting.tokens[caller], cluster=CLUSTER, last=opened) as again:
        later = [await again.next() for _ in allowed]
        assert [one.data["event_id"] for one in live] == [one.data["event_id"] for one in later] == allowed
        sequences = {one.data["metadata"]["sequence"] for one in live}
        assert sequences == (
            {one.metadata.sequence for one in marked} if caller == "admin" else {0} if allowed else set()
        )
        feed.bus.publish([_lost(EventType.CLUSTER_HEALTH_CHANGED), _lost()])
        if caller == "admin":
            assert (await again.next()).name == "CLUSTER_HEALTH_CHANGED"
        last = await again.next()
        assert last.name == "CLUSTER_LOST"
        assert last.data["metadata"]["message"] == ("three Pods fail" if caller == "admin" else "")


async def test_rights_that_are_taken_away_end_what_is_shown(
    setting: Setting, feed: Feed, control_plane: Cluster
) -> None:
    """An open stream shows no more than the caller may list now, some seconds after it changed."""
    pods = [one for one in feed.events if f"/core/Pod/{setting.own}/" in one.key]
    async with (
        Api(control_plane) as api,
        Stream.open(
            feed.address, token=setting.tokens["picker"], cluster=CLUSTER, resource_type=["pods", "cluster"]
        ) as stream,
    ):
        feed.bus.publish([msgspec.structs.replace(pods[0], event_id="before")])
        assert (await stream.next()).data["event_id"] == "before"
        await api.delete(f"/apis/rbac.authorization.k8s.io/v1/namespaces/{setting.own}/rolebindings/picker")
        number = 0

        async def hidden() -> bool:
            nonlocal number
            number += 1
            feed.bus.publish([msgspec.structs.replace(pods[0], event_id=f"while-{number}"), _lost()])
            if (await stream.next()).name == "CLUSTER_LOST":
                return True
            assert (await stream.next()).name == "CLUSTER_LOST"
            return False

        await until(hidden, "the Pods are hidden", 40)
