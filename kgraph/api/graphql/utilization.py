"""`utilization`, and what the queries about usage share: where they look, what they put together."""

from enum import Enum
from typing import Annotated

import strawberry

from kgraph.api.errors import BadUserInput
from kgraph.api.graphql.context import Info
from kgraph.api.graphql.filters import First, page_size, scope_of
from kgraph.api.scope import Scope
from kgraph.api.usage import metering
from kgraph.api.usage.utilization import GroupBy as By
from kgraph.api.usage.utilization import Share, utilization
from kgraph.api.usage.utilization import Utilization as Found


@strawberry.enum(description="What is put together in one row.")
class GroupBy(Enum):
    """The groups."""

    CLUSTER = strawberry.enum_value("CLUSTER", description="A cluster.")
    NAMESPACE = strawberry.enum_value("NAMESPACE", description="A namespace of a cluster.")
    OWNER = strawberry.enum_value("OWNER", description="A workload: a Deployment, a CronJob, a Pod of its own.")
    NODE = strawberry.enum_value("NODE", description="A Node.")
    LABEL = strawberry.enum_value(
        "LABEL", description="A value of the label `label`, of all clusters; a Pod's, else its Namespace's."
    )


@strawberry.input(description="Where to look.")
class UsageFilter:
    """Conditions on Pods and workloads."""

    clusters: list[str] | None = strawberry.field(default=None, description="In these clusters; all unless told.")
    namespaces: list[str] | None = strawberry.field(default=None, description="In these namespaces.")


@strawberry.type(description="One resource of a group: cores of CPU, or bytes of memory.")
class ResourceShare:
    """Requested, limited, used."""

    request: float = strawberry.field(description="What the Pods request.")
    limit: float | None = strawberry.field(description="What they may use at most; null where some Pod has no limit.")
    usage: float | None = strawberry.field(description="What those use that have a sample; null where none has one.")
    ratio: float | None = strawberry.field(description="Usage by request, of the Pods that have a sample.")
    allocatable: float | None = strawberry.field(description="What there is for Pods: of clusters and Nodes.")


@strawberry.type(description="What the Pods of a group request and use now.")
class Utilization:
    """One group."""

    name: str | None = strawberry.field(
        description="The group: a cluster, namespace, Node, owner's key, or label's value; null for the Pods without."
    )
    cluster: str | None = strawberry.field(description="The cluster; null where it is of several.")
    namespace: str | None = strawberry.field(description="The namespace; null where it is of several.")
    pods: int = strawberry.field(description="How many Pods have not ended.")
    sampled_pods: int = strawberry.field(description="How many of them have a sample.")
    cpu: ResourceShare = strawberry.field(description="Cores.")
    memory: ResourceShare = strawberry.field(description="Bytes.")
    reason: str | None = strawberry.field(description="Why samples are missing; null when all Pods have one.")


@strawberry.type(description="Groups, and whether there are more.")
class UtilizationList:
    """A bounded list of groups."""

    items: list[Utilization] = strawberry.field(description="The groups by cluster, namespace and name.")
    truncated: bool = strawberry.field(description="Whether there are more than `first` let in.")


Label = Annotated[str | None, strawberry.argument(description="The label's name, with groupBy LABEL.")]


@strawberry.type
class UtilizationQueries:
    """The queries about requests and usage."""

    @strawberry.field(description="What Pods request, may use and use now, group by group.")
    async def utilization(
        self,
        info: Info,
        filter: UsageFilter | None = None,
        group_by: GroupBy = GroupBy.NAMESPACE,
        label: Label = None,
        first: First = None,
    ) -> UtilizationList:
        """Groups of Pods."""
        size = page_size(info, first)
        by = read_group(group_by, label)
        scope = await read_scope(info, filter)
        reader, timeout = info.context.reader, info.context.timeout
        known = await metering.meterings(reader, scope.clusters, timeout=timeout)
        pods = await metering.pods(
            reader, scope, known, labels=by is By.LABEL, workloads=by is By.OWNER, timeout=timeout
        )
        nodes = await metering.nodes(reader, scope, known, timeout=timeout) if by in (By.CLUSTER, By.NODE) else []
        found = utilization(pods, nodes, known, by, label or "")
        return UtilizationList(items=[_utilization(one) for one in found[:size]], truncated=len(found) > size)


async def read_scope(info: Info, given: UsageFilter | None) -> Scope:
    """Where a filter looks; NotFound lists the clusters."""
    return await scope_of(info, given.clusters, given.namespaces) if given else await scope_of(info)


def read_group(given: GroupBy, label: str | None) -> By:
    """The grouping; BadUserInput where it and the label do not go together."""
    by = By[given.name]
    if (by is By.LABEL) is not bool(label):
        raise BadUserInput('groupBy LABEL and label belong together: groupBy: LABEL, label: "team"')
    return by


def _utilization(found: Found) -> Utilization:
    return Utilization(
        name=found.group.name,
        cluster=found.group.cluster,
        namespace=found.group.namespace,
        pods=found.pods,
        sampled_pods=found.sampled,
        cpu=_share(found.cpu),
        memory=_share(found.memory),
        reason=found.reason,
    )


def _share(found: Share) -> ResourceShare:
    return ResourceShare(
        request=found.request,
        limit=found.limit,
        usage=found.usage,
        ratio=found.ratio,
        allocatable=found.allocatable,
    )
