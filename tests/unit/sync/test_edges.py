"""Every row of the edge table, and every note beside it, in a situation of its own."""

from typing import Any

import msgspec
import pytest

from kgraph.graphdb.catalogue import Catalogue
from kgraph.graphdb.edges import EDGE_ROWS
from kgraph.graphdb.edges.row import EdgeRow
from kgraph.graphdb.kinds import Kind
from tests.unit.sync.edge_cases_access import ACCESS
from tests.unit.sync.edge_cases_certificates import CERTIFICATES, SECRETS
from tests.unit.sync.edge_cases_gateway import GATEWAY
from tests.unit.sync.edge_cases_gitops import GITOPS, PART_OF
from tests.unit.sync.edge_cases_inferred import INFERRED
from tests.unit.sync.edge_cases_mesh import MESH
from tests.unit.sync.edge_cases_network import NETWORK
from tests.unit.sync.edge_cases_operators import OPERATORS
from tests.unit.sync.edge_cases_storage import STORAGE
from tests.unit.sync.edge_cases_workloads import EVERYWHERE, WORKLOADS
from tests.unit.sync.graphs import CATALOGUE, Case, edges, extract, extract_one, objects, written

CASES = (
    *EVERYWHERE,
    *WORKLOADS,
    *STORAGE,
    *NETWORK,
    *GATEWAY,
    *MESH,
    *ACCESS,
    *CERTIFICATES,
    *SECRETS,
    *PART_OF,
    *GITOPS,
    *OPERATORS,
    *INFERRED,
)


def _only(text: str, type_: str, end: str = "") -> dict[str, Any]:
    """The properties of the one edge of a type, or of that to an end."""
    (edge,) = [edge for edge in edges(text) if edge.type == type_ and edge.end.endswith(end)]
    return {**edge.properties, "fields": list(edge.fields), "uid": edge.uid}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_situation_gives_exactly_these_edges(case: Case) -> None:
    """An object's edges are those that Kubernetes would act upon, no more and no fewer."""
    assert written(edges(case.objects), everything=case.all) == set(case.edges.strip().splitlines())


def test_case_ids_are_unique() -> None:
    """A failing case is found by its name."""
    assert len({case.id for case in CASES}) == len(CASES)


@pytest.mark.parametrize("row", EDGE_ROWS, ids=lambda row: row.id)
def test_row_has_a_case(row: EdgeRow) -> None:
    """A fact without an example fails the suite: each row alone gives an edge in some case."""
    assert any(edges(case.objects, [row]) for case in CASES), f"no case shows {row.id}"


def test_edge_says_where_it_is_written() -> None:
    """An edge that several places state is one, and lists them all."""
    text = """
kind: Pod
spec:
  volumes: [{name: v, configMap: {name: cm}}]
  containers: [{env: [{name: A}, {name: B, valueFrom: {configMapKeyRef: {name: cm, key: k}}}]}]
"""
    assert sorted(_only(text, "USES_CONFIGMAP")["fields"]) == [
        "spec.containers[0].env[1].valueFrom.configMapKeyRef",
        "spec.volumes[0].configMap",
    ]


def test_path_with_a_dotted_key_is_quoted() -> None:
    """A field is a path that a reader can follow, even through an annotation."""
    text = "{kind: PersistentVolumeClaim, metadata: {annotations: {volume.beta.kubernetes.io/storage-class: old}}}"
    assert _only(text, "HAS_STORAGE_CLASS")["fields"] == [
        'metadata.annotations["volume.beta.kubernetes.io/storage-class"]'
    ]


