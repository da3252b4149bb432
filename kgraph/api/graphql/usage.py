"""What Pods, Nodes and clusters use now: the types of their `metrics`, and the functions that fill them.

Those of one operation are read together.
"""

import strawberry

from kgraph.api.graphql.context import Info
from kgraph.api.graphql.scalars import DateTime, moment

_REASON = "Why usage is not known: there is no metrics API, or no sample yet. Null when it is."


@strawberry.type(description="What one container uses.")
class ContainerMetrics:
    """One container of a Pod."""

    name: str = strawberry.field(description="Its name.")
    cpu_usage: float = strawberry.field(description="Cores.")
    memory_usage: float = strawberry.field(description="Bytes: the working set.")


@strawberry.interface(description="What something uses now; what is not known is null, never zero.")
class Metrics:
    """The last sample."""

    cpu_usage: float | None = strawberry.field(description="Cores.")
    memory_usage: float | None = strawberry.field(description="Bytes: the working set.")
    sampled_at: DateTime | None = strawberry.field(description="When it was last measured.")
    reason: str | None = strawberry.field(description=_REASON)


@strawberry.type(description="What a Pod uses; what is not known is null, never zero.")
class PodMetrics(Metrics):
    """The last sample of a Pod."""

    containers: list[ContainerMetrics] = strawberry.field(description="The same by container; empty while unknown.")


@strawberry.type(description="What a Node uses, Pods and system; what is not known is null, never zero.")
class NodeMetrics(Metrics):
    """The last sample of a Node."""


@strawberry.type(description="What a cluster uses; what is not known is null, never zero.")
class ClusterMetrics:
    """The last samples of a cluster's Nodes, and what is counted in the graph."""

    cpu_usage: float | None = strawberry.field(description="Cores, of all Nodes that have a sample.")
    memory_usage: float | None = strawberry.field(description="Bytes: the working sets of these Nodes.")
    pod_count: int | None = strawberry.field(
        description="How many Pods have not ended; null for who may not list them all."
    )
    storage_usage: float | None = strawberry.field(
        description="Bytes that its bound claims have; null for who may not list them all. How much of that is full, "
        "no metrics API says."
    )
    reason: str | None = strawberry.field(description=_REASON)


async def pod_metrics(info: Info, key: str) -> PodMetrics:
    """What the Pod with this key uses."""
    found = await info.context.loaders.measured.load(key)
    total = found.total
    return PodMetrics(
        cpu_usage=total.cpu if total else None,
        memory_usage=total.memory if total else None,
        containers=[
            ContainerMetrics(name=name, cpu_usage=used.cpu, memory_usage=used.memory)
            for name, used in sorted((found.containers or {}).items())
        ],
        sampled_at=moment(found.at),
        reason=found.reason,
    )


async def node_metrics(info: Info, key: str) -> NodeMetrics:
    """What the Node with this key uses."""
    found = await info.context.loaders.measured.load(key)
    total = found.total
    return NodeMetrics(
        cpu_usage=total.cpu if total else None,
        memory_usage=total.memory if total else None,
        sampled_at=moment(found.at),
        reason=found.reason,
    )


async def cluster_metrics(info: Info, cluster: str) -> ClusterMetrics:
    """What the cluster with this id uses."""
    found = await info.context.loaders.totals.load(cluster)
    return ClusterMetrics(
        cpu_usage=found.usage.cpu if found.usage else None,
        memory_usage=found.usage.memory if found.usage else None,
        pod_count=found.pods,
        storage_usage=found.storage,
        reason=found.reason,
    )
