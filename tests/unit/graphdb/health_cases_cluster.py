"""Situations of the other kinds of Kubernetes itself."""

from typing import Any

from tests.unit.graphdb.health_cases import case, conditions

_HPA = "HorizontalPodAutoscaler.autoscaling"
_CRD = "CustomResourceDefinition.apiextensions.k8s.io"
_CSR = "CertificateSigningRequest.certificates.k8s.io"
_SILENT = "its controller has not said anything yet"
_ADDRESS = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}


def _phases(kind: str, **phases: tuple[str, str]) -> tuple[Any, ...]:
    return tuple(
        case(kind, phase, health, reason, status={"phase": phase}) for phase, (health, reason) in phases.items()
    )


CLUSTER = (
    case("Node", "no status yet", "PROGRESSING", _SILENT),
    case("Node", "ready", "HEALTHY", "", status=conditions("MemoryPressure=False", "Ready=True")),
    case(
        "Node",
        "not ready",
        "DEGRADED",
        "not ready: KubeletNotReady: runtime is down",
        status=conditions("Ready=False:KubeletNotReady:runtime is down"),
    ),
    case(
        "Node",
        "it does not answer",
        "DEGRADED",
        "not ready: NodeStatusUnknown",
        status=conditions("Ready=Unknown:NodeStatusUnknown"),
    ),
    *(
        case("Node", pressure, "DEGRADED", f"{pressure} is True", status=conditions(f"{pressure}=True", "Ready=True"))
        for pressure in ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")
    ),
    case("Node", "cordoned", "SUSPENDED", "cordoned", spec={"unschedulable": True}, status=conditions("Ready=True")),
    case(
        "Node",
        "cordoned and not ready",
        "DEGRADED",
        "not ready: Ready is False",
        spec={"unschedulable": True},
        status=conditions("Ready=False"),
    ),
    case("Namespace", "no status yet", "PROGRESSING", _SILENT),
    *_phases("Namespace", Active=("HEALTHY", ""), Terminating=("PROGRESSING", "Terminating")),
    case("PersistentVolumeClaim", "no status yet", "PROGRESSING", _SILENT),
    *_phases(
        "PersistentVolumeClaim", Bound=("HEALTHY", ""), Pending=("PROGRESSING", "Pending"), Lost=("DEGRADED", "Lost")
    ),
    case("PersistentVolume", "no status yet", "PROGRESSING", _SILENT),
    *_phases(
        "PersistentVolume",
        Available=("HEALTHY", ""),
        Bound=("HEALTHY", ""),
        Released=("HEALTHY", ""),
        Pending=("PROGRESSING", "Pending"),
    ),
    case(
        "PersistentVolume",
        "not deleted by its driver",
        "DEGRADED",
        "Failed: volume is in use",
        status={"phase": "Failed", "message": "volume is in use"},
    ),
    case("Service", "inside the cluster", "HEALTHY", "", spec={"type": "ClusterIP"}),
    case(
        "Service",
        "no address yet",
        "PROGRESSING",
        "no load balancer address yet",
        spec={"type": "LoadBalancer"},
        status={"loadBalancer": {}},
    ),
    case("Service", "an address", "HEALTHY", "", spec={"type": "LoadBalancer"}, status=_ADDRESS),
    case("ComponentStatus", "it says nothing", None),
    case("ComponentStatus", "fine", "HEALTHY", "", conditions=conditions("Healthy=True")["conditions"]),
    case(
        "ComponentStatus",
        "not fine",
        "DEGRADED",
        "connection refused",
        conditions=conditions("Healthy=False::connection refused")["conditions"],
    ),
    case("Ingress.networking.k8s.io", "no address yet", "PROGRESSING", "no load balancer address yet"),
    case("Ingress.networking.k8s.io", "an address", "HEALTHY", "", status=_ADDRESS),
    case("ServiceCIDR.networking.k8s.io", "no status yet", "PROGRESSING", _SILENT),
    case("ServiceCIDR.networking.k8s.io", "ready", "HEALTHY", "", status=conditions("Ready=True")),
    case(
        "ServiceCIDR.networking.k8s.io",
        "in use while it is to go",
        "DEGRADED",
        "Terminating",
        status=conditions("Ready=False:Terminating"),
    ),
    case("PodDisruptionBudget.policy", "no status yet", "PROGRESSING", _SILENT),
    case(
        "PodDisruptionBudget.policy",
        "enough",
        "HEALTHY",
        "",
        status=conditions("DisruptionAllowed=True:SufficientPods"),
    ),
    case(
        "PodDisruptionBudget.policy",
        "just enough",
        "HEALTHY",
        "",
        status=conditions("DisruptionAllowed=False:InsufficientPods"),
    ),
    case(
        "PodDisruptionBudget.policy",
        "it cannot be computed",
        "DEGRADED",
        "SyncFailed: no controller",
        status=conditions("DisruptionAllowed=False:SyncFailed:no controller"),
    ),
    case(_HPA, "no status yet", "PROGRESSING", "it has not scaled yet"),
    case(_HPA, "able", "HEALTHY", "", status=conditions("AbleToScale=True:SucceededGetScale")),
    case(_HPA, "at its limit", "HEALTHY", "", status=conditions("ScalingLimited=True:TooManyReplicas")),
    *(
        case(_HPA, reason, "DEGRADED", f"{reason}: no", status=conditions(f"AbleToScale=False:{reason}:no"))
        for reason in ("FailedGetScale", "FailedUpdateScale")
    ),
    *(
        case(
            _HPA,
            f"able, but {reason}",
            "DEGRADED",
            reason,
            status=conditions("AbleToScale=True:SucceededGetScale", f"ScalingActive=False:{reason}"),
        )
        for reason in ("FailedGetResourceMetric", "FailedGetExternalMetric", "InvalidSelector")
    ),
    case(
        _HPA,
        "conditions of autoscaling/v1",
        "DEGRADED",
        "FailedGetScale",
        metadata={
            "annotations": {
                "autoscaling.alpha.kubernetes.io/conditions": '[{"type":"AbleToScale","status":"False",'
                '"reason":"FailedGetScale"}]'
            }
        },
    ),
    case(
        _HPA,
        "conditions of autoscaling/v1 that are none",
        "UNKNOWN",
        "cannot be read: the annotation autoscaling.alpha.kubernetes.io/conditions is no JSON",
        metadata={"annotations": {"autoscaling.alpha.kubernetes.io/conditions": "["}},
    ),
    case("VolumeAttachment.storage.k8s.io", "attaching", "PROGRESSING", "not attached yet", status={"attached": False}),
    case("VolumeAttachment.storage.k8s.io", "attached", "HEALTHY", "", status={"attached": True}),
    case(
        "VolumeAttachment.storage.k8s.io",
        "it cannot be attached",
        "DEGRADED",
        "volume is on another node",
        status={"attached": False, "attachError": {"message": "volume is on another node"}},
    ),
    case("ResourceClaim.resource.k8s.io", "nobody asks for it", "PROGRESSING", "not allocated yet", status={}),
    case("ResourceClaim.resource.k8s.io", "allocated", "HEALTHY", "", status={"allocation": {"devices": {}}}),
    case(_CSR, "pending", "PROGRESSING", "not approved or not signed yet", status={}),
    case(_CSR, "approved only", "PROGRESSING", "not approved or not signed yet", status=conditions("Approved=True")),
    case(_CSR, "signed", "HEALTHY", "", status=conditions("Approved=True", certificate="LS0t")),
    case(_CSR, "denied", "DEGRADED", "ByAdmin", status=conditions("Denied=True:ByAdmin")),
    case(_CSR, "the signer failed", "DEGRADED", "SignerError", status=conditions("Failed=True:SignerError")),
    case("APIService.apiregistration.k8s.io", "no status yet", "PROGRESSING", _SILENT),
    case("APIService.apiregistration.k8s.io", "available", "HEALTHY", "", status=conditions("Available=True:Local")),
    case(
        "APIService.apiregistration.k8s.io",
        "unavailable",
        "DEGRADED",
        "FailedDiscoveryCheck: no response",
        status=conditions("Available=False:FailedDiscoveryCheck:no response"),
    ),
    case(_CRD, "no status yet", "PROGRESSING", _SILENT),
    case(_CRD, "served", "HEALTHY", "", status=conditions("NamesAccepted=True", "Established=True")),
    case(
        _CRD,
        "its names are taken",
        "DEGRADED",
        "ListKindConflict: in use",
        status=conditions("NamesAccepted=False:ListKindConflict:in use", "Established=False"),
    ),
    *(
        case(
            _CRD,
            f"not established, {status}",
            "DEGRADED",
            "Installing",
            status=conditions("NamesAccepted=True", f"Established={status}:Installing"),
        )
        for status in ("False", "Unknown")
    ),
    case(
        _CRD,
        "a schema that is none",
        "DEGRADED",
        "Violations",
        status=conditions("NonStructuralSchema=True:Violations", "Established=True"),
    ),
    case(
        _CRD,
        "on its way out",
        "PROGRESSING",
        "InstanceDeletionInProgress",
        status=conditions("Terminating=True:InstanceDeletionInProgress", "Established=True"),
    ),
    case("FlowSchema.flowcontrol.apiserver.k8s.io", "nobody looks at it", "HEALTHY", "", status={}),
    case("FlowSchema.flowcontrol.apiserver.k8s.io", "whole", "HEALTHY", "", status=conditions("Dangling=False:Found")),
    case(
        "FlowSchema.flowcontrol.apiserver.k8s.io",
        "its level is not there",
        "DEGRADED",
        "NotFound",
        status=conditions("Dangling=True:NotFound"),
    ),
    case("StorageVersionMigration.storagemigration.k8s.io", "no status yet", "PROGRESSING", "no status yet"),
    case("StorageVersionMigration.storagemigration.k8s.io", "on its way", "PROGRESSING", "migrating", status={}),
    case("StorageVersionMigration.storagemigration.k8s.io", "done", "HEALTHY", "", status=conditions("Succeeded=True")),
    case(
        "StorageVersionMigration.storagemigration.k8s.io", "failed", "DEGRADED", "x", status=conditions("Failed=True:x")
    ),
    case("ConfigMap", "a kind that says nothing of how it is", None, "", data={}),
    case("ClusterRole.rbac.authorization.k8s.io", "another", None, "", status=conditions("Ready=False")),
)

DELETION = tuple(
    case(
        kind,
        "being deleted",
        "PROGRESSING",
        reason,
        metadata={"deletionTimestamp": "2026-01-01T00:00:00Z", **metadata},
        status=conditions("Ready=False", phase="Failed"),
    )
    for kind, metadata, reason in (
        ("Pod", {}, "being deleted"),
        ("ConfigMap", {}, "being deleted"),
        ("PersistentVolumeClaim", {"finalizers": ["kubernetes.io/pvc-protection"]}, ""),
        ("Basket.shop.example.com", {"finalizers": "no list"}, "being deleted"),
        ("Certificate.cert-manager.io", {"finalizers": ["a", 1, "b"]}, "being deleted, waits for a, b"),
    )
    for reason in [reason or "being deleted, waits for kubernetes.io/pvc-protection"]
)
