"""How much of what is asked for is used, group by group."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec

from kgraph.api.usage.metering import Metering, NodeUse, PodUse, missing
from kgraph.graphdb.usage import Amounts


class GroupBy(StrEnum):
    """What is put together."""

    CLUSTER = "CLUSTER"
    NAMESPACE = "NAMESPACE"
    OWNER = "OWNER"
    NODE = "NODE"
    LABEL = "LABEL"


class Group(msgspec.Struct, frozen=True, order=True):
    """What one group is of. `name` None are those that have no such label, Node or owner."""

    cluster: str | None
    namespace: str | None
    name: str | None


class Share(msgspec.Struct, frozen=True):
    """Of one resource: requested, limited to (None: some Pod is not), used, used of what is requested, allocatable."""

    request: float
    limit: float | None
    usage: float | None
    ratio: float | None
    allocatable: float | None


class Utilization(msgspec.Struct, frozen=True):
    """One group: its Pods, how many of them have a sample, and each resource; `reason` says why usage is missing."""

    group: Group
    pods: int
    sampled: int
    cpu: Share
    memory: Share
    reason: str | None


def utilization(
    pods: Iterable[PodUse], nodes: Iterable[NodeUse], known: Mapping[str, Metering], by: GroupBy, label: str = ""
) -> list[Utilization]:
    """The groups in their order; a Node or cluster of `nodes` is one without a Pod too."""
    room = _room(nodes, by)
    grouped: dict[Group, list[PodUse]] = {group: [] for group in room}
    for pod in pods:
        grouped.setdefault(group_of(pod, by, label), []).append(pod)
    return [
        _utilization(group, some, known, room.get(group))
        for group, some in sorted(grouped.items(), key=lambda item: order(item[0]))
    ]


def group_of(pod: PodUse, by: GroupBy, label: str) -> Group:
    """The group that a Pod is in."""
    match by:
        case GroupBy.CLUSTER:
            return Group(pod.cluster, None, pod.cluster)
        case GroupBy.NAMESPACE:
            return Group(pod.cluster, pod.namespace, pod.namespace)
        case GroupBy.OWNER:
            return Group(pod.cluster, pod.namespace, pod.workload)
        case GroupBy.NODE:
            return Group(pod.cluster, None, pod.node)
        case GroupBy.LABEL:
            return Group(None, None, pod.labels.get(label))


def order(group: Group) -> tuple[str, str, bool, str]:
    """Groups by cluster, namespace and name, that without a name last."""
    return group.cluster or "", group.namespace or "", group.name is None, group.name or ""


def _room(nodes: Iterable[NodeUse], by: GroupBy) -> dict[Group, Amounts]:
    """What can be requested in each group, where that means anything: of Nodes and clusters."""
    found: dict[Group, Amounts] = {}
    for node in nodes:
        name = {GroupBy.CLUSTER: node.cluster, GroupBy.NODE: node.name}.get(by)
        if name is not None:
            group = Group(node.cluster, None, name)
            before = found.get(group, Amounts(0.0, 0.0))
            found[group] = Amounts(before.cpu + node.allocatable.cpu, before.memory + node.allocatable.memory)
    return found


def _utilization(
    group: Group, pods: Sequence[PodUse], known: Mapping[str, Metering], room: Amounts | None
) -> Utilization:
    sampled = [pod for pod in pods if pod.usage is not None]
    return Utilization(
        group=group,
        pods=len(pods),
        sampled=len(sampled),
        cpu=_share(pods, lambda each: each.cpu, [pod.cpu_limit for pod in pods], room),
        memory=_share(pods, lambda each: each.memory, [pod.memory_limit for pod in pods], room),
        reason=missing(pods, known),
    )


def _share(
    pods: Sequence[PodUse], of: Callable[[Amounts], float], limits: Sequence[float | None], room: Amounts | None
) -> Share:
    measured = [(of(pod.request), of(pod.usage)) for pod in pods if pod.usage is not None]
    requested = sum(request for request, _ in measured)
    used = sum(usage for _, usage in measured)
    given = [limit for limit in limits if limit is not None]
    return Share(
        request=sum(of(pod.request) for pod in pods),
        limit=sum(given) if given and len(given) == len(limits) else None,
        usage=used if measured else None,
        # Of those alone that have a sample: a Pod that starts is not idle.
        ratio=used / requested if measured and requested > 0 else None,
        allocatable=of(room) if room is not None else None,
    )
