"""`resource` and `resources`: one by name, many by filter as a Relay connection."""

from typing import Annotated

import strawberry

from kgraph.api.errors import BadUserInput
from kgraph.api.graphql.context import Info
from kgraph.api.graphql.graph import namer
from kgraph.api.graphql.health import Health
from kgraph.api.graphql.resource import Resource, resource, resources
from kgraph.api.graphql.selection import selected
from kgraph.api.listing import Conditions, Filter, conditions, count, cursor, page
from kgraph.api.nodes import named
from kgraph.graphdb import health as table


@strawberry.input(description="Which resources; all conditions must hold.")
class ResourceFilter:
    """Conditions on resources."""

    clusters: list[str] | None = strawberry.field(default=None, description="In these clusters; all unless told.")
    namespaces: list[str] | None = strawberry.field(default=None, description="In these namespaces.")
    kinds: list[str] | None = strawberry.field(
        default=None, description="Of these kinds, as kubectl takes them: `pods`, `po`, `Deployment.apps`."
    )
    resource_types: list[str] | None = strawberry.field(default=None, description="The same as `kinds`.")
    label_selector: str | None = strawberry.field(
        default=None, description="kubectl's syntax: `app=web,tier in (a,b),!canary`."
    )
    field_selector: str | None = strawberry.field(
        default=None, description="kubectl's syntax, over name, namespace and promoted fields: `status.phase!=Running`."
    )
    node_name: str | None = strawberry.field(default=None, description="Pods on this Node.")
    phase: str | None = strawberry.field(default=None, description="In this phase: `Running`, `Bound`.")
    health: list[Health] | None = strawberry.field(
        default=None, description="Of one of these healths, by their own status. Placeholders are never listed."
    )


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


First = Annotated[int | None, strawberry.argument(description="How many: 500 unless told, 5,000 at most.")]
After = Annotated[str | None, strawberry.argument(description="The `endCursor` of the page before.")]


@strawberry.type
class ResourceQueries:
    """The queries for resources by name and by filter."""

    @strawberry.field(description="One resource of any kind; NOT_FOUND where it is neither there nor referred to.")
    async def resource(
        self, info: Info, cluster: str, resource_type: str, name: str, namespace: str | None = None
    ) -> Resource:
        """The resource that kubectl would call so."""
        key = await namer(info).key(cluster, namespace, resource_type, name)
        root = await named(info.context.reader, key, timeout=info.context.timeout)
        (found,) = await resources(info, [root], selected(info))
        return found

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
        wanted = await conditions(info.context.kinds, read_filter(filter))
        paths = selected(info)
        found = await page(
            info.context.reader,
            wanted,
            first=size,
            after=after,
            properties=not paths.isdisjoint({"nodes.properties", "edges.node.properties"}),
            timeout=info.context.timeout,
        )
        shown = [resource(one) for one in found.nodes]
        edges = [ResourceEdge(cursor=cursor(one.key), node=one) for one in shown]
        return ResourceConnection(
            conditions=wanted,
            edges=edges,
            nodes=shown,
            page_info=PageInfo(
                has_next_page=found.has_next,
                has_previous_page=after is not None,
                start_cursor=edges[0].cursor if edges else None,
                end_cursor=edges[-1].cursor if edges else None,
            ),
        )


def page_size(info: Info, first: int | None) -> int:
    """How many are asked for; BadUserInput says how many may be."""
    limits = info.context.settings.limits
    if first is None:
        return limits.first
    if not 0 <= first <= limits.first_most:
        raise BadUserInput(f"first is {first}; between 0 and {limits.first_most} can be asked for")
    return first


def read_filter(given: ResourceFilter | None) -> Filter:
    """The filter as `listing` takes it."""
    given = given or ResourceFilter()
    kinds = [*(given.kinds or ()), *(given.resource_types or ())]
    return Filter(
        clusters=tuple(given.clusters) if given.clusters is not None else None,
        namespaces=tuple(given.namespaces) if given.namespaces is not None else None,
        kinds=tuple(kinds) if kinds else None,
        label_selector=given.label_selector or "",
        field_selector=given.field_selector or "",
        node_name=given.node_name,
        phase=given.phase,
        health=tuple(table.Health[health.name] for health in given.health) if given.health is not None else None,
    )
