"""What a row of the health table says."""

import msgspec

from kgraph.graphdb.health.checks import Check
from kgraph.graphdb.health.verdict import Health, Object, Verdict
from kgraph.graphdb.model import GroupKind


class HealthRow(msgspec.Struct, frozen=True, kw_only=True):
    """How the health of these kinds of a group is read: the checks in turn, then `otherwise` with its reason.

    `otherwise` None means that objects about which no check says anything have no health. `argo` marks rows with
    Argo CD's own answers (its gitops-engine and resource_customizations, v3), but for what the reference
    (docs/reference/health.md) says of all rows and of the row; the others are ours.
    """

    group: str = ""
    kinds: tuple[str, ...]
    checks: tuple[Check, ...]
    otherwise: Health | None = Health.PROGRESSING
    waiting: str = "its controller has not said anything yet"
    argo: bool = False
    doc: str = ""

    @property
    def id(self) -> str:
        """What names the row in tests and in the reference."""
        return ", ".join(str(GroupKind(self.group, kind)) for kind in self.kinds)

    def judge(self, obj: Object) -> Verdict | None:
        """The verdict; Malformed where a check cannot read the object."""
        for check in self.checks:
            verdict = check.look(obj)
            if verdict is not None:
                return verdict
        if self.otherwise is None:
            return None
        return Verdict(self.otherwise, "" if self.otherwise is Health.HEALTHY else self.waiting)