def test_owner_is_marked_as_controller() -> None:
    """The edge to an owner says whether it controls, whether deletion waits, and which incarnation is meant."""
    text = """
kind: Pod
metadata:
  ownerReferences:
  - {apiVersion: apps/v1, kind: ReplicaSet, name: a, uid: u1, controller: true, blockOwnerDeletion: true}
  - {apiVersion: v1, kind: ConfigMap, name: b, uid: u2}
"""
    assert _only(text, "OWNED_BY", "/a") == {
        "controller": True,
        "blockOwnerDeletion": True,
        "fields": ["metadata.ownerReferences[0]"],
        "uid": "u1",
    }
    assert _only(text, "OWNED_BY", "/b")["controller"] is False


def test_image_keeps_what_was_written_and_what_runs() -> None:
    """The image's edge has the reference as it was written and the digest that the kubelet reports, per container."""
    text = f"""
kind: Pod
spec: {{containers: [{{name: a, image: nginx}}, {{name: b, image: "docker.io/library/nginx:latest"}}]}}
status: {{containerStatuses: [{{name: b, imageID: "docker.io/library/nginx@sha256:{"0" * 64}"}}]}}
"""
    assert _only(text, "RUNS_IMAGE") == {
        "written": ["nginx", "docker.io/library/nginx:latest"],
        "digest": ["", f"sha256:{'0' * 64}"],
        "fields": ["spec.containers[0].image", "spec.containers[1].image"],
        "uid": "",
    }


def test_ingress_routes_stand_side_by_side() -> None:
    """Host, path and port of each route stand in lists of one length, in the order of the fields."""
    text = """
apiVersion: networking.k8s.io/v1
kind: Ingress
spec:
  defaultBackend: {service: {name: web, port: {number: 8080}}}
  rules:
  - host: a.example.com
    http:
      paths:
      - {path: /x, backend: {service: {name: other}}}
      - {path: /y, backend: {service: {name: web, port: {name: http}}}}
  - {host: b.example.com, http: {paths: [{backend: {service: {name: web, port: {number: 80}}}}]}}
"""
    found = _only(text, "ROUTES_TO", "/web")
    rows = set(zip(found["fields"], found["host"], found["path"], found["port"], strict=True))
    assert rows == {
        ("spec.defaultBackend.service", "", "", "8080"),
        ("spec.rules[0].http.paths[1].backend.service", "a.example.com", "/y", "http"),
        ("spec.rules[1].http.paths[0].backend.service", "b.example.com", "", "80"),
    }


@pytest.mark.parametrize(
    ("policies", "wanted"),
    [(["Ignore", "Ignore"], "Ignore"), (["Ignore", "Fail"], "Fail"), (["Ignore", None], "Fail")],
    ids=["all ignore", "one fails", "one says nothing, which is Fail"],
)
def test_strictest_failure_policy_counts(policies: list[str | None], wanted: str) -> None:
    """A Service whose failure makes any webhook refuse is one that breaks what the webhooks guard."""
    hooks = ", ".join(
        f"{{name: h{at}, clientConfig: {{service: {{namespace: infra, name: hook}}}}"
        + (f", failurePolicy: {policy}}}" if policy else "}")
        for at, policy in enumerate(policies)
    )
    text = f"{{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, webhooks: [{hooks}]}}"
    assert _only(text, "CALLS")["failurePolicy"] == wanted
    assert _only(text, "CALLS")["webhook"] == ["h0", "h1"]


def test_endpoint_without_conditions_is_ready() -> None:
    """As the API has it: an endpoint that says nothing of readiness is ready."""
    text = """
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
endpoints:
- {targetRef: {kind: Pod, name: silent}}
- {targetRef: {kind: Pod, name: broken}, conditions: {ready: false}}
"""
    assert _only(text, "TARGETS", "/silent")["ready"] is True
    assert _only(text, "TARGETS", "/broken")["ready"] is False


def test_peer_ports_are_on_the_edge() -> None:
    """Who may come in stands with the ports that are open to them; no ports mean all."""
    text = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
spec:
  podSelector: {matchLabels: {app: none}}
  ingress:
  - {from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 80}, {port: 8000, endPort: 9000, protocol: UDP}]}
  - {from: [{podSelector: {matchLabels: {app: web}}}]}
