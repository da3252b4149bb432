"""`resourceGraph` and `dependencies` on a graph that can be checked by eye, and against a naive walk."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import neo4j
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kgraph.api.errors import BadUserInput, NotFound
from kgraph.api.reading.reader import Reader
from kgraph.api.walk import Neighbourhood, Walk, edge_types, neighbourhood
from kgraph.graphdb.model import GroupKind
from kgraph.graphdb.store import Store
from tests.integration.api.graphs import EdgeRow, Node, clear_graph, write_graph

pytestmark = pytest.mark.neo4j

POD = "prod/core/Pod/shop/web-1-1"


async def walked(store: Store, key: str, walk: Walk) -> Neighbourhood:
    """What a walk finds."""
    return await neighbourhood(Reader(store), key, walk, timeout=30)


def keys(found: Neighbourhood) -> list[str]:
    """The nodes' keys in their order."""
    return [one.key for one in found.nodes]


async def test_pod_leads_to_its_owner_node_account_and_what_it_uses(shop_store: Store) -> None:
    """One step from a Pod are its ReplicaSet, Node, ServiceAccount, image, config, and who selects it."""
    found = await walked(shop_store, POD, Walk(depth=1))
    assert keys(found) == [
        POD,
        "image:docker.io/library/nginx:1.27",
        "prod/apps/ReplicaSet/shop/web-1",
        "prod/core/ConfigMap/shop/web",
        "prod/core/Node/_/node-1",
        "prod/core/Secret/shop/web",
        "prod/core/Service/shop/web",
        "prod/core/ServiceAccount/shop/default",
        "prod/discovery.k8s.io/EndpointSlice/shop/web-x",
    ]
    assert not found.truncated
    assert {edge.type for edge in found.edges} >= {"OWNED_BY", "RUNS_ON", "SELECTS", "TARGETS"}


async def test_deployment_reaches_its_pods_and_the_ingress_in_front(shop_store: Store) -> None:
    """Four steps from a Deployment: ReplicaSet, Pods, Service, Ingress; never the namespace."""
    found = await walked(shop_store, "prod/apps/Deployment/shop/web", Walk(depth=4))
    assert found.depths["prod/core/Pod/shop/web-1-3"] == 2
    assert found.depths["prod/core/Service/shop/web"] == 3
    assert found.depths["prod/networking.k8s.io/Ingress/shop/web"] == 4
    assert not any("/Namespace/" in key or key.startswith("cluster:") for key in keys(found))


async def test_node_lists_its_pods(shop_store: Store) -> None:
    """A Node that is asked for lists every Pod on it."""
    found = await walked(shop_store, "prod/core/Node/_/node-1", Walk(depth=1))
    assert [key.rpartition("/")[2] for key in keys(found)] == ["node-1", "proxy-1", "api-1-1", "web-1-1"]


async def test_namespace_lists_what_is_in_it(shop_store: Store) -> None:
    """A Namespace that is asked for lists its resources, though containment is left out elsewhere."""
    found = await walked(shop_store, "prod/core/Namespace/_/kube-system", Walk(depth=1))
    assert keys(found)[1:] == [
        "cluster:prod",
        "prod/apps/DaemonSet/kube-system/proxy",
        *(f"prod/core/Pod/kube-system/proxy-{at}" for at in (1, 2, 3)),
    ]


async def test_hub_is_shown_and_not_walked_through(shop_store: Store) -> None:
    """With a fanout of two, the Node of a Pod is shown, its other Pods are not, and their number is told."""
    found = await walked(shop_store, POD, Walk(depth=2, types=("RUNS_ON",), fanout=2))
    assert keys(found) == [POD, "prod/core/Node/_/node-1"]
    (omitted,) = found.omitted
    assert (omitted.key, omitted.type, omitted.direction, omitted.count) == (
        "prod/core/Node/_/node-1",
        "RUNS_ON",
        "IN",
        3,
    )


async def test_root_is_no_hub(shop_store: Store) -> None:
    """The root was asked for: its neighbours are listed however small the fanout is."""
    found = await walked(shop_store, "prod/core/Node/_/node-1", Walk(depth=2, types=("RUNS_ON",), fanout=1))
    assert len(found.nodes) == 4


async def test_limit_cuts_in_the_order_of_depth_and_key(shop_store: Store) -> None:
    """A limit keeps the nearest nodes, of those the first by key, and says that there are more."""
    whole = await walked(shop_store, POD, Walk(depth=3))
    for limit in (1, 5, 12):
        found = await walked(shop_store, POD, Walk(depth=3, limit=limit))
        assert keys(found) == keys(whole)[:limit]
        assert found.truncated


async def test_limit_that_fits_exactly_truncates_nothing(shop_store: Store) -> None:
    """As many nodes as the limit allows are no reason to say that there are more."""
    found = await walked(shop_store, POD, Walk(depth=1, limit=9))
    assert len(found.nodes) == 9
    assert not found.truncated


async def test_kinds_limit_what_is_shown_and_walked_through(shop_store: Store) -> None:
    """With kinds given, the walk neither shows nor goes through others."""
    kinds = (GroupKind("apps", "ReplicaSet"), GroupKind("", "Pod"))
    found = await walked(shop_store, "prod/apps/Deployment/shop/web", Walk(depth=4, kinds=kinds))
    assert {key.split("/")[2] for key in keys(found)[1:]} == {"ReplicaSet", "Pod"}


