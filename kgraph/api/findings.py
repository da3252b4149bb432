"""What is left lying about: orphans, which nothing uses, and references that lead nowhere."""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from kgraph.api.errors import BadUserInput
from kgraph.api.impact import edge_meaning
from kgraph.api.kinds import ClusterKinds
from kgraph.api.nodes import Node, node
from kgraph.api.reading.reader import Reader
from kgraph.api.scope import Scope
from kgraph.graphdb.edges.row import NOTHING
from kgraph.graphdb.model import CORE, GroupKind


class OrphanRule(msgspec.Struct, frozen=True):
    """One way to be an orphan; the statement is `read/orphans/<name>`."""

    name: str
    kind: GroupKind
    reason: str


ORPHAN_RULES = (
    OrphanRule("bare_pods", GroupKind("", "Pod"), "no controller makes it again when it goes"),
    OrphanRule("idle_disruption_budgets", GroupKind("policy", "PodDisruptionBudget"), "it selects no Pod"),
    OrphanRule("idle_network_policies", GroupKind("networking.k8s.io", "NetworkPolicy"), "it selects no Pod"),
    OrphanRule("idle_services", GroupKind("", "Service"), "it selects no Pod and has no endpoints"),
    OrphanRule("ownerless_replicasets", GroupKind("apps", "ReplicaSet"), "it wants no Pods and no Deployment owns it"),
    OrphanRule("unbound_roles", GroupKind("rbac.authorization.k8s.io", "Role"), "no binding grants it"),
    OrphanRule("unbound_volumes", GroupKind("", "PersistentVolume"), "no claim has it"),
    OrphanRule("unmounted_claims", GroupKind("", "PersistentVolumeClaim"), "no Pod and no template mounts it"),
    OrphanRule("unused_configmaps", GroupKind("", "ConfigMap"), "nothing refers to it"),
    OrphanRule("unused_secrets", GroupKind("", "Secret"), "nothing refers to it"),
    OrphanRule("unused_service_accounts", GroupKind("", "ServiceAccount"), "no Pod runs as it and no binding names it"),
)


class Orphan(msgspec.Struct, frozen=True):
    """A resource that a rule calls an orphan."""

    node: Node
    rule: OrphanRule


class Dangling(msgspec.Struct, frozen=True):
    """A reference that leads nowhere, or to another incarnation of what it names."""

    start: Node
    type: str
    end: Node
    fields: tuple[str, ...]
    stale: bool


def rules_named(names: Sequence[str] | None) -> tuple[OrphanRule, ...]:
    """The rules of these names, all without any; BadUserInput lists them."""
    by_name = {rule.name: rule for rule in ORPHAN_RULES}
    unknown = [name for name in names or () if name not in by_name]
    if unknown:
        raise BadUserInput(f"no rule is called {', '.join(unknown)}; there are {', '.join(by_name)}")
    return tuple(by_name[name] for name in dict.fromkeys(names)) if names else ORPHAN_RULES


async def orphans(
    reader: Reader, scope: Scope, rules: Sequence[OrphanRule], *, first: int, timeout: float
) -> tuple[tuple[Orphan, ...], bool]:
    """The first orphans by (key, rule), and whether there are more."""
    parameters = {"of": {"clusters": scope.clusters, "namespaces": scope.namespaces, "room": first + 1}}
    await scope.prefixes(reader, *(rule.kind for rule in rules), timeout=timeout)  # the statements know what it learns
    async with asyncio.TaskGroup() as group:
        asked = [
            (rule, group.create_task(reader.read_one(f"read/orphans/{rule.name}", parameters, timeout=timeout)))
            for rule in rules
        ]
    found = [Orphan(node(row), rule) for rule, task in asked for row in task.result()["nodes"]]
    found.sort(key=lambda one: (one.node.key, one.rule.name))
    return tuple(found[:first]), len(found) > first


# What is looked at before harmless references are left out; a cluster with more has other worries.
DANGLING_MOST = 20_000


async def dangling_references(
    reader: Reader, scope: Scope, kinds: Mapping[str, ClusterKinds], *, first: int, timeout: float
) -> tuple[tuple[Dangling, ...], bool]:
    """The first references by (start, type, end) that lead nowhere and mean something, and whether there are more."""
    synced = {
        f"{cluster}/{kind.group or CORE}/{kind.kind}": True
        for cluster in scope.clusters
        for kind in kinds[cluster].synced
    }
    parameters = {
        "clusters": scope.clusters,
        "namespaces": scope.namespaces,
        "synced": synced,
        "room": DANGLING_MOST,
    }
    record = await reader.read_one("read/dangling_references", {"of": parameters}, timeout=timeout)
    found = []
    for start, start_key, kind, end, end_key, missing, stale, fields, said in record["edges"]:
        row = edge_meaning(kind, start_key, end_key)
        if stale or (said or (row and row.on_delete)) != NOTHING:
            end_node = Node(end, end_key, missing)
            found.append(Dangling(Node(start, start_key), kind, end_node, tuple(fields), stale))
    return tuple(found[:first]), len(found) > first
