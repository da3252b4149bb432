"""`impact`: the little shop by eye, and random graphs against a naive reading of the edge table."""

from collections.abc import Iterable, Mapping
from typing import Any

import neo4j
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kgraph.api.errors import NotFound
from kgraph.api.impact import Affected, Change, Effect, Impact, edge_meaning, impact, one_of_several
from kgraph.api.reading.reader import Reader
from kgraph.graphdb.edges.row import EdgeRow as TableRow
from kgraph.graphdb.store import Store
from tests.integration.api.graphs import EdgeRow, Node, clear_graph, shop, write_graph

pytestmark = pytest.mark.neo4j


async def impact_of(store: Store, key: str, change: Change = "delete") -> Impact:
    """What deleting or failing a resource does."""
    return await impact(Reader(store), key, change, timeout=30)


def effects(found: Impact) -> dict[str, tuple[str, int | None, int | None]]:
    """Effect and counts by key, the cluster left out."""
    return {one.key.removeprefix("prod/"): (one.effect.name, one.left, one.of) for one in found.affected}


async def test_deleting_a_deployment_takes_its_pods_and_breaks_what_needs_them(shop_store: Store) -> None:
    """Its Pods are deleted; the Service whose only endpoints they were breaks, and the Ingress behind it."""
    found = await impact_of(shop_store, "prod/apps/Deployment/shop/web")
    assert effects(found) == {
        "apps/ReplicaSet/shop/web-1": ("DELETED", None, None),
        "core/Pod/shop/web-1-1": ("DELETED", None, None),
        "core/Pod/shop/web-1-2": ("DELETED", None, None),
        "core/Pod/shop/web-1-3": ("DELETED", None, None),
        "core/Service/shop/web": ("BROKEN", 0, 3),
        "discovery.k8s.io/EndpointSlice/shop/web-x": ("BROKEN", 0, 3),
        "networking.k8s.io/Ingress/shop/web": ("BROKEN", 0, 1),
    }
    (ingress,) = [one for one in found.affected if "/Ingress/" in one.key]
    assert [edge.type for edge in ingress.path] == ["OWNED_BY", "OWNED_BY", "SELECTS", "ROUTES_TO"]


async def test_failing_node_degrades_what_has_replicas_left_and_breaks_what_has_not(shop_store: Store) -> None:
    """One of three Nodes fails: `web` keeps two of three, `api` had its only Pod there."""
    found = await impact_of(shop_store, "prod/core/Node/_/node-1", "fail")
    assert effects(found) == {
        "core/Pod/shop/web-1-1": ("BROKEN", None, None),
        "core/Pod/shop/api-1-1": ("BROKEN", None, None),
        "core/Pod/kube-system/proxy-1": ("BROKEN", None, None),
        "apps/ReplicaSet/shop/web-1": ("DEGRADED", 2, 3),
        "apps/Deployment/shop/web": ("DEGRADED", 2, 3),
        "core/Service/shop/web": ("DEGRADED", 2, 3),
        "discovery.k8s.io/EndpointSlice/shop/web-x": ("DEGRADED", 2, 3),
        "apps/ReplicaSet/shop/api-1": ("BROKEN", 0, 1),
        "apps/Deployment/shop/api": ("BROKEN", 0, 1),
        "core/Service/shop/api": ("BROKEN", 0, 1),
        "discovery.k8s.io/EndpointSlice/shop/api-x": ("BROKEN", 0, 1),
        "networking.k8s.io/Ingress/shop/api": ("BROKEN", 0, 1),
        "apps/DaemonSet/kube-system/proxy": ("DEGRADED", 2, 3),
    }
    assert (found.count(Effect.BROKEN), found.count(Effect.DEGRADED), found.count(Effect.DELETED)) == (8, 5, 0)


async def test_the_worst_come_first(shop_store: Store) -> None:
    """Order is by effect, then by distance, then by key."""
    found = await impact_of(shop_store, "prod/core/Node/_/node-1", "fail")
    order = [(-one.effect, len(one.path), one.key) for one in found.affected]
    assert order == sorted(order)


async def test_deleting_a_configmap_breaks_its_pods_and_all_that_needs_them(shop_store: Store) -> None:
    """A ConfigMap that all Pods mount takes the whole application with it; the Deployment says so itself."""
    found = await impact_of(shop_store, "prod/core/ConfigMap/shop/web")
    assert effects(found)["apps/Deployment/shop/web"] == ("BROKEN", None, None)
    assert effects(found)["networking.k8s.io/Ingress/shop/web"] == ("BROKEN", 0, 1)


