"""`Resource`: what all nodes of the graph are in GraphQL, whatever their kind, and the types that kinds have."""

from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Annotated, Any, Self

import strawberry
from strawberry.schema.name_converter import NameConverter
from strawberry.types.base import get_object_definition

from kgraph.api.bounds import within
from kgraph.api.entities import RELATIONS_MOST
from kgraph.api.entity import entity_id
from kgraph.api.errors import BadUserInput
from kgraph.api.graphql.changes import ResourceChange, shown_change
from kgraph.api.graphql.context import Info
from kgraph.api.graphql.fields import NOT_LOADED, PLAIN, At, NotLoaded, Promoted
from kgraph.api.graphql.health import Health, Rollup, absent_health, rollup, shown_health
from kgraph.api.graphql.loaders import KeyWanted, Loaders, RelationsWanted
from kgraph.api.graphql.pruning import Decode
from kgraph.api.graphql.scalars import JSON, DateTime, json_value, moment
from kgraph.api.graphql.selection import selected
from kgraph.api.labels import labels_of
from kgraph.api.nodes import Facts, Node, Wanted, named, with_facts
from kgraph.api.walk import edge_types
from kgraph.graphdb.model import CORE, NO_NAMESPACE, GroupKind

# The fields below are filled from `Facts`: a list that shows one of them reads the facts of all its nodes at once.
FACT_FIELDS = frozenset({"apiVersion", "uid", "createdAt", "labels", "properties", "health", "healthReason"})
# These are taken from the object: `resources` reads it with the facts, if there is need of any.
OBJECT_FIELDS = frozenset({"annotations", "manifest", "entity"})
NO_FACTS = Facts()
SELECTIONS_KEPT = 1_000
RELATIONS = 50


EdgeTypes = Annotated[
    list[str] | None,
    strawberry.argument(description="Edge types to follow, such as `OWNED_BY`; all but containment unless told."),
]


