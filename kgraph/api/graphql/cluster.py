"""`cluster` and `clusters`."""

import strawberry

from kgraph.api.clusters import Cluster as Found
from kgraph.api.clusters import all_clusters
from kgraph.api.errors import NotFound
from kgraph.api.graphql.context import Info
from kgraph.api.graphql.health import Health, Rollup, rollup
from kgraph.api.graphql.scalars import DateTime
from kgraph.api.nodes import Node


@strawberry.type(description="A part of the sync that is not as it should be: a kind.")
class Component:
    """A kind with which something is wrong."""

    name: str = strawberry.field(description="The kind, as kubectl writes it: `widgets.example.com`.")
    ready: bool = strawberry.field(description="Whether all of its objects are in the graph, if only in part.")
    message: str = strawberry.field(description="What is wrong, how often, and the first reasons.")


@strawberry.type(description="Whether the graph is in step with the cluster.")
class ClusterStatus:
    """The sync's state."""

    ready: bool = strawberry.field(description="Whether the cluster was read in full and nothing is wrong now.")
    message: str = strawberry.field(description="What is wrong, or since when it is in step.")
    components: list[Component] = strawberry.field(
        description="The kinds that fail, that leave objects out, or whose objects are malformed; empty if all is well."
    )


@strawberry.type(description="A Kubernetes cluster.")
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
    node_count: int = strawberry.field(description="How many Nodes it has.")
    namespace_count: int = strawberry.field(description="How many Namespaces it has.")
    created_at: DateTime | None = strawberry.field(description="When its kube-system namespace was created.")

    @strawberry.field(description="The worst health of all that is in it; null while nothing is.")
    async def health(self, info: Info) -> Health | None:
        """The roll-up's health."""
        found = await rollup(info, self.node)
        return found.health if found else None

    @strawberry.field(description="How all that is in it is; null while nothing is.")
    async def rollup(self, info: Info) -> Rollup | None:
        """The roll-up."""
        return await rollup(info, self.node)


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
        found = await all_clusters(info.context.store, timeout=info.context.timeout)
        for one in found:
            if one.id == id:
                return _shown(one)
        there_are = ", ".join(one.id for one in found) or "none yet"
        raise NotFound(f"there is no cluster {id!r}; clusters: {there_are}")

    @strawberry.field(description="All clusters, by id.")
    async def clusters(self, info: Info, filter: ClusterFilter | None = None) -> list[Cluster]:
        """Clusters that fulfil the filter."""
        wanted = filter or ClusterFilter()
        return [
            _shown(one)
            for one in await all_clusters(info.context.store, timeout=info.context.timeout)
            if (wanted.ids is None or one.id in wanted.ids)
            and wanted.environment in (None, one.environment)
            and wanted.region in (None, one.region)
        ]


def _shown(found: Found) -> Cluster:
    ready = found.synced_at is not None and not found.error
    message = found.error or (f"in step at {found.synced_at}" if ready else "not read in full yet")
    components = [Component(name=each.name, ready=each.ready, message=each.message) for each in found.ailing]
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
        status=ClusterStatus(ready=ready, message=message, components=components),
        synced_at=DateTime(found.synced_at) if found.synced_at else None,
        node_count=found.node_count,
        namespace_count=found.namespace_count,
        created_at=DateTime(found.created_at) if found.created_at else None,
    )