async def test_deleting_one_pod_degrades_its_owners(shop_store: Store) -> None:
    """One Pod of three: two are left, to its ReplicaSet, its Deployment and its Service."""
    found = await impact_of(shop_store, "prod/core/Pod/shop/web-1-2")
    assert effects(found) == {
        "apps/ReplicaSet/shop/web-1": ("DEGRADED", 2, 3),
        "apps/Deployment/shop/web": ("DEGRADED", 2, 3),
        "core/Service/shop/web": ("DEGRADED", 2, 3),
        "discovery.k8s.io/EndpointSlice/shop/web-x": ("DEGRADED", 2, 3),
    }


async def test_deleting_a_namespace_deletes_all_in_it(shop_store: Store) -> None:
    """Everything in a namespace goes with it, and nothing of it is called broken only."""
    found = await impact_of(shop_store, "prod/core/Namespace/_/shop")
    inside = await shop_store.read_text(
        "MATCH (n:Resource {namespace: 'shop'}) WHERE NOT n:Missing RETURN collect(n.key) AS keys"
    )
    assert {one.key for one in found.affected if one.effect is Effect.DELETED} == set(inside[0]["keys"])
    assert effects(found).get("apps/DaemonSet/kube-system/proxy") is None


async def test_pods_that_did_not_work_are_not_counted(store: Store, graph_driver: neo4j.AsyncDriver) -> None:
    """A Pod that is not ready was no endpoint before: with it down, the loss of the last ready one breaks."""
    await write_graph(graph_driver, *shop())
    await graph_driver.execute_query(
        "MATCH (p:Pod) WHERE p.name IN ['web-1-2', 'web-1-3'] SET p.ready = false, p.phase = 'Pending'"
    )
    found = await impact_of(store, "prod/core/Pod/shop/web-1-1")
    assert effects(found)["core/Service/shop/web"] == ("BROKEN", 0, 1)
    assert not (await impact_of(store, "prod/core/Pod/shop/web-1-2")).affected


@pytest.mark.parametrize(
    "why",
    [
        pytest.param({"health": "DEGRADED"}, id="a sidecar in back-off"),
        pytest.param({"health": "UNKNOWN"}, id="its Node does not answer"),
        pytest.param({"deletedAt": "2026-01-01T00:00:00Z"}, id="on its way out"),
    ],
)
async def test_pods_that_are_ready_and_yet_do_not_work_are_not_counted(
    store: Store, graph_driver: neo4j.AsyncDriver, why: dict[str, str]
) -> None:
    """Ready is not enough: health says that two of three replicas were none before, to Services and to owners."""
    await write_graph(graph_driver, *shop())
    await graph_driver.execute_query("MATCH (p:Pod) WHERE p.name IN ['web-1-2', 'web-1-3'] SET p += $why", why=why)
    found = effects(await impact_of(store, "prod/core/Node/_/node-1", "fail"))
    assert found["core/Service/shop/web"] == ("BROKEN", 0, 1)
    assert found["apps/Deployment/shop/web"] == ("BROKEN", 0, 1)


async def test_claims_that_are_not_bound_are_not_counted(store: Store, graph_driver: neo4j.AsyncDriver) -> None:
    """A StatefulSet that loses its only bound claim has none left, though another waits for a volume."""
    (stateful, *claims) = [
        "prod/apps/StatefulSet/shop/db",
        *(f"prod/core/PersistentVolumeClaim/shop/data-db-{at}" for at in (0, 1)),
    ]
    nodes: list[Node] = [(stateful, {}), (claims[0], {"health": "HEALTHY"}), (claims[1], {"health": "PROGRESSING"})]
    await write_graph(graph_driver, *shop())
    await write_graph(graph_driver, nodes, [(stateful, "USES_CLAIM", claim, {}) for claim in claims])
    assert effects(await impact_of(store, claims[0])) == {"apps/StatefulSet/shop/db": ("BROKEN", 0, 1)}
    assert effects(await impact_of(store, claims[1])) == {}


async def test_uninstalling_a_release_deletes_what_is_part_of_it(store: Store, graph_driver: neo4j.AsyncDriver) -> None:
    """A Helm release can be asked about as a resource can: what it installed goes with it, and what that owned."""
    release, claim = "release:prod/shop/web", "prod/core/PersistentVolumeClaim/shop/data"
    parts = ["prod/apps/Deployment/shop/web", "prod/core/Secret/shop/sh.helm.release.v1.web.v1"]
    nodes, edges = shop()
    await write_graph(
        graph_driver,
        [*nodes, (release, {}), (claim, {})],
        [*edges, *((part, "PART_OF", release, {}) for part in parts)],
    )
    found = await impact_of(store, release)
    assert effects(found)["core/Secret/shop/sh.helm.release.v1.web.v1"] == ("DELETED", None, None)
    assert effects(found)["core/Pod/shop/web-1-1"] == ("DELETED", None, None)
    assert effects(found)["core/Service/shop/web"] == ("BROKEN", 0, 3)
    assert claim not in {one.key for one in found.affected}


