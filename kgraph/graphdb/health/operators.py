"""Health of what operators define: certificates, secrets, scalers, monitors, packages, runs and backups."""

from kgraph.graphdb.health.checks import BAD, GOOD, SUSPENDED, Condition, Each, HasStatus, Odd, Phase
from kgraph.graphdb.health.row import HealthRow
from kgraph.graphdb.health.verdict import HEALTHY, Health, Object, Verdict, items, section

_GOOD_OR_BAD = {"True": Health.HEALTHY, "False": Health.DEGRADED}
_BY_STATUS = {**_GOOD_OR_BAD, "Unknown": Health.PROGRESSING}
_READY = Condition("Ready", _BY_STATUS)
_ACME = {
    "pending": Health.PROGRESSING,
    "ready": Health.PROGRESSING,
    "processing": Health.PROGRESSING,
    "valid": Health.HEALTHY,
    "invalid": Health.DEGRADED,
    "expired": Health.DEGRADED,
    "errored": Health.DEGRADED,
}
_SOME_PODS = frozenset({"SomePodsNotReady"})


def _last_condition(obj: Object) -> Verdict | None:
    """A ClusterExternalSecret appends: the last condition is the one that holds."""
    last = items(section(obj, "status"), "conditions")[-1:]
    bad = (Condition("PartiallyReady", BAD), Condition("NotReady", BAD))
    return next(filter(None, (check.of(last) for check in (_READY, *bad))), None)