async def test_stale_edges_are_not_walked(shop_store: Store) -> None:
    """A reference that names another incarnation leads nowhere."""
    found = await walked(shop_store, "prod/core/Pod/shop/bare", Walk(depth=1))
    assert keys(found) == ["prod/core/Pod/shop/bare"]


async def test_depth_zero_is_the_root(shop_store: Store) -> None:
    """Nothing is further than no step away."""
    found = await walked(shop_store, POD, Walk(depth=0))
    assert keys(found) == [POD]
    assert not found.truncated


async def test_unknown_root_is_not_found(shop_store: Store) -> None:
    """A key that is neither there nor referred to is NotFound."""
    with pytest.raises(NotFound):
        await walked(shop_store, "prod/core/Pod/shop/nobody", Walk())


async def test_placeholder_shows_who_misses_it(shop_store: Store) -> None:
    """What is only referred to can be asked for, and shows who refers to it."""
    found = await walked(shop_store, "prod/core/Secret/shop/gone", Walk(depth=1))
    assert found.root.missing
    assert keys(found)[1:] == ["prod/apps/Deployment/shop/web"]


@pytest.mark.parametrize(("depth", "statements"), [(1, 1), (2, 1), (3, 2), (4, 3), (5, 4)])
async def test_two_levels_are_one_statement_and_each_further_one_is_another(
    shop_store: Store, depth: int, statements: int
) -> None:
    """How many statements a walk sends depends on its depth alone; the edges come with the last."""
    before = shop_store.statements_sent
    await walked(shop_store, POD, Walk(depth=depth))
    assert shop_store.statements_sent - before == statements


def test_unknown_edge_type_lists_those_that_there_are() -> None:
    """A misspelt edge type is refused with the types that there are."""
    with pytest.raises(BadUserInput, match="OWNED_BY"):
        edge_types(["OWNS"])


TYPES = ("OWNED_BY", "RUNS_ON", "SELECTS", "REGARDS", "PROVISIONED_BY")
KINDS = ("Pod", "Node", "Service")


def key_of(at: int) -> str:
    """The key of one of a few resources."""
    return f"prod/core/{KINDS[at % 3]}/{'_' if at % 3 == 1 else 'shop'}/n{at:02}"


graphs = st.lists(st.tuples(st.integers(0, 14), st.sampled_from(TYPES), st.integers(0, 14), st.booleans()), max_size=60)
walks = st.builds(
    Walk,
    depth=st.integers(0, 4),
    outward=st.booleans(),
    inward=st.booleans(),
    types=st.none() | st.lists(st.sampled_from(TYPES), unique=True).map(lambda types: tuple(sorted(types))),
    kinds=st.none() | st.just((GroupKind("", "Pod"), GroupKind("", "Node"))),
    fanout=st.integers(0, 4),
    limit=st.integers(1, 16),
)


def naive(edges: Iterable[EdgeRow], root: str, walk: Walk) -> tuple[list[str], bool, set[tuple[str, str, str, int]]]:
    """The same walk in memory: nodes in order, whether it was cut, and what was left out."""
    neighbours: dict[tuple[str, str, str], list[tuple[str, bool]]] = defaultdict(list)
    for start, kind, end, properties in edges:
        if walk.types is None or kind in walk.types:
            fresh = not properties.get("stale")
            if walk.outward:
                neighbours[start, kind, "OUT"].append((end, fresh))
            if walk.inward:
                neighbours[end, kind, "IN"].append((start, fresh))
    found, frontier, omitted = [root], [root], set()
    for depth in range(walk.depth):
        level = set()
        for (key, kind, direction), ends in neighbours.items():
            if key not in frontier:
                continue
            if depth and len(ends) > walk.fanout:
                omitted.add((key, kind, direction, len(ends)))
            else:
                level |= {end for end, fresh in ends if fresh}
        level = {
            key
            for key in level - set(found)
            if walk.kinds is None or key.split("/")[2] in {kind.kind for kind in walk.kinds}
        }
        room = walk.limit - len(found)
        frontier = sorted(level)[:room]
        found += frontier
        if len(level) > room:
            return found, True, omitted
        if not frontier:
            break
    return found, False, omitted


@pytest.fixture(scope="module")
def random_graph() -> Sequence[Node]:
    """The nodes of the random graphs."""
    return [(key_of(at), {}) for at in range(15)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=graphs, root=st.integers(0, 14), walk=walks)
async def test_walk_is_the_naive_walk(
    store: Store,
    graph_driver: neo4j.AsyncDriver,
    random_graph: Sequence[Node],
    rows: list[tuple[int, str, int, bool]],
    root: int,
    walk: Walk,
) -> None:
    """On any graph, nodes, order, cut, omissions and edges are those of a walk in memory."""
    unique = {(key_of(a), kind, key_of(b)): stale for a, kind, b, stale in rows}
    edges: list[EdgeRow] = [(*edge, {"stale": True} if stale else {}) for edge, stale in unique.items()]
    await clear_graph(graph_driver)
    await write_graph(graph_driver, random_graph, edges)
    found = await walked(store, key_of(root), walk)
    nodes, truncated, omitted = naive(edges, key_of(root), walk)
    assert keys(found) == nodes
    assert found.truncated == truncated
    assert {(one.key, one.type, one.direction, one.count) for one in found.omitted} == omitted
    assert {(edge.source, edge.type, edge.target) for edge in found.edges} == {
        (start, kind, end)
        for start, kind, end, properties in edges
        if start in nodes
        and end in nodes
        and not properties.get("stale")
        and (walk.types is None or kind in walk.types)
    }
