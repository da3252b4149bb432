"""Desired against actual, field by field and resource by resource; and who owns what."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgraph.kube.drift import Change, Manifests, Name, State, drift
from kgraph.kube.field_drift import field_drift
from kgraph.kube.ownership import ADMISSION, Ownership, compact

WEB: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}},
    "spec": {
        "replicas": 2,
        "template": {
            "spec": {"containers": [{"name": "web", "image": "nginx:1.27", "resources": {"limits": {"cpu": 1}}}]}
        },
    },
}


def live(**more: Any) -> dict[str, Any]:
    """The same as an apiserver gives it: defaults, status, server's metadata."""
    container = {
        "name": "web", "image": "nginx:1.27", "imagePullPolicy": "IfNotPresent", "resources": {"limits": {"cpu": "1"}},
    }  # fmt: skip
    container |= more.pop("container", {})
    containers = [container, *more.pop("containers", [])]
    template = {"spec": {"restartPolicy": "Always", "containers": containers}}
    return {
        **WEB,
        "metadata": {
            **WEB["metadata"], "uid": "1", "generation": 4, "creationTimestamp": "2026-01-01T00:00:00Z",
            "annotations": {"deployment.kubernetes.io/revision": "1"},
        },
        "spec": {"replicas": 2, "progressDeadlineSeconds": 600, "template": template, **more},
        "status": {"replicas": 2},
    }  # fmt: skip


SIDE = {"name": "side", "image": "envoy"}
C = "spec.template.spec.containers"


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        pytest.param(live(), [], id="defaults-and-status"),
        pytest.param(live(replicas=5), [("spec.replicas", 2, 5)], id="scalar"),
        pytest.param(live(container={"image": "nginx:1.28"}), [(f"{C}[name=web].image", "nginx:1.27", "nginx:1.28")],
                     id="image"),
        pytest.param(live(container={"resources": {"limits": {"cpu": "1000m"}}}), [], id="amount-by-meaning"),
        pytest.param(live(containers=[SIDE]), [(f"{C}[name=side]", None, SIDE)], id="item-added"),
        pytest.param(live(paused=True), [], id="field-that-the-manifest-does-not-state"),
    ],
)  # fmt: skip
def test_fields_that_drifted(actual: Any, expected: list[Any]) -> None:
    """What the manifest states and the cluster has otherwise is drift; what it does not state is none."""
    assert [(one.path, one.desired, one.actual) for one in field_drift(WEB, actual)] == expected


@pytest.mark.parametrize(
    ("kind", "desired", "actual", "paths"),
    [
        pytest.param("ConfigMap", {"data": {"a": "1"}}, {"data": {"a": "1", "b": "2"}}, ["data.b"], id="key-added"),
        pytest.param("ConfigMap", {"data": {"a": "1"}}, {}, ["data"], id="data-gone"),
        pytest.param("Secret", {"stringData": {"a": "secret"}}, {"data": {"a": None}, "dataSizes": {"a": 9}}, [],
                     id="secret-by-keys"),
        pytest.param("Secret", {"stringData": {"a": "s"}}, {"data": {"b": "c2VjcmV0"}}, ["data.a", "data.b"],
                     id="secret-other-key"),
        pytest.param("Service", {"spec": {"ports": [{"port": 80, "targetPort": "http"}], "clusterIP": ""}},
                     {"spec": {"ports": [{"port": 80, "protocol": "TCP", "targetPort": "http", "nodePort": 30000}],
                               "clusterIP": "10.0.0.1"}}, [], id="ports-by-merge-key"),
        pytest.param("Service", {"spec": {"ports": [{"port": 80}]}}, {"spec": {"ports": [{"port": 81}]}},
                     ["spec.ports[port=80,protocol=TCP]", "spec.ports[port=81,protocol=TCP]"], id="port-moved"),
        pytest.param("Pod", {"spec": {"hostNetwork": False, "volumes": [{"name": "x", "emptyDir": {}}]}},
                     {"spec": {"volumes": [{"name": "x", "emptyDir": None}]}}, [], id="omitted-when-empty"),
        pytest.param("Pod", {"spec": {"containers": [{"name": "a", "env": [{"name": "A", "value": ""},
                     {"name": "B", "value": "1"}]}]}}, {"spec": {"containers": [{"name": "a",
                     "env": [{"name": "B", "value": "1"}, {"name": "A"}]}]}}, [], id="env-in-any-order"),
        pytest.param("Pod", {"spec": {"args": ["a", "b"]}}, {"spec": {"args": ["a"]}}, ["spec.args"], id="texts"),
        pytest.param("Role", {"rules": [{"verbs": ["get", "list"], "apiGroups": [""]}]},
                     {"rules": [{"verbs": ["list", "get"], "apiGroups": [""]}]}, [], id="verbs-are-a-set"),
        pytest.param("Role", {"rules": [{"verbs": ["get"]}]}, {"rules": [{"verbs": ["get", "delete"]}]},
                     ["rules[0].verbs"], id="verb-added"),
    ],
)  # fmt: skip
def test_drift_of_kinds_with_their_own_ways(kind: str, desired: Any, actual: Any, paths: list[str]) -> None:
    """Ports, data, Secrets and sets are compared as Kubernetes reads them."""
    found = field_drift({"kind": kind, **desired}, {"kind": kind, **actual})
    assert [one.path for one in found] == paths
    assert "s" not in [one.desired for one in found]