async def test_optional_references_do_not_break(shop_store: Store) -> None:
    """What may be absent breaks nobody."""
    assert not (await impact_of(shop_store, "prod/core/ConfigMap/shop/maybe")).affected


async def test_placeholder_tells_what_suffers_from_its_absence(shop_store: Store) -> None:
    """What is missing can be asked about: the Deployment that needs it is broken."""
    found = await impact_of(shop_store, "prod/core/Secret/shop/gone")
    assert effects(found)["apps/Deployment/shop/web"] == ("BROKEN", None, None)


async def test_an_edge_that_says_what_it_means_is_believed(store: Store, graph_driver: neo4j.AsyncDriver) -> None:
    """What a user or a schema says of a custom kind counts, whether or not the table has a meaning for such an edge."""
    nodes = ("core/Secret/shop/s", "db.example.com/Database/shop/guessed", "db.example.com/Database/shop/own")
    rows: list[EdgeRow] = [
        (f"prod/{nodes[1]}", "USES_SECRET", f"prod/{nodes[0]}", {"onDelete": "degrades", "onFailure": "nothing"}),
        (f"prod/{nodes[2]}", "SCALES", f"prod/{nodes[0]}", {"onDelete": "nothing", "onFailure": "breaks"}),
    ]
    await write_graph(graph_driver, [(f"prod/{key}", {}) for key in nodes], rows)
    secret = f"prod/{nodes[0]}"
    assert effects(await impact_of(store, secret)) == {nodes[1]: ("DEGRADED", None, None)}
    assert effects(await impact_of(store, secret, "fail")) == {nodes[2]: ("BROKEN", None, None)}


async def test_unknown_root_is_not_found(shop_store: Store) -> None:
    """A key that nobody knows is NotFound."""
    with pytest.raises(NotFound):
        await impact_of(shop_store, "prod/core/Pod/shop/nobody")


SHAPES: tuple[tuple[str, str, str], ...] = (
    ("Pod", "OWNED_BY", "ReplicaSet"),
    ("ReplicaSet", "OWNED_BY", "Deployment"),
    ("ReplicaSet", "OWNED_BY", "ReplicaSet"),
    ("Pod", "RUNS_ON", "Node"),
    ("Pod", "USES_CONFIGMAP", "ConfigMap"),
    ("Deployment", "USES_CONFIGMAP", "ConfigMap"),
    ("ConfigMap", "OWNED_BY", "Deployment"),
    ("Service", "SELECTS", "Pod"),
    ("Ingress", "ROUTES_TO", "Service"),
    ("HTTPRoute", "ROUTES_TO", "Service"),
)
GROUPS = {
    "ReplicaSet": "apps",
    "Deployment": "apps",
    "Ingress": "networking.k8s.io",
    "HTTPRoute": "gateway.networking.k8s.io",
}
EACH = 3


def key_of(kind: str, at: int) -> str:
    """The key of one of a few resources of a kind."""
    space = "_" if kind == "Node" else "shop"
    return f"prod/{GROUPS.get(kind, 'core')}/{kind}/{space}/{kind.lower()}-{at}"


ALL_KEYS = [key_of(kind, at) for kind in sorted({k for shape in SHAPES for k in shape[::2]}) for at in range(EACH)]
some_edges = st.lists(
    st.tuples(
        st.sampled_from(SHAPES),
        st.integers(0, EACH - 1),
        st.integers(0, EACH - 1),
        st.sampled_from(["plain", "plain", "plain", "optional", "stale", "mirror"]),
    ),
    max_size=40,
)


def is_spared(row: TableRow | None, properties: Mapping[str, Any]) -> bool:
    """Whether the edge's own properties make it mean nothing."""
    return row is not None and any(properties.get(name) == value for name, value in row.spared_by.items())


