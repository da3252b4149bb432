"""RBAC's rules and identities, without a server; tests/integration/sync/test_rbac.py asks the apiserver itself."""

from typing import Any

import msgspec
import pytest

from kgraph.kube.rbac import (
    Request,
    Role,
    Rule,
    account_of,
    account_user,
    allowing_rule,
    allows,
    impersonated,
    never_named,
    node_of,
    node_user,
    read_role,
)


def rule(verbs: str, groups: str, resources: str, names: str = "") -> Rule:
    """A rule of words with commas between them; `core` is the core group."""
    api_groups = tuple("" if group == "core" else group for group in groups.split(","))
    return Rule(
        verbs=tuple(verbs.split(",")),
        api_groups=api_groups,
        resources=tuple(resources.split(",")),
        resource_names=tuple(names.split(",")) if names else (),
    )


GET_POD = Request("get", "", "pods", name="web", namespace="shop")
LOG = Request("get", "", "pods", "log", "web", "shop")
SCALE = Request("patch", "apps", "deployments", "scale", "web", "shop")


@pytest.mark.parametrize(
    ("given", "request_", "expected"),
    [
        pytest.param(rule("get", "core", "pods"), GET_POD, True, id="as it is asked"),
        pytest.param(rule("list,get", "apps,core", "nodes,pods"), GET_POD, True, id="one of several"),
        pytest.param(rule("list", "core", "pods"), GET_POD, False, id="another verb"),
        pytest.param(rule("GET", "core", "pods"), GET_POD, False, id="case of verbs counts"),
        pytest.param(rule("get", "core", "Pods"), GET_POD, False, id="case of resources counts"),
        pytest.param(rule("get", "apps", "pods"), GET_POD, False, id="another group"),
        pytest.param(rule("*", "*", "*"), GET_POD, True, id="everything"),
        pytest.param(rule("*", "*", "*"), Request("*", "*", "*"), True, id="everything is everything"),
        pytest.param(rule("get", "core", "pods"), Request("*", "", "pods"), False, id="all verbs are more than one"),
        pytest.param(rule("get", "core", "pods"), LOG, False, id="a resource is not its parts"),
        pytest.param(rule("get", "core", "pods/log"), LOG, True, id="a part"),
        pytest.param(rule("get", "core", "pods/log"), GET_POD, False, id="a part is not the whole"),
        pytest.param(rule("get", "core", "*"), LOG, True, id="all resources are all parts"),
        pytest.param(rule("get", "core", "pods/*"), LOG, False, id="all parts of one is no pattern"),
        pytest.param(rule("patch", "apps", "*/scale"), SCALE, True, id="a part of all"),
        pytest.param(rule("patch", "apps", "*/scale"), Request("patch", "apps", "scale"), False, id="no part"),
        pytest.param(rule("patch", "apps", "*/sca"), SCALE, False, id="half a part"),
        pytest.param(rule("get", "core", "pods", "web,db"), GET_POD, True, id="a name"),
        pytest.param(rule("get", "core", "pods", "db"), GET_POD, False, id="another name"),
        pytest.param(rule("get", "core", "pods", "Web"), GET_POD, False, id="case of names counts"),
        pytest.param(rule("*", "*", "*", "*"), GET_POD, False, id="names have no pattern"),
        pytest.param(rule("list", "core", "pods", "web"), Request("list", "", "pods"), False, id="a list of all"),
        pytest.param(rule("list", "core", "pods", "web"), Request("list", "", "pods", name="web"), True, id="of one"),
        pytest.param(rule("create", "core", "pods", "web"), Request("create", "", "pods"), False, id="create, unnamed"),
        pytest.param(Rule(("get",), non_resource_urls=("*",)), GET_POD, False, id="paths are no resources"),
        pytest.param(rule("get", "*", "*"), Request("get", path="/metrics"), False, id="resources are no paths"),
    ],
)  # fmt: skip
def test_a_rule_lets_through_what_it_names(given: Rule, request_: Request, expected: bool) -> None:
    """Verb, group, resource with its part, and name must all be named, as they are written."""
    assert allows(given, request_) is expected


