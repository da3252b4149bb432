"""`resourceGraph` and `dependencies`: what is near a resource, and what it needs."""

from enum import Enum
from typing import Annotated, cast

import msgspec
import strawberry

from kgraph.api.bounds import within
from kgraph.api.graphql.context import Info
from kgraph.api.graphql.resource import Resource, resources
from kgraph.api.graphql.selection import selected
from kgraph.api.roots import Namer
from kgraph.api.walk import FANOUT, GraphEdge, Neighbourhood, Walk, edge_types, neighbourhood


@strawberry.enum(description="Which way a walk goes; edges lead from the dependent to what it depends on.")
class Direction(Enum):
    """Along the edges, against them, or both."""

    OUT = strawberry.enum_value("OUT", description="Along the edges: what a resource depends on.")
    IN = strawberry.enum_value("IN", description="Against the edges: what depends on a resource.")
    BOTH = strawberry.enum_value("BOTH", description="Both ways.")


@strawberry.type(description="An edge of a graph, by its ends' keys: the source depends on the target.")
class Edge:
    """One edge of an answer."""

    type: str = strawberry.field(description="The edge's type: `OWNED_BY`.")
    source: str = strawberry.field(description="The key of the dependent.")
    target: str = strawberry.field(description="The key of what it depends on.")
    fields: list[str] = strawberry.field(description="The paths in the source's object that say so.")
    optional: bool = strawberry.field(description="Whether the reference may lead nowhere.")


@strawberry.type(description="Neighbours of a node that were left out because they are more than `fanout`.")
class Omission:
    """What a walk did not follow."""

    key: str = strawberry.field(description="The node's key.")
    type: str = strawberry.field(description="The type of the edges that were not followed.")
    direction: Direction = strawberry.field(description="IN: edges that lead to the node; OUT: edges from it.")
    count: int = strawberry.field(description="How many there are.")


@strawberry.type(description="A part of the graph round one resource.")
class ResourceGraph:
    """Nodes by (depth, key), the root first, and the edges among them."""

    root: Resource = strawberry.field(description="Where the walk began.")
    nodes: list[Resource] = strawberry.field(description="All nodes, the root first, by distance and then by key.")
    edges: list[Edge] = strawberry.field(description="All edges among the nodes, by source, type and target.")
    omitted: list[Omission] = strawberry.field(
        description="Where the walk did not go through: nodes with more than `fanout` neighbours of one type."
    )
    truncated: bool = strawberry.field(description="Whether there is more than `limit` let in.")
    depth: int = strawberry.field(description="The depth that was asked for.")


Depth = Annotated[int, strawberry.argument(description="How many edges away, 10 at most.")]
Limit = Annotated[int, strawberry.argument(description="The most nodes, the root among them; 5,000 at most.")]
Fanout = Annotated[
    int,
    strawberry.argument(description="A node with more neighbours of one type is shown, and not walked through."),
]


async def resource_graph(info: Info, key: str, walk: Walk, kinds: list[str] | None, cluster: str) -> ResourceGraph:
    """The walk's answer in GraphQL's form; facts of the nodes only where they are selected."""
    paths = selected(info)
    wanted = None if kinds is None else tuple([await namer(info).group_kind(cluster, spelling) for spelling in kinds])
    limits = info.context.settings.limits
    walk = msgspec.structs.replace(
        walk,
        depth=within("depth", walk.depth, limits.walk_depth),
        kinds=wanted,
        fanout=within("fanout", walk.fanout, limits.graph_nodes),
        limit=within("limit", walk.limit, limits.graph_nodes, least=1),
        edges="edges" in paths,
        fields="edges.fields" in paths,
    )
    found = await neighbourhood(info.context.reader, key, walk, timeout=info.context.timeout)
    return await _shown(info, found, paths)


async def _shown(info: Info, found: Neighbourhood, paths: frozenset[str]) -> ResourceGraph:
    only_root = "nodes" not in paths
    nodes = await resources(
        info, [found.root] if only_root else list(found.nodes), paths, "root." if only_root else "nodes."
    )
    root = nodes[0]
    if not only_root and "root" in paths:
        (root,) = await resources(info, [found.root], paths, "root.")
    return ResourceGraph(
        root=root,
        nodes=nodes,
        # As they are: they have an Edge's attributes, and a walk can have thousands of them.
        edges=cast("list[Edge]", found.edges),
        omitted=[
            Omission(key=one.key, type=one.type, direction=Direction[one.direction], count=one.count)
            for one in found.omitted
        ],
        truncated=found.truncated,
        depth=found.depth,
    )


def shown_edge(edge: GraphEdge) -> Edge:
    """An edge's GraphQL form."""
    return Edge(
        type=edge.type, source=edge.source, target=edge.target, fields=list(edge.fields), optional=edge.optional
    )


@strawberry.type
class GraphQueries:
    """The queries that walk."""

    @strawberry.field(
        description="What is near a resource, at most `depth` edges away. Containment (IN_NAMESPACE, IN_CLUSTER) is "
        "left out unless `edgeTypes` names it or the root is a Namespace or a Cluster. Ordered by distance and key, "
        "and cut at `limit`, so that the same graph gives the same answer."
    )
    async def resource_graph(
        self,
        info: Info,
        cluster: str,
        resource_type: str,
        name: str,
        namespace: str | None = None,
        depth: Depth = 2,
        direction: Direction = Direction.BOTH,
        edge_types: list[str] | None = None,
        kinds: list[str] | None = None,
        limit: Limit = 500,
        fanout: Fanout = FANOUT,
    ) -> ResourceGraph:
        """The neighbourhood of a resource."""
        key = await namer(info).key(cluster, namespace, resource_type, name)
        walk = Walk(
            depth=depth,
            outward=direction is not Direction.IN,
            inward=direction is not Direction.OUT,
            types=_types(edge_types),
            fanout=fanout,
            limit=limit,
        )
        return await resource_graph(info, key, walk, kinds, cluster)

    @strawberry.field(
        description="What a resource needs, at most `depth` edges away: `resourceGraph` along the edges only."
    )
    async def dependencies(
        self,
        info: Info,
        cluster: str,
        resource_type: str,
        name: str,
        namespace: str | None = None,
        depth: Depth = 3,
        edge_types: list[str] | None = None,
        kinds: list[str] | None = None,
        limit: Limit = 500,
    ) -> ResourceGraph:
        """The outward walk."""
        key = await namer(info).key(cluster, namespace, resource_type, name)
        walk = Walk(depth=depth, inward=False, types=_types(edge_types), limit=limit)
        return await resource_graph(info, key, walk, kinds, cluster)


def namer(info: Info) -> Namer:
    """What makes keys of a caller's words."""
    return Namer(info.context.kinds, info.context.settings.default_namespace)


def _types(asked: list[str] | None) -> tuple[str, ...] | None:
    return None if asked is None else edge_types(asked)
