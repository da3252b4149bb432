"""`recentChanges` and `deletedResources`: the first questions of an incident."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
import strawberry

from kgraph.api import history
from kgraph.api.bounds import within
from kgraph.api.graphql.changes import ResourceChange, shown_change
from kgraph.api.graphql.context import Info
from kgraph.api.graphql.filters import First, page_size
from kgraph.api.graphql.graph import Depth
from kgraph.api.graphql.resource import Resource, resources
from kgraph.api.graphql.scalars import JSON, DateTime
from kgraph.api.graphql.selection import selected
from kgraph.api.graphql.ways import ResourceRef, key_of
from kgraph.api.labels import labels_of
from kgraph.api.listing import Filter, conditions
from kgraph.api.nodes import Name, read_key
from kgraph.api.walk import Walk

Since = Annotated[str, strawberry.argument(description="Since when: `30m`, `1h30m` before now, or a time in ISO 8601.")]


@strawberry.type(description="A change of a resource in a neighbourhood.")
class RecentChange:
    """What changed, how, and how near it is."""

    name: strawberry.Private[Name]
    key: str = strawberry.field(description="The key of what changed.")
    change: ResourceChange = strawberry.field(description="What happened to it.")
    distance: int | None = strawberry.field(
        description="How many edges away it is; null for what is gone, and had pointed at something near."
    )
    resource: Resource | None = strawberry.field(description="The resource; null where nothing of it is left.")

    @strawberry.field(description="The kind: `Pod`.")
    def kind(self) -> str:
        """The key's kind."""
        return self.name.kind

    @strawberry.field(description="The namespace; null where the kind has none.")
    def namespace(self) -> str | None:
        """The key's namespace."""
        return self.name.namespace

    @strawberry.field(name="name", description="The name.")
    def its_name(self) -> str:
        """The key's name."""
        return self.name.name


@strawberry.type(description="Changes, the latest first.")
class RecentChangeList:
    """A bounded list of changes."""

    items: list[RecentChange] = strawberry.field(description="The latest of them.")
    truncated: bool = strawberry.field(
        description="Whether there are more than `first` let in, or more is near than was looked at."
    )


@strawberry.input(description="Which deleted resources; all conditions must hold.")
class DeletedFilter:
    """Conditions on deleted resources."""

    clusters: list[str] | None = strawberry.field(default=None, description="Of these clusters; all unless told.")
    namespaces: list[str] | None = strawberry.field(default=None, description="Of these namespaces.")
    kinds: list[str] | None = strawberry.field(default=None, description="Of these kinds, as kubectl takes them.")
    names: list[str] | None = strawberry.field(default=None, description="With these names.")


@strawberry.type(description="A resource that is gone, as it last was.")
class DeletedResource:
    """One incarnation that ended."""

    deleted: strawberry.Private[history.Deleted]
    key: str = strawberry.field(description="The key that it had; another may have it now.")
    kind: str = strawberry.field(description="The kind: `Pod`.")
    group: str = strawberry.field(description="The API group; empty for Kubernetes' core group.")
    name: str = strawberry.field(description="The name.")
    namespace: str | None = strawberry.field(description="The namespace; null where the kind has none.")
    cluster: str | None = strawberry.field(description="The cluster's id.")
    uid: str | None = strawberry.field(description="The uid, which tells it from others of its name.")
    gone_at: DateTime = strawberry.field(description="When the graph saw it go.")
    changes: list[ResourceChange] = strawberry.field(description="Its last changes, the end first.")

    @strawberry.field(description="Its labels, as an object.")
    def labels(self) -> JSON:
        """Labels by name."""
        return JSON(labels_of(self.deleted.labels))

    @strawberry.field(description="The whole object as it last was, without managedFields and without secret values.")
    def manifest(self) -> JSON:
        """The object as Kubernetes had it."""
        return JSON(msgspec.json.decode(self.deleted.manifest))


@strawberry.type(description="Deleted resources, the latest first, and whether there are more.")
class DeletedList:
    """A bounded list of deleted resources."""

    items: list[DeletedResource] = strawberry.field(description="The latest of them.")
    truncated: bool = strawberry.field(description="Whether there are more than `first` let in.")


@strawberry.type
class HistoryQueries:
    """The queries about what happened."""

    @strawberry.field(
        description="What changed lately in a resource's neighbourhood, the latest first: what was created, updated, "
        "made again or deleted, which fields, and by whom. Events are left out."
    )
    async def recent_changes(
        self,
        info: Info,
        around: Annotated[ResourceRef, strawberry.argument(description="The resource in the middle.")],
        depth: Depth = 2,
        since: Since = "1h",
        first: First = None,
    ) -> RecentChangeList:
        """Changes around a resource."""
        size = page_size(info, first)
        limits = info.context.settings.limits
        moment = history.since_when(since, datetime.now(UTC))
        walk = Walk(depth=within("depth", depth, limits.walk_depth), limit=limits.graph_nodes, edges=False)
        found = await history.recent_changes(
            info.context.reader,
            await key_of(info, around),
            walk,
            since=moment,
            first=size,
            timeout=info.context.timeout,
        )
        nodes = {one.node.handle: one.node for one in found.items if one.node is not None}
        shown = {
            each.node.handle: each
            for each in await resources(info, list(nodes.values()), selected(info), "items.resource.")
        }
        return RecentChangeList(
            items=[
                RecentChange(
                    name=read_key(one.key),
                    key=one.key,
                    change=shown_change(one.change),
                    distance=one.distance,
                    resource=shown[one.node.handle] if one.node is not None else None,
                )
                for one in found.items
            ],
            truncated=not found.complete,
        )

    @strawberry.field(
        description="Resources that were deleted while the graph was kept, the latest first; the setting "
        "`history_retention` says for how long they are remembered. Events are not."
    )
    async def deleted_resources(
        self, info: Info, filter: DeletedFilter | None = None, since: Since = "24h", first: First = None
    ) -> DeletedList:
        """What is gone."""
        given = filter or DeletedFilter()
        size = page_size(info, first)
        wanted = await conditions(
            info.context.kinds,
            Filter(
                clusters=tuple(given.clusters) if given.clusters is not None else None,
                namespaces=tuple(given.namespaces) if given.namespaces is not None else None,
                kinds=tuple(given.kinds) if given.kinds else None,
            ),
        )
        found, more = await history.deleted(
            info.context.reader,
            wanted.prefixes,
            given.names,
            since=history.since_when(since, datetime.now(UTC)),
            first=size,
            timeout=info.context.timeout,
        )
        return DeletedList(items=[_shown(one) for one in found], truncated=more)


def _shown(one: history.Deleted) -> DeletedResource:
    name = read_key(one.key)
    return DeletedResource(
        deleted=one,
        key=one.key,
        kind=name.kind,
        group=name.group,
        name=name.name,
        namespace=name.namespace,
        cluster=name.cluster,
        uid=one.uid,
        gone_at=DateTime(one.gone_at),
        changes=[shown_change(change) for change in one.changes],
    )
