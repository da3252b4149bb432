"""RBAC as Kubernetes evaluates it: what a rule lets through, and as whom a caller counts.

The rules are those of Kubernetes v1.37: `pkg/apis/rbac/v1/evaluation_helpers.go` says what a rule matches,
`plugin/pkg/auth/authorizer/rbac/rbac.go` (RuleAllows) how its parts go together, and `pkg/registry/rbac/validation/
rule.go` (VisitRulesFor, appliesTo) whom a binding means and where. RBAC only ever adds: there is no rule that forbids.
Texts are compared whole and by their letters' case; a property test asks a real apiserver.
"""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

GROUP = "rbac.authorization.k8s.io"
ANYTHING = "*"
# The apiserver asks no authorizer about its members (pkg/kubeapiserver/authorizer/reload.go, NewPrivilegedGroups).
MASTERS = "system:masters"

# apiserver's pkg/authentication/user/user.go and pkg/authentication/serviceaccount/util.go.
_ANONYMOUS = "system:anonymous"
_AUTHENTICATED = "system:authenticated"
_UNAUTHENTICATED = "system:unauthenticated"
_ACCOUNTS = "system:serviceaccounts"
_ACCOUNT_PREFIX = "system:serviceaccount:"
_LABEL = "[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
_ACCOUNT = re.compile(rf"{_ACCOUNT_PREFIX}({_LABEL}):({_LABEL}(?:\.{_LABEL})*)")
_NODE_PREFIX = "system:node:"


class Rule(
    msgspec.Struct,
    frozen=True,
    rename={
        "api_groups": "apiGroups",
        "resource_names": "resourceNames",
        "non_resource_urls": "nonResourceURLs",
    },
):
    """A PolicyRule: what may be done to which resources, or paths."""

    verbs: tuple[str, ...] = ()
    api_groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    resource_names: tuple[str, ...] = ()
    non_resource_urls: tuple[str, ...] = ()


class Role(msgspec.Struct, frozen=True):
    """What a Role or ClusterRole allows; `aggregated` where a controller filled its rules in from other ClusterRoles.

    `problem` is why it cannot be read: it then has no rules.
    """

    rules: tuple[Rule, ...] = ()
    aggregated: bool = False
    problem: str = ""


class Request(msgspec.Struct, frozen=True):
    """What somebody would do, in the attributes that an authorizer sees.

    `namespace` is "" for what has none, and for all namespaces at once. With a `path` it is no request for resources,
    and has a verb alone beside it.
    """

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""
    namespace: str = ""
    path: str = ""


class Identity(msgspec.Struct, frozen=True):
    """Who asks: a user's name, "" for nobody in particular, and the groups that the user is in."""

    user: str
    groups: tuple[str, ...]


class _RoleObject(msgspec.Struct, frozen=True, rename="camel"):
    rules: list[dict[str, Any]] | None = None
    aggregation_rule: dict[str, Any] | None = None


_role_object = msgspec.json.Decoder(_RoleObject)


def read_role(manifest: str) -> Role:
    """A role from its object's JSON; null stands for absent, as everywhere in Kubernetes."""
    try:
        found = _role_object.decode(manifest)
        written = [{name: value for name, value in rule.items() if value is not None} for rule in found.rules or ()]
        rules = msgspec.convert(written, tuple[Rule, ...])
    except msgspec.MsgspecError as error:
        return Role(problem=str(error))
    return Role(rules, aggregated=found.aggregation_rule is not None)


def allowing_rule(rules: Sequence[Rule], request: Request) -> Rule | None:
    """The first rule that lets a request through."""
    return next((rule for rule in rules if allows(rule, request)), None)


def allows(rule: Rule, request: Request) -> bool:
    """Whether a rule lets a request through (RuleAllows)."""
    if request.path:
        return _named(rule.verbs, request.verb) and _path_matches(rule, request.path)
    return allows_some(rule, request) and (not rule.resource_names or request.name in rule.resource_names)


def allows_some(rule: Rule, request: Request) -> bool:
    """Whether a rule lets a request for resources through if their name is one that the rule names, if it names any."""
    return (
        _named(rule.verbs, request.verb)
        and _named(rule.api_groups, request.group)
        and _resource_matches(rule, request.resource, request.subresource)
    )


def never_named(request: Request) -> bool:
    """Whether no real request like this carries a name, so that a rule with resourceNames never lets one through.

    The new object's name is in the body, and a collection has none (Kubernetes' RBAC page, "Referring to resources").
    Of a list or watch the name is that of its fieldSelector `metadata.name=…` (apiserver's requestinfo.go).
    """
    return request.verb == "deletecollection" or (request.verb == "create" and not request.subresource)


def _named(allowed: tuple[str, ...], wanted: str) -> bool:
    return ANYTHING in allowed or wanted in allowed


def _resource_matches(rule: Rule, resource: str, subresource: str) -> bool:
    """`*`, the resource itself, or `*/scale` for that subresource of any; `pods/*` is no pattern (ResourceMatches)."""
    if not subresource:
        return _named(rule.resources, resource)
    return _named(rule.resources, f"{resource}/{subresource}") or f"*/{subresource}" in rule.resources


def _path_matches(rule: Rule, path: str) -> bool:
    """Paths as they stand, or all that begin as one that ends in `*`; `*` elsewhere is a letter like any other."""
    return any(
        one == path or (one.endswith("*") and path.startswith(one.rstrip("*"))) for one in rule.non_resource_urls
    )


def impersonated(user: str, groups: Sequence[str] = ()) -> Identity:
    """A user as the apiserver takes one who is impersonated: what `kubectl auth can-i --as` asks about.

    Service accounts are in their two groups unless others are given, anonymous callers in `system:unauthenticated`,
    everyone else in `system:authenticated` (apiserver's pkg/endpoints/filters/impersonation/impersonation.go, whose
    groups for a login are those of an authenticated one's: pkg/authentication/group).
    """
    found = list(dict.fromkeys(groups))
    account = account_of(user)
    if account and not found:
        found = [_ACCOUNTS, f"{_ACCOUNTS}:{account[0]}"]
    implied = _UNAUTHENTICATED if user == _ANONYMOUS else _AUTHENTICATED
    if implied not in found and _UNAUTHENTICATED not in found:
        found.append(implied)
    return Identity(user, tuple(found))


def account_user(namespace: str, name: str) -> str:
    """The user's name of a service account: `system:serviceaccount:shop:web`."""
    return f"{_ACCOUNT_PREFIX}{namespace}:{name}"


def account_of(user: str) -> tuple[str, str] | None:
    """The namespace and name of the account that a user is, None for any other (serviceaccount.SplitUsername).

    A user without a namespace in its name is nobody's account, not even one beside the binding; nor is one with names
    that no account can have.
    """
    account = _ACCOUNT.fullmatch(user)
    return (account[1], account[2]) if account else None


def node_user(name: str) -> str:
    """The user's name of a node's kubelet: `system:node:node-1`."""
    return f"{_NODE_PREFIX}{name}"


def node_of(user: str) -> str | None:
    """The name of the Node whose kubelet a user is, None for any other."""
    name = user.removeprefix(_NODE_PREFIX)
    return name if user.startswith(_NODE_PREFIX) and _is_name(name) else None


def _is_name(text: str) -> bool:
    return text != "" and "/" not in text
