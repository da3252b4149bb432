"""Health of the other kinds of Kubernetes itself: nodes, storage, network, policy, access, the API's own extension."""

from typing import Any

import msgspec

from kgraph.graphdb.health.checks import BAD, GOOD, Condition, Flag, HasStatus, Odd, Phase, told
from kgraph.graphdb.health.row import HealthRow
from kgraph.graphdb.health.verdict import (
    HEALTHY,
    Health,
    Malformed,
    Object,
    Verdict,
    because,
    flag,
    items,
    section,
    text,
)

_V1_CONDITIONS = "autoscaling.alpha.kubernetes.io/conditions"
_HPA_FAILURES = (
    Condition("AbleToScale", {}, frozenset({"FailedGetScale", "FailedUpdateScale"}), other=Health.DEGRADED),
    Condition(
        "ScalingActive",
        {},
        frozenset(
            {
                "FailedGetResourceMetric",
                "FailedGetContainerResourceMetric",
                "FailedGetObjectMetric",
                "FailedGetPodsMetric",
                "FailedGetExternalMetric",
                "FailedComputeMetricsReplicas",
                "InvalidSelector",
            }
        ),
        other=Health.DEGRADED,
    ),
)
_HPA_GOOD = (Condition("AbleToScale", GOOD), Condition("ScalingLimited", GOOD))


def _addresses(obj: Object) -> Verdict | None:
    if items(section(section(obj, "status"), "loadBalancer"), "ingress"):
        return HEALTHY
    return Verdict(Health.PROGRESSING, "no load balancer address yet")


def _service(obj: Object) -> Verdict | None:
    return _addresses(obj) if text(section(obj, "spec"), "type") == "LoadBalancer" else None


def _autoscaler(obj: Object) -> Verdict | None:
    """Failures first; autoscaling/v1 keeps its conditions in an annotation."""
    conditions: Any = items(section(obj, "status"), "conditions")
    written = text(section(section(obj, "metadata"), "annotations"), _V1_CONDITIONS)
    if written and not conditions:
        try:
            conditions = items({"conditions": msgspec.json.decode(written)}, "conditions")
        except msgspec.DecodeError as error:
            raise Malformed(f"the annotation {_V1_CONDITIONS} is no JSON") from error
    checks = (*_HPA_FAILURES, *_HPA_GOOD)
    return next(filter(None, (check.of(conditions) for check in checks)), None)


def _disruptions(obj: Object) -> Verdict | None:
    """Too few Pods is what a budget is there for (argo-cd issue 20171); any other failure is the budget's own."""
    conditions = items(section(obj, "status"), "conditions")
    for condition in conditions:
        if text(condition, "status") == "False" and text(condition, "reason") != "InsufficientPods":
            return told(Health.DEGRADED, condition)
    return HEALTHY if conditions else None


def _claimed_volume(obj: Object) -> Verdict | None:
    reserved = section(section(obj, "status"), "allocation")
    return HEALTHY if reserved else None


def _attachment(obj: Object) -> Verdict | None:
    status = section(obj, "status")
    for error in ("attachError", "detachError"):
        if message := text(section(status, error), "message"):
            return because(Health.DEGRADED, message)
    return HEALTHY if flag(status, "attached") else None


def _certificate(obj: Object) -> Verdict | None:
    return HEALTHY if text(section(obj, "status"), "certificate") else None