def fields(*paths: str) -> dict[str, Any]:
    """A fieldsV1 of these paths, written `f:spec/f:replicas`."""
    tree: dict[str, Any] = {}
    for path in paths:
        node = tree
        for step in path.split("/"):
            node = node.setdefault(step, {})
    return tree


CONTAINERS = "f:spec/f:template/f:spec/f:containers"
APPLIED = {
    "manager": "kubectl", "operation": "Apply", "time": "2026-01-01T00:00:00Z",
    "fieldsV1": fields("f:metadata/f:labels/f:app", f'{CONTAINERS}/k:{{"name":"web"}}/.',
                       f'{CONTAINERS}/k:{{"name":"web"}}/f:image'),
}  # fmt: skip
SCALED = {"manager": "hpa", "operation": "Update", "subresource": "scale", "fieldsV1": fields("f:spec/f:replicas")}
STATUS = {"manager": "kube-controller-manager", "subresource": "status", "fieldsV1": fields("f:status/f:replicas")}
EDITED = {"manager": "kubectl-edit", "fieldsV1": fields(f'{CONTAINERS}/k:{{"name":"side"}}/.')}
INJECTED = {"manager": "injector", "fieldsV1": fields(f'{CONTAINERS}/k:{{"name":"side"}}/.')}


@pytest.mark.parametrize(
    ("actual", "managers", "owned"),
    [
        pytest.param(live(replicas=5), [APPLIED, SCALED, STATUS], {"spec.replicas": "hpa"}, id="autoscaler"),
        pytest.param(live(replicas=5), [APPLIED, STATUS], {"spec.replicas": ""}, id="nobody-elses-field"),
        pytest.param(live(containers=[SIDE]), [APPLIED, INJECTED], {f"{C}[name=side]": "injector"}, id="injector"),
        pytest.param(live(containers=[SIDE]), [APPLIED], {f"{C}[name=side]": ADMISSION}, id="admission"),
        pytest.param(live(containers=[SIDE]), [APPLIED, EDITED], {f"{C}[name=side]": ""}, id="by-hand"),
        pytest.param(
            live(container={"image": "x"}),
            [APPLIED, {"manager": "keel", "fieldsV1": fields(f'{CONTAINERS}/k:{{"name":"web"}}/.')}],
            {f"{C}[name=web].image": ""},
            id="owning-an-item-is-not-owning-its-fields",
        ),
        pytest.param(
            live(container={"image": "x"}),
            [APPLIED, {"manager": "keel", "fieldsV1": fields("f:spec/f:template")}],
            {f"{C}[name=web].image": "keel"},
            id="owning-the-whole-is-owning-its-parts",
        ),
    ],
)
def test_a_field_that_someone_else_owns_is_told_apart(actual: Any, managers: Any, owned: dict[str, str]) -> None:
    """What an autoscaler, an injector or a webhook owns bears its name; what a person changed bears none."""
    ownership = Ownership.read(compact(managers))
    assert {one.path: one.manager for one in field_drift(WEB, actual, ownership)} == owned


