"""Situations of what operators define, and of kinds that no row knows."""

from typing import Any

from tests.unit.graphdb.health_cases import Case, case, condition, conditions

_SILENT = "its controller has not said anything yet"
_NEW = {"generation": 2}


def ready(kind: str, waits: str = _SILENT, type_: str = "Ready", *, unknown: bool = True) -> tuple[Case, ...]:
    """The cases of a kind that one condition decides."""
    found: tuple[Case, ...] = (
        case(kind, "no status yet", "PROGRESSING", waits),
        case(kind, f"{type_}", "HEALTHY", "", status=conditions(f"{type_}=True:Fine:all is well")),
        case(
            kind,
            f"not {type_}",
            "DEGRADED",
            "Broken: it is broken",
            status=conditions(f"{type_}=False:Broken:it is broken"),
        ),
    )
    if unknown:
        found += (case(kind, f"{type_} in doubt", "PROGRESSING", "Busy", status=conditions(f"{type_}=Unknown:Busy")),)
    return found


def flux(kind: str) -> tuple[Case, ...]:
    """The cases of Flux's kinds."""
    return (
        *ready(kind),
        case(kind, "suspended", "SUSPENDED", "suspended", spec={"suspend": True}, status=conditions("Ready=True")),
        case(
            kind,
            "what was said of an older spec",
            "PROGRESSING",
            _SILENT,
            metadata=_NEW,
            status={"conditions": [condition("Ready=False:Old", observedGeneration=1)]},
        ),
        case(
            kind,
            "what has never worked",
            "DEGRADED",
            "Never",
            metadata=_NEW,
            status={"observedGeneration": -1, "conditions": [condition("Ready=False:Never", observedGeneration=2)]},
        ),
    )


def phases(kind: str, path: str, waits: str = _SILENT, **verdicts: str) -> tuple[Case, ...]:
    """The cases of a kind whose phase decides."""

    def at(value: str) -> dict[str, Any]:
        found: Any = value
        for name in reversed(path.split(".")):
            found = {name: found}
        return {"status": found}

    return (
        case(kind, "no status yet", "PROGRESSING", waits),
        *(
            case(kind, phase, health, "" if health == "HEALTHY" else phase, **at(phase))
            for phase, health in verdicts.items()
        ),
    )


_RUNS = {
    "Pending": "PROGRESSING",
    "Running": "PROGRESSING",
    "Successful": "HEALTHY",
    "Succeeded": "HEALTHY",
    "Failed": "DEGRADED",
    "Error": "DEGRADED",
    "Inconclusive": "UNKNOWN",
}
_ACME = {
    **dict.fromkeys(("pending", "ready", "processing"), "PROGRESSING"),
    "valid": "HEALTHY",
    **dict.fromkeys(("invalid", "expired", "errored"), "DEGRADED"),
}
_REQUEST = "CertificateRequest.cert-manager.io"
_STORE = "ClusterExternalSecret.external-secrets.io"
_APPS = "ApplicationSet.argoproj.io"
_ROLLOUT = "Rollout.argoproj.io"
_SCALED = "ScaledObject.keda.sh"
_SUBSCRIPTION = "Subscription.operators.coreos.com"
_SET = "JobSet.jobset.x-k8s.io"
_SEEN = {"observedGeneration": "2"}


def _rollout(situation: str, health: str, reason: str = "", spec: Any = None, **status: Any) -> Case:
    return case(_ROLLOUT, situation, health, reason, metadata=_NEW, spec=spec or {}, status={**_SEEN, **status})


