"""What kinds are called: kubectl's spellings, groups of old, discovered kinds beside the built-in ones."""

import msgspec
import pytest

from kgraph.graphdb.catalogue import Catalogue, catalogue_of, is_builtin
from kgraph.graphdb.kinds import CUSTOM_KINDS, KINDS, Kind
from kgraph.graphdb.model import GroupKind
from kgraph.groups import todays_group
from kgraph.sync.asked import AskedCatalogue

CUSTOM = (
    Kind(group="serving.knative.dev", kind="Service", plural="services", short_names=("kservice", "ksvc")),
    Kind(group="gateway.networking.k8s.io", kind="Gateway", plural="gateways", short_names=("gtw",)),
    Kind(group="networking.istio.io", kind="Gateway", plural="gateways", short_names=("gw",)),
    Kind(group="shop.example.com", kind="Region", plural="regions", namespaced=False),
)
CATALOGUE = Catalogue(CUSTOM)


@pytest.mark.parametrize(
    ("spelling", "wanted"),
    [
        ("po", "Pod"),
        ("pods", "Pod"),
        ("pod", "Pod"),
        ("Pod", "Pod"),
        ("pods.v1", "Pod"),
        ("deploy", "Deployment.apps"),
        ("deployments.apps", "Deployment.apps"),
        ("deploy.apps", "Deployment.apps"),
        ("Deployment.apps", "Deployment.apps"),
        ("deployments.v1.apps", "Deployment.apps"),
        ("deployments.extensions", "Deployment.apps"),
        ("ingress.v1.networking.k8s.io", "Ingress.networking.k8s.io"),
        ("netpol", "NetworkPolicy.networking.k8s.io"),
        ("events.events.k8s.io", "Event"),
        ("crd", "CustomResourceDefinition.apiextensions.k8s.io"),
        ("svc", "Service"),
        ("services", "Service"),
        ("ksvc", "Service.serving.knative.dev"),
        ("services.serving.knative.dev", "Service.serving.knative.dev"),
        ("gateways", "Gateway.gateway.networking.k8s.io"),
        ("gateways.networking.istio.io", "Gateway.networking.istio.io"),
    ],
)
def test_resolves_what_kubectl_accepts(spelling: str, wanted: str) -> None:
    """Whatever a user types for kubectl names the same kind here; Kubernetes' own kinds come first."""
    kind = CATALOGUE.resolve(spelling)
    assert kind is not None
    assert str(kind.group_kind) == wanted


@pytest.mark.parametrize("spelling", ["", "nothing", "pods.apps", "deployments.v1.batch", "."])
def test_resolves_nothing_else(spelling: str) -> None:
    """A spelling that no kind has names none."""
    assert CATALOGUE.resolve(spelling) is None


@pytest.mark.parametrize(
    ("group", "builtin"),
    [
        ("", True),
        ("apps", True),
        ("networking.k8s.io", True),
        ("flowcontrol.apiserver.k8s.io", True),
        ("gateway.networking.k8s.io", False),
        ("snapshot.storage.k8s.io", False),
        ("cert-manager.io", False),
        ("metrics.k8s.io", False),
    ],
)
def test_groups_of_kubernetes_itself(*, group: str, builtin: bool) -> None:
    """Only Kubernetes' own groups have labels without their group; custom kinds under k8s.io are custom."""
    assert is_builtin(group) is builtin


def test_scope_of_an_unknown_kind_is_unknown() -> None:
    """Nobody guesses whether a kind that was never seen has namespaces."""
    assert Catalogue().is_namespaced("shop.example.com", "Region") is None
    assert CATALOGUE.is_namespaced("shop.example.com", "Region") is False
    assert CATALOGUE.is_namespaced("extensions", "Ingress") is True


@pytest.mark.parametrize(
    ("kind", "own_group", "wanted"),
    [
        ("Pod", "apps", GroupKind("", "Pod")),
        ("Deployment", "autoscaling", GroupKind("apps", "Deployment")),
        ("Service", "serving.knative.dev", GroupKind("serving.knative.dev", "Service")),
        ("Service", "cert-manager.io", GroupKind("", "Service")),
        ("Nothing", "", None),
    ],
)
def test_kind_without_a_group(kind: str, own_group: str, wanted: GroupKind | None) -> None:
    """A reference without a group means the own group's kind, else core's, else whoever has the name."""
    assert CATALOGUE.named(kind, own_group) == wanted


def test_discovery_wins_for_names_and_keeps_the_rest() -> None:
    """What a cluster says of its kinds counts; what the table knows beyond that stays."""
    discovered = Kind(group="apps", kind="Deployment", plural="deployments", short_names=("dep",))
    kind = Catalogue([discovered]).get("apps", "Deployment")
    assert kind is not None
    assert kind.short_names == ("dep",)
    assert kind.pod_spec == "spec.template.spec"
    assert kind.promote["replicas"] == "spec.replicas"


