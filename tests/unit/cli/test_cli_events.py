"""How `kgraph events` asks, and the lines that it writes."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest

from kgraph.cli.answers.event_lines import changes, line_cells, line_text, short
from kgraph.cli.answers.event_stream import Line, query
from kgraph.feed.event import Event, EventType, FieldChange, Metadata, Severity, encoded
from tests.unit.feed.events import event

NOTHING: Mapping[str, Any] = {
    "clusters": (), "namespaces": (), "selector": "", "field_selector": "", "min_severity": "info"
}  # fmt: skip
LOST = Event(
    event_id="1",
    event_type=EventType.CLUSTER_LOST,
    timestamp="2026-11-25T10:00:00.000Z",
    cluster_id="prod",
    metadata=Metadata(trace_id="", span_id="", severity=Severity.ERROR, reason="Unreachable", message="no route"),
)


def line(one: Event, diff: Mapping[str, tuple[Any, Any]] | None = None, *, initial: bool = False) -> Line:
    """An event with what has changed of it."""
    changed = {
        path: FieldChange(*(msgspec.Raw(msgspec.json.encode(each)) for each in sides))
        for path, sides in (diff or {}).items()
    }
    one = msgspec.structs.replace(one, diff=changed)
    return Line(one, encoded(one).decode(), initial)


def said(one: Event, reason: str, message: str) -> Event:
    """An event with what is said of it."""
    metadata = msgspec.structs.replace(one.metadata, reason=reason, message=message)
    return msgspec.structs.replace(one, metadata=metadata)


@pytest.mark.parametrize(
    ("words", "given", "asked"),
    [
        (["pods", "deployments.apps"], {}, {"resource_type": ["pods", "deployments.apps"]}),
        (["pods,svc"], {}, {"resource_type": ["pods", "svc"]}),
        (["deploy/web"], {}, {"resource_type": ["deploy"], "fieldSelector": "metadata.name=web"}),
        (
            ["deploy/web"],
            {"field_selector": "spec.paused=true"},
            {"resource_type": ["deploy"], "fieldSelector": "metadata.name=web,spec.paused=true"},
        ),
        ([], {"clusters": ("a", "b"), "namespaces": ("shop",)}, {"cluster": ("a", "b"), "namespace": ("shop",)}),
        ([], {"selector": "app=web", "min_severity": "error"}, {"labelSelector": "app=web", "minSeverity": "error"}),
    ],
)
def test_words_become_the_apis_parameters(
    words: Sequence[str], given: Mapping[str, Any], asked: Mapping[str, Any]
) -> None:
    """Kinds are written as kubectl takes them, and one resource as kind/name."""
    found = query(words, **{**NOTHING, **given})
    assert {name: value for name, value in found.items() if value} == {"minSeverity": "info", **asked}


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("status.phase", "status.phase"),
        ("spec.replicas", "spec.replicas"),
        ("spec.template.spec.containers[name=web].image", "…containers[name=web].image"),
        ("spec.template.metadata.labels.app", "…labels.app"),
        ("status.conditions[type=Ready].status", "status.conditions[type=Ready].status"),
        ('metadata.labels["app.kubernetes.io/name"]', 'metadata.labels["app.kubernetes.io/name"]'),
        ("spec.rules[0].http.paths[1].backend", "…paths[1].backend"),
        ("no path[", "no path["),
    ],
)
def test_a_long_path_is_its_end(path: str, written: str) -> None:
    """What is left of a path says what it is: an item of a list keeps its list."""
    assert short(path) == written


def test_changes_are_told_the_most_important_first() -> None:
    """What is wanted and how it is come before times and what the server counts; the rest is counted."""
    told = line(
        event({"a": 1}, {"a": 2}),
        {
            "metadata.generation": (1, 2),
            "status.conditions[type=Ready].lastTransitionTime": ("a", "b"),
            "spec.replicas": (2, 3),
            "spec.paused": (None, True),
            "spec.note": ("x", None),
        },
    )
    assert changes(told, wide=False) == "spec.replicas 2 → 3, spec.paused = true, spec.note x → none, 2 more"
    assert changes(told, wide=True).endswith("lastTransitionTime a → b, metadata.generation 1 → 2")


def test_a_long_value_is_cut_unless_all_is_wanted() -> None:
    """A value that fills a line is shortened, and an object is JSON."""
    told = line(event({"a": 1}, {"a": 2}), {"data.text": (None, "x" * 100), "spec.selector": (None, {"app": "web"})})
    assert changes(told, wide=False) == f'data.text = {"x" * 39}…, spec.selector = {{"app":"web"}}'
    assert "x" * 100 in changes(told, wide=True)


def test_lines_stay_one_line() -> None:
    """A value with line breaks or tabs makes no second line, and no second cell."""
    told = line(event({"a": 1}, {"a": 2}), {"data.text": ("a\tb", "c\nd\n")})
    assert changes(told, wide=True) == "data.text a b → c d"


def test_a_kubernetes_event_says_what_it_says() -> None:
    """Of an Event one reads its reason and its message, as `kubectl events` shows them."""
    there = line(event({"reason": "BackOff", "message": "Back-off\nrestarting"}, kind="Event"), initial=True)
    told = line(said(event({"a": 1}, kind="Event"), "BackOff", "Back-off\nrestarting"))
    assert changes(there, wide=False) == changes(told, wide=False) == "BackOff: Back-off restarting"


def test_what_a_line_says_already_is_not_said_twice() -> None:
    """The reason of an event that is well repeats its type, and its message what changed."""
    diff = {"status.phase": ("Running", "Failed")}
    changed = said(event({"a": 1}, {"a": 2}), "Updated", "status.phase changed")
    assert changes(line(said(event({"a": 1}), "Created", "it was made")), wide=False) == ""
    assert changes(line(said(event(None, {"a": 1}), "Deleted", "it is gone")), wide=False) == ""
    assert changes(line(changed, diff), wide=False) == "status.phase Running → Failed"
    ill = said(changed, "Degraded", "web: OOMKilled")
    assert changes(line(ill, diff), wide=False) == "status.phase Running → Failed, Degraded: web: OOMKilled"
    secret = said(event({"a": 1}, {"a": 2}, kind="Secret"), "Updated", "a value was replaced")
    assert changes(line(secret), wide=False) == "a value was replaced"


@pytest.mark.parametrize(
    ("told", "width", "words"),
    [
        (
            line(event({"a": 1}, {"a": 2}, severity=Severity.WARNING), {"status.phase": ("Running", "Failed")}),
            120,
            "UPDATED  warning  Pod shop/web-1 in prod  status.phase Running → Failed",
        ),
        (line(event({"a": 1})), 60, "CREATED  I  Pod shop/web-1 in prod"),
        (line(event(None, {"a": 1}, namespace="", kind="Node", name="n1")), 60, "DELETED  I  Node n1 in prod"),
        (line(event({"a": 1}), initial=True), 60, "INITIAL  I  Pod shop/web-1 in prod"),
        (line(LOST), 60, "LOST     E  Cluster prod  Unreachable: no route"),
    ],
)
def test_a_line_says_when_what_how_bad_and_to_what(told: Line, width: int, words: str) -> None:
    """One line an event; in a narrow terminal a severity is a letter."""
    text = line_text(told, width, wide=False, cluster=True)
    assert " ".join(text.plain.split()[1:]) == " ".join(words.split())
    assert "\n" not in text.plain


def test_cells_are_for_other_programs() -> None:
    """Each event has a cell for each column, with the whole time."""
    told = line(event({"a": 1}, {"a": 2}), {"status.phase": ("Running", "Failed")})
    assert line_cells(told, wide=False) == (
        "2026-11-25T10:00:00.000Z", "UPDATED", "info", "prod", "Pod", "shop", "web-1", "status.phase Running → Failed",
    )  # fmt: skip
    assert line_cells(line(LOST), wide=False)[3:7] == ("prod", "Cluster", "", "prod")
