"""Custom kinds without a row, as kstatus reads them (kubernetes-sigs/cli-utils, pkg/kstatus)."""

from kgraph.graphdb.health.checks import Condition, Observed
from kgraph.graphdb.health.row import HealthRow
from kgraph.graphdb.health.verdict import Health, Object, Verdict, items, section

ROW = HealthRow(
    kinds=("custom",),
    checks=(
        Observed(exact=True),
        Condition("Reconciling", {"True": Health.PROGRESSING}),
        Condition("Stalled", {"True": Health.DEGRADED}),
        Condition("Ready", {"False": Health.PROGRESSING, "Unknown": Health.PROGRESSING}),
    ),
    otherwise=Health.HEALTHY,
    doc="Only objects whose status has conditions; the others have no health.",
)


def by_convention(obj: Object) -> Verdict | None:
    """What the conditions say that all controllers share; None where an object has none."""
    return ROW.judge(obj) if items(section(obj, "status"), "conditions") else None