---
{kind: Pod, metadata: {name: web, labels: {app: web}}}
"""
    found = _only(text, "ALLOWS_FROM")
    assert found["ports"] == ["80/TCP,8000-9000/UDP", ""]
    assert found["fields"] == ["spec.ingress[0].from[0]", "spec.ingress[1].from[0]"]


def test_reclaim_policy_is_on_the_volume_s_edge() -> None:
    """Whether a volume goes with its claim is its reclaim policy's to say."""
    claim = "claimRef: {namespace: a, name: b, uid: u}"
    text = f"{{kind: PersistentVolume, spec: {{persistentVolumeReclaimPolicy: Retain, {claim}}}}}"
    assert _only(text, "BOUND_TO") == {"reclaimPolicy": "Retain", "fields": ["spec.claimRef"], "uid": "u"}


@pytest.mark.parametrize(
    ("uid", "wanted"),
    [("n1", ""), ("0f8fad5bd9cb469fa16570867728950e", ""), ("0f8fad5b-d9cb-469f-a165-70867728950e",) * 2],
    ids=["the name", "a static Pod's hash", "a real one"],
)
def test_event_names_an_incarnation_only_by_a_real_uid(uid: str, wanted: str) -> None:
    """What a kubelet writes for want of a uid does not make an Event's edge stale."""
    assert _only(f"{{kind: Event, involvedObject: {{kind: Node, name: n1, uid: {uid}}}}}", "REGARDS")["uid"] == wanted


def test_statefulset_of_absurd_size_is_bounded() -> None:
    """No number in an object makes the worker's memory grow without bound."""
    text = """
apiVersion: apps/v1
kind: StatefulSet
spec: {replicas: 2147483647, volumeClaimTemplates: [{metadata: {name: a}}]}
"""
    extracted = extract_one(text)
    assert sum(edge.type == "USES_CLAIM" for edge in extracted.resource.edges) == 10_000


def test_scope_that_becomes_known_moves_the_end() -> None:
    """A reference to an unknown kind stands in the start's namespace until the kind's scope is known."""
    owner = "{apiVersion: shop.example.com/v1, kind: Region, name: r, uid: u}"
    (pod,) = objects(f"{{kind: Pod, metadata: {{ownerReferences: [{owner}]}}}}")
    before = extract(pod, catalogue=Catalogue())
    after = extract(pod)
    assert "c/shop.example.com/Region/shop/r" in {edge.end for edge in before.resource.edges}
    assert "c/shop.example.com/Region/_/r" in {edge.end for edge in after.resource.edges}


def test_mirror_that_is_a_backend_too_is_no_mirror_alone() -> None:
    """Who gets copies of requests and answers others is counted among those that answer."""
    text = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
spec:
  rules:
  - backendRefs: [{name: web, weight: 0, port: 80}, {name: web}]
    filters: [{requestMirror: {backendRef: {name: web}}}, {requestMirror: {backendRef: {name: copy, port: 81}}}]
"""
    web, copy = _only(text, "ROUTES_TO", "/web"), _only(text, "ROUTES_TO", "/copy")
    rows = set(zip(web["fields"], web["weight"], web["port"], strict=True))
    assert rows == {
        ("spec.rules[0].backendRefs[0]", 0, "80"),
        ("spec.rules[0].backendRefs[1]", 1, ""),
        ("spec.rules[0].filters[0].requestMirror.backendRef", 0, ""),
    }
    assert web["mirror"] is False
    assert copy == {
        "weight": [0],
        "port": ["81"],
        "mirror": True,
        "fields": ["spec.rules[0].filters[1].requestMirror.backendRef"],
        "uid": "",
    }


def test_virtual_service_s_weights_and_subsets_stand_side_by_side() -> None:
    """A destination alone gets everything; of several, one without a weight gets nothing; mirrors get copies."""
    text = """