GITOPS = (
    *phases(
        "Application.argoproj.io",
        "health.status",
        "not reconciled yet",
        Healthy="HEALTHY",
        Suspended="SUSPENDED",
        Progressing="PROGRESSING",
        Missing="MISSING",
        Degraded="DEGRADED",
        Unknown="UNKNOWN",
    ),
    case(_APPS, "no status yet", "PROGRESSING", _SILENT),
    case(
        _APPS, "an error", "DEGRADED", "boom", status=conditions("ErrorOccurred=True::boom", "ResourcesUpToDate=True")
    ),
    case(_APPS, "not up to date", "DEGRADED", "late", status=conditions("ResourcesUpToDate=False:late")),
    case(
        _APPS,
        "rolling out",
        "PROGRESSING",
        "step",
        status=conditions("ResourcesUpToDate=True", "RolloutProgressing=True:step"),
    ),
    case(_APPS, "up to date", "HEALTHY", "", status=conditions("ErrorOccurred=False", "ResourcesUpToDate=True")),
    case(_ROLLOUT, "no status yet", "PROGRESSING", "no status yet"),
    case(_ROLLOUT, "never seen", "PROGRESSING", "its spec is not yet observed", status={"phase": "Healthy"}),
    _rollout(
        "an old generation", "PROGRESSING", "generation 2 of its spec is not yet observed", observedGeneration="1"
    ),
    _rollout("healthy", "HEALTHY", phase="Healthy"),
    _rollout("a spec that is none", "DEGRADED", "Bad", **conditions("InvalidSpec=True:Bad"), phase="Degraded"),
    _rollout("aborted", "DEGRADED", "RolloutAborted", **conditions("Progressing=False:RolloutAborted")),
    _rollout("paused by hand", "SUSPENDED", "paused", {"paused": True}, phase="Healthy"),
    _rollout("paused by a step", "SUSPENDED", "paused", pauseConditions=[{"reason": "CanaryPauseStep"}]),
    _rollout("paused, as it says", "SUSPENDED", "Paused: CanaryPauseStep", phase="Paused", message="CanaryPauseStep"),
    _rollout("on its way", "PROGRESSING", "Progressing: old ones", phase="Progressing", message="old ones"),
    _rollout("degraded", "DEGRADED", "Degraded", phase="Degraded"),
    _rollout("a phase is not said", "PROGRESSING", "not reconciled yet"),
    *(
        each
        for kind in ("AnalysisRun", "Experiment", "Workflow")
        for each in phases(f"{kind}.argoproj.io", "phase", **_RUNS)
    ),
    case("CronWorkflow.argoproj.io", "no status yet", "HEALTHY"),
    case("CronWorkflow.argoproj.io", "bad spec", "DEGRADED", "x", status=conditions("SpecError=True:x")),
    case("CronWorkflow.argoproj.io", "not submitted", "DEGRADED", "x", status=conditions("SubmissionError=True:x")),
    *flux("HelmRelease.helm.toolkit.fluxcd.io"),
    case(
        "HelmRelease.helm.toolkit.fluxcd.io",
        "released once, and not ready: Ready decides",
        "DEGRADED",
        "UpgradeFailed",
        status=conditions("Released=True", "TestSuccess=True", "Ready=False:UpgradeFailed"),
    ),
    case(
        "HelmRelease.helm.toolkit.fluxcd.io",
        "ready without a test: Ready decides",
        "HEALTHY",
        "",
        status=conditions("Ready=True", "TestSuccess=False"),
    ),
    *(
        each
        for kind in (
            "Kustomization.kustomize",
            "GitRepository.source",
            "OCIRepository.source",
            "Bucket.source",
            "HelmChart.source",
            "HelmRepository.source",
            "ImageRepository.image",
            "ImagePolicy.image",
            "ImageUpdateAutomation.image",
            "Receiver.notification",
        )
        for each in flux(f"{kind}.toolkit.fluxcd.io")
    ),
    case("HelmRepository.source.toolkit.fluxcd.io", "of type oci", "HEALTHY", "", spec={"type": "oci"}),
)