def test_ownership_is_compact_and_without_noise() -> None:
    """Times, status and the fields that manifests bring are left out, so that a status update changes nothing."""
    before = compact([APPLIED, SCALED, STATUS])
    assert msgspec.json.decode(before) == {"hpa": ["spec.replicas"], "kubectl": [f"{C}[name=web]"]}
    later = {**APPLIED, "time": "2026-02-02T00:00:00Z"}
    more = {**STATUS, "fieldsV1": fields("f:status/f:conditions")}
    assert compact([more, SCALED, later]) == before
    assert compact([APPLIED]) != before
    assert compact(None) == compact("x") == ""
    assert compact([STATUS, "junk", {"manager": "x", "fieldsV1": 3}]) == "{}"


STEPS = ("f:spec", "f:a", 'k:{"name":"web"}', "k:junk", 'v:"x"', "i:0", ".", "f:metadata", "f:status", "junk")
KEYS = st.sampled_from(STEPS)
LEAVES: st.SearchStrategy[dict[str, Any]] = st.builds(dict)
TREES = st.recursive(LEAVES, lambda inner: st.dictionaries(KEYS, inner, max_size=3), max_leaves=8)


@settings(deadline=None)
@given(st.lists(st.fixed_dictionaries({"manager": st.sampled_from(["kubectl", "hpa", ""]), "fieldsV1": TREES})))
def test_any_ownership_reads_back(managers: list[Any]) -> None:
    """Whatever stands in managedFields, what is kept of it can be read."""
    text = compact(managers)
    assert (text == "") == (not managers)
    if text:
        Ownership.read(text)


class Things:
    """An actual state of these objects, whose source is this test."""

    def __init__(self, *states: State) -> None:
        self.states = {state.name: state for state in states}

    async def objection(self, group: str, kind: str) -> str:
        return "forbidden" if kind == "Forbidden" else ""

    async def named(self, names: Sequence[Name]) -> Mapping[Name, State]:
        return {name: self.states[name] for name in names if name in self.states}

    async def beside(self, group: str, kind: str, namespaces: Sequence[str]) -> Iterable[Name]:
        return [name for name in self.states if name[:2] == (group, kind) and name.namespace in namespaces]


def thing(kind: str, name: str, namespace: str = "shop", **more: Any) -> State:
    """One object."""
    return State(Name("", kind, namespace, name), {"kind": kind, **more})


async def test_resources_are_added_missing_changed_or_as_desired() -> None:
    """Each is told once, by kind and name; kinds and namespaces that are not desired are left alone."""
    desired = [thing("ConfigMap", "a", data={"x": "1"}), thing("ConfigMap", "b"), thing("Secret", "s"),
               thing("ClusterRole", "r", namespace=""), thing("Forbidden", "x")]  # fmt: skip
    there = Things(
        thing("ConfigMap", "a", data={"x": "2"}),
        thing("ConfigMap", "c"),
        thing("ConfigMap", "d", namespace="elsewhere"),
        thing("Service", "e"),
        thing("Secret", "s"),
        thing("ClusterRole", "r", namespace=""),
        thing("ClusterRole", "other", namespace=""),
    )
    found = await drift(Manifests(desired), there, most=10)
    assert [(one.name.name, one.change) for one in found.resources] == [
        ("a", Change.CHANGED),
        ("b", Change.MISSING),
        ("c", Change.ADDED),
    ]
    assert (found.compared, found.truncated, found.drifted) == (4, False, True)
    assert found.unread == ("Forbidden: forbidden",)
    cut = await drift(Manifests(desired), there, most=2)
    assert (len(cut.resources), cut.truncated) == (2, True)


async def test_only_what_others_own_is_no_drift() -> None:
    """A cluster that differs only in what an autoscaler owns has not drifted, and says what it owns."""
    name = Name("apps", "Deployment", "shop", "web")
    there = Things(State(name, live(replicas=9), compact([APPLIED, SCALED])))
    found = await drift(Manifests([State(name, WEB)]), there, most=10)
    ((change, owned),) = [(one.change, [field.manager for field in one.owned]) for one in found.resources]
    assert (change, owned, found.drifted) == (Change.OWNED, ["hpa"], False)
