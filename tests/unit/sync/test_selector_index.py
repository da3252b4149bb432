"""The index of edges that follow both ends: the same edges whatever the order, and deltas that add up to them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgraph.graphdb.model import Edge, GroupKind
from kgraph.sync.extract import Extracted
from kgraph.sync.selector_index import Delta, SelectorIndex
from tests.examples import examples
from tests.unit.sync.graphs import extract, objects

Edges = dict[tuple[str, str, str], Edge]

_LABELS = st.dictionaries(st.sampled_from("ab"), st.sampled_from("12"), max_size=2)
_NAMESPACES = st.sampled_from(["x", "y"])
_NAMES = st.sampled_from(["data-db-0", "data-db-1", "data-db-2", "n"])
_SELECTORS = st.one_of(
    st.builds(lambda labels: {"matchLabels": labels}, _LABELS),
    st.builds(
        lambda key, operator, values: {
            "matchExpressions": [
                {"key": key, "operator": operator, "values": values if operator in ("In", "NotIn") else []}
            ]
        },
        st.sampled_from("ab"),
        st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"]),
        st.lists(st.sampled_from("12"), min_size=1, max_size=2),
    ),
    st.just({}),
)
_NAMESPACE_SELECTORS = st.one_of(
    _SELECTORS, st.builds(lambda name: {"matchLabels": {"kubernetes.io/metadata.name": name}}, _NAMESPACES)
)
_PEERS = st.lists(
    st.one_of(
        st.fixed_dictionaries({"podSelector": _SELECTORS}, optional={"namespaceSelector": _NAMESPACE_SELECTORS}),
        st.fixed_dictionaries({"namespaceSelector": _NAMESPACE_SELECTORS}),
    ),
    max_size=3,
)
_DEFAULT = st.sampled_from(["true", "false"])
_BACKENDS = st.fixed_dictionaries(
    {"name": st.sampled_from("pq")},
    optional={"namespace": _NAMESPACES, "weight": st.integers(0, 2), "kind": st.sampled_from(["Service", "Other"])},
)
_TIMES = st.sampled_from(["2020-01-01T00:00:00Z", "2024-01-01T00:00:00Z"])


def _object(kind: str, version: str = "v1", **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects of a kind whose metadata and fields vary; fields are written `spec` or `metadata__annotations`."""

    def build(name: str, namespace: str, labels: dict[str, str], time: str, given: dict[str, Any]) -> dict[str, Any]:
        obj: dict[str, Any] = {
            "apiVersion": version,
            "kind": kind,
            "metadata": {"name": name, "namespace": namespace, "labels": labels, "creationTimestamp": time},
        }
        obj["metadata"].update(given.pop("metadata", {}))
        return obj | given

    return st.builds(build, _NAMES, _NAMESPACES, _LABELS, _TIMES, st.fixed_dictionaries(fields))


