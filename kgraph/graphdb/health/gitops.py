"""Health of what delivers to clusters: Argo CD, Argo Rollouts, Argo Workflows, Flux."""

from kgraph.graphdb.health.checks import BAD, GOOD, SUSPENDED, Condition, HasStatus, Observed, Odd, Phase
from kgraph.graphdb.health.row import HealthRow
from kgraph.graphdb.health.verdict import HEALTHY, Health, Object, Verdict, flag, items, section, text

# Flux writes -1 as status.observedGeneration of what has never worked: the condition's own says how new it is.
_READY = Condition(
    "Ready", {"True": Health.HEALTHY, "False": Health.DEGRADED, "Unknown": Health.PROGRESSING}, current=True
)
# Argo Rollouts' own runs, and Argo's workflows.
_RUN = {
    "Pending": Health.PROGRESSING,
    "Running": Health.PROGRESSING,
    "Successful": Health.HEALTHY,
    "Succeeded": Health.HEALTHY,
    "Failed": Health.DEGRADED,
    "Error": Health.DEGRADED,
    "Inconclusive": Health.UNKNOWN,
}


def _static_repository(obj: Object) -> Verdict | None:
    """Flux writes no status for repositories of type oci: there is nothing to fetch before a chart is asked for."""
    return HEALTHY if text(section(obj, "spec"), "type") == "oci" else None


def _paused_rollout(obj: Object) -> Verdict | None:
    paused = flag(section(obj, "spec"), "paused") or items(section(obj, "status"), "pauseConditions")
    return Verdict(Health.SUSPENDED, "paused") if paused else None


ROWS = (
    # ---- Argo
    HealthRow(
        group="argoproj.io",
        kinds=("Application",),
        checks=(
            Phase(
                "status.health.status",
                {health.capitalize(): health for health in Health},
                why=("status.health.message",),
            ),
        ),
        waiting="not reconciled yet",
        argo=True,
    ),
    HealthRow(
        group="argoproj.io",
        kinds=("ApplicationSet",),
        checks=(
            Condition("ErrorOccurred", BAD),
            Condition("ResourcesUpToDate", {"False": Health.DEGRADED}),
            Condition("RolloutProgressing", {"True": Health.PROGRESSING}),
            Condition("ResourcesUpToDate", GOOD),
        ),
        argo=True,
    ),
    HealthRow(
        group="argoproj.io",
        kinds=("Rollout",),
        checks=(
            HasStatus(),
            Observed(needed=True, exact=True),
            Condition("InvalidSpec", {"True": Health.DEGRADED}),
            Condition(
                "Progressing", {}, frozenset({"RolloutAborted", "ProgressDeadlineExceeded"}), other=Health.DEGRADED
            ),
            Odd(
                _paused_rollout,
                "`spec.paused` or any of `status.pauseConditions`: SUSPENDED",
                frozenset({Health.SUSPENDED}),
            ),
            Phase(
                "status.phase",
                {
                    "Healthy": Health.HEALTHY,
                    "Paused": Health.SUSPENDED,
                    "Progressing": Health.PROGRESSING,
                    "Degraded": Health.DEGRADED,
                },
            ),
        ),
        waiting="not reconciled yet",
        argo=True,
    ),
    HealthRow(
        group="argoproj.io",
        kinds=("AnalysisRun", "Experiment", "Workflow"),
        checks=(Phase("status.phase", _RUN),),
        argo=True,
    ),
    HealthRow(
        group="argoproj.io",
        kinds=("CronWorkflow",),
        checks=(
            Condition("SpecError", BAD),
            Condition("SubmissionError", BAD),
        ),
        otherwise=Health.HEALTHY,
        argo=True,
    ),
    # ---- Flux
    HealthRow(
        group="source.toolkit.fluxcd.io",
        kinds=("HelmRepository",),
        checks=(
            SUSPENDED,
            Odd(_static_repository, "`spec.type` oci: HEALTHY", frozenset({Health.HEALTHY})),
            _READY,
        ),
        argo=True,
    ),
    *(
        HealthRow(group=f"{group}.toolkit.fluxcd.io", kinds=kinds, checks=(SUSPENDED, _READY), argo=True)
        for group, kinds in (
            ("source", ("GitRepository", "OCIRepository", "Bucket", "HelmChart")),
            ("kustomize", ("Kustomization",)),
            ("helm", ("HelmRelease",)),
            ("image", ("ImageRepository", "ImagePolicy", "ImageUpdateAutomation")),
            ("notification", ("Receiver",)),
        )
    ),
)
