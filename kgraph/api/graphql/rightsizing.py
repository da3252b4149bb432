"""`underutilized` and `rightsizing`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum

import strawberry

from kgraph.api.errors import BadUserInput
from kgraph.api.graphql.context import Info
from kgraph.api.graphql.filters import First, page_size
from kgraph.api.graphql.resource import Resource, resources
from kgraph.api.graphql.scalars import DateTime
from kgraph.api.graphql.selection import selected
from kgraph.api.graphql.utilization import UsageFilter, read_scope
from kgraph.api.nodes import Node
from kgraph.api.prices import MONTH_HOURS, Prices, Rates
from kgraph.api.scope import Scope
from kgraph.api.usage import metering, rightsizing
from kgraph.graphdb.model import ResourceKey
from kgraph.graphdb.usage import Amounts

# Half of what is requested, unless told: below it a request can be halved.
BELOW = 0.5
# What orders waste where no prices are known: a core costs some 7.5 times what a GiB of memory does.
_USUAL = Prices(cpu_hour=7.5, memory_gib_hour=1.0)


@strawberry.enum(description="How much there is to go by.")
class Confidence(Enum):
    """The grades."""

    LOW = strawberry.enum_value("LOW", description="Less than a day, or few samples.")
    MEDIUM = strawberry.enum_value("MEDIUM", description="A day or more.")
    HIGH = strawberry.enum_value("HIGH", description="A week or more.")


@strawberry.input(description="Where to look, and what counts as too much.")
class UnderutilizedFilter(UsageFilter):
    """Conditions on workloads."""

    below: float = strawberry.field(
        default=BELOW,
        description="Workloads whose 95th percentile of CPU, or whose most of memory, is below this share of the "
        "request.",
    )


@strawberry.type(description="What a container used of one resource, in cores or bytes, to within five percent above.")
class UsagePercentiles:
    """Percentiles of decaying samples."""

    p50: float = strawberry.field(description="Half of the samples are not above it.")
    p95: float = strawberry.field(description="Of twenty samples nineteen are not above it.")
    p99: float = strawberry.field(description="Of a hundred samples ninety-nine are not above it.")
    max: float = strawberry.field(description="No sample that still counts is above it.")


@strawberry.type(description="What to request of one resource for a container, in cores or bytes.")
class ResourceAdvice:
    """Now, used, recommended."""

    request: float | None = strawberry.field(
        description="What it requests now; null for nothing, or where no Pod is there to say so."
    )
    limit: float | None = strawberry.field(description="What it may use at most; null for no limit.")
    usage: UsagePercentiles | None = strawberry.field(description="What it used; null without a sample.")
    recommended: float | None = strawberry.field(description="What to request; null without a sample.")
    reason: str = strawberry.field(description="How that was found, in words.")


@strawberry.type(description="What to request for one container of a workload.")
class ContainerRightsizing:
    """One container."""

    name: str = strawberry.field(description="Its name.")
    cpu: ResourceAdvice = strawberry.field(description="Cores.")
    memory: ResourceAdvice = strawberry.field(description="Bytes.")
    samples: int = strawberry.field(description="How many samples there are, of all Pods.")
    since: DateTime = strawberry.field(description="When the first was taken.")
    confidence: Confidence = strawberry.field(description="How much that is to go by.")


@strawberry.type(description="What to request for a workload.")
class Rightsizing:
    """One workload."""

    resource: Resource = strawberry.field(description="The workload.")
    pods: int = strawberry.field(description="How many Pods it had at the last sample.")
    containers: list[ContainerRightsizing] = strawberry.field(description="Its containers by name.")
    saved_cpu: float = strawberry.field(
        description="Cores that all its Pods would request less; below zero where they should request more."
    )
    saved_memory: float = strawberry.field(description="The same of memory, in bytes.")
    saved_monthly: float | None = strawberry.field(
        description="What that costs in 730 hours, by the mean price of the cluster's Nodes; null without `prices`."
    )


@strawberry.type(description="A cluster whose usage is not known now.")
class WithoutUsage:
    """A cluster and the reason."""

    cluster: str = strawberry.field(description="The cluster's id.")
    reason: str = strawberry.field(description="Why.")


@strawberry.type(description="Workloads, those first that would save most.")
class RightsizingList:
    """A bounded list of workloads."""

    items: list[Rightsizing] = strawberry.field(description="Workloads of which there are samples.")
    truncated: bool = strawberry.field(description="Whether there are more than `first` let in.")
    unknown: list[WithoutUsage] = strawberry.field(description="The clusters that are not sampled now, and why.")
    currency: str | None = strawberry.field(description="The currency of `savedMonthly`; null without `prices`.")


@strawberry.type
class RightsizingQueries:
    """The queries about requests that do not fit."""

    @strawberry.field(
        description="Workloads that need much less than they request, by what they used in the last days; those first "
        "that would save most."
    )
    async def underutilized(
        self, info: Info, filter: UnderutilizedFilter | None = None, first: First = None
    ) -> RightsizingList:
        """Workloads with too large requests."""
        below = filter.below if filter else BELOW
        if not 0 < below <= 1:
            raise BadUserInput(f"below is {below}; a share of the request, above 0 and up to 1, can be asked for")
        return await _advised(info, filter, first, below)

    @strawberry.field(
        description="What to request for each container of each workload, by what it used in the last days, with the "
        "reasoning; those first that would save most."
    )
    async def rightsizing(self, info: Info, filter: UsageFilter | None = None, first: First = None) -> RightsizingList:
        """Workloads and their recommendations."""
        return await _advised(info, filter, first, None)


async def _advised(info: Info, filter: UsageFilter | None, first: int | None, below: float | None) -> RightsizingList:
    size = page_size(info, first)
    scope = await read_scope(info, filter)
    reader, timeout = info.context.reader, info.context.timeout
    found = await rightsizing.workload_advice(reader, scope, now=datetime.now(UTC), timeout=timeout)
    if below is not None:
        found = rightsizing.wasteful(found, below)
    prices = info.context.settings.prices
    known = await metering.meterings(reader, scope.clusters, timeout=timeout)
    rates = await _rates(info, scope.clusters, known)
    found.sort(key=lambda each: (-_worth(rates, each), each.key))
    page = found[:size]
    shown = await resources(info, [Node(each.handle, each.key) for each in page], selected(info), "items.resource.")
    return RightsizingList(
        items=[_rightsizing(each, one, rates if prices else None) for each, one in zip(page, shown, strict=True)],
        truncated=len(found) > size,
        unknown=[
            WithoutUsage(cluster=name, reason=each.reason) for name, each in sorted(known.items()) if each.is_unknown
        ],
        currency=prices.currency if prices else None,
    )


async def _rates(info: Info, clusters: Sequence[str], known: Mapping[str, metering.Metering]) -> dict[str, Rates]:
    """What a core and a byte cost in each cluster, by its Nodes."""
    prices = info.context.settings.prices
    if prices is None:
        return {cluster: _USUAL.rates(cluster) for cluster in clusters}
    scope = Scope(tuple(clusters))
    machines: dict[str, list[tuple[Mapping[str, str], Amounts]]] = {cluster: [] for cluster in clusters}
    for node in await metering.nodes(info.context.reader, scope, known, timeout=info.context.timeout):
        machines[node.cluster].append((node.labels, node.capacity))
    return {cluster: prices.usual(cluster, nodes) for cluster, nodes in machines.items()}


def _worth(rates: Mapping[str, Rates], advice: rightsizing.WorkloadAdvice) -> float:
    return rates[ResourceKey.parse(advice.key).cluster].of(advice.saved) * MONTH_HOURS


def _rightsizing(advice: rightsizing.WorkloadAdvice, shown: Resource, rates: Mapping[str, Rates] | None) -> Rightsizing:
    saved: Amounts = advice.saved
    return Rightsizing(
        resource=shown,
        pods=advice.pods,
        containers=[
            ContainerRightsizing(
                name=each.name,
                cpu=_advice(each.cpu),
                memory=_advice(each.memory),
                samples=each.samples,
                since=DateTime(each.since.isoformat(timespec="seconds").replace("+00:00", "Z")),
                confidence=Confidence[each.confidence.name],
            )
            for each in advice.containers
        ],
        saved_cpu=saved.cpu,
        saved_memory=saved.memory,
        saved_monthly=_worth(rates, advice) if rates else None,
    )


def _advice(advice: rightsizing.Advice) -> ResourceAdvice:
    used = advice.used
    return ResourceAdvice(
        request=advice.request,
        limit=advice.limit,
        usage=UsagePercentiles(p50=used.p50, p95=used.p95, p99=used.p99, max=used.most) if used else None,
        recommended=advice.recommended,
        reason=advice.reason,
    )
