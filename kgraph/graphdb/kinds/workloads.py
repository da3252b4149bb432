"""The kinds of workloads, configuration, storage claims and networking."""

from kgraph.graphdb.kinds.row import row

# The number of a Deployment's rollout, and which of them a ReplicaSet is of.
_REVISION = 'metadata.annotations["deployment.kubernetes.io/revision"]'
# Before Leases, client-go elected leaders with an annotation that the leader renews every few seconds.
_LEADER = 'metadata.annotations["control-plane.alpha.kubernetes.io/leader"]'
# The endpoint controllers' own latency measurement.
_TRIGGER_TIME = 'metadata.annotations["endpoints.kubernetes.io/last-change-trigger-time"]'

_SCALED = {
    "replicas": "spec.replicas",
    "readyReplicas": "status.readyReplicas",
    "availableReplicas": "status.availableReplicas",
}
_TEMPLATE = "spec.template.spec"

ROWS = (
    # ---- core
    row(
        "",
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
            "oomKilled": "@oom_killed",
            "startedAt": "status.startTime",
            "cpuRequest": "@cpu_request",
            "memoryRequest": "@memory_request",
            "cpuLimit": "@cpu_limit",
            "memoryLimit": "@memory_limit",
            "containerResources": "@container_resources",
        },
    ),
    row("", "PodTemplate", "podtemplates", pod_spec="template.spec"),
    row("", "ReplicationController", "replicationcontrollers", "rc", pod_spec=_TEMPLATE, promote=_SCALED),
    row(
        "",
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
    row("", "Endpoints", "endpoints", "ep", noise=(_LEADER, _TRIGGER_TIME)),
    row(
        "",
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
            "cpuCapacity": "@cpu_capacity",
            "memoryCapacity": "@memory_capacity",
            "cpuAllocatable": "@cpu_allocatable",
            "memoryAllocatable": "@memory_allocatable",
        },
        # The kubelet reports its conditions every five minutes though nothing changed.
        noise=("status.conditions[].lastHeartbeatTime",),
    ),
    row("", "Namespace", "namespaces", "ns", namespaced=False, promote={"phase": "status.phase"}),
    row(
        "",
        "ConfigMap",
        "configmaps",
        "cm",
        promote={"dataKeys": "@data_keys", "immutable": "immutable"},
        noise=(_LEADER, 'metadata.annotations["cluster-autoscaler.kubernetes.io/last-updated"]'),
        # The cluster autoscaler writes the time of its last probe every ten seconds.
        noise_by_name={"cluster-autoscaler-status": ("data.status",)},
    ),
    row(
        "",
        "Secret",
        "secrets",
        promote={"type": "type", "dataKeys": "@data_keys", "dataSizes": "@data_sizes", "immutable": "immutable"},
    ),
    row("", "ServiceAccount", "serviceaccounts", "sa", promote={"automountToken": "automountServiceAccountToken"}),
    row(
        "",
        "PersistentVolumeClaim",
        "persistentvolumeclaims",
        "pvc",
        promote={
            "phase": "status.phase",
            "capacity": "status.capacity.storage",
            "capacityBytes": "@claim_bytes",
            "requested": "spec.resources.requests.storage",
            "storageClassName": "spec.storageClassName",
            "volumeName": "spec.volumeName",
            "accessModes": "spec.accessModes[]",
        },
    ),
    row(
        "",
        "PersistentVolume",
        "persistentvolumes",
        "pv",
        namespaced=False,
        promote={
            "phase": "status.phase",
            "capacity": "spec.capacity.storage",
            "capacityBytes": "@volume_bytes",
            "storageClassName": "spec.storageClassName",
            "reclaimPolicy": "spec.persistentVolumeReclaimPolicy",
            "accessModes": "spec.accessModes[]",
        },
    ),
    row("", "ResourceQuota", "resourcequotas", "quota"),
    row("", "LimitRange", "limitranges", "limits"),
    row(
        "",
        "Event",
        "events",
        "ev",
        history=False,
        promote={
            "reason": "reason",
            "type": "type",
            "message": "@event_message",
            "count": "@event_count",
            "lastSeenAt": "@event_last_seen",
            "source": "@event_source",
        },
    ),
    row("", "ComponentStatus", "componentstatuses", "cs", namespaced=False),
    # ---- apps
    row(
        "apps",
        "Deployment",
        "deployments",
        "deploy",
        pod_spec=_TEMPLATE,
        promote={
            **_SCALED,
            "updatedReplicas": "status.updatedReplicas",
            "paused": "spec.paused",
            "revision": _REVISION,
        },
    ),
    row("apps", "ReplicaSet", "replicasets", "rs", pod_spec=_TEMPLATE, promote={**_SCALED, "revision": _REVISION}),
    row(
        "apps",
        "StatefulSet",
        "statefulsets",
        "sts",
        pod_spec=_TEMPLATE,
        promote={**_SCALED, "updatedReplicas": "status.updatedReplicas", "serviceName": "spec.serviceName"},
    ),
    row(
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
    row("apps", "ControllerRevision", "controllerrevisions", promote={"revision": "revision"}),
    # ---- batch
    row(
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
    row(
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
    row(
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
    row(
        "networking.k8s.io",
        "IngressClass",
        "ingressclasses",
        namespaced=False,
        promote={"controller": "spec.controller", "isDefault": "@is_default_class"},
    ),
    row(
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
    row("networking.k8s.io", "IPAddress", "ipaddresses", "ip", namespaced=False),
    row(
        "networking.k8s.io",
        "ServiceCIDR",
        "servicecidrs",
        namespaced=False,
        promote={"cidrs": "spec.cidrs[]", "ready": "@ready"},
    ),
    row(
        "discovery.k8s.io",
        "EndpointSlice",
        "endpointslices",
        promote={"addressType": "addressType", "endpoints": "@endpoints", "readyEndpoints": "@ready_endpoints"},
        noise=(_TRIGGER_TIME,),
    ),
)
