"""EventFilter."""

import pytest

from kgraph.feed.event import Severity
from kgraph.feed.filters import EventFilter, is_of_type
from kgraph.kube.field_selectors import FieldSelector
from kgraph.kube.selectors import LabelSelector
from tests.unit.feed.events import event

RUNNING = {"metadata": {"labels": {"app": "web"}}, "status": {"phase": "Running"}}
PENDING = {"metadata": {"labels": {"app": "web"}}, "status": {"phase": "Pending"}}


@pytest.mark.parametrize(
    ("wanted", "matches"),
    [
        (EventFilter(), True),
        (EventFilter(clusters=("prod",)), True),
        (EventFilter(clusters=("dev",)), False),
        (EventFilter(namespaces=("shop",)), True),
        (EventFilter(namespaces=("other",)), False),
        (EventFilter(resource_types=("pod",)), True),
        (EventFilter(resource_types=("kubernetes.Pod",)), True),
        (EventFilter(resource_types=("deployment.apps",)), False),
        (EventFilter(label_selector=LabelSelector.parse("app=web")), True),
        (EventFilter(label_selector=LabelSelector.parse("app!=web")), False),
        (EventFilter(field_selector=FieldSelector.parse("status.phase=Running")), True),
        (EventFilter(field_selector=FieldSelector.parse("status.phase=Pending")), True),
        (EventFilter(field_selector=FieldSelector.parse("status.phase=Failed")), False),
        (EventFilter(minimum_severity=Severity.WARNING), False),
    ],
)
def test_a_filter_takes_what_it_names(wanted: EventFilter, matches: bool) -> None:
    """Each part narrows; selectors take what matches after the change or did before it."""
    assert wanted.matches(event(RUNNING, PENDING)) is matches


def test_types_are_kinds_with_or_without_their_group() -> None:
    """A type names a kind, a kind of a group, or all of a group."""
    assert is_of_type("certificate", "cert-manager.io", "Certificate")
    assert is_of_type("Certificate.cert-manager.io", "cert-manager.io", "Certificate")
    assert is_of_type("*.cert-manager.io", "cert-manager.io", "Issuer")
    assert not is_of_type("*.cert-manager.io", "apps", "Deployment")
