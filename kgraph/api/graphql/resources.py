"""`resource` and `resources`: one by name, many by filter as a Relay connection."""

from typing import Annotated

import strawberry

from kgraph.api.graphql.context import Info
from kgraph.api.graphql.filters import First, ResourceFilter, page_size, read_filter
from kgraph.api.graphql.graph import namer
from kgraph.api.graphql.resource import Resource, named_resource, resource, wanted
from kgraph.api.graphql.selection import selected
from kgraph.api.listing import Conditions, conditions, count, cursor, page, read_cursor


@strawberry.type(description="Where a page begins and ends.")
class PageInfo:
    """Relay's page information."""

    has_next_page: bool = strawberry.field(description="Whether there are more after this page.")
    has_previous_page: bool = strawberry.field(description="Whether this page began after a cursor.")
    start_cursor: str | None = strawberry.field(description="The first one's cursor.")
    end_cursor: str | None = strawberry.field(description="The last one's cursor: pass it as `after`.")


@strawberry.type(description="One resource of a page, with its cursor.")
class ResourceEdge:
    """Relay's edge."""

    cursor: str = strawberry.field(description="Where this resource stands.")
    node: Resource = strawberry.field(description="The resource.")


@strawberry.type(description="A page of resources in the order of their keys.")
class ResourceConnection:
    """Relay's connection."""

    conditions: strawberry.Private[Conditions]
    edges: list[ResourceEdge] = strawberry.field(description="The page, with cursors.")
    nodes: list[Resource] = strawberry.field(description="The page, without cursors.")
    page_info: PageInfo = strawberry.field(description="Where the page begins and ends.")

    @strawberry.field(description="How many there are in all pages. It is counted only if it is asked for.")
    async def total_count(self, info: Info) -> int:
        """One more statement."""
        return await count(info.context.reader, self.conditions, timeout=info.context.timeout)


After = Annotated[str | None, strawberry.argument(description="The `endCursor` of the page before.")]


@strawberry.type
class ResourceQueries:
    """The queries for resources by name and by filter."""

    @strawberry.field(description="One resource of any kind; NOT_FOUND where it is neither there nor referred to.")
    async def resource(
        self, info: Info, cluster: str, resource_type: str, name: str, namespace: str | None = None
    ) -> Resource:
        """The resource that kubectl would call so."""
        return await named_resource(info, await namer(info).key(cluster, namespace, resource_type, name))

    @strawberry.field(description="Resources of any kind, page by page in the order of their keys.")
    async def resources(
        self,
        info: Info,
        filter: ResourceFilter | None = None,
        first: First = None,
        after: After = None,
    ) -> ResourceConnection:
        """The page after a cursor."""
        size = page_size(info, first)
        conditions_wanted = await conditions(info.context.kinds, read_filter(filter or ResourceFilter()))
        paths = selected(info)
        found = await page(
            info.context.reader,
            conditions_wanted,
            first=size,
            after="" if after is None else read_cursor(after),
            wanted=wanted(paths, "nodes.") | wanted(paths, "edges.node."),
            timeout=info.context.timeout,
        )
        shown = [resource(info, node) for node in found.nodes]
        edges = [ResourceEdge(cursor=cursor(node.key), node=node) for node in shown]
        return ResourceConnection(
            conditions=conditions_wanted,
            edges=edges,
            nodes=shown,
            page_info=PageInfo(
                has_next_page=found.has_next,
                has_previous_page=after is not None,
                start_cursor=edges[0].cursor if edges else None,
                end_cursor=edges[-1].cursor if edges else None,
            ),
        )