OPERATORS = (
    *ready("Certificate.cert-manager.io", "not issued yet"),
    case(
        "Certificate.cert-manager.io",
        "being renewed",
        "PROGRESSING",
        "Renewing",
        status=conditions("Ready=False:Expired", "Issuing=True:Renewing"),
    ),
    *ready("Issuer.cert-manager.io"),
    *ready("ClusterIssuer.cert-manager.io"),
    case(_REQUEST, "no status yet", "PROGRESSING", "not approved or not signed yet"),
    case(_REQUEST, "pending", "PROGRESSING", "Pending: wait", status=conditions("Ready=False:Pending:wait")),
    case(_REQUEST, "issued", "HEALTHY", "", status=conditions("Approved=True", "Ready=True:Issued")),
    case(_REQUEST, "failed", "DEGRADED", "Failed", status=conditions("Ready=False:Failed")),
    case(_REQUEST, "denied", "DEGRADED", "No", status=conditions("Ready=False:Denied", "Denied=True:No")),
    case(_REQUEST, "invalid", "DEGRADED", "No", status=conditions("Ready=False:Failed", "InvalidRequest=True:No")),
    *phases("Order.acme.cert-manager.io", "state", **_ACME),
    *phases("Challenge.acme.cert-manager.io", "state", **_ACME),
    case(
        "Challenge.acme.cert-manager.io",
        "refused, with a reason",
        "DEGRADED",
        "invalid: no such record",
        status={"state": "invalid", "reason": "no such record"},
    ),
    *(
        each
        for kind in ("ExternalSecret", "PushSecret", "SecretStore", "ClusterSecretStore")
        for each in ready(f"{kind}.external-secrets.io", "not synced yet")
    ),
    case(_STORE, "no status yet", "PROGRESSING", _SILENT),
    case(_STORE, "ready at last", "HEALTHY", "", status=conditions("NotReady=True", "Ready=True")),
    case(_STORE, "ready in part", "DEGRADED", "some", status=conditions("Ready=True", "PartiallyReady=True:some")),
    case(_STORE, "not ready", "DEGRADED", "none", status=conditions("NotReady=True:none")),
    case(_STORE, "in doubt", "PROGRESSING", "Busy", status=conditions("Ready=Unknown:Busy")),
    *ready("SealedSecret.bitnami.com", "not decrypted yet", "Synced", unknown=False),
    *ready(_SCALED, "no HorizontalPodAutoscaler yet"),
    case(_SCALED, "falling back", "DEGRADED", "x", status=conditions("Ready=True", "Fallback=True:x")),
    case(_SCALED, "paused", "SUSPENDED", "x", status=conditions("Ready=True", "Paused=True:x")),
    case(_SCALED, "paused and not ready", "DEGRADED", "y", status=conditions("Paused=True:x", "Ready=False:y")),
    *ready("ScaledJob.keda.sh", unknown=False),
    case("ScaledJob.keda.sh", "in doubt", "DEGRADED", "x", status=conditions("Ready=Unknown:x")),
    case("ScaledJob.keda.sh", "paused", "SUSPENDED", "x", status=conditions("Ready=True", "Paused=True:x")),
    case("VerticalPodAutoscaler.autoscaling.k8s.io", "new", "PROGRESSING", "no recommendation yet"),
    *(
        case(
            "VerticalPodAutoscaler.autoscaling.k8s.io",
            type_,
            health,
            "" if health == "HEALTHY" else "x",
            status=conditions(f"{type_}=True:x"),
        )
        for type_, health in (
            ("RecommendationProvided", "HEALTHY"),
            ("ConfigUnsupported", "DEGRADED"),
            ("ConfigDeprecated", "DEGRADED"),
        )
    ),
    *(
        each
        for kind in ("Prometheus", "PrometheusAgent", "Alertmanager", "ThanosRuler")
        for each in (
            *ready(f"{kind}.monitoring.coreos.com", "no instances yet", "Available", unknown=False),
            case(
                f"{kind}.monitoring.coreos.com",
                "some Pods are not ready",
                "PROGRESSING",
                "SomePodsNotReady",
                status=conditions("Available=Degraded:SomePodsNotReady"),
            ),
        )
    ),
    *(
        each
        for kind in ("ServiceMonitor", "PodMonitor", "Probe", "PrometheusRule", "ScrapeConfig", "AlertmanagerConfig")
        for each in (
            case(f"{kind}.monitoring.coreos.com", "an operator that writes no status", None),
            case(
                f"{kind}.monitoring.coreos.com",
                "taken",
                "HEALTHY",
                "",
                status={"bindings": [{"name": "main", **conditions("Accepted=True")}]},
            ),
            case(
                f"{kind}.monitoring.coreos.com",
                "refused by one of two",
                "DEGRADED",
                "binding other: InvalidConfiguration",
                status={
                    "bindings": [
                        {"name": "main", **conditions("Accepted=True")},
                        {"name": "other", **conditions("Accepted=False:InvalidConfiguration")},
                    ]
                },
            ),
        )
    ),
    case(_SUBSCRIPTION, "no status yet", "PROGRESSING", "no install plan yet"),
    case(_SUBSCRIPTION, "nothing is wrong", "HEALTHY", "", status=conditions("CatalogSourcesUnhealthy=False")),
    *(
        case(_SUBSCRIPTION, type_, "DEGRADED", "x", status=conditions("InstallPlanPending=True", f"{type_}=True:x"))
        for type_ in ("CatalogSourcesUnhealthy", "InstallPlanFailed", "ResolutionFailed", "InstallPlanMissing")
    ),
    case(
        _SUBSCRIPTION,
        "its old plan was cleared away",
        "HEALTHY",
        "",
        status=conditions("InstallPlanMissing=True:ReferencedInstallPlanNotFound"),
    ),
    case(
        _SUBSCRIPTION,
        "pending",
        "PROGRESSING",
        "RequiresApproval",
        status=conditions("InstallPlanPending=True:RequiresApproval"),
    ),
    *phases(
        "ClusterServiceVersion.operators.coreos.com",
        "phase",
        Succeeded="HEALTHY",
        Failed="DEGRADED",
        Pending="PROGRESSING",
        InstallReady="PROGRESSING",
        Installing="PROGRESSING",
        Replacing="PROGRESSING",
        Deleting="PROGRESSING",
    ),
    *phases(
        "InstallPlan.operators.coreos.com",
        "phase",
        Complete="HEALTHY",
        Failed="DEGRADED",
        RequiresApproval="SUSPENDED",
        Planning="PROGRESSING",
        Installing="PROGRESSING",
    ),
    *phases(
        "CatalogSource.operators.coreos.com",
        "connectionState.lastObservedState",
        "not connected yet",
        READY="HEALTHY",
        IDLE="PROGRESSING",
        CONNECTING="PROGRESSING",
        TRANSIENT_FAILURE="DEGRADED",
        SHUTDOWN="DEGRADED",
    ),
    case(_SET, "no status yet", "PROGRESSING", "no status yet"),
    case(_SET, "running", "PROGRESSING", "runs to its end", status={"restarts": 0}),
    case(_SET, "done", "HEALTHY", "", status=conditions("Completed=True:AllJobsCompleted")),
    case(_SET, "failed", "DEGRADED", "FailedJobs", status=conditions("Failed=True:FailedJobs")),
    case(_SET, "suspended", "SUSPENDED", "x", status=conditions("Suspended=True:x")),
    case(_SET, "made suspended", "SUSPENDED", "suspended", spec={"suspend": True}),
    *(each for kind in ("PipelineRun", "TaskRun") for each in ready(f"{kind}.tekton.dev", _SILENT, "Succeeded")),
    *(
        each
        for kind in ("Backup", "Restore")
        for each in phases(
            f"{kind}.velero.io",
            "phase",
            Completed="HEALTHY",
            InProgress="PROGRESSING",
            PartiallyFailed="DEGRADED",
            FailedValidation="DEGRADED",
        )
    ),
)