_OBJECTS = st.one_of(
    _object("Pod"),
    _object("Pod"),
    _object(
        "Namespace",
        metadata=st.builds(lambda name, labels: {"name": name, "labels": labels}, _NAMESPACES, _LABELS),
    ),
    _object("Service", spec=st.builds(lambda labels: {"selector": labels}, _LABELS)),
    _object(
        "NetworkPolicy",
        "networking.k8s.io/v1",
        spec=st.builds(
            lambda selector, incoming, outgoing: {
                "podSelector": selector,
                "policyTypes": ["Ingress", "Egress"],
                "ingress": [{"from": incoming}],
                "egress": [{"to": outgoing, "ports": [{"port": 80}]}],
            },
            _SELECTORS,
            _PEERS,
            _PEERS,
        ),
    ),
    _object(
        "ClusterRole",
        "rbac.authorization.k8s.io/v1",
        aggregationRule=st.builds(lambda found: {"clusterRoleSelectors": found}, st.lists(_SELECTORS, max_size=2)),
    ),
    _object("PersistentVolumeClaim", spec=st.just({})),
    _object(
        "StatefulSet",
        "apps/v1",
        metadata=st.just({"name": "db"}),
        spec=st.builds(
            lambda replicas: {"replicas": replicas, "volumeClaimTemplates": [{"metadata": {"name": "data"}}]},
            st.integers(0, 3),
        ),
    ),
    _object(
        "StorageClass",
        "storage.k8s.io/v1",
        metadata=st.builds(
            lambda name, time, mark: {
                "name": name,
                "creationTimestamp": time,
                "annotations": {"storageclass.kubernetes.io/is-default-class": mark},
            },
            st.sampled_from("st"),
            _TIMES,
            _DEFAULT,
        ),
    ),
    _object(
        "IngressClass",
        "networking.k8s.io/v1",
        metadata=st.builds(
            lambda name, mark: {"name": name, "annotations": {"ingressclass.kubernetes.io/is-default-class": mark}},
            st.sampled_from("st"),
            _DEFAULT,
        ),
    ),
    _object("Ingress", "networking.k8s.io/v1", spec=st.just({})),
    _object(
        "Lease",
        "coordination.k8s.io/v1",
        spec=st.builds(lambda name: {"holderIdentity": f"{name}_1"}, _NAMES),
    ),
    _object("Basket", "shop.example.com/v1"),
    _object(
        "CustomResourceDefinition",
        "apiextensions.k8s.io/v1",
        spec=st.builds(
            lambda kind: {"group": "shop.example.com", "names": {"kind": kind}}, st.sampled_from(["Basket", "Other"])
        ),
    ),
    _object("ConfigMap"),
    _object(
        "HTTPRoute",
        "gateway.networking.k8s.io/v1",
        spec=st.builds(
            lambda backends, mirrors: {
                "rules": [
                    {"backendRefs": backends, "filters": [{"requestMirror": {"backendRef": each}} for each in mirrors]}
                ]
            },
            st.lists(_BACKENDS, max_size=3),
            st.lists(_BACKENDS, max_size=1),
        ),
    ),
    _object(
        "ReferenceGrant",
        "gateway.networking.k8s.io/v1beta1",
        spec=st.builds(
            lambda kind, namespace, to: {
                "from": [{"group": "gateway.networking.k8s.io", "kind": kind, "namespace": namespace}],
                "to": to,
            },
            st.sampled_from(["HTTPRoute", "HTTPRoute", "TCPRoute"]),
            _NAMESPACES,
            st.lists(
                st.fixed_dictionaries(
                    {"group": st.just(""), "kind": st.sampled_from(["Service", "Secret"])},
                    optional={"name": st.sampled_from("pq")},
                ),
                max_size=2,
            ),
        ),
    ),
    _object(
        "Gateway",
        "networking.istio.io/v1",
        spec=st.builds(
            lambda labels, names: {
                "selector": labels,
                "servers": [{"tls": {"credentialName": name}} for name in names],
            },
            _LABELS,
            st.lists(st.sampled_from("pq"), max_size=2),
        ),
    ),
    _object(
        "VirtualService",
        "networking.istio.io/v1",
        spec=st.builds(
            lambda hosts: {"hosts": hosts, "http": [{"route": [{"destination": {"host": host}} for host in hosts]}]},
            st.lists(st.sampled_from(["n", "n.x", "n.y", "n.x.svc", "example.com"]), max_size=3),
        ),
    ),
    _object("Secret", metadata=st.builds(lambda name: {"name": name}, st.sampled_from("pq"))),
    _object(
        "ValidatingAdmissionPolicy",
        "admissionregistration.k8s.io/v1",
        metadata=st.just({"name": "p"}),
        spec=st.sampled_from(
            [
                {},
                {"paramKind": {"apiVersion": "v1", "kind": "ConfigMap"}},
                {"paramKind": {"apiVersion": "v1", "kind": "Pod"}},
            ]
        ),
    ),
    _object(
        "ValidatingAdmissionPolicyBinding",
        "admissionregistration.k8s.io/v1",
        spec=st.builds(
            lambda reference: {"policyName": "p", "paramRef": reference},
            st.one_of(
                st.builds(lambda name: {"name": name}, _NAMES),
                st.builds(lambda selector, ns: {"selector": selector, "namespace": ns}, _SELECTORS, _NAMESPACES),
            ),
        ),
    ),
)
_EXTRACTED = _OBJECTS.map(extract)
_STEPS = st.lists(st.tuples(st.sampled_from(["put", "put", "put", "remove"]), _EXTRACTED), max_size=40)


def _put(index: SelectorIndex, extracted: Extracted) -> Delta:
    return index.put(extracted.fact, extracted.queries)


def _edges(index: SelectorIndex) -> Edges:
    found = {(start, edge.type, edge.end): edge for start, edge in index.edges()}
    assert len(found) == len(index.edges()), "one edge for each (start, type, end)"
    return found


