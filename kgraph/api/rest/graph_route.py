"""/graph: what is near a resource, as `resourceGraph` has it."""

from enum import Enum
from typing import Annotated

from litestar import get
from litestar.params import QueryParameter
from litestar.types import Scope

from kgraph.api.bounds import within
from kgraph.api.nodes import Node, Wanted, with_facts
from kgraph.api.rest import examples
from kgraph.api.rest.collections import NAMESPACE, ClusterId, NamespaceName
from kgraph.api.rest.documents import Graph, GraphEdge, GraphNode, GraphOmission
from kgraph.api.rest.requests import asked_of
from kgraph.api.rest.specs import described
from kgraph.api.walk import FANOUT, Walk, edge_types, neighbourhood


class Direction(Enum):
    """Along the edges (OUT), against them (IN), or both."""

    OUT = "OUT"
    IN = "IN"
    BOTH = "BOTH"


ResourceType = Annotated[str, QueryParameter(name="resourceType", description="What kubectl takes: `deploy`, `pods`.")]
Types = Annotated[
    list[str] | None,
    QueryParameter(name="edgeTypes", description="Types to follow; all but containment unless told.", required=False),
]
Kinds = Annotated[
    list[str] | None,
    QueryParameter(name="kinds", description="Kinds to show and walk through.", required=False),
]


@get(
    f"{NAMESPACE}/graph",
    operation_id="get_graph",
    summary="What is near a resource",
    tags=["graph"],
    responses=described(Graph, "Nodes by distance and key, the root first.", examples.GRAPH),
)
async def graph(
    *,
    scope: Scope,
    cluster: ClusterId,
    namespace: NamespaceName,
    resource_type: ResourceType,
    name: Annotated[str, QueryParameter(description="The resource's name.")],
    depth: Annotated[int, QueryParameter(description="How many edges away.")] = 2,
    direction: Annotated[Direction, QueryParameter(description="Which way.")] = Direction.BOTH,
    types: Types = None,
    kinds: Kinds = None,
    limit: Annotated[int, QueryParameter(description="The most nodes, the root among them.")] = 500,
    fanout: Annotated[int, QueryParameter(description="More neighbours of one type are not walked through.")] = FANOUT,
) -> Graph:
    """The neighbourhood of a resource; one without a namespace is asked for in any."""
    asked = asked_of(scope)
    limits = asked.settings.limits
    key = await asked.namer.key(cluster, namespace, resource_type, name)
    walk = Walk(
        depth=within("depth", depth, limits.walk_depth),
        outward=direction is not Direction.IN,
        inward=direction is not Direction.OUT,
        types=None if types is None else edge_types(types),
        kinds=None if kinds is None else tuple([await asked.namer.group_kind(cluster, one) for one in kinds]),
        fanout=within("fanout", fanout, limits.graph_nodes),
        limit=within("limit", limit, limits.graph_nodes, least=1),
        fields=True,
    )
    found = await neighbourhood(asked.reader, key, walk, timeout=asked.timeout)
    nodes = await with_facts(asked.reader, found.nodes, Wanted(facts=True), timeout=asked.timeout)
    shown = [_node(one, found.depths[one.key]) for one in nodes]
    return Graph(
        root=shown[0],
        nodes=shown,
        edges=[GraphEdge(one.type, one.source, one.target, list(one.fields), one.optional) for one in found.edges],
        omitted=[GraphOmission(one.key, one.type, one.direction, one.count) for one in found.omitted],
        truncated=found.truncated,
        depth=found.depth,
    )


def _node(node: Node, depth: int) -> GraphNode:
    name, facts = node.name, node.facts
    return GraphNode(
        key=node.key,
        kind=name.kind,
        group=name.group,
        namespace=name.namespace,
        name=name.name,
        cluster=name.cluster,
        missing=node.missing,
        health=facts.health if facts else None,
        health_reason=facts.health_reason if facts else None,
        depth=depth,
    )
