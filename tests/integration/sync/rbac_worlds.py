"""Random RBAC as hypothesis draws it, and questions that come near to it: few words, so that many of them meet.

Objects are as an apiserver takes them. `{a}` and `{b}` in names stand for two namespaces.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from hypothesis import strategies as st

from kgraph.kube.rbac import GROUP, Identity, Request, account_user, impersonated

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
    return st.lists(rule, min_size=1, max_size=2)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """RBAC of two namespaces, with one ClusterRole that sums up others, and questions about it."""
    roles: list[tuple[str, str, dict[str, Any]]] = []  # space, kind and object
    for space in SPACES:
        roles += [(space, "Role", {"metadata": {"name": name}, "rules": draw(_rules(_rule()))}) for name in ROLES]
    for name in CLUSTER_ROLES:
        labels = {LABEL: "yes"} if draw(st.booleans()) else {}
        rules = draw(_rules(st.one_of(_rule(), _rule(), _path_rule)))
        roles.append(("", "ClusterRole", {"metadata": {"name": name, "labels": labels}, "rules": rules}))
    sums = {"clusterRoleSelectors": [{"matchExpressions": [{"key": LABEL, "operator": "Exists"}]}]}
    summed = {"metadata": {"name": AGGREGATED}, "aggregationRule": sums}
    objects = [(f"{_within(space)}/{kind.lower()}s", one) for space, kind, one in [*roles, ("", "ClusterRole", summed)]]
    granted = []
    for at in range(draw(st.integers(2, 7))):
        space = draw(st.sampled_from([*SPACES, *SPACES, ""]))
        # A binding may name a role that is not there.
        cluster_roles = ("ClusterRole", (*CLUSTER_ROLES, AGGREGATED, "kgraph-test-absent"))
        kind, names = draw(st.sampled_from([cluster_roles, ("Role", ROLES)])) if space else cluster_roles
        subjects = draw(st.lists(_subject(), min_size=1, max_size=3))
        name = draw(st.sampled_from(names))
        # What an aggregated one will have, without those that it does not select.
        rules = [
            rule
            for where, its_kind, one in roles
            if name == AGGREGATED or (its_kind == kind and one["metadata"]["name"] == name)
            if its_kind == "ClusterRole" or where == space
            for rule in one["rules"]
        ]
        granted += [(space, subject, rule) for subject in subjects for rule in rules]
        if space and draw(st.booleans()):
            # A subject of the binding's own namespace need not say so.
            subjects = [{key: value for key, value in one.items() if key != "namespace"} for one in subjects]
        reference = {"apiGroup": GROUP, "kind": kind, "name": name}
        body = {"metadata": {"name": f"kgraph-test-{at}"}, "roleRef": reference, "subjects": subjects}
        objects.append((f"{_within(space)}/{'rolebindings' if space else 'clusterrolebindings'}", body))
    near = [_near(*draw(st.sampled_from(granted))) for _ in range(10)] if granted else []
    questions = [draw(question) for question in (*near, *[_question()] * 6)]
    return World(tuple(objects), tuple(questions))


def _within(space: str) -> str:
    return f"{API}/namespaces/{space}" if space else API


@st.composite
def _near(draw: st.DrawFn, space: str, subject: Mapping[str, Any], rule: Mapping[str, Any]) -> tuple[Identity, Request]:
    """A question that a rule may well answer, or that differs from such a one in a single thing."""
    match subject["kind"]:
        case "User":
            who = impersonated(subject["name"], draw(_further))
        case "Group":
            who = impersonated(draw(st.sampled_from(_USERS)), [subject["name"]])
        case _:
            who = impersonated(account_user(subject["namespace"], subject["name"]))
    verb = draw(st.sampled_from(rule["verbs"]))
    if "nonResourceURLs" in rule:
        path = draw(st.sampled_from(rule["nonResourceURLs"])).replace("*", draw(st.sampled_from(["", "x", "*"])))
        return who, Request(verb, path=path or "/")
    resource, _, subresource = draw(st.sampled_from(rule["resources"])).partition("/")
    name = draw(st.sampled_from(rule.get("resourceNames", _NAMES))) if draw(st.booleans()) else ""
    request = Request(verb, draw(st.sampled_from(rule["apiGroups"])), resource, subresource, name, space)
    if resource == "*" and draw(st.booleans()):
        request = msgspec.structs.replace(request, resource="pods")
    other = draw(st.none() | _question())
    if other is None:
        return who, request
    if draw(st.integers(0, 3)) == 0:
        return other[0], request
    part = draw(st.sampled_from(["verb", "group", "resource", "subresource", "name", "namespace"]))
    return who, msgspec.structs.replace(request, **{part: getattr(other[1], part)})


_further = st.lists(st.sampled_from(("devs", "others")), max_size=1)


@st.composite
def _question(draw: st.DrawFn) -> tuple[Identity, Request]:
    """Any question."""
    user = draw(st.sampled_from([*_USERS, account_user("{b}", "robot"), "nobody"]))
    who = impersonated(user, draw(_further))
    verb = draw(st.sampled_from(_VERBS))
    if draw(st.integers(0, 5)) == 0:
        path = draw(st.sampled_from(["/metrics", "/logs", "/logs/x", "/logs/", "/lo", "/a/x", "/*/x"]))
        return who, Request(verb, path=path)
    return who, Request(
        verb,
        group=draw(st.sampled_from(_GROUPS)),
        resource=draw(st.sampled_from(["pods", "pods", "deployments", "*"])),
        subresource=draw(st.sampled_from(["", "", "log", "scale"])),
        name=draw(st.sampled_from(["", "", "web", "db"])),
        namespace=draw(st.sampled_from([*SPACES, *SPACES, ""])),
    )