apiVersion: networking.istio.io/v1
kind: VirtualService
spec:
  http:
  - route: [{destination: {host: web, subset: v1, port: {number: 80}}, weight: 90}, {destination: {host: web.shop.svc}}]
  - route: [{destination: {host: web, subset: v2}}]
    mirrors: [{destination: {host: copy}}]
"""
    web = _only(text, "ROUTES_TO", "/web")
    assert list(zip(web["fields"], web["weight"], web["subset"], web["port"], strict=True)) == [
        ("spec.http[0].route[0].destination.host", 90, "v1", "80"),
        ("spec.http[0].route[1].destination.host", 0, "", ""),
        ("spec.http[1].route[0].destination.host", 100, "v2", ""),
    ]
    assert web["mirror"] is False
    assert _only(text, "ROUTES_TO", "/copy")["mirror"] is True


def test_claim_restored_across_namespaces_needs_a_grant() -> None:
    """A claim's source in another namespace is referred to as Gateway API's are, and its edge says if it may be."""
    text = """
kind: PersistentVolumeClaim
spec: {dataSourceRef: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: s, namespace: infra}}
"""
    grant = """
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {namespace: infra}
spec:
  from: [{group: "", kind: PersistentVolumeClaim, namespace: shop}]
  to: [{group: snapshot.storage.k8s.io, kind: VolumeSnapshot}]
"""
    assert _only(text, "RESTORES")["granted"] is False
    assert _only(text + grant, "RESTORES")["granted"] is True


def test_later_kinds_are_rows() -> None:
    """A custom kind's edges need a row and no code, even where its references leave kind and group out."""
    row = msgspec.convert(
        {
            "type": "ROUTES_TO",
            "start": ["HTTPRoute.gateway.networking.k8s.io"],
            "end": "*",
            "at": ["spec.rules[].backendRefs[]", "spec.rules[].filters[].requestMirror.backendRef"],
            "kind": ".kind",
            "group": ".group",
            "default": "Service",
            "namespace": [".namespace"],
            "properties": [{"name": "weight", "paths": [".weight"], "default": 1}],
            "on_delete": "degrades",
            "doc": "Where a route goes.",
        },
        EdgeRow,
    )
    text = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
spec:
  rules:
  - backendRefs: [{name: web, weight: 0}, {name: web}, {name: far, namespace: infra, kind: Service, group: ""}]
    filters: [{requestMirror: {backendRef: {name: b, kind: Basket, group: shop.example.com}}}]
"""
    found = {edge.end: (edge.fields, edge.properties) for edge in edges(text, [row])}
    assert found == {
        "c/core/Service/shop/web": (
            ("spec.rules[0].backendRefs[0]", "spec.rules[0].backendRefs[1]"),
            {"weight": [0, 1]},
        ),
        "c/core/Service/infra/far": (("spec.rules[0].backendRefs[2]",), {"weight": [1]}),
        "c/shop.example.com/Basket/shop/b": (
            ("spec.rules[0].filters[0].requestMirror.backendRef",),
            {"weight": [1]},
        ),
    }


def test_pod_template_of_a_custom_kind_is_a_row() -> None:
    """A custom kind with a Pod template states what its Pods will need, as soon as its row says where it is."""
    rollout = Kind(group="argoproj.io", kind="Rollout", plural="rollouts", pod_spec="spec.template.spec")
    (obj,) = objects("""
apiVersion: argoproj.io/v1alpha1
kind: Rollout
spec: {template: {spec: {priorityClassName: high, containers: [{envFrom: [{secretRef: {name: s}}]}]}}}
""")
    extracted = extract(obj, catalogue=CATALOGUE.with_kinds([rollout]))
    assert written(extracted.resource.edges) == {
        "HAS_PRIORITY scheduling.k8s.io/PriorityClass/_/high",
        "USES_SECRET core/Secret/shop/s",
    }