def _unordered(edges: Edges) -> dict[tuple[str, str, str], Any]:
    return {key: (edge.fields, edge.optional, edge.inferred, edge.properties) for key, edge in edges.items()}


@examples(200)
@given(_STEPS)
def test_any_history_ends_as_a_fresh_start_would(steps: list[tuple[str, Extracted]]) -> None:
    """What is there decides the edges; what was there before, and in which order, does not."""
    index, there = SelectorIndex(), {}
    for step, extracted in steps:
        key = extracted.fact.key
        if step == "put":
            _put(index, extracted)
            there[key] = extracted
        else:
            index.remove(key)
            there.pop(key, None)
    fresh = SelectorIndex()
    for extracted in sorted(there.values(), key=lambda one: one.fact.key, reverse=True):
        _put(fresh, extracted)
    assert _unordered(_edges(index)) == _unordered(_edges(fresh))
    assert set(index.keys()) == set(there)


@examples(200)
@given(_STEPS)
def test_deltas_add_up_to_the_edges(steps: list[tuple[str, Extracted]]) -> None:
    """Whoever applies each delta in order has the same edges, and no delta takes away what is not there."""
    index = SelectorIndex()
    applied: dict[tuple[str, str, str], Edge] = {}
    for step, extracted in steps:
        delta = _put(index, extracted) if step == "put" else index.remove(extracted.fact.key)
        gone = set(delta.removed)
        assert len(gone) == len(delta.removed)
        assert not gone & {(start, edge.type, edge.end) for start, edge in delta.added}
        for start, type_, end in delta.removed:
            del applied[start, type_, end]
        for start, edge in delta.added:
            applied[start, edge.type, edge.end] = edge
        assert applied == _edges(index)


@examples(100)
@given(st.lists(_EXTRACTED, max_size=15), _EXTRACTED)
def test_putting_twice_is_putting_once(before: list[Extracted], extracted: Extracted) -> None:
    """A relist that brings what is known changes nothing."""
    index = SelectorIndex()
    for one in before:
        _put(index, one)
    _put(index, extracted)
    assert not _put(index, extracted)


@examples(100)
@given(st.lists(_EXTRACTED, max_size=25))
def test_everything_removed_leaves_nothing(found: list[Extracted]) -> None:
    """Memory is given back: an index whose resources are all gone holds nothing."""
    index = SelectorIndex()
    for one in found:
        _put(index, one)
    for one in found:
        index.remove(one.fact.key)
    assert index.edges() == []
    assert len(index) == 0
    assert not any((index._asked, index._waiting, index._edges, index._namespace_labels, index._grants))
    assert not any(index._kept.values())
    assert not any(index._aliases.values())
    assert not any(index._defaults.values())


@examples(200)
@given(st.lists(_EXTRACTED, max_size=25))
def test_edge_is_either_stated_or_matched(found: list[Extracted]) -> None:
    """No edge of the index is one that the start's own object states: each has one origin."""
    index, there = SelectorIndex(), {}
    for one in found:
        _put(index, one)
        there[one.fact.key] = one
    stated = {(key, edge.type, edge.end) for key, one in there.items() for edge in one.resource.edges}
    assert not stated & set(_edges(index))


def _cluster(text: str) -> tuple[SelectorIndex, list[Extracted]]:
    index, found = SelectorIndex(), [extract(obj) for obj in objects(text)]
    for one in found:
        _put(index, one)
    return index, found


SERVICE_AND_POD = """
{kind: Service, metadata: {name: web}, spec: {selector: {app: web}}}
---
{kind: Pod, metadata: {name: web-1, labels: {app: web}}}
"""


def test_pod_that_is_relabelled_leaves_its_service() -> None:
    """A label that no longer matches takes its edge with it, and only that one."""
    index, _ = _cluster(SERVICE_AND_POD)
    (relabelled,) = objects("{kind: Pod, metadata: {name: web-1, labels: {app: other}}}")
    delta = _put(index, extract(relabelled))
    assert delta == Delta([], [("c/core/Service/shop/web", "SELECTS", "c/core/Pod/shop/web-1")])


def test_pod_whose_labels_stay_makes_no_delta() -> None:
    """A status that changes is no reason to match again."""
    index, _ = _cluster(SERVICE_AND_POD)
    (changed,) = objects("{kind: Pod, metadata: {name: web-1, labels: {app: web}}, status: {phase: Running}}")
    assert not _put(index, extract(changed))


