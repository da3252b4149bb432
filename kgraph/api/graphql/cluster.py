"""`cluster` and `clusters`."""

import strawberry

from kgraph.api.clusters import Ailing, all_clusters, the_cluster
from kgraph.api.clusters import Cluster as Found
from kgraph.api.graphql.context import Info
from kgraph.api.graphql.health import Health, Rollup, rollup
from kgraph.api.graphql.related import in_cluster
from kgraph.api.graphql.scalars import DateTime, moment
from kgraph.api.graphql.usage import ClusterMetrics, cluster_metrics
from kgraph.api.nodes import Node
from kgraph.api.status import Component


@strawberry.type(description="One part of what keeps the graph in step with a cluster.")
class ClusterComponent:
    """One part of the status, or a kind with which something is wrong."""

    name: str = strawberry.field(
        description="`worker`, `connection`, `sync`, or a kind that is not well; `removal` while it is removed."
    )
    ready: bool = strawberry.field(description="Whether nothing is wrong with it.")
    message: str = strawberry.field(description="What is wrong, or since when nothing is.")


@strawberry.type(description="Whether the graph is in step with the cluster.")
class ClusterStatus:
    """The sync's state."""

    ready: bool = strawberry.field(description="Whether the cluster was read in full and nothing is wrong now.")
    message: str = strawberry.field(description="What is wrong, or since when it is in step.")
    components: list[ClusterComponent] = strawberry.field(
        description="The same part by part, and each kind that is not well."
    )
    worker: str | None = strawberry.field(
        description="The worker that syncs it; null where none does, as for a snapshot."
    )
    connected: bool | None = strawberry.field(description="Whether its apiserver answers; null where nobody has asked.")
    connected_since: DateTime | None = strawberry.field(description="Since when `connected` is what it is.")
    lag_seconds: float | None = strawberry.field(
        description="From the watch's delivery of a change to its commit, of the last changes or of those that wait."
    )
    last_event_at: DateTime | None = strawberry.field(description="When the watch last delivered a change.")
    resource_count: int | None = strawberry.field(
        description="How many resources of it are in the graph; null for who may not list all of them."
    )
    failing_kinds: int | None = strawberry.field(
        description="How many kinds can't be read, whose last known state stays; null for who may not list all kinds."
    )


@strawberry.federation.type(keys=["id"], description="A Kubernetes cluster.")
class Cluster:
    """One cluster."""

    node: strawberry.Private[Node]
    key: str = strawberry.field(description="The key of its node in the graph: `cluster:prod`.")
    id: strawberry.ID = strawberry.field(description="The id that the configuration gives it.")
    name: str = strawberry.field(description="Its name.")
    environment: str | None = strawberry.field(description="dev, staging or prod.")
    region: str | None = strawberry.field(description="Where it is.")
    version: str | None = strawberry.field(description="The Kubernetes version that it runs.")
    server: str | None = strawberry.field(description="The address of its apiserver.")
    source: str | None = strawberry.field(description="`live`, or `snapshot` when it was read from manifests.")
    status: ClusterStatus = strawberry.field(description="Whether the graph is in step with it.")
    synced_at: DateTime | None = strawberry.field(description="When it was last known to be in step.")
    node_count: int | None = strawberry.field(description="How many Nodes it has; null for who may not list them.")
    namespace_count: int | None = strawberry.field(
        description="How many Namespaces it has; null for who may not list them."
    )
    created_at: DateTime | None = strawberry.field(description="When its kube-system namespace was created.")

    nodes = in_cluster("Node", "Its Nodes.")
    namespaces = in_cluster("Namespace", "Its Namespaces.")
    persistent_volumes = in_cluster("PersistentVolume", "Its volumes.")

    @classmethod
    async def resolve_reference(cls, info: Info, id: str = "", **_: object) -> "Cluster | None":
        """The cluster that another service of a federation names; None where there is none."""
        found = await info.context.loaders.clusters.load(id)
        return None if found is None else shown(found)

    @strawberry.field(description="The worst health of all that is in it; null while nothing is.")
    async def health(self, info: Info) -> Health | None:
        """The roll-up's health."""
        found = await rollup(info, self.node)
        return found.health if found else None

    @strawberry.field(
        description="How all that is in it is; null while nothing is, and for who may not list everything in it."
    )
    async def rollup(self, info: Info) -> Rollup | None:
        """The roll-up."""
        return await rollup(info, self.node)

    @strawberry.field(description="What is used of it, by its metrics API.")
    async def metrics(self, info: Info) -> ClusterMetrics:
        """The last sample of its Nodes."""
        return await cluster_metrics(info, str(self.id))


@strawberry.input(description="Which clusters; all conditions must hold.")
class ClusterFilter:
    """Conditions on clusters."""

    ids: list[str] | None = strawberry.field(default=None, description="These ids.")
    environment: str | None = strawberry.field(default=None, description="This environment.")
    region: str | None = strawberry.field(default=None, description="This region.")


@strawberry.type
class ClusterQueries:
    """The queries about clusters."""

    @strawberry.field(description="One cluster.")
    async def cluster(self, info: Info, id: strawberry.ID) -> Cluster:
        """The cluster with this id."""
        return shown(await the_cluster(info.context.reader, id, timeout=info.context.timeout))

    @strawberry.field(description="All clusters, by id.")
    async def clusters(self, info: Info, filter: ClusterFilter | None = None) -> list[Cluster]:
        """Clusters that fulfil the filter."""
        wanted = filter or ClusterFilter()
        return [
            shown(one)
            for one in await all_clusters(info.context.reader, timeout=info.context.timeout)
            if (wanted.ids is None or one.id in wanted.ids)
            and wanted.environment in (None, one.environment)
            and wanted.region in (None, one.region)
        ]


def shown(found: Found) -> Cluster:
    """A cluster as the schema has it."""
    return Cluster(
        node=Node(found.handle, found.key),
        key=found.key,
        id=strawberry.ID(found.id),
        name=found.name,
        environment=found.environment,
        region=found.region,
        version=found.version,
        server=found.server,
        source=found.source,
        status=_status(found),
        synced_at=moment(found.synced_at),
        node_count=found.node_count,
        namespace_count=found.namespace_count,
        created_at=moment(found.created_at),
    )


def _component(one: Component | Ailing) -> ClusterComponent:
    return ClusterComponent(name=one.name, ready=one.ready, message=one.message)


def _status(found: Found) -> ClusterStatus:
    status = found.status
    return ClusterStatus(
        ready=status.ready,
        message=status.message,
        components=[_component(one) for one in status.components] + [_component(one) for one in found.ailing],
        worker=found.worker,
        connected=found.connected,
        connected_since=moment(found.connected_since),
        lag_seconds=found.lag_seconds,
        last_event_at=moment(found.last_event_at),
        resource_count=found.resource_count,
        failing_kinds=found.failing_kinds,
    )