@strawberry.interface(
    description="Anything in the graph: a resource of any kind, or an image, a host name, a subject. What `kubectl "
    "describe` leads with, most of Kubernetes' own kinds have as fields of a type of their own."
)
class Resource:
    """One node; what a list did not fetch is loaded by the operation's loaders."""

    node: strawberry.Private[Node]
    loaders: strawberry.Private[Loaders]
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
        return self.node.facts or NO_FACTS

    @property
    def raw(self) -> dict[str, Any] | NotLoaded | None:
        """The object as Kubernetes has it; None for what is not there, NOT_LOADED where it was not read."""
        return self.loaders.object_of(self.node)

    def pruned(self, decode: Decode) -> Any:
        """As much of the object as a decoder takes; NOT_LOADED where it was not read."""
        return self.loaders.pruned(self.node, decode)

    async def load_raw(self) -> dict[str, Any] | None:
        """The object, if it has to be read."""
        raw = self.raw
        return await self.loaders.manifests.load(self.node.place) if isinstance(raw, NotLoaded) else raw

    @classmethod
    async def resolve_reference(cls, info: Info, **given: Any) -> Self | None:
        """The resource that another service of a federation names by `key` or `id`; None for one of another type."""
        key = given.get("key") or _key_of(cls, given.get("id"))
        node = await info.context.loaders.by_key.load(KeyWanted(str(key), wanted(selected(info))))
        found = None if node is None else resource(info, node)
        return found if isinstance(found, cls) else None

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
        return JSON(labels_of(self.facts().labels))

    @strawberry.field(description="What its kind promotes to properties: a Pod's phase, nodeName and so on.")
    def properties(self) -> JSON:
        """Promoted properties by name."""
        return JSON(dict(self.facts().properties))

    @strawberry.field(
        description="Its own health, by what its own status says; of a placeholder MISSING if its kind is synced, else "
        "UNKNOWN; null for kinds that say nothing of how they are.",
        metadata={PLAIN: lambda found: NOT_LOADED if found.missing else shown_health(found.facts().health)},
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

    @strawberry.field(description="Its annotations, as an object.")
    async def annotations(self, info: Info) -> JSON:
        """Annotations by name."""
        del info
        return JSON(((await self.load_raw() or {}).get("metadata") or {}).get("annotations") or {})

    @strawberry.field(
        description="The whole object, without managedFields and without secret values; null for what is not there."
    )
    async def manifest(self, info: Info) -> JSON | None:
        """The object as Kubernetes has it."""
        del info
        return json_value(await self.load_raw())

    @strawberry.field(description="The DictaMesh form: id, type, attributes, relationships, metadata.")
    async def entity(self, info: Info) -> JSON | None:
        """The same object as DictaMesh's entity."""
        manifest = await self.load_raw()
        return None if manifest is None else JSON(await info.context.loaders.entities.load((self.node, manifest)))

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
        return moment((await info.context.loaders.histories.load(self.node.place)).first_seen)

    @strawberry.field(description="When it last changed; noise, such as heartbeats, is no change.")
    async def last_changed(self, info: Info) -> DateTime | None:
        """When it last changed."""
        return moment((await info.context.loaders.histories.load(self.node.place)).last_changed)

    @strawberry.field(
        description="Its last changes, the latest first: the setting `history_changes` says how many are remembered."
    )
    async def changes(self, info: Info) -> list[ResourceChange]:
        """Its history."""
        found = await info.context.loaders.histories.load(self.node.place)
        return [shown_change(change) for change in found.changes]

    async def _relations(self, info: Info, types: list[str] | None, first: int, *, outward: bool) -> "RelationList":
        first = within("first", first, RELATIONS_MOST)
        below = wanted(selected(info), "items.resource.")
        found = await info.context.loaders.relations.load(
            RelationsWanted(self.node.place, outward, tuple(edge_types(types)), first, below)
        )
        return RelationList(
            total_count=found.total,
            items=[
                Relation(
                    type=one.type, optional=one.optional, fields=list(one.fields), resource=resource(info, one.node)
                )
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


# The types of kinds that have one; filled by `of_kind`, once for each, where they are written.
TYPES: dict[GroupKind, type[Resource]] = {}


def of_kind(group: str, description: str) -> Callable[[type], type]:
    """Make a class the type of the kind that is called like it: an entity of a federation, by its key or its id."""

    def made(cls: type) -> type:
        kind: type = strawberry.federation.type(cls, keys=["key", "id"], description=description)
        TYPES[GroupKind(group, cls.__name__)] = kind
        return kind

    return made


@strawberry.federation.type(
    keys=["key"],
    description="A resource whose kind has no type of its own, such as any custom resource: its object is in "
    "`manifest`. And what is no resource: an image, a host name, a subject, a Helm release, a cluster's node.",
)
class GenericResource(Resource):
    """Anything else."""


def resource(info: Info, node: Node) -> Resource:
    """A node's GraphQL form, of its kind's type."""
    name = node.name
    return TYPES.get(name.group_kind, GenericResource)(
        node=node,
        loaders=info.context.loaders,
        key=node.key,
        id=strawberry.ID(entity_id(name)),
        kind=name.kind,
        group=name.group,
        name=name.name,
        namespace=name.namespace,
        cluster=name.cluster,
        missing=node.missing,
    )


@lru_cache(SELECTIONS_KEPT)
def wanted(paths: frozenset[str], prefix: str = "") -> Wanted:
    """What the fields under `prefix` want of their nodes; each parent of a relation asks the same."""
    names = {path.removeprefix(prefix) for path in paths if path.startswith(prefix)}
    fields = _fields()
    return Wanted(
        facts=not names.isdisjoint(FACT_FIELDS | fields[At] | fields[Promoted]),
        properties="properties" in names or not names.isdisjoint(fields[Promoted]),
        manifests=not names.isdisjoint(OBJECT_FIELDS | fields[At]),
    )


@cache
def _fields() -> Mapping[type[At], frozenset[str]]:
    """The names of the fields of all kinds that are taken from objects, and of those from properties."""
    names: dict[type[At], set[str]] = {At: set(), Promoted: set()}
    named = NameConverter().from_field
    for kind in TYPES.values():
        for field in get_object_definition(kind, strict=True).fields:
            if isinstance(field, At):
                names[type(field)].add(named(field))
    return {kind: frozenset(found) for kind, found in names.items()}


def _key_of(kind: type[Resource], identity: object) -> str:
    """The key of a resource by its kind's type and its id; BadUserInput where that is none."""
    parts = identity.split(":", 2) if isinstance(identity, str) else []
    for (group, name), its_type in TYPES.items():
        if its_type is kind and len(parts) == 3:
            return f"{parts[0]}/{group or CORE}/{name}/{parts[1] or NO_NAMESPACE}/{parts[2]}"
    raise BadUserInput(f"{identity!r} is no id of a {kind.__name__}: an id is cluster:namespace:name")


async def named_resource(info: Info, key: str) -> Resource:
    """The resource of a key that the caller has named; NotFound where there is none, or none that they see."""
    node = await named(info.context.reader, key, timeout=info.context.timeout)
    (found,) = await resources(info, [node], selected(info))
    return found


async def resources(info: Info, nodes: list[Node], paths: frozenset[str], prefix: str = "") -> list[Resource]:
    """The nodes' GraphQL forms, with what the fields under `prefix` show of them."""
    asked = wanted(paths, prefix)
    if nodes and (asked.facts or asked.manifests):
        nodes = list(await with_facts(info.context.reader, nodes, asked, timeout=info.context.timeout))
    return [resource(info, node) for node in nodes]
