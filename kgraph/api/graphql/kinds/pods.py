"""Pods and the Nodes that they run on."""

from enum import Enum

import strawberry

from kgraph.api.graphql.context import Info
from kgraph.api.graphql.fields import at, dig, made_of, promoted
from kgraph.api.graphql.kinds.parts import (
    Amounts,
    Condition,
    Container,
    ResourceRequirements,
    Volume,
    containers,
    total_resources,
)
from kgraph.api.graphql.related import inward, outward, related, related_one
from kgraph.api.graphql.resource import Resource, of_kind
from kgraph.api.graphql.scalars import DateTime
from kgraph.api.graphql.usage import NodeMetrics, PodMetrics, node_metrics, pod_metrics
from kgraph.lenient import Object, mapping, mappings


@strawberry.enum(description="Where a Pod is in its life.")
class PodPhase(Enum):
    """Kubernetes' phases."""

    PENDING = strawberry.enum_value("Pending", description="Accepted, and not all of its containers run yet.")
    RUNNING = strawberry.enum_value("Running", description="On a Node, with a container that runs or is started.")
    SUCCEEDED = strawberry.enum_value("Succeeded", description="All containers ended well, and stay so.")
    FAILED = strawberry.enum_value("Failed", description="All containers ended, one of them badly.")
    UNKNOWN = strawberry.enum_value("Unknown", description="Its Node does not answer.")


@of_kind("", "A Pod: containers that run together on a Node.")
class Pod(Resource):
    """A Pod."""

    phase: PodPhase | None = at("status.phase", "Where it is in its life.")
    ready: bool | None = promoted("ready", "Whether it is ready for requests.")
    reason: str | None = promoted("reason", "Why it is as it is, as kubectl's STATUS has it: `CrashLoopBackOff`.")
    message: str | None = at("status.message", "Why it is in its phase, in words.")
    restarts: int | None = promoted("restarts", "How often its containers were started again, in all.")
    conditions: list[Condition] = at("status.conditions", "What is and what is not the case with it.")
    node_name: str | None = at("spec.nodeName", "The Node that it is on; null until it has one.")
    service_account_name: str | None = at("spec.serviceAccountName", "The ServiceAccount that it runs as.")
    restart_policy: str | None = at("spec.restartPolicy", "`Always`, `OnFailure` or `Never`.")
    priority_class_name: str | None = at("spec.priorityClassName", "Its priority class.")
    qos_class: str | None = at("status.qosClass", "`Guaranteed`, `Burstable` or `BestEffort`.")
    pod_ip: str | None = at("status.podIP", "Its address.", name="podIP")
    host_ip: str | None = at("status.hostIP", "Its Node's address.", name="hostIP")
    containers: list[Container] = made_of(
        "spec.containers status.containerStatuses",
        lambda raw: containers(mapping(raw.get("spec")), "containers", dig(raw, "status", "containerStatuses")),
        "Its containers.",
    )
    init_containers: list[Container] = made_of(
        "spec.initContainers status.initContainerStatuses",
        lambda raw: containers(mapping(raw.get("spec")), "initContainers", dig(raw, "status", "initContainerStatuses")),
        "Those that run before its containers, or beside them.",
    )
    resources: ResourceRequirements | None = made_of(
        "spec.containers",
        lambda raw: total_resources(mappings(dig(raw, "spec", "containers"))),
        "What its containers ask for, and may use, in all.",
    )
    volumes: list[Volume] = at("spec.volumes", "Its volumes.")
    started_at: DateTime | None = at("status.startTime", "When its Node took it on.")
    deleted_at: DateTime | None = at("metadata.deletionTimestamp", "When it is to be gone, if it is being deleted.")
    node_it_runs_on = related_one("Node", "The Node that it runs on.", outward("RUNS_ON"), name="node")
    owned_by = related_one("", "What controls it, or else owns it: a ReplicaSet, a Job.", outward("OWNED_BY"))
    services = related("Service", "The Services whose selectors find it.", inward("SELECTS"))
    config_maps = related("ConfigMap", "The ConfigMaps that it uses.", outward("USES_CONFIGMAP"))
    secrets = related("Secret", "The Secrets that it uses.", outward("USES_SECRET"))
    persistent_volume_claims = related("PersistentVolumeClaim", "The claims that it mounts.", outward("USES_CLAIM"))
    service_account = related_one("ServiceAccount", "The ServiceAccount that it runs as.", outward("RUNS_AS"))
    network_policies = related("NetworkPolicy.networking.k8s.io", "The policies that isolate it.", inward("SELECTS"))
    events = related("Event", "The events about it that are still there.", inward("REGARDS"))

    @strawberry.field(description="What it uses now, by its cluster's metrics API; null for what is not there.")
    async def metrics(self, info: Info) -> PodMetrics | None:
        """The last sample."""
        return None if self.missing else await pod_metrics(info, self.key)


def _status(raw: Object) -> str:
    """What kubectl's STATUS says: `Ready`, `NotReady`, with `,SchedulingDisabled` of one that is cordoned."""
    status = next((one.get("status") for one in mappings(dig(raw, "status", "conditions")) if _is_ready(one)), None)
    word = {"True": "Ready", "False": "NotReady"}.get(status if isinstance(status, str) else "", "Unknown")
    return word if dig(raw, "spec", "unschedulable") is not True else f"{word},SchedulingDisabled"


def _is_ready(condition: Object) -> bool:
    return condition.get("type") == "Ready"


@of_kind("", "A machine on which Pods run.")
class Node(Resource):
    """A Node."""

    status: str | None = made_of(
        "status.conditions spec.unschedulable",
        _status,
        "As kubectl has it: `Ready`, `NotReady`, `Ready,SchedulingDisabled`.",
    )
    ready: bool | None = promoted("ready", "Whether it takes Pods on.")
    schedulable: bool | None = made_of(
        "spec.unschedulable",
        lambda raw: dig(raw, "spec", "unschedulable") is not True,
        "Whether Pods may be put on it: it is not cordoned.",
    )
    conditions: list[Condition] = at("status.conditions", "What is and what is not the case with it.")
    capacity: Amounts | None = at("status.capacity", "What it has.")
    allocatable: Amounts | None = at("status.allocatable", "What it has for Pods.")
    os_image: str | None = at("status.nodeInfo.osImage", "Its operating system.")
    kernel_version: str | None = at("status.nodeInfo.kernelVersion", "Its kernel.")
    container_runtime_version: str | None = at("status.nodeInfo.containerRuntimeVersion", "What runs its containers.")
    kubelet_version: str | None = at("status.nodeInfo.kubeletVersion", "Its kubelet.")
    architecture: str | None = at("status.nodeInfo.architecture", "`amd64`, `arm64`.")
    internal_ip: str | None = promoted("internalIP", "Its address inside the cluster's network.")
    pods = related("Pod", "The Pods on it.", inward("RUNS_ON"), usual=30)
    events = related("Event", "The events about it that are still there.", inward("REGARDS"))

    @strawberry.field(description="What it uses now, by its cluster's metrics API; null for what is not there.")
    async def metrics(self, info: Info) -> NodeMetrics | None:
        """The last sample."""
        return None if self.missing else await node_metrics(info, self.key)