_BASKET = "Basket.shop.example.com"
CUSTOM = (
    case(_BASKET, "no status", None, "", spec={}),
    case(_BASKET, "a status without conditions", None, "", status={"phase": "Broken"}),
    case(_BASKET, "conditions that are none", None, "", status={"conditions": []}),
    case(_BASKET, "conditions that say nothing known", "HEALTHY", "", status=conditions("Filled=False")),
    case(_BASKET, "ready", "HEALTHY", "", status=conditions("Ready=True")),
    case(_BASKET, "not ready", "PROGRESSING", "Empty: no apples", status=conditions("Ready=False:Empty:no apples")),
    case(_BASKET, "in doubt", "PROGRESSING", "Ready is Unknown", status=conditions("Ready=Unknown")),
    case(_BASKET, "stalled", "DEGRADED", "x", status=conditions("Ready=False", "Stalled=True:x")),
    case(_BASKET, "reconciling", "PROGRESSING", "y", status=conditions("Ready=True", "Reconciling=True:y")),
    case(
        _BASKET,
        "an old generation",
        "PROGRESSING",
        "generation 2 of its spec is not yet observed",
        metadata=_NEW,
        status=conditions("Ready=True", observedGeneration=1),
    ),
    case(
        "Deployment.example.com",
        "a kind of a known name in another group",
        "PROGRESSING",
        "x",
        spec={"paused": True},
        status=conditions("Ready=False:x"),
    ),
)