def test_catalogue_never_changes() -> None:
    """Learning a kind makes another catalogue; the old one is as it was."""
    before = Catalogue()
    after = before.with_kinds(CUSTOM)
    assert before == Catalogue()
    assert before != after
    assert after == CATALOGUE
    assert before.by_plural("shop.example.com", "regions") is None
    assert after.by_plural("shop.example.com", "regions") == CUSTOM[3]


def test_a_kind_is_served_when_it_is_kubernetes_own_or_was_discovered() -> None:
    """A row of a custom kind says what the kind is like, not that a cluster has it."""
    application = Kind(group="argoproj.io", kind="Application", plural="applications")
    assert Catalogue().serves("", "Pod")
    assert Catalogue().serves("extensions", "Ingress")
    assert not Catalogue().serves("argoproj.io", "Application")
    assert Catalogue([application]).serves("argoproj.io", "Application")


def test_what_was_asked_of_an_earlier_catalogue_still_matters_later() -> None:
    """Objects that are not read again hang on answers of long ago: a later catalogue knows of these questions too."""
    before, after = Catalogue(), Catalogue([Kind(group="argoproj.io", kind="Application", plural="applications")])
    asked = AskedCatalogue(before)
    assert not asked.serves("argoproj.io", "Application")
    assert asked.would_answer_as(before)
    assert not asked.would_answer_as(after)
    later = AskedCatalogue(before)
    assert later.would_answer_as(after)
    asked.ask(later)
    assert not later.would_answer_as(after)


def test_clusters_that_serve_the_same_share_a_catalogue() -> None:
    """A hundred clusters of one kind keep what is known of their kinds once; one that differs has its own."""
    assert catalogue_of(tuple(CUSTOM)) is catalogue_of(tuple(CUSTOM))
    moved = msgspec.structs.replace(CUSTOM[0], namespaced=not CUSTOM[0].namespaced)
    assert catalogue_of((moved,)).is_namespaced(*moved.group_kind) is moved.namespaced
    assert catalogue_of((CUSTOM[0],)).is_namespaced(*moved.group_kind) is not moved.namespaced


def test_events_are_one_kind() -> None:
    """An Event is one node, whichever API serves it."""
    assert todays_group("events.k8s.io", "Event") == ""
    assert CATALOGUE.get("events.k8s.io", "Event") == CATALOGUE.get("", "Event")


def test_kinds_are_listed_once() -> None:
    """One row a kind, and no two kinds of a group share a plural."""
    kinds = (*KINDS, *CUSTOM_KINDS)
    assert len({kind.group_kind for kind in kinds}) == len(kinds)
    assert len({(kind.group, kind.plural) for kind in kinds}) == len(kinds)


def test_groups_of_custom_rows_are_not_kubernetes_own() -> None:
    """A row of its own does not make a custom kind Kubernetes': its label keeps its group."""
    assert [str(kind.group_kind) for kind in CUSTOM_KINDS if is_builtin(kind.group)] == []


def test_custom_row_tells_the_scope_before_its_kind_is_served() -> None:
    """What a custom kind is like is known without its definition, so that references to it need no second reading."""
    assert Catalogue().is_namespaced("gateway.networking.k8s.io", "GatewayClass") is False
    assert Catalogue().is_namespaced("gateway.networking.k8s.io", "Gateway") is True


def test_custom_kind_that_is_not_served_has_no_name() -> None:
    """A cluster with Istio alone means Istio's Gateway by `gateways`, though Gateway API's comes first by alphabet."""
    istio = Kind(group="networking.istio.io", kind="Gateway", plural="gateways", short_names=("gw",))
    assert Catalogue().resolve("gateways") is None
    assert Catalogue().by_plural("networking.istio.io", "gateways") is None
    served = Catalogue([istio])
    found = served.resolve("gateways")
    assert found is not None
    assert found.group == "networking.istio.io"
    assert found.promote["hosts"] == "spec.servers[].hosts[]"
    assert [kind.group for kind in served.kinds if kind.kind == "Gateway"] == ["networking.istio.io"]
    assert served.named("Gateway") == GroupKind("networking.istio.io", "Gateway")


def test_a_kind_is_found_by_its_name_in_one_group() -> None:
    """Capitals do not matter, the group does, and short names are not names."""
    assert CATALOGUE.called("configmap", "") == GroupKind("", "ConfigMap")
    assert CATALOGUE.called("region", "shop.example.com") == GroupKind("shop.example.com", "Region")
    assert CATALOGUE.called("gateway", "networking.istio.io") == GroupKind("networking.istio.io", "Gateway")
    assert CATALOGUE.called("region", "") is None
    assert CATALOGUE.called("po", "") is None
