"""The kinds of Kubernetes itself, one row each: names, scope, where the Pod spec is, what is a property, what is noise.

Whatever a cluster serves beyond these is discovered; see `catalogue`.
"""

from collections.abc import Mapping

import msgspec

from kgraph.graphdb.model import GroupKind


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one kind.

    `pod_spec` is the path of the Pod spec in a Pod or in a kind that makes Pods of a template.
    `promote` says which node properties are filled from where: a path (`status.phase`, `spec.rules[].host` for a
    list), or `@name` for a function of `kgraph.sync.promote`. A property whose name ends in `At` is a DateTime.
    `noise` are the paths whose change alone means nothing to a reader: such an update writes nothing.
    `noise_by_name` has further ones for single objects, by their name.
    """

    group: str = ""
    kind: str
    plural: str
    namespaced: bool = True
    singular: str = ""
    short_names: tuple[str, ...] = ()
    pod_spec: str = ""
    promote: Mapping[str, str] = {}
    noise: tuple[str, ...] = ()
    noise_by_name: Mapping[str, tuple[str, ...]] = {}

    @property
    def group_kind(self) -> GroupKind:
        """The kind with its group."""
        return GroupKind(self.group, self.kind)


# Never a change, whatever the kind: the apiserver counts writes in one and keeps their authors in the other;
# selfLink is gone since Kubernetes 1.24 but old dumps have it.
NOISE_EVERYWHERE = ("metadata.managedFields", "metadata.resourceVersion", "metadata.selfLink")

# Before Leases, client-go elected leaders with an annotation that the leader renews every few seconds.
_LEADER = 'metadata.annotations["control-plane.alpha.kubernetes.io/leader"]'
# The endpoint controllers' own latency measurement.
_TRIGGER_TIME = 'metadata.annotations["endpoints.kubernetes.io/last-change-trigger-time"]'

# (group of old, kind) -> the group that serves it today; an Event is one node, whichever API serves it.
GROUPS_OF_OLD: Mapping[tuple[str, str], str] = {
    ("extensions", "DaemonSet"): "apps",
    ("extensions", "Deployment"): "apps",
    ("extensions", "ReplicaSet"): "apps",
    ("extensions", "Ingress"): "networking.k8s.io",
    ("extensions", "NetworkPolicy"): "networking.k8s.io",
    ("extensions", "PodSecurityPolicy"): "policy",
    ("events.k8s.io", "Event"): "",
}

_SCALED = {
    "replicas": "spec.replicas",
    "readyReplicas": "status.readyReplicas",
    "availableReplicas": "status.availableReplicas",
}
_TEMPLATE = "spec.template.spec"


def _core(kind: str, plural: str, *short_names: str, **facts: object) -> Kind:
    return _row("", kind, plural, *short_names, **facts)


def _row(group: str, kind: str, plural: str, *short_names: str, **facts: object) -> Kind:
    return msgspec.convert(
        {
            "group": group,
            "kind": kind,
            "plural": plural,
            "singular": kind.lower(),
            "short_names": short_names,
            **facts,
        },
        Kind,
    )


KINDS: tuple[Kind, ...] = (
    # ---- core
    _core(
        "Pod",
        "pods",
        "po",
        pod_spec="spec",
        promote={
            "phase": "status.phase",
            "nodeName": "spec.nodeName",
            "podIP": "status.podIP",
            "hostIP": "status.hostIP",
            "qosClass": "status.qosClass",
            "serviceAccountName": "spec.serviceAccountName",
            "ready": "@ready",
            "restarts": "@restarts",
            "reason": "@pod_reason",
            "startedAt": "status.startTime",
        },
    ),
    _core("PodTemplate", "podtemplates", pod_spec="template.spec"),
    _core("ReplicationController", "replicationcontrollers", "rc", pod_spec=_TEMPLATE, promote=_SCALED),
    _core(
        "Service",
        "services",
        "svc",
        promote={
            "type": "spec.type",
            "clusterIP": "spec.clusterIP",
            "externalIPs": "spec.externalIPs[]",
            "externalName": "spec.externalName",
            "ports": "spec.ports[].port",
            "loadBalancerAddresses": "@load_balancer_addresses",
        },
    ),
    _core("Endpoints", "endpoints", "ep", noise=(_LEADER, _TRIGGER_TIME)),
    _core(
        "Node",
        "nodes",
        "no",
        namespaced=False,
        promote={
            "ready": "@ready",
            "unschedulable": "@unschedulable",
            "kubeletVersion": "status.nodeInfo.kubeletVersion",
            "osImage": "status.nodeInfo.osImage",
            "kernelVersion": "status.nodeInfo.kernelVersion",
            "containerRuntimeVersion": "status.nodeInfo.containerRuntimeVersion",
            "architecture": "status.nodeInfo.architecture",
            "internalIP": "status.addresses[type=InternalIP].address",
            "providerID": "spec.providerID",
            "zone": 'metadata.labels["topology.kubernetes.io/zone"]',
            "instanceType": 'metadata.labels["node.kubernetes.io/instance-type"]',
        },
        # The kubelet reports its conditions every five minutes though nothing changed.
        noise=("status.conditions[].lastHeartbeatTime",),
    ),
    _core("Namespace", "namespaces", "ns", namespaced=False, promote={"phase": "status.phase"}),
    _core(
        "ConfigMap",
        "configmaps",
        "cm",
        promote={"dataKeys": "@data_keys", "immutable": "immutable"},
        noise=(_LEADER, 'metadata.annotations["cluster-autoscaler.kubernetes.io/last-updated"]'),
        # The cluster autoscaler writes the time of its last probe every ten seconds.
        noise_by_name={"cluster-autoscaler-status": ("data.status",)},
    ),
    _core(
        "Secret",
        "secrets",
        promote={"type": "type", "dataKeys": "@data_keys", "dataSizes": "@data_sizes", "immutable": "immutable"},
    ),
    _core("ServiceAccount", "serviceaccounts", "sa", promote={"automountToken": "automountServiceAccountToken"}),
    _core(
        "PersistentVolumeClaim",
        "persistentvolumeclaims",
        "pvc",
        promote={
            "phase": "status.phase",
            "capacity": "status.capacity.storage",
            "requested": "spec.resources.requests.storage",
            "storageClassName": "spec.storageClassName",
            "volumeName": "spec.volumeName",
            "accessModes": "spec.accessModes[]",
        },
    ),
    _core(
        "PersistentVolume",
        "persistentvolumes",
        "pv",
        namespaced=False,
        promote={
            "phase": "status.phase",
            "capacity": "spec.capacity.storage",
            "storageClassName": "spec.storageClassName",
            "reclaimPolicy": "spec.persistentVolumeReclaimPolicy",
            "accessModes": "spec.accessModes[]",
        },
    ),
    _core("ResourceQuota", "resourcequotas", "quota"),
    _core("LimitRange", "limitranges", "limits"),
    _core(
        "Event",
        "events",
        "ev",
        promote={
            "reason": "reason",
            "type": "type",
            "message": "@event_message",
            "count": "@event_count",
            "lastSeenAt": "@event_last_seen",
            "source": "@event_source",
        },
    ),
    _core("ComponentStatus", "componentstatuses", "cs", namespaced=False),
    # ---- apps
    _row(
        "apps",
        "Deployment",
        "deployments",
        "deploy",
        pod_spec=_TEMPLATE,
        promote={**_SCALED, "updatedReplicas": "status.updatedReplicas", "paused": "spec.paused"},
    ),
    _row("apps", "ReplicaSet", "replicasets", "rs", pod_spec=_TEMPLATE, promote=_SCALED),
    _row(
        "apps",
        "StatefulSet",
        "statefulsets",
        "sts",
        pod_spec=_TEMPLATE,
        promote={**_SCALED, "updatedReplicas": "status.updatedReplicas", "serviceName": "spec.serviceName"},
    ),
    _row(
        "apps",
        "DaemonSet",
        "daemonsets",
        "ds",
        pod_spec=_TEMPLATE,
        # A DaemonSet counts nodes; the names are those of the other workloads, so that one filter fits all.
        promote={
            "replicas": "status.desiredNumberScheduled",
            "readyReplicas": "status.numberReady",
            "availableReplicas": "status.numberAvailable",
            "updatedReplicas": "status.updatedNumberScheduled",
        },
    ),
    _row("apps", "ControllerRevision", "controllerrevisions", promote={"revision": "revision"}),
    # ---- batch
    _row(
        "batch",
        "Job",
        "jobs",
        pod_spec=_TEMPLATE,
        promote={
            "parallelism": "spec.parallelism",
            "completions": "spec.completions",
            "active": "status.active",
            "succeeded": "status.succeeded",
            "failed": "status.failed",
            "suspend": "spec.suspend",
            "startedAt": "status.startTime",
            "completedAt": "status.completionTime",
        },
    ),
    _row(
        "batch",
        "CronJob",
        "cronjobs",
        "cj",
        pod_spec="spec.jobTemplate.spec.template.spec",
        promote={
            "schedule": "spec.schedule",
            "timeZone": "spec.timeZone",
            "suspend": "spec.suspend",
            "lastScheduledAt": "status.lastScheduleTime",
            "lastSuccessfulAt": "status.lastSuccessfulTime",
        },
    ),
    # ---- networking, discovery
    _row(
        "networking.k8s.io",
        "Ingress",
        "ingresses",
        "ing",
        promote={
            "hosts": "spec.rules[].host",
            "ingressClassName": "spec.ingressClassName",
            "loadBalancerAddresses": "@load_balancer_addresses",
        },
    ),
    _row(
        "networking.k8s.io",
        "IngressClass",
        "ingressclasses",
        namespaced=False,
        promote={"controller": "spec.controller", "isDefault": "@is_default_class"},
    ),
    _row(
        "networking.k8s.io",
        "NetworkPolicy",
        "networkpolicies",
        "netpol",
        promote={
            "policyTypes": "@policy_types",
            "allowsAllIngress": "@allows_all_ingress",
            "allowsAllEgress": "@allows_all_egress",
            "ingressIpBlocks": "@ingress_ip_blocks",
            "egressIpBlocks": "@egress_ip_blocks",
        },
    ),
    _row("networking.k8s.io", "IPAddress", "ipaddresses", "ip", namespaced=False),
    _row(
        "networking.k8s.io",
        "ServiceCIDR",
        "servicecidrs",
        namespaced=False,
        promote={"cidrs": "spec.cidrs[]", "ready": "@ready"},
    ),
    _row(
        "discovery.k8s.io",
        "EndpointSlice",
        "endpointslices",
        promote={"addressType": "addressType", "endpoints": "@endpoints", "readyEndpoints": "@ready_endpoints"},
        noise=(_TRIGGER_TIME,),
    ),
    # ---- policy, autoscaling
    _row(
        "policy",
        "PodDisruptionBudget",
        "poddisruptionbudgets",
        "pdb",
        promote={
            "minAvailable": "@min_available",
            "maxUnavailable": "@max_unavailable",
            "disruptionsAllowed": "status.disruptionsAllowed",
            "currentHealthy": "status.currentHealthy",
            "desiredHealthy": "status.desiredHealthy",
        },
    ),
    _row("policy", "PodSecurityPolicy", "podsecuritypolicies", "psp", namespaced=False),
    _row(
        "autoscaling",
        "HorizontalPodAutoscaler",
        "horizontalpodautoscalers",
        "hpa",
        promote={
            "minReplicas": "spec.minReplicas",
            "maxReplicas": "spec.maxReplicas",
            "currentReplicas": "status.currentReplicas",
            "desiredReplicas": "status.desiredReplicas",
        },
        # Measurements every fifteen seconds, a time series rather than a state; what comes of them is not noise.
        noise=(
            "status.currentMetrics",
            "status.currentCPUUtilizationPercentage",
            'metadata.annotations["autoscaling.alpha.kubernetes.io/current-metrics"]',
        ),
    ),
    # ---- rbac, certificates, authentication
    _row("rbac.authorization.k8s.io", "Role", "roles"),
    _row(
        "rbac.authorization.k8s.io",
        "ClusterRole",
        "clusterroles",
        namespaced=False,
        promote={"aggregated": "@aggregated"},
    ),
    _row("rbac.authorization.k8s.io", "RoleBinding", "rolebindings", promote={"role": "roleRef.name"}),
    _row(
        "rbac.authorization.k8s.io",
        "ClusterRoleBinding",
        "clusterrolebindings",
        namespaced=False,
        promote={"role": "roleRef.name"},
    ),
    _row(
        "certificates.k8s.io",
        "CertificateSigningRequest",
        "certificatesigningrequests",
        "csr",
        namespaced=False,
        promote={"signerName": "spec.signerName", "username": "spec.username"},
    ),
    _row(
        "certificates.k8s.io",
        "ClusterTrustBundle",
        "clustertrustbundles",
        namespaced=False,
        promote={"signerName": "spec.signerName"},
    ),
    # ---- storage
    _row(
        "storage.k8s.io",
        "StorageClass",
        "storageclasses",
        "sc",
        namespaced=False,
        promote={
            "provisioner": "provisioner",
            "reclaimPolicy": "reclaimPolicy",
            "volumeBindingMode": "volumeBindingMode",
            "allowVolumeExpansion": "allowVolumeExpansion",
            "isDefault": "@is_default_class",
        },
    ),
    _row(
        "storage.k8s.io",
        "VolumeAttachment",
        "volumeattachments",
        namespaced=False,
        promote={"attached": "status.attached", "nodeName": "spec.nodeName", "attacher": "spec.attacher"},
    ),
    _row("storage.k8s.io", "CSIDriver", "csidrivers", namespaced=False),
    _row("storage.k8s.io", "CSINode", "csinodes", namespaced=False, promote={"drivers": "spec.drivers[].name"}),
    _row(
        "storage.k8s.io",
        "CSIStorageCapacity",
        "csistoragecapacities",
        promote={"storageClassName": "storageClassName", "capacity": "capacity"},
    ),
    _row(
        "storage.k8s.io",
        "VolumeAttributesClass",
        "volumeattributesclasses",
        "vac",
        namespaced=False,
        promote={"driverName": "driverName"},
    ),
    # ---- dynamic resource allocation
    _row("resource.k8s.io", "ResourceClaim", "resourceclaims"),
    _row("resource.k8s.io", "ResourceClaimTemplate", "resourceclaimtemplates"),
    _row("resource.k8s.io", "DeviceClass", "deviceclasses", namespaced=False),
    _row(
        "resource.k8s.io",
        "ResourceSlice",
        "resourceslices",
        namespaced=False,
        promote={"driver": "spec.driver", "nodeName": "spec.nodeName", "pool": "spec.pool.name"},
    ),
    # ---- scheduling, node, coordination
    _row(
        "scheduling.k8s.io",
        "PriorityClass",
        "priorityclasses",
        "pc",
        namespaced=False,
        promote={"value": "value", "globalDefault": "globalDefault", "preemptionPolicy": "preemptionPolicy"},
    ),
    _row("node.k8s.io", "RuntimeClass", "runtimeclasses", namespaced=False, promote={"handler": "handler"}),
    _row(
        "coordination.k8s.io",
        "Lease",
        "leases",
        promote={"holderIdentity": "spec.holderIdentity"},
        noise=("spec.renewTime",),
    ),
    _row("coordination.k8s.io", "LeaseCandidate", "leasecandidates", noise=("spec.renewTime", "spec.pingTime")),
    # ---- admission, extension of the API
    _row(
        "admissionregistration.k8s.io",
        "ValidatingWebhookConfiguration",
        "validatingwebhookconfigurations",
        namespaced=False,
        promote={"webhooks": "webhooks[].name"},
    ),
    _row(
        "admissionregistration.k8s.io",
        "MutatingWebhookConfiguration",
        "mutatingwebhookconfigurations",
        namespaced=False,
        promote={"webhooks": "webhooks[].name"},
    ),
    _row(
        "admissionregistration.k8s.io",
        "ValidatingAdmissionPolicy",
        "validatingadmissionpolicies",
        namespaced=False,
        promote={"failurePolicy": "spec.failurePolicy"},
    ),
    _row(
        "admissionregistration.k8s.io",
        "ValidatingAdmissionPolicyBinding",
        "validatingadmissionpolicybindings",
        namespaced=False,
        promote={"validationActions": "spec.validationActions[]"},
    ),
    _row(
        "admissionregistration.k8s.io",
        "MutatingAdmissionPolicy",
        "mutatingadmissionpolicies",
        namespaced=False,
        promote={"failurePolicy": "spec.failurePolicy"},
    ),
    _row(
        "admissionregistration.k8s.io",
        "MutatingAdmissionPolicyBinding",
        "mutatingadmissionpolicybindings",
        namespaced=False,
    ),
    _row(
        "apiregistration.k8s.io",
        "APIService",
        "apiservices",
        namespaced=False,
        promote={"available": "@available", "servesGroup": "spec.group", "servesVersion": "spec.version"},
    ),
    _row(
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        "customresourcedefinitions",
        "crd",
        "crds",
        namespaced=False,
        promote={
            "definesGroup": "spec.group",
            "definesKind": "spec.names.kind",
            "definesPlural": "spec.names.plural",
            "scope": "spec.scope",
            "servedVersions": "@served_versions",
            "established": "@established",
        },
    ),
    # ---- API priority and fairness, the apiserver's own
    _row("flowcontrol.apiserver.k8s.io", "FlowSchema", "flowschemas", namespaced=False),
    _row("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration", "prioritylevelconfigurations", namespaced=False),
    _row("internal.apiserver.k8s.io", "StorageVersion", "storageversions", namespaced=False),
    _row("storagemigration.k8s.io", "StorageVersionMigration", "storageversionmigrations", namespaced=False),
)


def todays_group(group: str, kind: str) -> str:
    """The group that serves `kind` today: `apps` for `extensions` and Deployment."""
    return GROUPS_OF_OLD.get((group, kind), group)
