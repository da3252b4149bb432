"""`Resource`: any node of the graph as GraphQL shows it, and its relations."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated

import strawberry

from kgraph.api import entity
from kgraph.api.errors import BadUserInput
from kgraph.api.graphql.changes import ResourceChange, shown_change
from kgraph.api.graphql.context import Info
from kgraph.api.graphql.health import Health, Rollup, absent_health, rollup, shown_health
from kgraph.api.graphql.loaders import RelationsWanted
from kgraph.api.graphql.scalars import JSON, DateTime, json_value, moment
from kgraph.api.graphql.usage import Metrics, node_metrics, pod_metrics
from kgraph.api.nodes import Facts, Node, with_facts
from kgraph.api.walk import edge_types
from kgraph.graphdb.model import GroupKind

# The fields below are filled from `Facts`: a list that shows one of them reads the facts of all its nodes at once.
FACT_FIELDS = frozenset({"apiVersion", "uid", "createdAt", "labels", "properties", "health", "healthReason"})
RELATIONS = 50
RELATIONS_MOST = 500

_METRICS: Mapping[GroupKind, Callable[[Info, str], Awaitable[Metrics]]] = {
    GroupKind("", "Pod"): pod_metrics,
    GroupKind("", "Node"): node_metrics,
}

EdgeTypes = Annotated[
    list[str] | None,
    strawberry.argument(description="Edge types to follow, such as `OWNED_BY`; all but containment unless told."),
]


@strawberry.type(description="Anything in the graph: a resource of any kind, or an image, a host name, a subject.")
class Resource:
    """One node; what a list did not fetch is loaded by the operation's loaders."""

    node: strawberry.Private[Node]
    key: str = strawberry.field(description="The identity: `cluster/group/Kind/namespace/name`.")
    id: strawberry.ID = strawberry.field(
        description="DictaMesh's id, `cluster:namespace:name`. Unique within a kind only: `key` is the identity."
    )
    kind: str = strawberry.field(description="The kind: `Pod`.")
    group: str = strawberry.field(description="The API group; empty for Kubernetes' core group.")
    name: str = strawberry.field(description="The name.")
    namespace: str | None = strawberry.field(description="The namespace; null where the kind has none.")
    cluster: str | None = strawberry.field(description="The cluster's id; null for what clusters share.")
    missing: bool = strawberry.field(description="Whether this is only referred to, and not there.")

    def facts(self) -> Facts:
        """What the node says beside its key."""
        return self.node.facts or Facts()

    @strawberry.field(description="The API version that it was read in: `apps/v1`; null for what is not there.")
    def api_version(self) -> str | None:
        """Group and version as manifests write them."""
        version = self.facts().version
        return f"{self.group}/{version}" if version and self.group else version

    @strawberry.field(description="Kubernetes' uid: it tells incarnations of one key apart.")
    def uid(self) -> str | None:
        """The uid."""
        return self.facts().uid

    @strawberry.field(description="When it was created.")
    def created_at(self) -> DateTime | None:
        """The creation time."""
        return moment(self.facts().created_at)

    @strawberry.field(description="Its labels, as an object.")
    def labels(self) -> JSON:
        """Labels by name."""
        return JSON(entity.labels(self.facts().labels))

    @strawberry.field(description="What its kind promotes to properties: a Pod's phase, nodeName and so on.")
    def properties(self) -> JSON:
        """Promoted properties by name."""
        return JSON(dict(self.facts().properties))

    @strawberry.field(
        description="Its own health, by what its own status says; of a placeholder MISSING if its kind is synced, else "
        "UNKNOWN; null for kinds that say nothing of how they are."
    )
    async def health(self, info: Info) -> Health | None:
        """The health."""
        if self.missing:
            return Health((await absent_health(info, self.node)).value)
        return shown_health(self.facts().health)

    @strawberry.field(description="Why it is not HEALTHY, in words: `ImagePullBackOff (nginx:1.99)`.")
    def health_reason(self) -> str | None:
        """The reason."""
        return self.facts().health_reason

    @strawberry.field(
        description="How it is with all that it owns, or with all that is in it if it is a Namespace; null where "
        "nothing of that has a health."
    )
    async def rollup(self, info: Info) -> Rollup | None:
        """The roll-up."""
        return await rollup(info, self.node)

    @strawberry.field(
        description="What it uses now, by its cluster's metrics API; null for all kinds but Pod and Node, and for what "
        "is not there."
    )
    async def metrics(self, info: Info) -> Metrics | None:
        """The last sample of a Pod or Node."""
        measure = _METRICS.get(GroupKind(self.group, self.kind))
        return await measure(info, self.key) if measure and not self.missing else None

    @strawberry.field(description="Its annotations, as an object.")
    async def annotations(self, info: Info) -> JSON:
        """Annotations by name."""
        manifest = await info.context.loaders.manifests.load(self.node.handle)
        return JSON(((manifest or {}).get("metadata") or {}).get("annotations") or {})

    @strawberry.field(
        description="The whole object, without managedFields and without secret values; null for what is not there."
    )
    async def manifest(self, info: Info) -> JSON | None:
        """The object as Kubernetes has it."""
        manifest = await info.context.loaders.manifests.load(self.node.handle)
        return json_value(manifest)

    @strawberry.field(description="The DictaMesh form: id, type, attributes, relationships, metadata.")
    async def entity(self, info: Info) -> JSON | None:
        """The same object as DictaMesh's entity."""
        manifest = await info.context.loaders.manifests.load(self.node.handle)
        if manifest is None:
            return None
        # Not gathered: both are loaders, and the first question of each is asked for all nodes at once anyway.
        wanted = RelationsWanted(self.node.handle, True, tuple(edge_types(entity.EDGE_TYPES)), RELATIONS_MOST)
        relations = await info.context.loaders.relations.load(wanted)
        namespace = await info.context.loaders.namespaces.load((self.cluster or "", self.namespace or ""))
        edges = [(relation.type, relation.node.key) for relation in relations.items]
        return JSON(entity.entity(self.node, manifest, edges, namespace_labels=namespace))

    @strawberry.field(description="What it depends on: the nodes that its edges lead to, by (type, key).")
    async def dependencies(
        self,
        info: Info,
        edge_types: EdgeTypes = None,
        first: Annotated[int, strawberry.argument(description="How many, 500 at most.")] = RELATIONS,
    ) -> "RelationList":
        """The ends of its edges."""
        return await self._relations(info, edge_types, first, outward=True)

    @strawberry.field(description="What depends on it: the nodes whose edges lead to it, by (type, key).")
    async def dependents(
        self,
        info: Info,
        edge_types: EdgeTypes = None,
        first: Annotated[int, strawberry.argument(description="How many, 500 at most.")] = RELATIONS,
    ) -> "RelationList":
        """The starts of the edges to it."""
        return await self._relations(info, edge_types, first, outward=False)

    @strawberry.field(description="Since when the graph knows it; null for what is not there.")
    async def first_seen(self, info: Info) -> DateTime | None:
        """When it was first written."""
        return moment((await info.context.loaders.histories.load(self.node.handle)).first_seen)

    @strawberry.field(description="When it last changed; noise, such as heartbeats, is no change.")
    async def last_changed(self, info: Info) -> DateTime | None:
        """When it last changed."""
        return moment((await info.context.loaders.histories.load(self.node.handle)).last_changed)

    @strawberry.field(
        description="Its last changes, the latest first: the setting `history_changes` says how many are remembered."
    )
    async def changes(self, info: Info) -> list[ResourceChange]:
        """Its history."""
        found = await info.context.loaders.histories.load(self.node.handle)
        return [shown_change(change) for change in found.changes]

    async def _relations(self, info: Info, types: list[str] | None, first: int, *, outward: bool) -> "RelationList":
        if not 0 <= first <= RELATIONS_MOST:
            raise BadUserInput(f"first is {first}; between 0 and {RELATIONS_MOST} can be asked for")
        wanted = RelationsWanted(self.node.handle, outward, tuple(edge_types(types)), first)
        found = await info.context.loaders.relations.load(wanted)
        return RelationList(
            total_count=found.total,
            items=[
                Relation(type=one.type, optional=one.optional, fields=list(one.fields), resource=resource(one.node))
                for one in found.items
            ],
        )


