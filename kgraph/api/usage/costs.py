"""What clusters cost an hour, and who has it: each Pod pays for the larger of what it requests and what it uses.

A Node costs its capacity at its rates. What is allocatable and nobody's is idle; what is not allocatable is reserved
for the system. So the rows of a question about whole clusters add up to what their Nodes and volumes cost. Where the
Pods of a Node use more than is allocatable, they share it in the proportion of what they would pay.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec

from kgraph.api.prices import Prices, Rates
from kgraph.api.usage.metering import ClaimUse, NodeUse, PodUse
from kgraph.api.usage.utilization import Group, GroupBy, group_of, order
from kgraph.graphdb.usage import Amounts

NOTHING = Amounts(0.0, 0.0)


class Part(StrEnum):
    """What a row's amount is."""

    ALLOCATED = "ALLOCATED"
    IDLE = "IDLE"
    RESERVED = "RESERVED"


class Bill(msgspec.Struct):
    """Amounts, in cores and bytes, and what an hour of them costs."""

    cpu: float = 0.0
    memory: float = 0.0
    storage: float = 0.0
    cpu_cost: float = 0.0
    memory_cost: float = 0.0
    storage_cost: float = 0.0

    @property
    def total(self) -> float:
        """What an hour of all costs."""
        return self.cpu_cost + self.memory_cost + self.storage_cost

    def add(self, amounts: Amounts, rates: Rates) -> None:
        """Add cores and memory."""
        self.cpu += amounts.cpu
        self.memory += amounts.memory
        self.cpu_cost += amounts.cpu * rates.cpu
        self.memory_cost += amounts.memory * rates.memory

    def store(self, size: float, rate: float) -> None:
        """Add storage."""
        self.storage += size
        self.storage_cost += size * rate


class Row(msgspec.Struct, frozen=True):
    """One group's part of the cost."""

    group: Group
    part: Part
    bill: Bill


class Clusters(msgspec.Struct, frozen=True):
    """What is to be paid for and who has it; `idle_volumes` are those that no claim has.

    `hidden` are the clusters of which others than these Pods and Nodes may be there.
    """

    pods: Sequence[PodUse]
    nodes: Sequence[NodeUse]
    claims: Sequence[ClaimUse]
    idle_volumes: Sequence[ClaimUse]
    hidden: frozenset[str] = frozenset()


def costs(
    of: Clusters, prices: Prices, by: GroupBy, label: str = "", *, namespaces: frozenset[str] | None = None
) -> list[Row]:
    """The rows by group, then what is idle and reserved by cluster.

    With `namespaces` there are only theirs, and nothing that is nobody's. The Pods of the others are needed all the
    same: they share the Nodes. Of clusters with something hidden nothing is idle, as far as can be said. Pods that no
    Node has yet pay nothing.
    """
    whole = namespaces is None
    bills: dict[tuple[Part, Group], Bill] = {}

    def bill(part: Part, group: Group) -> Bill:
        return bills.setdefault((part, group), Bill())

    nodes = {(node.cluster, node.name): node for node in of.nodes}
    on: dict[tuple[str, str], list[PodUse]] = {key: [] for key in nodes}
    for pod in of.pods:
        if pod.node is not None:
            on.setdefault((pod.cluster, pod.node), []).append(pod)
    for (cluster, name), pods in on.items():
        node = nodes.get((cluster, name))
        rates = prices.rates(cluster, node.labels, node.capacity) if node else prices.rates(cluster)
        shares = [paid(pod) for pod in pods]
        taken = _sum(shares)
        # Of a Node that is not in the graph nothing is known but what its Pods have of it.
        room, capacity = (node.allocatable, node.capacity) if node else (taken, taken)
        factors = Amounts(_factor(room.cpu, taken.cpu), _factor(room.memory, taken.memory))
        for pod, share in zip(pods, shares, strict=True):
            has = Amounts(share.cpu * factors.cpu, share.memory * factors.memory)
            if namespaces is None or pod.namespace in namespaces:
                bill(Part.ALLOCATED, group_of(pod, by, label)).add(has, rates)
        if whole and cluster not in of.hidden:
            everywhere = Group(cluster, None, None)
            bill(Part.IDLE, everywhere).add(_left(room, taken), rates)
            bill(Part.RESERVED, everywhere).add(_left(capacity, room), rates)
    for claim in of.claims:
        bill(Part.ALLOCATED, _group_of_claim(claim, by, label)).store(claim.size, prices.storage(claim.cluster))
    for volume in of.idle_volumes if whole else ():
        bill(Part.IDLE, Group(volume.cluster, None, None)).store(volume.size, prices.storage(volume.cluster))
    ordered = sorted(bills.items(), key=lambda item: (list(Part).index(item[0][0]), order(item[0][1])))
    return [Row(group, part, found) for (part, group), found in ordered]


def paid(pod: PodUse) -> Amounts:
    """What a Pod pays for: of each resource the larger of request and usage; the request where no sample is known."""
    used = pod.usage or NOTHING
    return Amounts(max(pod.request.cpu, used.cpu), max(pod.request.memory, used.memory))


def _sum(shares: Iterable[Amounts]) -> Amounts:
    cpu, memory = 0.0, 0.0
    for share in shares:
        cpu, memory = cpu + share.cpu, memory + share.memory
    return Amounts(cpu, memory)


def _factor(room: float, taken: float) -> float:
    return room / taken if taken > room else 1.0


def _left(whole: Amounts, taken: Amounts) -> Amounts:
    return Amounts(max(0.0, whole.cpu - taken.cpu), max(0.0, whole.memory - taken.memory))


def _group_of_claim(claim: ClaimUse, by: GroupBy, label: str) -> Group:
    groups: Mapping[GroupBy, Group] = {
        GroupBy.CLUSTER: Group(claim.cluster, None, claim.cluster),
        GroupBy.NAMESPACE: Group(claim.cluster, claim.namespace, claim.namespace),
        GroupBy.OWNER: Group(claim.cluster, claim.namespace, claim.workload or claim.key),
        GroupBy.NODE: Group(claim.cluster, None, None),
        GroupBy.LABEL: Group(None, None, claim.labels.get(label)),
    }
    return groups[by]
