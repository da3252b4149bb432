"""Who may do what by RBAC, from the roles and bindings in the graph, and which binding says so.

Edges lead from a subject to its bindings and from there to their roles, so that of thousands of bindings only those
that matter are looked at, and of objects only roles are read. What other authorizers (Node, webhooks, ABAC) and
admission would say is not seen.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from kgraph.api.nodes import Node, node, read_key
from kgraph.api.reading.reader import Reader
from kgraph.graphdb.model import GroupKind, ResourceKey, kind_prefix, subject_key
from kgraph.kube import rbac
from kgraph.kube.rbac import GROUP, MASTERS, Identity, Request, Role, Rule

# Kinds that say what holds in the whole cluster, and in one namespace: the plural, and the kind.
_OF_CLUSTER: Mapping[str, str] = {"clusterroles": "ClusterRole", "clusterrolebindings": "ClusterRoleBinding"}
_OF_NAMESPACE: Mapping[str, str] = {"roles": "Role", "rolebindings": "RoleBinding"}
# More names than this make no reason clearer.
NAMES_SHOWN = 3


class Subject(msgspec.Struct, frozen=True):
    """Whom a binding names; the namespace is an account's, else None."""

    kind: str
    namespace: str | None
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


class Grant(msgspec.Struct, frozen=True):
    """A binding that gives a subject a role, the role's rule that lets a request through, and where that is from.

    `origin` is the name of the ClusterRole that an aggregated one has the rule of.
    """

    binding: Node
    subject: Subject
    role: Node
    rule: Rule
    origin: str | None = None

    @property
    def namespace(self) -> str | None:
        """Where it holds; None for the whole cluster."""
        return self.binding.name.namespace

    def __str__(self) -> str:
        role = self.role.name
        source = f", which has the rule of ClusterRole {self.origin}" if self.origin else ""
        return f"{_called(self.binding)} gives {self.subject} the {role.kind} {role.name}{source}"


class Decision(msgspec.Struct, frozen=True):
    """Whether a request is allowed, why, and by which grant; not `complete` where not all RBAC is in the graph."""

    allowed: bool
    reason: str
    complete: bool
    grant: Grant | None = None


class Grants(msgspec.Struct, frozen=True):
    """Who may; `gaps` are what of the cluster's RBAC is not in the graph, so that there may be others."""

    items: tuple[Grant, ...]
    truncated: bool
    gaps: tuple[str, ...]


async def can_i(reader: Reader, cluster: str, request: Request, identity: Identity, *, timeout: float) -> Decision:
    """Whether the identity may do what the request says; Forbidden to who may not list the RBAC that decides it."""
    await _require(reader, cluster, request, timeout)
    if MASTERS in identity.groups:
        reason = f"members of {MASTERS} may do everything: the apiserver asks no authorizer about them"
        return Decision(allowed=True, reason=reason, complete=True)
    parameters = {"subjects": subject_keys(cluster, identity), "namespace": request.namespace or None}
    record = await reader.read_one("read/rbac_grants", {"of": parameters}, timeout=timeout)
    roles, problems = _roles(record["roles"])
    bindings = [(node(row), subject, role) for row, subject, role in record["bindings"]]
    # The whole cluster's first, as the apiserver visits them (VisitRulesFor); it has no order within a kind.
    bindings.sort(key=lambda each: (each[0].name.kind, each[0].key, each[1]))
    for binding, subject, key in bindings:
        if key in roles and (rule := rbac.allowing_rule(roles[key][1].rules, request)):
            origins = await _origins(reader, {key: rule} if roles[key][1].aggregated else {}, timeout)
            grant = Grant(binding, subject_of(subject), roles[key][0], rule, origins.get(key))
            return Decision(allowed=True, reason=_allowed(grant, request), complete=True, grant=grant)
    gaps = [*await _gaps(reader, cluster, request, timeout), *problems]
    reasons = [f"no binding lets {_asking(identity)} {what(request)}", *_near(bindings, roles, request)]
    if gaps:
        reasons.append(f"this may be wrong, for not all RBAC of {cluster} is in the graph: {'; '.join(gaps)}")
    return Decision(allowed=False, reason=". ".join(reasons), complete=not gaps)


async def who_can(reader: Reader, cluster: str, request: Request, *, first: int, timeout: float) -> Grants:
    """The first of those whom a binding lets do what the request says, by every binding that does.

    Forbidden to who may not list the RBAC that decides it.
    """
    await _require(reader, cluster, request, timeout)
    prefixes = {"prefixes": _binding_prefixes(cluster, request)}
    record = await reader.read_one("read/rbac_roles", {"of": prefixes}, timeout=timeout)
    roles, problems = _roles(record["roles"])
    allowing = {key: rule for key, (_, role) in roles.items() if (rule := rbac.allowing_rule(role.rules, request))}
    origins = await _origins(reader, {key: rule for key, rule in allowing.items() if roles[key][1].aggregated}, timeout)
    parameters = {"roles": list(allowing), "namespace": request.namespace or None, "room": first + 1}
    found = (await reader.read_one("read/rbac_bindings", {"of": parameters}, timeout=timeout))["bindings"]
    items = [
        Grant(node(row), subject_of(subject), roles[key][0], allowing[key], origins.get(key))
        for row, subject, key in found[:first]
    ]
    gaps = [*await _gaps(reader, cluster, request, timeout), *problems]
    return Grants(tuple(items), truncated=len(found) > first, gaps=tuple(gaps))


