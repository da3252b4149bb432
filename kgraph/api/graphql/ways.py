"""`path`: the shortest way between two resources."""

from typing import Annotated

import strawberry

from kgraph.api.bounds import within
from kgraph.api.errors import BadUserInput
from kgraph.api.graphql.context import Info
from kgraph.api.graphql.graph import Depth, Direction, Edge, Fanout, namer, shown_edge
from kgraph.api.graphql.resource import Resource, resources
from kgraph.api.graphql.selection import selected
from kgraph.api.path import Search, shortest_path
from kgraph.api.walk import FANOUT, edge_types


@strawberry.input(description="A resource by its key, or by what kubectl calls it.")
class ResourceRef:
    """One of two resources."""

    key: str | None = strawberry.field(default=None, description="The key; nothing else is needed then.")
    cluster: str | None = strawberry.field(default=None, description="The cluster's id.")
    namespace: str | None = strawberry.field(default=None, description="The namespace; the default one unless told.")
    resource_type: str | None = strawberry.field(default=None, description="The type: `pods`, `po`, `deploy`.")
    name: str | None = strawberry.field(default=None, description="The name.")


@strawberry.type(description="A shortest way from one resource to another.")
class Path:
    """Nodes and the edges between them."""

    nodes: list[Resource] = strawberry.field(description="All nodes, from the one end to the other.")
    edges: list[Edge] = strawberry.field(description="The edges between them; each joins two neighbours.")
    direction: Direction = strawberry.field(
        description="OUT: the first depends on the last. IN: the last depends on the first. BOTH: merely connected."
    )


@strawberry.type
class PathQueries:
    """The query for paths."""

    @strawberry.field(
        description="The shortest path between two resources, null where there is none within `depth` edges. A chain "
        "of dependencies one way or the other is preferred to a mere connection. Containment is left out unless "
        "`edgeTypes` names it; merely connecting paths do not lead through nodes with more than `fanout` neighbours."
    )
    async def path(
        self,
        info: Info,
        from_: Annotated[ResourceRef, strawberry.argument(name="from", description="The one end.")],
        to: Annotated[ResourceRef, strawberry.argument(description="The other end.")],
        edge_types: list[str] | None = None,
        depth: Depth = 10,
        fanout: Fanout = FANOUT,
    ) -> Path | None:
        """The path, if there is one."""
        limits = info.context.settings.limits
        search = Search(
            types=_types(edge_types),
            depth=within("depth", depth, limits.walk_depth),
            fanout=within("fanout", fanout, limits.graph_nodes),
        )
        start, end = [await key_of(info, one) for one in (from_, to)]
        found = await shortest_path(info.context.reader, start, end, search, timeout=info.context.timeout)
        if found is None:
            return None
        return Path(
            nodes=await resources(info, list(found.nodes), selected(info), "nodes."),
            edges=[shown_edge(edge) for edge in found.edges],
            direction=Direction[found.direction],
        )


async def key_of(info: Info, given: ResourceRef) -> str:
    """The key of what a caller names; BadUserInput where it is not enough."""
    if given.key:
        return given.key
    if not (given.cluster and given.resource_type and given.name):
        raise BadUserInput("a resource is named by its key, or by cluster, resourceType, name and namespace")
    return await namer(info).key(given.cluster, given.namespace, given.resource_type, given.name)


def _types(asked: list[str] | None) -> tuple[str, ...]:
    return edge_types(asked)