def naive(edges: Iterable[EdgeRow], ready: Mapping[str, bool], root: str, change: Change) -> dict[str, Effect]:
    """The effects as a fixed point: every rule over every edge, again and again until nothing gets worse."""
    live = [(a, kind, b) for a, kind, b, p in edges if not p.get("stale")]
    needed = [
        (a, kind, b)
        for a, kind, b, p in edges
        if not p.get("stale") and not p.get("optional") and not is_spared(edge_meaning(kind, a, b), p)
    ]
    found = {root: Effect.DELETED if change == "delete" else Effect.BROKEN}

    def gone(key: str) -> bool:
        return found.get(key, 0) >= Effect.BROKEN

    def pods_below(key: str, seen: frozenset[str] = frozenset()) -> set[str]:
        below: set[str] = set()
        for child, kind, owner in live:
            if kind == "OWNED_BY" and owner == key and child not in seen:
                below |= ({child} if "/Pod/" in child else set()) | pods_below(child, seen | {child})
        return {pod for pod in below if ready.get(pod, True)}

    while True:
        before = dict(found)

        def worse(key: str, effect: Effect) -> None:
            if key != root:
                found[key] = max(found.get(key, effect), effect)

        for start, kind, end in needed:
            if not gone(end):
                continue
            row = edge_meaning(kind, start, end)
            effect = row.effect("delete" if found[end] is Effect.DELETED else "fail", {}) if row else "nothing"
            if effect == "cascade":
                worse(start, Effect.DELETED)
            elif effect == "breaks":
                worse(start, Effect.BROKEN)
            elif effect == "degrades" and row and one_of_several(row):
                ends = [b for a, k, b in needed if a == start and k == kind and ready.get(b, True)]
                left = [b for b in ends if not gone(b)]
                if len(left) < len(ends):
                    worse(start, Effect.DEGRADED if left else Effect.BROKEN)
        for key in ALL_KEYS:
            pods = pods_below(key)
            left_pods = [pod for pod in pods if not gone(pod)]
            if len(left_pods) < len(pods):
                worse(key, Effect.DEGRADED if left_pods else Effect.BROKEN)
        if found == before:
            return {key: effect for key, effect in found.items() if key != root}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=some_edges,
    root=st.sampled_from(ALL_KEYS),
    change=st.sampled_from(["delete", "fail"]),
    unready=st.sets(st.integers(0, EACH - 1)),
)
async def test_effects_are_the_fixed_point_of_the_edge_table(
    store: Store,
    graph_driver: neo4j.AsyncDriver,
    rows: list[tuple[tuple[str, str, str], int, int, str]],
    root: str,
    change: Change,
    unready: set[int],
) -> None:
    """On any graph, who is affected and how is what the table's rules come to; each path leads from the cause."""
    marks = {(key_of(s, a), kind, key_of(e, b)): mark for (s, kind, e), a, b, mark in rows if (s, a) != (e, b)}
    edges: list[EdgeRow] = [(*edge, {} if mark == "plain" else {mark: True}) for edge, mark in marks.items()]
    ready = {key_of("Pod", at): at not in unready for at in range(EACH)}
    nodes: list[Node] = [(key, {"ready": ready[key]} if key in ready else {}) for key in ALL_KEYS]
    await clear_graph(graph_driver)
    await write_graph(graph_driver, nodes, edges)
    found = await impact_of(store, root, change)
    assert {one.key: one.effect for one in found.affected} == naive(edges, ready, root, change)
    for one in found.affected:
        check_path(one, root)
    assert found == await impact_of(store, root, change)


async def test_mirrors_and_refused_backends_are_none_of_several(store: Store, graph_driver: neo4j.AsyncDriver) -> None:
    """A route lives by the backends that answer: who gets copies of requests, or may not be sent any, is no loss."""
    route, kind = "prod/gateway.networking.k8s.io/HTTPRoute/shop/web", "ROUTES_TO"
    services = {name: f"prod/core/Service/shop/{name}" for name in ("blue", "green", "shadow", "refused")}
    properties = {"shadow": {"mirror": True}, "refused": {"mirror": False, "granted": False}}
    await clear_graph(graph_driver)
    await write_graph(
        graph_driver,
        [(route, {}), *((key, {}) for key in services.values())],
        [(route, kind, key, properties.get(name, {"mirror": False})) for name, key in services.items()],
    )
    assert effects(await impact_of(store, services["blue"])) == {
        "gateway.networking.k8s.io/HTTPRoute/shop/web": ("DEGRADED", 1, 2)
    }
    assert not (await impact_of(store, services["shadow"])).affected
    assert not (await impact_of(store, services["refused"])).affected


def check_path(one: Affected, root: str) -> None:
    """The path's edges hang together, from the cause to the affected, and no resource comes twice."""
    at, seen = root, {root}
    for edge in one.path:
        at = edge.source if edge.target == at else edge.target
        assert at not in seen
        seen.add(at)
    assert at == one.key


def test_single_references_have_nothing_to_count() -> None:
    """A claim that loses its StorageClass is degraded, not broken with the last of one."""
    row: Any = edge_meaning(
        "HAS_STORAGE_CLASS", "prod/core/PersistentVolumeClaim/shop/a", "prod/storage.k8s.io/StorageClass/_/fast"
    )
    assert not one_of_several(row)