async def _require(reader: Reader, cluster: str, request: Request, timeout: float) -> None:
    wanted = [kind_prefix(cluster, GroupKind(GROUP, kind)) for kind in _OF_CLUSTER.values()]
    if request.namespace:
        inside = (kind_prefix(cluster, GroupKind(GROUP, kind)) for kind in _OF_NAMESPACE.values())
        wanted += [f"{prefix}{request.namespace}/" for prefix in inside]
    await reader.require_lists(wanted, timeout=timeout)


def subject_keys(cluster: str, identity: Identity) -> list[str]:
    """The keys of all nodes by which bindings name an identity: accounts and Nodes are resources of their own."""
    keys = [subject_key(cluster, "Group", group) for group in identity.groups]
    if account := rbac.account_of(identity.user):
        return [str(ResourceKey(cluster, "", "ServiceAccount", *account)), *keys]
    if machine := rbac.node_of(identity.user):
        return [str(ResourceKey(cluster, "", "Node", "", machine)), *keys]
    return [subject_key(cluster, "User", identity.user), *keys] if identity.user else keys


def subject_of(key: str) -> Subject:
    """Whom the node of a key stands for: of a Node its kubelet's user."""
    name = read_key(key)
    if name.kind == "Node":
        return Subject("User", None, rbac.node_user(name.name))
    return Subject(name.kind, name.namespace, name.name)


def what(request: Request) -> str:
    """A request in words: `get pods/log web in shop`."""
    if request.path:
        return f"{request.verb} {request.path}"
    words = [request.verb, request.resource]
    if request.group:
        words[1] += f".{request.group}"
    if request.subresource:
        words[1] += f"/{request.subresource}"
    if request.name:
        words.append(request.name)
    words.append(f"in {request.namespace}" if request.namespace else "in the whole cluster")
    return " ".join(words)


def _roles(rows: Iterable[Sequence[Any]]) -> tuple[dict[str, tuple[Node, Role]], list[str]]:
    """The roles that are there, by key, and what is wrong with those that cannot be read."""
    found: dict[str, tuple[Node, Role]] = {}
    problems: list[str] = []
    for row, manifest in rows:
        if manifest is not None:
            at = node(row)
            found[at.key] = at, rbac.read_role(manifest)
            if problem := found[at.key][1].problem:
                problems.append(f"{_called(at)} cannot be read: {problem}")
    return found, problems


async def _origins(reader: Reader, rules: Mapping[str, Rule], timeout: float) -> dict[str, str]:
    """The names of the ClusterRoles from which aggregated ones (by key) have a rule; none where none has it any more.

    The controller copies the rules of all that its role selects (clusterroleaggregation_controller.go), by name.
    """
    if not rules:
        return {}
    record = await reader.read_one("read/rbac_origins", {"of": {"roles": list(rules)}}, timeout=timeout)
    found: dict[str, str] = {}
    for key, leaf, manifest in record["origins"]:
        if key not in found and rules[key] in rbac.read_role(manifest).rules:
            found[key] = read_key(leaf).name
    return found


async def _gaps(reader: Reader, cluster: str, request: Request, timeout: float) -> list[str]:
    """What of the RBAC that decides a request is not in the graph."""
    deciding = {**_OF_CLUSTER, **_OF_NAMESPACE} if request.namespace else _OF_CLUSTER
    kinds = {f"{cluster}/{plural}.{GROUP}": kind for plural, kind in deciding.items()}
    parameters = {"kinds": list(kinds), "prefixes": _binding_prefixes(cluster, request)}
    record = await reader.read_one("read/rbac_state", {"of": parameters}, timeout=timeout)
    synced = {key: rest for key, *rest in record["kinds"]}
    gaps = ["its bindings are without edges, for enable_relationships is off"] if record["edgeless"] else []
    for key, kind in kinds.items():
        if key not in synced:
            gaps.append(f"its {kind}s are not synced")
            continue
        error, left_out, malformed = synced[key]
        if error:
            gaps.append(f"its {kind}s cannot be read: {error}")
        if left_out or malformed:
            gaps.append(f"{left_out + malformed} of its {kind}s are left out or malformed")
    return gaps


def _binding_prefixes(cluster: str, request: Request) -> list[str]:
    """How the keys begin of the bindings that hold for a request."""
    prefixes = [kind_prefix(cluster, GroupKind(GROUP, "ClusterRoleBinding"))]
    if request.namespace:
        prefixes.append(f"{kind_prefix(cluster, GroupKind(GROUP, 'RoleBinding'))}{request.namespace}/")
    return prefixes


def _allowed(grant: Grant, request: Request) -> str:
    reason = str(grant)
    if grant.rule.resource_names and rbac.never_named(request):
        reason += (
            f". But no {request.verb} request carries a name, so that this rule, which is for names alone, never lets "
            "one through"
        )
    return reason


def _near(
    bindings: Sequence[tuple[Node, str, str]], roles: Mapping[str, tuple[Node, Role]], request: Request
) -> list[str]:
    """What comes near to allowing it: rules for other names, and bindings of roles that are not there."""
    found = []
    for binding, _, key in bindings:
        if key not in roles:
            found.append(f"{_called(binding)} names a {read_key(key).kind} {read_key(key).name} that is not there")
        elif not request.path and not rbac.never_named(request):
            rules = [rule for rule in roles[key][1].rules if rbac.allows_some(rule, request)]
            found += [f"{_called(binding)} does for the names {_some(rule.resource_names)} alone" for rule in rules]
    return found[:NAMES_SHOWN]


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:NAMES_SHOWN])
    return f"{shown} and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else shown


def _called(at: Node) -> str:
    return str(Subject(at.name.kind, at.name.namespace, at.name.name))


def _asking(identity: Identity) -> str:
    groups = f"members of {', '.join(identity.groups)}"
    return f"{identity.user} ({groups})" if identity.user else groups
