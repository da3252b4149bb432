"""Templates of configured feeds."""

from typing import Any

import msgspec
import pytest

from kgraph.feed.event import encoded
from kgraph.feed.template import made, parse
from tests.unit.feed.events import event

POD = {
    "metadata": {"labels": {"app.kubernetes.io/name": "web"}},
    "spec": {"containers": [{"name": "web", "image": "nginx:1"}, {"name": "log", "image": "fluent:2"}]},
    "status": {"phase": "Failed", "restarts": 3, "ready": False},
}
EVENT = msgspec.json.decode(encoded(event(POD)))


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (".resource.name", "web-1"),
        ("$.resource.name", "web-1"),
        ("{.resource.name}", "web-1"),
        (".new_object.status.restarts", 3),
        (".new_object.status.ready", False),
        (".new_object.spec.containers[1].image", "fluent:2"),
        (".new_object.spec.containers[*].image", ["nginx:1", "fluent:2"]),
        (".new_object.spec.containers[?@.name=='web'].image", "nginx:1"),
        (r".new_object.metadata.labels.app\.kubernetes\.io/name", "web"),
        (".new_object.metadata.labels", {"app.kubernetes.io/name": "web"}),
        (".old_object.status.phase", None),
        (".old_object.spec.containers[*].image", []),
        ("{.resource.namespace}/{.resource.name} is {.new_object.status.phase}", "shop/web-1 is Failed"),
        ("ready: {.new_object.status.ready}, was {.old_object.status}.", "ready: false, was ."),
        ("images {.new_object.spec.containers[*].image}", 'images ["nginx:1","fluent:2"]'),
        ("a text", "a text"),
        ("", ""),
        (7, 7),
        (True, True),
        (None, None),
        ({"a": {"b": ".cluster_id"}, "c": "d"}, {"a": {"b": "prod"}, "c": "d"}),
    ],
)
def test_a_value_is_a_path_a_text_with_paths_or_itself(written: Any, value: Any) -> None:
    """Paths give what stands there in its own type, texts are filled in, all else stays as it is written."""
    assert made(parse({"x": written}), EVENT) == {"x": value}


def test_a_template_keeps_its_order() -> None:
    """The object has its names in the order in which they are written."""
    assert list(made(parse({"b": ".cluster_id", "a": 1, "c": "x"}), EVENT)) == ["b", "a", "c"]


def test_a_template_computes_nothing() -> None:
    """What is code to other template languages is a text or an error here."""
    assert made(parse({"x": "__import__('os')"}), EVENT) == {"x": "__import__('os')"}
    with pytest.raises(ValueError, match="x has"):
        parse({"x": "{{ cycler.__init__ }}"})


def test_a_template_without_an_end_is_refused() -> None:
    """A template that is nested without measure is an error, not a crash."""
    written: dict[str, Any] = {"x": 1}
    for _ in range(2000):
        written = {"x": written}
    with pytest.raises(ValueError, match="levels at most"):
        parse(written)
