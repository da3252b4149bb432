"""What an edge means to its start when its end is deleted or fails."""

from typing import Any

import pytest

from kgraph.graphdb.edges import EDGE_ROWS, EDGE_TYPES, meaning
from kgraph.graphdb.edges.row import NO_RESOURCES, EdgeRow, effect_on
from kgraph.graphdb.kinds import CUSTOM_KINDS, KINDS
from kgraph.graphdb.model import GroupKind

_KINDS = frozenset(str(kind.group_kind) for kind in (*KINDS, *CUSTOM_KINDS))
_DEFINITION = "CustomResourceDefinition.apiextensions.k8s.io"
_WORDS = frozenset({"*", "custom", "pods", "templates"})


@pytest.mark.parametrize("row", EDGE_ROWS, ids=lambda row: row.id)
def test_row_is_well_formed(row: EdgeRow) -> None:
    """A row names kinds that there are, says where its reference stands in one way, and has a sentence of its own."""
    assert set(row.start) <= _KINDS | _WORDS
    assert row.end in _KINDS | NO_RESOURCES | {"*"}
    assert sum(map(bool, (row.at, row.find, row.selects, row.follow, row.convention))) == 1
    assert row.doc.endswith(".")
    if row.end == "*" and row.at:
        assert row.kind or row.default, "an end of any kind is named by the reference"


def test_rows_that_share_an_edge_agree() -> None:
    """One edge has one meaning, however many rows give it."""
    meanings: dict[tuple[str, str, str], set[tuple[str, ...]]] = {}
    for row in EDGE_ROWS:
        for start in row.start:
            effects = (row.on_delete, row.on_failure, str(row.spared_by), str(row.failure_degrades_end))
            meanings.setdefault((row.type, start, row.end), set()).add(effects)
    assert {edge for edge, found in meanings.items() if len(found) > 1} == set()


@pytest.mark.parametrize(
    ("type_", "start", "end", "on_delete", "on_failure"),
    [
        ("OWNED_BY", "Pod", "ReplicaSet.apps", "cascade", "nothing"),
        ("OWNED_BY", "Certificate.cert-manager.io", "Ingress.networking.k8s.io", "cascade", "nothing"),
        ("SELECTS", "Service", "Pod", "degrades", "degrades"),
        ("SELECTS", "NetworkPolicy.networking.k8s.io", "Pod", "nothing", "nothing"),
        ("RUNS_ON", "Pod", "Node", "breaks", "breaks"),
        ("USES_SECRET", "Deployment.apps", "Secret", "breaks", "nothing"),
        ("USES_SECRET", "Rollout.argoproj.io", "Secret", "breaks", "nothing"),
        ("USES_CLAIM", "Pod", "PersistentVolumeClaim", "breaks", "breaks"),
        ("USES_CLAIM", "StatefulSet.apps", "PersistentVolumeClaim", "degrades", "degrades"),
        ("HAS_PRIORITY", "Pod", "PriorityClass.scheduling.k8s.io", "nothing", "nothing"),
        ("HAS_PRIORITY", "Deployment.apps", "PriorityClass.scheduling.k8s.io", "breaks", "nothing"),
        ("RUNS_IMAGE", "Pod", "image", "breaks", "nothing"),
        ("IN_CLUSTER", "Node", "cluster", "cascade", "breaks"),
        ("INSTANCE_OF", "Basket.shop.example.com", _DEFINITION, "cascade", "nothing"),
        ("REFERS_TO", "Basket.shop.example.com", "Region.shop.example.com", "degrades", "nothing"),
        ("SCALES", "HorizontalPodAutoscaler.autoscaling", "Basket.shop.example.com", "breaks", "nothing"),
        ("ROUTES_TO", "HTTPRoute.gateway.networking.k8s.io", "Service", "degrades", "degrades"),
        ("ROUTES_TO", "HTTPRoute.gateway.networking.k8s.io", "ServiceImport.multicluster.x-k8s.io",
         "degrades", "degrades"),
        ("PARENT", "HTTPRoute.gateway.networking.k8s.io", "Gateway.gateway.networking.k8s.io", "degrades", "degrades"),
        ("HAS_GATEWAY_CLASS", "Gateway.gateway.networking.k8s.io", "GatewayClass.gateway.networking.k8s.io",
         "breaks", "breaks"),
        ("SELECTS", "Gateway.networking.istio.io", "Pod", "degrades", "degrades"),
        ("SELECTS", "AuthorizationPolicy.security.istio.io", "Pod", "nothing", "nothing"),
        ("CONFIGURES", "VirtualService.networking.istio.io", "host", "nothing", "nothing"),
        ("SNAPSHOTS", "VolumeSnapshot.snapshot.storage.k8s.io", "PersistentVolumeClaim", "nothing", "nothing"),
    ],
)  # fmt: skip
def test_meaning(type_: str, start: str, end: str, on_delete: str, on_failure: str) -> None:
    """What an SRE would say happens, for kinds of Kubernetes and of others."""
    target = end if end in NO_RESOURCES else GroupKind.parse(end)
    row = meaning(type_, GroupKind.parse(start), target)
    assert row is not None
    assert (row.on_delete, row.on_failure) == (on_delete, on_failure)


