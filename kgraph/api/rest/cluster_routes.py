"""/clusters and /clusters/{id}."""

from litestar import get
from litestar.types import Scope

from kgraph.api import clusters
from kgraph.api.errors import NotFound
from kgraph.api.rest import examples
from kgraph.api.rest.collections import ClusterId
from kgraph.api.rest.documents import Cluster, ClusterComponent, ClusterList, ClusterStatus
from kgraph.api.rest.requests import asked_of
from kgraph.api.rest.specs import described
from kgraph.api.status import Component


@get(
    "/clusters",
    operation_id="list_clusters",
    summary="List clusters",
    tags=["clusters"],
    responses=described(ClusterList, "All clusters, by id.", examples.CLUSTER_LIST),
)
async def list_clusters(scope: Scope) -> ClusterList:
    """All clusters in the graph, with whether it is in step with them."""
    asked = asked_of(scope)
    return ClusterList([_shown(one) for one in await clusters.all_clusters(asked.reader, timeout=asked.timeout)])


@get(
    "/clusters/{cluster:str}",
    operation_id="get_cluster",
    summary="Get a cluster",
    tags=["clusters"],
    responses=described(Cluster, "The cluster.", examples.CLUSTER),
)
async def get_cluster(scope: Scope, cluster: ClusterId) -> Cluster:
    """One cluster."""
    asked = asked_of(scope)
    found = await clusters.all_clusters(asked.reader, timeout=asked.timeout)
    for one in found:
        if one.id == cluster:
            return _shown(one)
    raise NotFound(f"there is no cluster {cluster!r}; clusters: {', '.join(one.id for one in found) or 'none yet'}")


CLUSTER_ROUTES = (list_clusters, get_cluster)


def _shown(found: clusters.Cluster) -> Cluster:
    status = found.status
    parts: list[Component | clusters.Ailing] = [*status.components, *found.ailing]
    return Cluster(
        id=found.id,
        name=found.name,
        environment=found.environment,
        region=found.region,
        version=found.version,
        server=found.server,
        source=found.source,
        node_count=found.node_count,
        namespace_count=found.namespace_count,
        resource_count=found.resource_count,
        created_at=found.created_at,
        synced_at=found.synced_at,
        status=ClusterStatus(
            status.ready, status.message, [ClusterComponent(one.name, one.ready, one.message) for one in parts]
        ),
    )
