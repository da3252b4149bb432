"""Edges against Kubernetes' own answers: whom a Service's endpoints name, and whom a binding allows something."""

import asyncio
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kgraph.graphdb.catalogue import Catalogue
from kgraph.graphdb.model import ResourceKey, subject_key
from kgraph.stack.kubernetes import ControlPlane
from kgraph.sync.extract import Extractor
from kgraph.sync.selector_index import SelectorIndex
from tests.integration.sync.live import Api, core, pod
from tests.workers import until

pytestmark = pytest.mark.kubernetes

CLUSTER = "c"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
# Not shrunk: each example takes seconds of a real cluster, and is small as it is.
FEW = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def index_of(kinds: Mapping[tuple[str, str], Iterable[Mapping[str, Any]]]) -> tuple[SelectorIndex, list[Any]]:
    """The index of some objects, and what each says."""
    extractor, index, found = Extractor(CLUSTER, Catalogue()), SelectorIndex(), []
    for (group, kind), objects in kinds.items():
        for value in objects:
            extracted = extractor.extract(value, group, "v1", kind)
            index.put(extracted.fact, extracted.queries)
            found.append(extracted)
    return index, found


# Services and their endpoints

_labels = st.dictionaries(st.sampled_from(["app", "tier", "run"]), st.sampled_from(["a", "b", ""]), max_size=3)


@FEW
@given(
    pods=st.lists(_labels, min_size=4, max_size=6),
    relabelled=st.lists(_labels, min_size=4, max_size=4),
    services=st.lists(_labels, min_size=4, max_size=6),
)
async def test_a_service_selects_the_pods_that_its_endpoints_name(
    own_control_plane: ControlPlane,
    api: Api,
    namespace: str,
    pods: list[dict[str, str]],
    relabelled: list[dict[str, str]],
    services: list[dict[str, str]],
) -> None:
    """The real controllers put exactly those Pods into a Service's EndpointSlices that SELECTS leads to."""
    run = secrets.token_hex(4)
    place = {path: core(namespace, path) for path in ("pods", "services")}
    names = [f"p-{run}-{number}" for number in range(len(pods))]
    for name, labels in zip(names, pods, strict=True):
        await api.make(place["pods"], **pod(name, metadata={"labels": labels}))
    made = [f"s-{run}-{number}" for number in range(len(services))]

    async def all_run() -> bool:
        there = await items(api, place["pods"])
        return all(each["status"].get("podIP") for each in there if each["metadata"]["name"] in names)

    await until(all_run, "the Pods run")
    for name, selector in zip(made, services, strict=True):
        await api.make(place["services"], metadata={"name": name}, spec={"selector": selector, "ports": [{"port": 80}]})
    selecting = {name for name, selector in zip(made, services, strict=True) if selector}
    for now in ([], relabelled):
        for name, changed in zip(names, now, strict=False):
            await api.merge(f"{place['pods']}/{name}", metadata={"labels": {"app": None, "tier": None, "run": None}})
            await api.merge(f"{place['pods']}/{name}", metadata={"labels": changed})

        async def agree() -> bool:
            endpoints = await endpoints_of(api, namespace)
            return endpoints.keys() >= selecting and await selected(api, namespace, made) == {
                name: endpoints.get(name, set()) for name in made
            }

        await until(agree, "the endpoints are the selected Pods", 60)
    for path, all_names in (("pods", names), ("services", made)):
        for name in all_names:
            await api.delete(f"{place[path]}/{name}")


async def selected(api: Api, namespace: str, services: Sequence[str]) -> dict[str, set[str]]:
    """The Pods that each Service selects, by our edges."""
    objects = {
        ("", "Pod"): await items(api, core(namespace, "pods")),
        ("", "Service"): await items(api, core(namespace, "services")),
    }
    index, _ = index_of(objects)
    found: dict[str, set[str]] = {name: set() for name in services}
    for start, edge in index.edges():
        service = ResourceKey.parse(start)
        if edge.type == "SELECTS" and service.name in found:
            found[service.name].add(ResourceKey.parse(edge.end).name)
    return found