ROWS = (
    HealthRow(
        kinds=("Node",),
        checks=(
            Condition("Ready", {"False": Health.DEGRADED, "Unknown": Health.DEGRADED}, prefix="not ready"),
            *(
                Condition(pressure, BAD)
                for pressure in ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")
            ),
            Flag("spec.unschedulable", Health.SUSPENDED, "cordoned"),
            Condition("Ready", GOOD),
        ),
        doc="Argo CD has no rule for Nodes.",
    ),
    HealthRow(
        kinds=("Namespace",),
        checks=(Phase("status.phase", {"Active": Health.HEALTHY, "Terminating": Health.PROGRESSING}),),
    ),
    HealthRow(
        kinds=("PersistentVolumeClaim",),
        checks=(
            Phase(
                "status.phase",
                {"Bound": Health.HEALTHY, "Pending": Health.PROGRESSING, "Lost": Health.DEGRADED},
                why=(),
            ),
        ),
        argo=True,
    ),
    HealthRow(
        kinds=("PersistentVolume",),
        checks=(
            Phase(
                "status.phase",
                {
                    "Available": Health.HEALTHY,
                    "Bound": Health.HEALTHY,
                    "Released": Health.HEALTHY,
                    "Pending": Health.PROGRESSING,
                    "Failed": Health.DEGRADED,
                },
                why=("status.message", "status.reason"),
            ),
        ),
    ),
    HealthRow(
        kinds=("Service",),
        checks=(
            Odd(
                _service,
                "LoadBalancer without an address: PROGRESSING",
                frozenset({Health.HEALTHY, Health.PROGRESSING}),
            ),
        ),
        otherwise=Health.HEALTHY,
        argo=True,
    ),
    HealthRow(
        kinds=("ComponentStatus",),
        checks=(Condition("Healthy", GOOD, at="conditions", other=Health.DEGRADED),),
        otherwise=None,
    ),
    HealthRow(
        group="networking.k8s.io",
        kinds=("Ingress",),
        checks=(
            Odd(
                _addresses,
                "without a load balancer address: PROGRESSING",
                frozenset({Health.HEALTHY, Health.PROGRESSING}),
            ),
        ),
        argo=True,
    ),
    HealthRow(
        group="networking.k8s.io",
        kinds=("ServiceCIDR",),
        checks=(Condition("Ready", GOOD, other=Health.DEGRADED),),
    ),
    HealthRow(
        group="policy",
        kinds=("PodDisruptionBudget",),
        checks=(
            Odd(
                _disruptions,
                "a condition that is False, but for reason InsufficientPods: DEGRADED; else HEALTHY",
                frozenset({Health.HEALTHY, Health.DEGRADED}),
            ),
        ),
        argo=True,
    ),
    HealthRow(
        group="autoscaling",
        kinds=("HorizontalPodAutoscaler",),
        checks=(
            Odd(
                _autoscaler,
                "; ".join(check.words for check in (*_HPA_FAILURES, *_HPA_GOOD)),
                frozenset({Health.HEALTHY, Health.DEGRADED}),
            ),
        ),
        waiting="it has not scaled yet",
        argo=True,
        doc="autoscaling/v1 keeps its conditions in an annotation.",
    ),
    HealthRow(
        group="storage.k8s.io",
        kinds=("VolumeAttachment",),
        checks=(
            Odd(
                _attachment,
                "`status.attachError` or `detachError`: DEGRADED; `status.attached`: HEALTHY",
                frozenset({Health.HEALTHY, Health.DEGRADED}),
            ),
        ),
        waiting="not attached yet",
    ),
    HealthRow(
        group="resource.k8s.io",
        kinds=("ResourceClaim",),
        checks=(Odd(_claimed_volume, "`status.allocation`: HEALTHY", frozenset({Health.HEALTHY})),),
        waiting="not allocated yet",
    ),
    HealthRow(
        group="certificates.k8s.io",
        kinds=("CertificateSigningRequest",),
        checks=(
            Condition("Denied", BAD),
            Condition("Failed", BAD),
            Odd(_certificate, "`status.certificate`: HEALTHY", frozenset({Health.HEALTHY})),
        ),
        waiting="not approved or not signed yet",
    ),
    HealthRow(
        group="apiregistration.k8s.io",
        kinds=("APIService",),
        checks=(Condition("Available", GOOD, other=Health.DEGRADED),),
        argo=True,
        doc="Argo CD calls an unavailable one PROGRESSING.",
    ),
    HealthRow(
        group="apiextensions.k8s.io",
        kinds=("CustomResourceDefinition",),
        checks=(
            Condition("Terminating", {"True": Health.PROGRESSING}),
            Condition("NamesAccepted", {"False": Health.DEGRADED}),
            Condition("Established", {"False": Health.DEGRADED, "Unknown": Health.DEGRADED}),
            Condition("NonStructuralSchema", BAD),
            Condition("Established", GOOD),
        ),
        argo=True,
    ),
    HealthRow(
        group="flowcontrol.apiserver.k8s.io",
        kinds=("FlowSchema",),
        checks=(Condition("Dangling", BAD),),
        otherwise=Health.HEALTHY,
        doc="Where priority and fairness are switched off, nobody writes the condition.",
    ),
    HealthRow(
        group="storagemigration.k8s.io",
        kinds=("StorageVersionMigration",),
        checks=(Condition("Failed", BAD), Condition("Succeeded", GOOD), HasStatus()),
        waiting="migrating",
    ),
)

# Kinds of Kubernetes itself whose objects state nothing of how they are: (group, kind).
WITHOUT_HEALTH = frozenset(
    {
        ("", "ConfigMap"),
        ("", "Endpoints"),
        ("", "Event"),
        ("", "LimitRange"),
        ("", "PodTemplate"),
        ("", "ResourceQuota"),
        ("", "Secret"),
        ("", "ServiceAccount"),
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        ("apps", "ControllerRevision"),
        ("certificates.k8s.io", "ClusterTrustBundle"),
        ("coordination.k8s.io", "Lease"),
        ("coordination.k8s.io", "LeaseCandidate"),
        ("discovery.k8s.io", "EndpointSlice"),
        ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
        ("internal.apiserver.k8s.io", "StorageVersion"),
        ("networking.k8s.io", "IPAddress"),
        ("networking.k8s.io", "IngressClass"),
        ("networking.k8s.io", "NetworkPolicy"),
        ("node.k8s.io", "RuntimeClass"),
        ("policy", "PodSecurityPolicy"),
        ("rbac.authorization.k8s.io", "ClusterRole"),
        ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
        ("rbac.authorization.k8s.io", "Role"),
        ("rbac.authorization.k8s.io", "RoleBinding"),
        ("resource.k8s.io", "DeviceClass"),
        ("resource.k8s.io", "ResourceClaimTemplate"),
        ("resource.k8s.io", "ResourceSlice"),
        ("scheduling.k8s.io", "PriorityClass"),
        ("storage.k8s.io", "CSIDriver"),
        ("storage.k8s.io", "CSINode"),
        ("storage.k8s.io", "CSIStorageCapacity"),
        ("storage.k8s.io", "StorageClass"),
        ("storage.k8s.io", "VolumeAttributesClass"),
    }
)
