"""`impact`: what is deleted, broken or degraded when a resource goes."""

from collections.abc import Mapping
from enum import Enum
from typing import Annotated

import strawberry

from kgraph.api.bounds import within
from kgraph.api.graphql.context import Info
from kgraph.api.graphql.graph import Edge, namer, shown_edge
from kgraph.api.graphql.health import Health, shown_health
from kgraph.api.graphql.resource import Resource, resources
from kgraph.api.graphql.selection import selected
from kgraph.api.impact import Change as Asked
from kgraph.api.impact import Effect as Found
from kgraph.api.impact import impact


@strawberry.enum(description="What happens to the resource that is asked about.")
class Change(Enum):
    """A deletion or a failure."""

    DELETE = strawberry.enum_value("DELETE", description="It is deleted.")
    FAIL = strawberry.enum_value("FAIL", description="It stops working, but is still there: a Node that is down.")


_CHANGES: Mapping[Change, Asked] = {Change.DELETE: "delete", Change.FAIL: "fail"}


@strawberry.enum(description="What happens to another resource by it.")
class Effect(Enum):
    """The effects, the worst first."""

    DELETED = strawberry.enum_value("DELETED", description="Kubernetes deletes it too.")
    BROKEN = strawberry.enum_value("BROKEN", description="It cannot work, or the last that it needed is gone.")
    DEGRADED = strawberry.enum_value("DEGRADED", description="It lost one of several, and works with what is left.")


@strawberry.type(description="A resource that does not stay as it is.")
class AffectedResource:
    """One affected resource."""

    resource: Resource = strawberry.field(description="The resource.")
    effect: Effect = strawberry.field(description="The worst that happens to it.")
    before: Health | None = strawberry.field(
        description="Its own health before the change: who is not HEALTHY suffers already. Null where it has none."
    )
    left: int | None = strawberry.field(description="How many replicas or endpoints still work, where they count.")
    of: int | None = strawberry.field(description="How many of them worked before.")
    path: list[Edge] = strawberry.field(description="Why: a shortest chain of edges, from the cause to this resource.")


@strawberry.type(description="What a deletion or a failure does.")
class Impact:
    """The affected, and how many there are."""

    root: Resource = strawberry.field(description="The cause.")
    change: Change = strawberry.field(description="What happens to it.")
    affected: list[AffectedResource] = strawberry.field(
        description="The worst affected first, then the nearest, then by key; `limit` of them."
    )
    deleted: int = strawberry.field(description="How many are deleted, those beyond `limit` too.")
    broken: int = strawberry.field(description="How many are broken.")
    degraded: int = strawberry.field(description="How many are degraded.")
    truncated: bool = strawberry.field(description="Whether there are more than `limit` let in.")
    complete: bool = strawberry.field(description="False when there was so much that not all of it was followed.")


@strawberry.type
class ImpactQueries:
    """The query for impact."""

    @strawberry.field(
        description="What is deleted, broken or degraded when a resource is deleted or fails, by the meanings of the "
        "edges; of a placeholder: what suffers from its absence."
    )
    async def impact(
        self,
        info: Info,
        cluster: str,
        resource_type: str,
        name: str,
        namespace: str | None = None,
        change: Change = Change.DELETE,
        limit: Annotated[int, strawberry.argument(description="The most to list, 5,000 at most.")] = 500,
    ) -> Impact:
        """The blast radius of a resource."""
        within("limit", limit, info.context.settings.limits.graph_nodes)
        key = await namer(info).key(cluster, namespace, resource_type, name)
        found = await impact(info.context.reader, key, _CHANGES[change], timeout=info.context.timeout)
        paths = selected(info)
        listed = found.affected[:limit]
        # `before` is one of the facts of the resource.
        wanted = paths | {"affected.resource.health"} if "affected.before" in paths else paths
        shown = await resources(info, [one.node for one in listed], wanted, "affected.resource.")
        (root,) = await resources(info, [found.root], paths, "root.")
        return Impact(
            root=root,
            change=change,
            affected=[
                AffectedResource(
                    resource=resource,
                    effect=Effect[one.effect.name],
                    before=shown_health(resource.facts().health),
                    left=one.left,
                    of=one.of,
                    path=[shown_edge(edge) for edge in one.path],
                )
                for one, resource in zip(listed, shown, strict=True)
            ],
            deleted=found.count(Found.DELETED),
            broken=found.count(Found.BROKEN),
            degraded=found.count(Found.DEGRADED),
            truncated=len(found.affected) > limit,
            complete=found.complete,
        )