@strawberry.type(description="One edge of a resource, with what is at its other end.")
class Relation:
    """An edge as its start or its end sees it."""

    type: str = strawberry.field(description="The edge's type: `OWNED_BY`.")
    optional: bool = strawberry.field(description="Whether the reference may lead nowhere.")
    fields: list[str] = strawberry.field(description="The paths in the start's object that say so.")
    resource: Resource = strawberry.field(description="What is at the other end.")


@strawberry.type(description="The first of a resource's relations, and how many there are.")
class RelationList:
    """A bounded page of relations."""

    total_count: int = strawberry.field(description="How many there are in all.")
    items: list[Relation] = strawberry.field(description="The first of them by (type, key).")


def resource(node: Node) -> Resource:
    """A node's GraphQL form."""
    name = node.name
    return Resource(
        node=node,
        key=node.key,
        id=strawberry.ID(entity.entity_id(name)),
        kind=name.kind,
        group=name.group,
        name=name.name,
        namespace=name.namespace,
        cluster=name.cluster,
        missing=node.missing,
    )


async def resources(info: Info, nodes: list[Node], paths: frozenset[str], prefix: str = "") -> list[Resource]:
    """The nodes' GraphQL forms, with their facts where a field under `prefix` shows one."""
    if nodes and any(f"{prefix}{name}" in paths for name in FACT_FIELDS):
        properties = f"{prefix}properties" in paths
        return [
            resource(node)
            for node in await with_facts(
                info.context.reader, nodes, properties=properties, timeout=info.context.timeout
            )
        ]
    return [resource(node) for node in nodes]