def test_namespace_that_is_relabelled_moves_its_pods() -> None:
    """A policy that chooses namespaces by label follows the Namespaces' labels."""
    index, _ = _cluster("""
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: n}
spec:
  podSelector: {matchLabels: {no: one}}
  ingress: [{from: [{namespaceSelector: {matchLabels: {team: b}}, podSelector: {matchLabels: {app: web}}}]}]
---
{kind: Pod, metadata: {name: web, namespace: other, labels: {app: web}}}
---
{kind: Namespace, metadata: {name: other}}
""")
    assert index.edges() == []
    (relabelled,) = objects("{kind: Namespace, metadata: {name: other, labels: {team: b}}}")
    delta = _put(index, extract(relabelled))
    assert [(start, edge.type, edge.end) for start, edge in delta.added] == [
        ("c/networking.k8s.io/NetworkPolicy/shop/n", "ALLOWS_FROM", "c/core/Pod/other/web")
    ]


def test_namespace_that_is_not_synced_has_its_name_at_least() -> None:
    """A selector by kubernetes.io/metadata.name works before the Namespaces are listed."""
    index, _ = _cluster("""
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
spec:
  podSelector: {matchLabels: {no: one}}
  ingress:
  - from:
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: other}}
      podSelector: {matchLabels: {app: web}}
---
{kind: Pod, metadata: {name: web, namespace: other, labels: {app: web}}}
""")
    assert [edge.end for _, edge in index.edges()] == ["c/core/Pod/other/web"]


@pytest.mark.parametrize("last", ["definition", "resource"])
def test_definition_and_resource_find_each_other(last: str) -> None:
    """Whichever of a custom resource and its definition comes last, the edge comes with it."""
    found = objects("""
{apiVersion: shop.example.com/v1, kind: Basket, metadata: {name: b}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: baskets.shop.example.com}
spec: {group: shop.example.com, names: {kind: Basket, plural: baskets}}
""")
    index = SelectorIndex()
    first, second = found if last == "definition" else reversed(found)
    assert not _put(index, extract(first))
    assert [edge.type for _, edge in _put(index, extract(second)).added] == ["INSTANCE_OF"]


def test_second_default_ingress_class_takes_the_edge_away() -> None:
    """Kubernetes refuses to choose between two default Ingress classes, and so does the graph."""
    index, _ = _cluster("""
{apiVersion: networking.k8s.io/v1, kind: Ingress, spec: {}}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: a, annotations: {ingressclass.kubernetes.io/is-default-class: "true"}}
""")
    assert len(index.edges()) == 1
    (second,) = objects("""
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: b, annotations: {ingressclass.kubernetes.io/is-default-class: "true"}}
""")
    assert len(_put(index, extract(second)).removed) == 1
    assert len(index.remove("c/networking.k8s.io/IngressClass/_/a").added) == 1


ROUTE = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
spec:
  rules:
  - backendRefs: [{name: web, namespace: infra, weight: 3}, {name: web, namespace: infra}, {name: own}]
    filters: [{requestMirror: {backendRef: {name: copy, namespace: infra}}}]
