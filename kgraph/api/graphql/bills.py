"""`cost`: what clusters cost, and who has it."""

from enum import Enum

import strawberry

from kgraph.api.graphql.context import Info
from kgraph.api.graphql.filters import First, page_size
from kgraph.api.graphql.utilization import GroupBy, Label, UsageFilter, read_group, read_scope
from kgraph.api.prices import MONTH_HOURS, Prices
from kgraph.api.scope import NODE, POD, Scope
from kgraph.api.usage import metering
from kgraph.api.usage.costs import Clusters, Part, Row, costs
from kgraph.api.usage.utilization import GroupBy as By

NO_PRICES = "no prices are known: set `prices` in the configuration"


@strawberry.enum(description="What a row of a cost is.")
class CostPart(Enum):
    """Whose it is."""

    ALLOCATED = strawberry.enum_value("ALLOCATED", description="What Pods request or use, and claims have.")
    IDLE = strawberry.enum_value("IDLE", description="What Pods could have and none has; volumes that no claim has.")
    RESERVED = strawberry.enum_value("RESERVED", description="What Nodes have and keep from Pods, for the system.")


@strawberry.type(description="The part of the cost that one group has, or nobody.")
class CostRow:
    """One row; costs are null without prices."""

    part: CostPart = strawberry.field(description="Whose it is.")
    name: str | None = strawberry.field(
        description="The group: a cluster, namespace, Node, owner's key, or label's value; null for what has none."
    )
    cluster: str | None = strawberry.field(description="The cluster; null where it is of several.")
    namespace: str | None = strawberry.field(description="The namespace; null where it is of several.")
    cpu: float = strawberry.field(description="Cores.")
    memory: float = strawberry.field(description="Bytes of memory.")
    storage: float = strawberry.field(description="Bytes of storage.")
    cpu_cost: float | None = strawberry.field(description="An hour of the cores.")
    memory_cost: float | None = strawberry.field(description="An hour of the memory.")
    storage_cost: float | None = strawberry.field(description="An hour of the storage.")
    hourly: float | None = strawberry.field(description="An hour of all.")
    monthly: float | None = strawberry.field(description="730 hours of all.")


@strawberry.type(description="What clusters cost at the rate of now, group by group.")
class Cost:
    """A cost and its rows."""

    currency: str | None = strawberry.field(description="The currency of all costs.")
    hourly: float | None = strawberry.field(description="An hour of all rows, those that are left out too.")
    monthly: float | None = strawberry.field(description="730 hours of them.")
    rows: list[CostRow] = strawberry.field(
        description="The groups by cost, the dearest first, then what is idle and what is reserved, by cluster."
    )
    truncated: bool = strawberry.field(description="Whether there are more groups than `first` let in.")
    reason: str | None = strawberry.field(
        description="Why costs are null, why usage is not known of some Pods, or what is idle of some clusters."
    )


@strawberry.type
class CostQueries:
    """The query about costs."""

    @strawberry.field(
        description="What clusters cost now. Each Pod pays for the larger of its request and its usage; what no Pod "
        "has is idle. Without `namespaces` the rows add up to what Nodes and volumes cost; with them, what is idle and "
        "reserved is nobody's and left out."
    )
    async def cost(
        self,
        info: Info,
        filter: UsageFilter | None = None,
        group_by: GroupBy = GroupBy.NAMESPACE,
        label: Label = None,
        first: First = None,
    ) -> Cost:
        """The rows."""
        size = page_size(info, first)
        by = read_group(group_by, label)
        scope = await read_scope(info, filter)
        prices = info.context.settings.prices
        rows, reasons = await _rows(info, scope, prices or Prices(), by, label or "")
        groups = [row for row in rows if row.part is Part.ALLOCATED]
        if prices:
            groups.sort(key=lambda row: -row.bill.total)
        hourly = sum(row.bill.total for row in rows)
        others = [row for row in rows if row.part is not Part.ALLOCATED]
        return Cost(
            currency=prices.currency if prices else None,
            hourly=hourly if prices else None,
            monthly=hourly * MONTH_HOURS if prices else None,
            rows=[_row(row, priced=prices is not None) for row in (*groups[:size], *others)],
            truncated=len(groups) > size,
            reason="; ".join(why for why in (None if prices else NO_PRICES, *reasons) if why) or None,
        )


async def _rows(info: Info, scope: Scope, prices: Prices, by: By, label: str) -> tuple[list[Row], list[str | None]]:
    """The rows, and why something is not known."""
    reader, timeout = info.context.reader, info.context.timeout
    known = await metering.meterings(reader, scope.clusters, timeout=timeout)
    labels, workloads = by is By.LABEL, by is By.OWNER
    # Who else is on a Node decides how much of it a Pod has where all want more than there is.
    everywhere = Scope(scope.clusters)
    pods = await metering.pods(reader, everywhere, known, labels=labels, workloads=workloads, timeout=timeout)
    nodes = await metering.nodes(reader, everywhere, known, timeout=timeout)
    claims, idle = await metering.claims(reader, scope, labels=labels, workloads=workloads, timeout=timeout)
    wanted = None if scope.namespaces is None else frozenset(scope.namespaces)
    hidden = await reader.without(scope.clusters, POD, NODE)
    found = costs(Clusters(pods, nodes, claims, idle, hidden), prices, by, label, namespaces=wanted)
    meant = pods if wanted is None else [pod for pod in pods if pod.namespace in wanted]
    reasons = [metering.missing(meant, known)]
    if hidden and wanted is None:
        reasons.append(f"what is idle is shown to who may list all Pods and Nodes: not of {', '.join(sorted(hidden))}")
    return found, reasons


def _row(row: Row, *, priced: bool) -> CostRow:
    bill = row.bill
    return CostRow(
        part=CostPart[row.part.name],
        name=row.group.name,
        cluster=row.group.cluster,
        namespace=row.group.namespace,
        cpu=bill.cpu,
        memory=bill.memory,
        storage=bill.storage,
        cpu_cost=bill.cpu_cost if priced else None,
        memory_cost=bill.memory_cost if priced else None,
        storage_cost=bill.storage_cost if priced else None,
        hourly=bill.total if priced else None,
        monthly=bill.total * MONTH_HOURS if priced else None,
    )
