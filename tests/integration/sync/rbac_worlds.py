"""Random RBAC as hypothesis draws it, and questions that come near to it: few words, so that many of them meet.

Objects are as an apiserver takes them. `{a}` and `{b}` in names stand for two namespaces.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from hypothesis import strategies as st

from kgraph.kube.rbac import GROUP, Identity, Request, impersonated

API = f"/apis/{GROUP}/v1"
SPACES = ("{a}", "{b}")
LABEL = "kgraph-test/aggregate"
AGGREGATED = "kgraph-test-sum"
ROLES, CLUSTER_ROLES = ("r0", "r1"), ("kgraph-test-c0", "kgraph-test-c1", "kgraph-test-c2")

_VERBS = ("get", "get", "list", "create", "deletecollection", "GET", "*")
_GROUPS = ("", "", "apps", "example.com", "*")
_RESOURCES = (
    "pods", "pods", "pods/log", "deployments", "deployments/scale", "*/scale", "*/log", "pods/*", "Pods", "*",
)  # fmt: skip
_NAMES = ("web", "db", "Web")
_URLS = ("/metrics", "/logs/*", "/lo*", "/logs**", "/*/x", "*", "/logs")
_USERS = ("jane", "Jane", "CN=jane/O=x", "system:serviceaccount:{a}:robot", "system:node:n1", "system:anonymous")
_IN_GROUPS = (
    "devs", "Devs", "system:authenticated", "system:unauthenticated", "system:serviceaccounts",
    "system:serviceaccounts:{a}",
)  # fmt: skip


class World(msgspec.Struct, frozen=True):
    """Objects, each with the path of its collection, and what is asked about them."""

    objects: tuple[tuple[str, Mapping[str, Any]], ...]
    questions: tuple[tuple[Identity, Request], ...]

    def aggregated_rules(self) -> list[Mapping[str, Any]]:
        """What the controller makes of the labelled ClusterRoles: their rules by name, each once."""
        found: list[Mapping[str, Any]] = []
        for _, role in sorted(self.objects, key=lambda each: str(each[1]["metadata"]["name"])):
            if LABEL in role["metadata"].get("labels", {}):
                found += [rule for rule in role["rules"] if rule not in found]
        return found


def some(words: tuple[str, ...], most: int = 2) -> st.SearchStrategy[list[str]]:
    """One or more of the words."""
    return st.lists(st.sampled_from(words), min_size=1, max_size=most, unique=True)


@st.composite
def _rule(draw: st.DrawFn) -> dict[str, Any]:
    rule: dict[str, Any] = {"verbs": draw(some(_VERBS)), "apiGroups": draw(some(_GROUPS))}
    rule["resources"] = draw(some(_RESOURCES))
    return rule | ({"resourceNames": draw(some(_NAMES))} if draw(st.integers(0, 3)) == 0 else {})


_path_rule = st.fixed_dictionaries({"verbs": some(_VERBS), "nonResourceURLs": some(_URLS)})


@st.composite
def _subject(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["User", "Group", "ServiceAccount"]))
    if kind == "ServiceAccount":
        return {"kind": kind, "name": "robot", "namespace": draw(st.sampled_from(SPACES))}
    return {"kind": kind, "apiGroup": GROUP, "name": draw(st.sampled_from(_USERS if kind == "User" else _IN_GROUPS))}


def _rules(rule: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(rule, max_size=2)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """RBAC of two namespaces, with one ClusterRole that sums up others, and questions about it."""
    objects: list[tuple[str, Mapping[str, Any]]] = []
    for space in SPACES:
        objects += [
            (f"{API}/namespaces/{space}/roles", {"metadata": {"name": name}, "rules": draw(_rules(_rule()))})
            for name in ROLES
        ]
    for name in CLUSTER_ROLES:
        labels = {LABEL: "yes"} if draw(st.booleans()) else {}
        rules = draw(_rules(st.one_of(_rule(), _path_rule)))
        objects.append((f"{API}/clusterroles", {"metadata": {"name": name, "labels": labels}, "rules": rules}))
    sums = {"clusterRoleSelectors": [{"matchExpressions": [{"key": LABEL, "operator": "Exists"}]}]}
    objects.append((f"{API}/clusterroles", {"metadata": {"name": AGGREGATED}, "aggregationRule": sums}))
    for at in range(draw(st.integers(1, 6))):
        space = draw(st.sampled_from([*SPACES, *SPACES, ""]))
        # A binding may name a role that is not there.
        cluster_roles = ("ClusterRole", (*CLUSTER_ROLES, AGGREGATED, "kgraph-test-absent"))
        kind, names = draw(st.sampled_from([cluster_roles, ("Role", ROLES)])) if space else cluster_roles
        subjects = draw(st.lists(_subject(), min_size=1, max_size=3))
        if space and draw(st.booleans()):
            # A subject of the binding's own namespace need not say so.
            subjects = [{key: value for key, value in one.items() if key != "namespace"} for one in subjects]
        reference = {"apiGroup": GROUP, "kind": kind, "name": draw(st.sampled_from(names))}
        path = f"{API}/namespaces/{space}/rolebindings" if space else f"{API}/clusterrolebindings"
        objects.append((path, {"metadata": {"name": f"kgraph-test-{at}"}, "roleRef": reference, "subjects": subjects}))
    return World(tuple(objects), tuple(draw(st.lists(_question(), min_size=12, max_size=20))))


@st.composite
def _question(draw: st.DrawFn) -> tuple[Identity, Request]:
    user = draw(st.sampled_from([*_USERS, "system:serviceaccount:{b}:robot", "nobody"]))
    identity = impersonated(user, draw(st.lists(st.sampled_from(("devs", "others")), max_size=1)))
    verb = draw(st.sampled_from(_VERBS))
    if draw(st.integers(0, 5)) == 0:
        path = draw(st.sampled_from(["/metrics", "/logs", "/logs/x", "/logs/", "/lo", "/a/x", "/*/x"]))
        return identity, Request(verb, path=path)
    resource, subresource = draw(
        st.sampled_from(
            [("pods", ""), ("pods", "log"), ("pods", "scale"), ("deployments", ""), ("deployments", "scale"), ("*", "")]
        )
    )
    return identity, Request(
        verb,
        group=draw(st.sampled_from(["", "apps", "example.com", "*"])),
        resource=resource,
        subresource=subresource,
        name=draw(st.sampled_from(["", "", "web", "db"])),
        namespace=draw(st.sampled_from([*SPACES, *SPACES, ""])),
    )
