"""/clusters and /clusters/{id}."""

from typing import Annotated

from litestar import MediaType, Response, delete, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg
from litestar.types import Scope

from kgraph.api import clusters
from kgraph.api.changing.cluster_mutations import ClusterChange
from kgraph.api.changing.request_headers import trace_id_of
from kgraph.api.rest import examples
from kgraph.api.rest.changes import DryRun, TraceParent
from kgraph.api.rest.collections import ClusterId
from kgraph.api.rest.documents import Cluster, ClusterComponent, ClusterList, ClusterStatus, NewCluster
from kgraph.api.rest.requests import Asked, asked_of
from kgraph.api.rest.specs import PROBLEMS, REFUSALS, changed, described, problems
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
    return _shown(await clusters.the_cluster(asked.reader, cluster, timeout=asked.timeout))


Added = Annotated[NewCluster, BodyKwarg(examples=[Example(summary="With a token", value=examples.NEW_CLUSTER)])]


@post(
    "/clusters",
    operation_id="add_cluster",
    summary="Add a cluster",
    tags=["clusters"],
    responses=changed(
        Cluster, "It is added.", examples.CLUSTER, status=201, empty="It could be added: it was a dry run."
    ),
)
async def add_cluster(
    *, scope: Scope, data: Added, dry_run: DryRun = False, traceparent: TraceParent = ""
) -> Response[Cluster | None]:
    """Keep one more cluster in the graph, from now on. Its login is kept sealed, and never returned."""
    asked = asked_of(scope)
    change = _change(asked, traceparent, dry_run=dry_run)
    found = await change.add(asked.sealer, data, timeout=asked.timeout)
    if found is None:
        return Response(None, status_code=204)
    return Response(_shown(found), headers={"Location": f"{scope['path'].rstrip('/')}/{found.id}"})


@delete(
    "/clusters/{cluster:str}",
    operation_id="remove_cluster",
    summary="Remove a cluster",
    tags=["clusters"],
    status_code=202,
    responses={
        202: ResponseSpec(None, generate_examples=False, description="Its login is gone; the rest follows."),
        **problems({**PROBLEMS, **REFUSALS}),
    },
)
async def remove_cluster(
    *, scope: Scope, cluster: ClusterId, dry_run: DryRun = False, traceparent: TraceParent = ""
) -> Response[bytes]:
    """Take a cluster out of the graph that no configuration names: bit by bit, and its login at once."""
    await _change(asked_of(scope), traceparent, dry_run=dry_run).remove(cluster)
    return Response(b"", media_type=MediaType.TEXT)


CLUSTER_ROUTES = (list_clusters, get_cluster)
CLUSTER_CHANGES = (add_cluster, remove_cluster)


def _change(asked: Asked, traceparent: str, *, dry_run: bool) -> ClusterChange:
    return ClusterChange(asked.caller, asked.reader, asked.mutations.audit, trace_id_of(traceparent), dry_run)


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