ROWS = (
    # ---- cert-manager
    HealthRow(
        group="cert-manager.io",
        kinds=("Certificate",),
        checks=(Condition("Issuing", {"True": Health.PROGRESSING}), _READY),
        waiting="not issued yet",
        argo=True,
    ),
    HealthRow(group="cert-manager.io", kinds=("Issuer", "ClusterIssuer"), checks=(_READY,), argo=True),
    HealthRow(
        group="cert-manager.io",
        kinds=("CertificateRequest",),
        checks=(
            Condition("Denied", BAD),
            Condition("InvalidRequest", BAD),
            Condition("Ready", {"False": Health.PROGRESSING}, reasons=frozenset({"Pending"})),
            Condition("Ready", {"True": Health.HEALTHY}, other=Health.DEGRADED),
        ),
        waiting="not approved or not signed yet",
        argo=True,
    ),
    HealthRow(
        group="acme.cert-manager.io",
        kinds=("Order", "Challenge"),
        checks=(Phase("status.state", _ACME, why=("status.reason",)),),
        argo=True,
    ),
    # ---- secrets
    HealthRow(
        group="external-secrets.io",
        kinds=("ExternalSecret", "PushSecret", "SecretStore", "ClusterSecretStore"),
        checks=(_READY,),
        waiting="not synced yet",
        argo=True,
    ),
    HealthRow(
        group="external-secrets.io",
        kinds=("ClusterExternalSecret",),
        checks=(
            Odd(
                _last_condition,
                f"the last condition: {_READY.words}; PartiallyReady or NotReady: DEGRADED",
                frozenset({Health.HEALTHY, Health.DEGRADED, Health.PROGRESSING}),
            ),
        ),
        argo=True,
    ),
    HealthRow(
        group="bitnami.com",
        kinds=("SealedSecret",),
        checks=(Condition("Synced", _GOOD_OR_BAD),),
        waiting="not decrypted yet",
        argo=True,
    ),
    # ---- scalers
    HealthRow(
        group="keda.sh",
        kinds=("ScaledObject",),
        checks=(
            Condition("Ready", {"False": Health.DEGRADED}),
            Condition("Fallback", BAD),
            Condition("Ready", {"Unknown": Health.PROGRESSING}),
            Condition("Paused", {"True": Health.SUSPENDED}),
            Condition("Ready", GOOD),
        ),
        waiting="no HorizontalPodAutoscaler yet",
        argo=True,
    ),
    HealthRow(
        group="keda.sh",
        kinds=("ScaledJob",),
        checks=(
            Condition("Ready", {"False": Health.DEGRADED, "Unknown": Health.DEGRADED}),
            Condition("Paused", {"True": Health.SUSPENDED}),
            Condition("Ready", GOOD),
        ),
        argo=True,
    ),
    HealthRow(
        group="autoscaling.k8s.io",
        kinds=("VerticalPodAutoscaler",),
        checks=(
            Condition("ConfigUnsupported", BAD),
            Condition("ConfigDeprecated", BAD),
            Condition("RecommendationProvided", GOOD),
        ),
        waiting="no recommendation yet",
    ),
    # ---- Prometheus operator
    HealthRow(
        group="monitoring.coreos.com",
        kinds=("Prometheus", "PrometheusAgent", "Alertmanager", "ThanosRuler"),
        checks=(
            Condition("Available", GOOD),
            Condition("Available", {}, _SOME_PODS, other=Health.PROGRESSING),
            Condition("Available", {}, spared=_SOME_PODS, other=Health.DEGRADED),
        ),
        waiting="no instances yet",
        argo=True,
    ),
    HealthRow(
        group="monitoring.coreos.com",
        kinds=("ServiceMonitor", "PodMonitor", "Probe", "PrometheusRule", "ScrapeConfig", "AlertmanagerConfig"),
        checks=(Each("status.bindings", "name", "binding", (Condition("Accepted", _GOOD_OR_BAD),)),),
        otherwise=None,
        doc="Only operators of 2025 and later write a status.",
    ),
    # ---- OLM
    HealthRow(
        group="operators.coreos.com",
        kinds=("Subscription",),
        checks=(
            Condition("CatalogSourcesUnhealthy", BAD),
            Condition("InstallPlanFailed", BAD),
            Condition("ResolutionFailed", BAD),
            Condition("InstallPlanMissing", BAD, spared=frozenset({"ReferencedInstallPlanNotFound"})),
            Condition("InstallPlanPending", {"True": Health.PROGRESSING}),
            Odd(
                lambda obj: HEALTHY if section(obj, "status").get("conditions") is not None else None,
                "any conditions: HEALTHY",
                frozenset({Health.HEALTHY}),
            ),
        ),
        waiting="no install plan yet",
        argo=True,
    ),
    HealthRow(
        group="operators.coreos.com",
        kinds=("ClusterServiceVersion",),
        checks=(
            Phase(
                "status.phase",
                {
                    "Succeeded": Health.HEALTHY,
                    "Failed": Health.DEGRADED,
                    **dict.fromkeys(
                        ("Pending", "InstallReady", "Installing", "Replacing", "Deleting"), Health.PROGRESSING
                    ),
                },
            ),
        ),
    ),
    HealthRow(
        group="operators.coreos.com",
        kinds=("InstallPlan",),
        checks=(
            Phase(
                "status.phase",
                {
                    "Complete": Health.HEALTHY,
                    "Failed": Health.DEGRADED,
                    "RequiresApproval": Health.SUSPENDED,
                    "Planning": Health.PROGRESSING,
                    "Installing": Health.PROGRESSING,
                },
            ),
        ),
    ),
    HealthRow(
        group="operators.coreos.com",
        kinds=("CatalogSource",),
        checks=(
            Phase(
                "status.connectionState.lastObservedState",
                {
                    "READY": Health.HEALTHY,
                    "IDLE": Health.PROGRESSING,
                    "CONNECTING": Health.PROGRESSING,
                    "TRANSIENT_FAILURE": Health.DEGRADED,
                    "SHUTDOWN": Health.DEGRADED,
                },
            ),
        ),
        waiting="not connected yet",
    ),
    # ---- batch, backups, pipelines
    HealthRow(
        group="jobset.x-k8s.io",
        kinds=("JobSet",),
        checks=(
            Condition("Failed", BAD),
            Condition("Completed", GOOD),
            Condition("Suspended", {"True": Health.SUSPENDED}),
            SUSPENDED,
            HasStatus(),
        ),
        waiting="runs to its end",
    ),
    HealthRow(
        group="tekton.dev",
        kinds=("PipelineRun", "TaskRun"),
        checks=(Condition("Succeeded", _BY_STATUS),),
    ),
    HealthRow(
        group="velero.io",
        kinds=("Backup", "Restore"),
        checks=(
            Phase(
                "status.phase",
                {
                    "Completed": Health.HEALTHY,
                    **dict.fromkeys(("Failed", "PartiallyFailed", "FailedValidation"), Health.DEGRADED),
                    **dict.fromkeys(
                        (
                            "New",
                            "Queued",
                            "ReadyToStart",
                            "InProgress",
                            "WaitingForPluginOperations",
                            "WaitingForPluginOperationsPartiallyFailed",
                            "Finalizing",
                            "FinalizingPartiallyFailed",
                            "Deleting",
                        ),
                        Health.PROGRESSING,
                    ),
                },
                why=("status.failureReason",),
            ),
        ),
    ),
)
