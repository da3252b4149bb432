"""What differs between two objects, and the paths that say where."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kgraph.kube.diff import diff, same
from kgraph.kube.field_paths import Path, Step, parse, write
from kgraph.kube.merge_keys import DEFAULTS, Identity

DEPLOYMENT: dict[str, Any] = {
    "spec": {
        "replicas": 2,
        "template": {
            "spec": {
                "containers": [
                    {
                        "name": "web",
                        "image": "nginx:1.27",
                        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
                        "ports": [{"containerPort": 80}, {"containerPort": 53, "protocol": "UDP"}],
                        "resources": {"requests": {"cpu": "1", "memory": "1Gi"}},
                        "args": ["--a", "--b"],
                    },
                    {"name": "side", "image": "envoy"},
                ],
                "tolerations": [{"key": "a"}, {"key": "b"}],
            }
        },
    }
}
C = "spec.template.spec.containers"


def at(value: Any, path: Sequence[Step]) -> Any:
    """What stands at a path; None where there is nothing."""
    for step in path:
        match step:
            case int():
                value = value[step] if type(value) is list and step < len(value) else None
            case tuple():
                items = value if type(value) is list else ()
                value = next((item for item in items if type(item) is dict and _is(item, step)), None)
            case _:
                value = value.get(step) if type(value) is dict else None
    return value


def _is(item: dict[str, Any], identity: Identity) -> bool:
    for key, wanted in identity:
        value: Any = item
        for step in key.split("."):
            value = value.get(step) if type(value) is dict else None
        if value is None:
            value = DEFAULTS.get(key)
        if type(value) not in (str, int) or str(value) != wanted:
            return False
    return True


def changed(value: Any, path: str, new: Any) -> Any:
    """The value with another one at a path; None takes it away."""
    steps = parse(path)

    def put(inner: Any, rest: Path) -> Any:
        if not rest:
            return new
        step = rest[0]
        if isinstance(step, str):
            return {**inner, step: put(inner.get(step), rest[1:])}
        place = step if isinstance(step, int) else inner.index(at(inner, (step,)))
        return [*inner[:place], put(inner[place], rest[1:]), *inner[place + 1 :]]

    return put(value, steps)


@pytest.mark.parametrize(
    ("path", "new", "where"),
    [
        pytest.param("spec.replicas", 3, "spec.replicas", id="scalar"),
        pytest.param("spec.replicas", None, "spec.replicas", id="null-is-absent"),
        pytest.param(f"{C}[name=side].image", "envoy:2", f"{C}[name=side].image", id="container-by-name"),
        pytest.param(f"{C}[name=web].env[name=B].value", "3", f"{C}[name=web].env[name=B].value", id="env-by-name"),
        pytest.param(f"{C}[name=web].args", ["--a"], f"{C}[name=web].args", id="texts-in-order-as-a-whole"),
        pytest.param(
            f"{C}[name=web].resources.requests.cpu", "1001m", f"{C}[name=web].resources.requests.cpu", id="amount"
        ),
        pytest.param(
            f"{C}[name=web].ports[containerPort=53,protocol=UDP].name",
            "dns",
            f"{C}[name=web].ports[containerPort=53,protocol=UDP].name",
            id="port-by-number-and-protocol",
        ),
        pytest.param(
            "spec.template.spec.tolerations[1].key", "c", "spec.template.spec.tolerations[1].key", id="by-position"
        ),
    ],
)
def test_one_change_is_one_difference(path: str, new: Any, where: str) -> None:
    """A change of one field is found there, however deep it stands, and both values are told."""
    (found,) = diff(DEPLOYMENT, changed(DEPLOYMENT, path, new))
    assert (found.where, found.old, found.new) == (where, at(DEPLOYMENT, parse(path)), new)


@pytest.mark.parametrize(
    ("path", "new"),
    [
        pytest.param(f"{C}[name=web].resources.requests.cpu", "1000m", id="thousandths"),
        pytest.param(f"{C}[name=web].resources.requests.cpu", 1, id="number"),
        pytest.param(f"{C}[name=web].resources.requests.memory", "1024Mi", id="binary-suffix"),
        pytest.param(f"{C}[name=web].ports[containerPort=80,protocol=TCP].protocol", "TCP", id="protocol-by-default"),
        pytest.param(f"{C}[name=web].livenessProbe", {}, id="empty-is-absent"),
        pytest.param(
            f"{C}[name=web].env", [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}], id="order-of-env"
        ),
    ],
)
def test_the_same_written_otherwise_is_no_difference(path: str, new: Any) -> None:
    """Amounts, defaults of merge keys and the order of named items are compared by what they mean."""
    found = [each for each in diff(DEPLOYMENT, changed(DEPLOYMENT, path, new)) if not each.where.endswith("protocol")]
    assert found == []


@pytest.mark.parametrize(
    ("old", "new", "paths"),
    [
        pytest.param({"ports": [{"port": 80, "targetPort": 80}]}, {"ports": [{"port": 80, "targetPort": "80"}]}, [],
                     id="int-or-string"),
        pytest.param({"env": [{"name": "A", "value": "1"}]}, {"env": [{"name": "A", "value": "1.0"}]},
                     ["env[name=A].value"], id="texts-are-no-amounts"),
        pytest.param({"a": True}, {"a": 1}, ["a"], id="truth-is-no-number"),
        pytest.param({"finalizers": ["a", "b"]}, {"finalizers": ["b", "a"]}, [], id="set"),
        pytest.param({"command": ["a", "b"]}, {"command": ["b", "a"]}, ["command"], id="order-of-a-command"),
        pytest.param({"containers": [{"name": "a"}]}, {"containers": [{"name": "a"}, {"name": "b"}]},
                     ["containers[name=b]"], id="item-added"),
        pytest.param({"containers": [{"name": "a"}]}, {"containers": "a"}, ["containers"], id="malformed"),
        pytest.param({"volumeMounts": [{"mountPath": "/a", "name": "x"}, {"mountPath": "/b", "name": "x"}]},
                     {"volumeMounts": [{"mountPath": "/b", "name": "x"}, {"mountPath": "/a", "name": "y"}]},
                     ["volumeMounts[mountPath=/a].name"], id="mounts-by-path"),
        pytest.param({"conditions": [{"type": "Ready", "status": "True"}]},
                     {"conditions": [{"type": "Ready", "status": "False"}]}, ["conditions[type=Ready].status"],
                     id="conditions-by-type"),
        pytest.param({"labels": {"a.b/c": "1"}}, {"labels": {"a.b/c": "2"}}, ['labels["a.b/c"]'], id="key-with-dots"),
        pytest.param({"rules": [{"x": 1}]}, {"rules": [{"x": 1}, {"x": 2}]}, ["rules"], id="nothing-to-tell-apart-by"),
        pytest.param({"mine": [{"name": "a", "v": 1}]}, {"mine": [{"name": "a", "v": 2}]}, ["mine[name=a].v"],
                     id="unknown-list-with-names"),
    ],
)  # fmt: skip
def test_differences_of_lists_and_values(old: Any, new: Any, paths: list[str]) -> None:
    """Items are compared with their like, and values as Kubernetes reads them."""
    assert [each.where for each in diff(old, new)] == paths


SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4)
NAMES = st.sampled_from(["spec", "containers", "ports", "name", "port", "a.b/c", 'q"]', "", "limits", "finalizers"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=12
)
ITEMS = st.lists(st.dictionaries(st.sampled_from(["name", "image"]), st.text(max_size=3)), max_size=3)
OBJECTS = st.dictionaries(NAMES, VALUES | ITEMS, max_size=4)
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@UNHURRIED
@given(OBJECTS)
def test_nothing_differs_from_itself(value: Any) -> None:
    """An object has no difference from itself."""
    assert diff(value, value) == ()
    assert same(value, value)


@UNHURRIED
@given(OBJECTS, OBJECTS)
def test_differences_are_the_same_both_ways(old: Any, new: Any) -> None:
    """What differs from one to the other differs from the other to the one, with the values exchanged."""
    there = [(each.where, repr(each.old), repr(each.new)) for each in diff(old, new)]
    back = [(each.where, repr(each.new), repr(each.old)) for each in diff(new, old)]
    assert sorted(there) == sorted(back)


@UNHURRIED
@given(OBJECTS, OBJECTS)
def test_paths_lead_to_what_differs(old: Any, new: Any) -> None:
    """Every path reads back from its text, and finds the old value in the one object and the new one in the other."""
    for each in diff(old, new):
        assert parse(each.where) == each.path
        assert (at(old, each.path), at(new, each.path)) == (each.old, each.new)


@pytest.mark.parametrize("text", ["a[", "a[x]", "a..b"])
def test_what_is_no_path(text: str) -> None:
    """A path that cannot be read says what one looks like."""
    with pytest.raises(ValueError, match="no path"):
        parse(text)


@pytest.mark.parametrize("path", [("a.b", 0, (("name", 'x]"y'),), "c"), ("", "0", 3), (((("k", ""),)),)])
def test_path_reads_back(path: Path) -> None:
    """Whatever the keys, a path's text is the path."""
    assert parse(write(path)) == path