@pytest.mark.parametrize(
    ("url", "path", "expected"),
    [
        ("/metrics", "/metrics", True),
        ("/metrics", "/metrics/", False),
        ("/metrics", "/Metrics", False),
        ("/logs/*", "/logs/x", True),
        ("/logs/*", "/logs/", True),
        ("/logs/*", "/logs", False),
        ("/lo*", "/logs/x", True),
        ("/logs**", "/logs", True),
        ("/*/x", "/a/x", False),
        ("/*/x", "/*/x", True),
        ("*", "/anything", True),
    ],
)
def test_a_path_is_matched_to_its_end_or_by_how_it_begins(url: str, path: str, expected: bool) -> None:
    """A star counts at the end alone, where any path that begins so is let through."""
    assert allows(Rule(("get",), non_resource_urls=(url,)), Request("get", path=path)) is expected


def test_the_first_rule_that_allows_is_the_answer() -> None:
    """Of several rules the first that lets a request through is named; none where none does."""
    several = [rule("list", "core", "pods"), rule("get", "core", "pods"), rule("*", "*", "*")]
    assert allowing_rule(several, GET_POD) is several[1]
    assert allowing_rule(several[:1], GET_POD) is None


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (Request("create", "", "pods"), True),
        (Request("create", "", "pods", "exec"), False),
        (Request("deletecollection", "", "pods"), True),
        (Request("delete", "", "pods"), False),
        (Request("list", "", "pods"), False),
    ],
)
def test_some_requests_never_carry_a_name(request_: Request, expected: bool) -> None:
    """What is created has its name in the body, and a collection has none; a part of an object is called by name."""
    assert never_named(request_) is expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param({"rules": None}, Role(), id="no rules"),
        pytest.param({}, Role(), id="nothing at all"),
        pytest.param({"rules": [{"verbs": ["get"], "apiGroups": None, "nonResourceURLs": ["/x"]}]},
                     Role((Rule(("get",), non_resource_urls=("/x",)),)), id="null is absent"),
        pytest.param({"rules": [], "aggregationRule": {"clusterRoleSelectors": []}}, Role(aggregated=True),
                     id="aggregated"),
    ],
)  # fmt: skip
def test_a_role_is_read_from_its_object(written: dict[str, Any], expected: Role) -> None:
    """Absent and null are the same, and an aggregation rule is noticed whatever it says."""
    assert read_role(msgspec.json.encode(written).decode()) == expected


@pytest.mark.parametrize("written", ['{"rules": [{"verbs": "get"}]}', '{"rules": {}}', "[]", "{"])
def test_a_role_that_cannot_be_read_has_no_rules_and_says_why(written: str) -> None:
    """What is malformed allows nothing, and does not keep others from being read."""
    found = read_role(written)
    assert found.rules == ()
    assert found.problem


@pytest.mark.parametrize(
    ("user", "groups", "expected"),
    [
        ("jane", ["devs"], ("devs", "system:authenticated")),
        ("jane", ["devs", "devs"], ("devs", "system:authenticated")),
        ("jane", ["system:unauthenticated"], ("system:unauthenticated",)),
        ("system:anonymous", [], ("system:unauthenticated",)),
        ("", ["devs"], ("devs", "system:authenticated")),
        (
            "system:serviceaccount:shop:web",
            [],
            ("system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated"),
        ),
        ("system:serviceaccount:shop:web", ["devs"], ("devs", "system:authenticated")),
    ],
)
def test_a_user_is_in_the_groups_that_the_apiserver_adds(user: str, groups: list[str], expected: tuple[str]) -> None:
    """Service accounts without groups get their two, and everyone is authenticated or anonymous."""
    assert impersonated(user, groups).groups == expected


def test_users_of_accounts_and_nodes_are_told_from_others() -> None:
    """A user's name says whether it is an account's or a Node's, and is made of theirs."""
    assert account_of(account_user("shop", "web")) == ("shop", "web")
    assert node_of(node_user("node-1")) == "node-1"
    others = ("jane", "system:serviceaccount:shop", "system:serviceaccount:a:b:c", "system:serviceaccount:a/b:c")
    assert [account_of(user) for user in others] == [None] * 4
    assert account_of("system:serviceaccount:Ops:bot") is None  # no namespace can be called so
    assert [node_of(user) for user in ("jane", "system:node:", "system:node:a/b", "system:nodes")] == [None] * 4