"""


def _grant(source: str, to: str, **metadata: str) -> Extracted:
    written = ", ".join(f"{name}: {value}" for name, value in {"name": "g", "namespace": "infra", **metadata}.items())
    (grant,) = objects(
        f"{{apiVersion: gateway.networking.k8s.io/v1beta1, kind: ReferenceGrant, metadata: {{{written}}}, "
        f"spec: {{from: [{source}], to: [{to}]}}}}"
    )
    return extract(grant)


_OF_ROUTES = "{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}"
_TO_SERVICES = "{group: '', kind: Service}"


def _refused(index: SelectorIndex) -> set[str]:
    """The names of what routes may not send to."""
    return {edge.end.rpartition("/")[2] for _, edge in index.edges() if not edge.properties["granted"]}


def test_reference_into_another_namespace_is_there_before_its_grant() -> None:
    """A backend that nothing allows, and that is not there, has its edge, with all that the reference says of it."""
    index, (route,) = _cluster(ROUTE)
    assert {edge.end: dict(edge.properties) for _, edge in index.edges()} == {
        "c/core/Service/infra/web": {
            "weight": [3, 1], "port": ["", ""], "mirror": False, "granted": False, "stands": True,
        },
        "c/core/Service/infra/copy": {"weight": [0], "port": [""], "mirror": True, "granted": False, "stands": True},
    }  # fmt: skip
    assert [edge.end for edge in route.resource.edges if edge.type == "ROUTES_TO"] == ["c/core/Service/shop/own"]


@pytest.mark.parametrize(
    ("source", "to", "metadata", "refused"),
    [
        (_OF_ROUTES, _TO_SERVICES, {}, set()),
        (_OF_ROUTES, "{group: '', kind: Service, name: web}", {}, {"copy"}),
        (_OF_ROUTES, "{group: '', kind: Secret}", {}, {"web", "copy"}),
        (_OF_ROUTES, "{group: shop.example.com, kind: Service}", {}, {"web", "copy"}),
        (_OF_ROUTES, _TO_SERVICES, {"namespace": "shop"}, {"web", "copy"}),
        (_OF_ROUTES.replace("HTTPRoute", "GRPCRoute"), _TO_SERVICES, {}, {"web", "copy"}),
        (_OF_ROUTES.replace("namespace: shop", "namespace: other"), _TO_SERVICES, {}, {"web", "copy"}),
        (_OF_ROUTES.replace("gateway.networking.k8s.io", "''"), _TO_SERVICES, {}, {"web", "copy"}),
    ],
    ids=[
        "all Services",
        "one of them",
        "of another kind",
        "of another group",
        "in another namespace",
        "for another kind",
        "for another namespace",
        "for another group",
    ],
)
def test_grant_allows_what_gateway_api_says(source: str, to: str, metadata: dict[str, str], refused: set[str]) -> None:
    """A grant counts for its own namespace, for the kinds and namespaces it says, and for the names that it says."""
    index, _ = _cluster(ROUTE)
    _put(index, _grant(source, to, **metadata))
    assert _refused(index) == refused


def test_reference_is_granted_while_any_grant_allows_it() -> None:
    """A grant that goes takes back only what no other grant allows; it changes edges and makes or removes none."""
    index, _ = _cluster(ROUTE)
    _put(index, _grant(_OF_ROUTES, _TO_SERVICES))
    assert not _put(index, _grant(_OF_ROUTES, "{group: '', kind: Service, name: web}", name="h"))
    delta = index.remove("c/gateway.networking.k8s.io/ReferenceGrant/infra/g")
    assert not delta.removed
    assert [(edge.end, edge.properties["granted"]) for _, edge in delta.added] == [("c/core/Service/infra/copy", False)]
    assert _refused(index) == {"copy"}


def test_backend_that_comes_and_goes_changes_no_reference() -> None:
    """An edge that stands needs no end: whether the backend is there is the placeholder's business."""
    index, _ = _cluster(ROUTE)
    (service,) = objects("{kind: Service, metadata: {name: web, namespace: infra}}")
    assert not _put(index, extract(service))
    assert not index.remove("c/core/Service/infra/web")
    assert len(index.edges()) == 2


def test_certificate_is_where_the_last_pod_of_its_gateway_is() -> None:
    """An Istio Gateway's Secret is asked for in a namespace from its first Pod there to its last."""
    index, _ = _cluster("""
apiVersion: networking.istio.io/v1
kind: Gateway
spec: {selector: {istio: gate}, servers: [{tls: {credentialName: tls}}]}
""")
    pods = [
        extract(pod)
        for name in ("a", "b")
        for pod in objects(f"{{kind: Pod, metadata: {{name: {name}, namespace: infra, labels: {{istio: gate}}}}}}")
    ]
    assert index.edges() == []
    assert {edge.type for _, edge in _put(index, pods[0]).added} == {"SELECTS", "USES_SECRET"}
    assert {edge.type for _, edge in _put(index, pods[1]).added} == {"SELECTS"}
    assert {type_ for _, type_, _ in index.remove(pods[0].fact.key).removed} == {"SELECTS"}
    assert {type_ for _, type_, _ in index.remove(pods[1].fact.key).removed} == {"SELECTS", "USES_SECRET"}


def test_keys_of_a_kind() -> None:
    """The index knows what is there, by kind."""
    index, _ = _cluster(SERVICE_AND_POD)
    assert index.has("c/core/Pod/shop/web-1")
    assert not index.has("c/core/Pod/shop/web-2")
    assert list(index.keys(GroupKind("", "Pod"))) == ["c/core/Pod/shop/web-1"]