async def endpoints_of(api: Api, namespace: str) -> dict[str, set[str]]:
    """The Pods that the endpoints of each Service name; a Service without a selector has none."""
    found: dict[str, set[str]] = {}
    for each in await items(api, f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"):
        names = found.setdefault(each["metadata"]["labels"]["kubernetes.io/service-name"], set())
        names |= {endpoint["targetRef"]["name"] for endpoint in each.get("endpoints") or ()}
    return found


async def items(api: Api, path: str) -> list[dict[str, Any]]:
    """The objects at a path."""
    found = await api.get(path)
    assert found is not None
    listed: list[dict[str, Any]] = found["items"]
    return listed


# Bindings and whom they reach


class Person(msgspec.Struct, frozen=True):
    """Someone who asks: as the apiserver knows them, and the key that an edge to them leads to."""

    user: str
    groups: tuple[str, ...]
    key: str

    def keys(self) -> set[str]:
        """All that a binding may name to reach them."""
        return {self.key, *(subject_key(CLUSTER, "Group", group) for group in self.groups)}


def account(namespace: str, name: str) -> Person:
    """A service account, with the groups that Kubernetes gives it (serviceaccount.UserInfo)."""
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
    key = str(ResourceKey(CLUSTER, "", "ServiceAccount", namespace, name))
    return Person(f"system:serviceaccount:{namespace}:{name}", groups, key)


def user(name: str, *groups: str) -> Person:
    """A user who is no account."""
    return Person(name, (*groups, "system:authenticated"), subject_key(CLUSTER, "User", name))


OURS, OTHER = "ours", "other"  # stand for the test's own namespace, and for another one
USERS = (
    "alice", "bob", f"system:serviceaccount:{OURS}:a", f"system:serviceaccount:{OTHER}:a", "system:serviceaccount::a",
    f"system:serviceaccount:{OURS}:", f"system:serviceaccount:{OURS}", f"system:serviceaccount:{OURS}:a:b",
    "system:node:node-0", "developers", "system:serviceaccounts",
)  # fmt: skip
GROUPS = (
    "developers", "system:serviceaccounts", f"system:serviceaccounts:{OURS}", f"system:serviceaccounts:{OTHER}",
    "system:serviceaccounts:", "system:authenticated", "system:unauthenticated", "system:nodes", "alice",
    f"system:serviceaccount:{OURS}:a",
)  # fmt: skip
_named = "rbac.authorization.k8s.io"
_subjects = st.one_of(
    st.builds(lambda name: {"kind": "User", "apiGroup": _named, "name": name}, st.sampled_from(USERS)),
    st.builds(lambda name: {"kind": "Group", "apiGroup": _named, "name": name}, st.sampled_from(GROUPS)),
    st.builds(
        lambda namespace, name: {"kind": "ServiceAccount", "namespace": namespace, "name": name},
        st.sampled_from([OURS, OTHER]),
        st.sampled_from(["a", "b"]),
    ),
)
_bindings = st.lists(
    st.tuples(st.sampled_from(["RoleBinding", "ClusterRoleBinding"]), st.lists(_subjects, min_size=1, max_size=3)),
    min_size=8,
    max_size=12,
)


@FEW
@given(bindings=_bindings)
async def test_a_binding_allows_those_whom_its_edges_reach(
    api: Api, namespace: str, bindings: list[tuple[str, list[dict[str, str]]]]
) -> None:
    """SubjectAccessReview says yes to an account, a user or a node exactly where SUBJECT leads to it or its groups."""
    run = f"{namespace}-{secrets.token_hex(4)}"
    other = f"{namespace}-other"
    people = (
        account(namespace, "a"), account(namespace, "b"), account(other, "a"), user("alice", "developers"),
        user("bob"), user(f"system:serviceaccount:{namespace}:a:b"),
        Person("system:node:node-0", ("system:nodes", "system:authenticated"), f"{CLUSTER}/core/Node/_/node-0"),
    )  # fmt: skip
    kinds = {
        "RoleBinding": f"{RBAC}/namespaces/{namespace}/rolebindings",
        "ClusterRoleBinding": f"{RBAC}/clusterrolebindings",
    }
    sentinel = {"kind": "User", "apiGroup": _named, "name": "sentinel"}
    # The last of each kind is bound to a sentinel: once that one may, the apiserver has heard of all before.
    wanted = [*bindings, *((kind, [sentinel]) for kind in kinds)]
    objects: dict[tuple[str, str], list[dict[str, Any]]] = {(_named, kind): [] for kind in kinds}
    for number, (kind, subjects) in enumerate(wanted):
        name = f"{run}-{number}"
        rule = {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": [name], "verbs": ["get"]}
        await api.make(f"{RBAC}/clusterroles", metadata={"name": name}, rules=[rule])
        placed = [{key: _placed(value, namespace, other) for key, value in subject.items()} for subject in subjects]
        role = {"apiGroup": _named, "kind": "ClusterRole", "name": name}
        objects[_named, kind].append(
            await api.make(kinds[kind], metadata={"name": name}, roleRef=role, subjects=placed)
        )

    async def may(person: Person, number: int) -> bool:
        asked = {"namespace": namespace, "verb": "get", "resource": "configmaps", "name": f"{run}-{number}"}
        spec = {"user": person.user, "groups": list(person.groups), "resourceAttributes": asked}
        return bool((await api.make(REVIEWS, spec=spec))["status"]["allowed"])

    async def all_is_heard() -> bool:
        return all([await may(user("sentinel"), number) for number in range(len(bindings), len(wanted))])

    try:
        await until(all_is_heard, "the apiserver has heard of the bindings", 30)
        _, extracted = index_of(objects)
        reached = {
            int(ResourceKey.parse(each.resource.key).name.rpartition("-")[2]): {
                edge.end for edge in each.resource.edges if edge.type == "SUBJECT"
            }
            for each in extracted
        }
        pairs = [(person, number) for person in people for number in range(len(bindings))]
        theirs = dict(zip(pairs, await asyncio.gather(*(may(*pair) for pair in pairs)), strict=True))
        ours = {(person, number): bool(person.keys() & reached[number]) for person, number in pairs}
        assert {pair: theirs[pair] for pair in pairs if theirs[pair] != ours[pair]} == {}
    finally:
        for number, (kind, _) in enumerate(wanted):
            await api.delete(f"{kinds[kind]}/{run}-{number}")
            await api.delete(f"{RBAC}/clusterroles/{run}-{number}")


def _placed(text: str, namespace: str, other: str) -> str:
    """A subject's field with the real namespaces in it."""
    return ":".join({OURS: namespace, OTHER: other}.get(part, part) for part in text.split(":"))
