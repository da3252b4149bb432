"""The grammar of `watch_resources`."""

import pytest

from kgraph.kube.discovery import ApiResource, DiscoveryFailure
from kgraph.kube.errors import Unavailable, UnknownResources
from kgraph.kube.selection import select

BOTH = ("get", "list", "watch")


def kind(name: str, plural: str, group: str = "", *short: str, verbs: tuple[str, ...] = BOTH) -> ApiResource:
    """A kind as discovery gives it."""
    return ApiResource(group, "v1", name, plural, name.lower(), short, verbs=verbs)


SERVED = (
    kind("Endpoints", "endpoints", "", "ep"),
    kind("Event", "events", "", "ev"),
    kind("Pod", "pods", "", "po"),
    kind("Service", "services", "", "svc"),
    kind("TokenReview", "tokenreviews", "", verbs=("create",)),
    kind("Deployment", "deployments", "apps", "deploy"),
    kind("StatefulSet", "statefulsets", "apps", "sts"),
    kind("Certificate", "certificates", "cert-manager.io", "cert"),
    kind("Issuer", "issuers", "cert-manager.io"),
    kind("Service", "services", "serving.knative.dev", "ksvc"),
    kind("PodMetrics", "pods", "metrics.k8s.io", verbs=("get", "list")),
)


@pytest.mark.parametrize(
    ("words", "chosen"),
    [
        (
            [],
            (
                "events pods services deployments.apps statefulsets.apps certificates.cert-manager.io "
                "issuers.cert-manager.io services.serving.knative.dev"
            ),
        ),
        (["pods"], "pods"),
        (["po", "sts", "Deployment"], "pods deployments.apps statefulsets.apps"),
        (["deployments.apps", "pod"], "pods deployments.apps"),
        (["*.cert-manager.io"], "certificates.cert-manager.io issuers.cert-manager.io"),
        (["services"], "services"),
        (["services.serving.knative.dev"], "services.serving.knative.dev"),
        (["*.core", "-events", "-endpoints"], "pods services"),
        (["pods", "*.not-installed.io"], "pods"),
        (["*.apps", "+endpoints"], "endpoints deployments.apps statefulsets.apps"),
        (["*.apps", "-sts"], "deployments.apps"),
        (
            ["-events", "-*.cert-manager.io", "+endpoints"],
            "endpoints pods services deployments.apps statefulsets.apps services.serving.knative.dev",
        ),
        (["-*", "+pods"], "pods"),
        (["*", "-*.apps", "-*.cert-manager.io", "-ksvc"], "endpoints events pods services"),
        ([" pods ", ""], "pods"),
    ],
    ids=str,
)
def test_watch_resources_choose_kinds(words: list[str], chosen: str) -> None:
    """Names choose, `-` leaves out, `+` takes in, `*` is all of a group, and the default is all but endpoints."""
    assert " ".join(map(str, select(SERVED, words))) == chosen


def test_unknown_names_are_errors_that_say_what_there_is() -> None:
    """A name that nothing has is an error with what is near to it, so that a typing error does not pass."""
    with pytest.raises(UnknownResources) as error:
        select(SERVED, ["podz", "-evnts", "tokenreviews", "widgets.example.com"])
    assert set(error.value.names) == {"podz", "evnts", "tokenreviews", "widgets.example.com"}
    assert "'podz' (perhaps pods" in str(error.value)
    assert "'evnts' (perhaps events" in str(error.value)


def test_a_name_of_a_group_that_fails_is_no_error() -> None:
    """While a group's server is down nothing is known of its kinds, and the rest is synced."""
    failure = DiscoveryFailure("example.com", "v1", Unavailable("down"))
    assert select(SERVED, ["pods", "widgets.example.com"], failures=[failure]) == select(SERVED, ["pods"])


def test_resources_know_their_paths() -> None:
    """A kind's path is the apiserver's, for all namespaces, one namespace, and one object."""
    pods, deployments = select(SERVED, ["pods", "deploy"])
    assert pods.path() == "/api/v1/pods"
    assert pods.path("shop", "web") == "/api/v1/namespaces/shop/pods/web"
    assert deployments.path("shop") == "/apis/apps/v1/namespaces/shop/deployments"
    node = ApiResource("", "v1", "Node", "nodes", namespaced=False)
    assert node.path("ignored", "n1") == "/api/v1/nodes/n1"
