"""The health table: how each kind's objects say how they are, one row per fact, in Argo CD's terms.

Here belongs what an object says of itself, read purely: no clock, no other object. What the parts of something say of
it (the roll-up) is worked out on reading, in `kgraph.api.rollup`.
"""

from collections.abc import Mapping

from kgraph.graphdb.catalogue import is_builtin
from kgraph.graphdb.health import cluster, gitops, network, operators, workloads
from kgraph.graphdb.health.kstatus import by_convention
from kgraph.graphdb.health.row import HealthRow
from kgraph.graphdb.health.verdict import Health, Malformed, Object, Rule, Verdict, said
from kgraph.graphdb.model import GroupKind

__all__ = ["HEALTH_ROWS", "Health", "HealthRow", "Verdict", "health_row", "health_rule"]

HEALTH_ROWS: tuple[HealthRow, ...] = (*workloads.ROWS, *cluster.ROWS, *operators.ROWS, *gitops.ROWS, *network.ROWS)
_BY_KIND: Mapping[GroupKind, HealthRow] = {GroupKind(row.group, kind): row for row in HEALTH_ROWS for kind in row.kinds}


def health_row(group_kind: GroupKind) -> HealthRow | None:
    """The row of a kind, if it has one of its own."""
    return _BY_KIND.get(group_kind)


def health_rule(group_kind: GroupKind) -> Rule:
    """How the objects of a kind are judged: None for those that say nothing of how they are. It never raises.

    Deletion comes first, for every kind. What cannot be read is UNKNOWN.
    """
    row = _BY_KIND.get(group_kind)
    judge: Rule = row.judge if row else _silent if is_builtin(group_kind.group) else by_convention

    def rule(obj: Object) -> Verdict | None:
        metadata = obj.get("metadata")
        if type(metadata) is dict and metadata.get("deletionTimestamp"):
            return _deletion(metadata)
        try:
            return judge(obj)
        except Malformed as error:
            return Verdict(Health.UNKNOWN, said("cannot be read", str(error)))

    return rule


def _silent(_: Object) -> Verdict | None:
    return None


def _deletion(metadata: Object) -> Verdict:
    finalizers = metadata.get("finalizers")
    names = [name for name in finalizers if type(name) is str] if type(finalizers) is list else []
    waits = f", waits for {', '.join(names)}" if names else ""
    return Verdict(Health.PROGRESSING, said(f"being deleted{waits}"))