def test_edge_that_the_table_does_not_have_means_nothing() -> None:
    """An edge that another program wrote has no meaning, and raises nothing."""
    assert meaning("LIKES", GroupKind("", "Pod"), GroupKind("", "Node")) is None
    assert meaning("OWNED_BY", GroupKind("", "Pod"), "image") is None


def test_optional_reference_means_nothing() -> None:
    """What a start can do without does not break it."""
    row = meaning("USES_SECRET", GroupKind("", "Pod"), GroupKind("", "Secret"))
    assert row is not None
    assert row.effect("delete", {"optional": True}) == "nothing"
    assert row.effect("delete", {"optional": False}) == "breaks"


def test_an_edge_that_says_what_it_means_is_believed() -> None:
    """Edges of rows that are not in the table, a user's and those of schemas, have their meaning with them."""
    row = meaning("USES_SECRET", GroupKind("shop.example.com", "Basket"), GroupKind("", "Secret"))
    assert effect_on(row, "delete", {}) == "breaks", "as that of a template, which the kind may be"
    assert effect_on(row, "delete", {"onDelete": "degrades"}) == "degrades"
    assert effect_on(row, "fail", {"onDelete": "degrades", "onFailure": "breaks"}) == "breaks"
    assert effect_on(row, "delete", {"onDelete": "breaks", "optional": True}) == "nothing"
    assert effect_on(None, "delete", {"onDelete": "cascade"}) == "cascade"
    assert effect_on(None, "delete", {"onDelete": "who knows"}) == "nothing"


@pytest.mark.parametrize(
    ("type_", "start", "end", "properties", "wanted"),
    [
        ("BOUND_TO", "PersistentVolume", "PersistentVolumeClaim", {"reclaimPolicy": "Retain"}, "nothing"),
        ("BOUND_TO", "PersistentVolume", "PersistentVolumeClaim", {"reclaimPolicy": "Delete"}, "cascade"),
        (
            "CALLS",
            "ValidatingWebhookConfiguration.admissionregistration.k8s.io",
            "Service",
            {"failurePolicy": "Ignore"},
            "nothing",
        ),
        (
            "CALLS",
            "ValidatingWebhookConfiguration.admissionregistration.k8s.io",
            "Service",
            {"failurePolicy": "Fail"},
            "breaks",
        ),
        ("ROUTES_TO", "HTTPRoute.gateway.networking.k8s.io", "Service", {"mirror": True}, "nothing"),
        ("ROUTES_TO", "HTTPRoute.gateway.networking.k8s.io", "Service", {"granted": False}, "nothing"),
        ("ROUTES_TO", "HTTPRoute.gateway.networking.k8s.io", "Service", {"granted": True}, "degrades"),
        ("USES_SECRET", "Gateway.gateway.networking.k8s.io", "Secret", {"granted": False}, "nothing"),
        (
            "BOUND_TO",
            "VolumeSnapshotContent.snapshot.storage.k8s.io",
            "VolumeSnapshot.snapshot.storage.k8s.io",
            {"deletionPolicy": "Delete"},
            "cascade",
        ),
    ],
    ids=[
        "a retained volume",
        "a deleted volume",
        "a webhook that is ignored",
        "a webhook that must answer",
        "a backend that gets copies",
        "a backend that is refused",
        "a backend that is granted",
        "a certificate that is refused",
        "a deleted content",
    ],
)
def test_edge_s_own_properties_can_spare_its_start(
    type_: str, start: str, end: str, properties: dict[str, Any], wanted: str
) -> None:
    """A policy that is written in the object decides, not the kind alone."""
    row = meaning(type_, GroupKind.parse(start), GroupKind.parse(end))
    assert row is not None
    assert row.effect("delete", properties) == wanted


def test_failure_runs_to_the_owner() -> None:
    """A failed Pod degrades what owns it; no other edge runs backwards."""
    assert {row.type for row in EDGE_ROWS if row.failure_degrades_end} == {"OWNED_BY"}
    assert {row.type for row in EDGE_ROWS if row.containment} == {"IN_NAMESPACE", "IN_CLUSTER"}


def test_edge_types_are_known_by_name() -> None:
    """The types are upper case, sorted, and each once."""
    assert list(EDGE_TYPES) == sorted(set(EDGE_TYPES))
    assert all(type_.isupper() for type_ in EDGE_TYPES)
