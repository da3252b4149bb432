"""DataLoaders: many small questions of one operation become one statement each kind.

They are made for each operation, so that nothing that one caller was shown is kept for another.
"""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

import msgspec
from strawberry.dataloader import DataLoader

from kgraph.api.clusters import Cluster, all_clusters
from kgraph.api.entities import Described, entities
from kgraph.api.errors import TooComplex
from kgraph.api.graphql.fields import NOT_LOADED, NotLoaded
from kgraph.api.graphql.pruning import Decode
from kgraph.api.history import History, histories
from kgraph.api.nodes import Node, Place, Wanted, node_with_facts
from kgraph.api.reading.reader import Reader
from kgraph.api.rollup import NO_PARTS, Parts, parts_of
from kgraph.api.settings import Limits
from kgraph.api.usage.measured import ClusterTotals, Measured, cluster_totals, samples_of
from kgraph.graphdb.model import GroupKind
from kgraph.graphdb.store import Record


class RelationsWanted(NamedTuple):
    """The relations of one node: along its edges (outward) or against them, by these types, the first so many."""

    place: Place
    outward: bool
    types: tuple[str, ...]
    first: int
    wanted: Wanted = Wanted(facts=True, properties=True)


class Step(NamedTuple):
    """Along the edges of one type, or against them, to resources of one kind; None is any."""

    type: str
    outward: bool
    kind: GroupKind | None


class RelatedWanted(NamedTuple):
    """What one node is related to by a step, or by two: the first by key after `after`; of `one`, a controller."""

    place: Place
    steps: tuple[Step, ...]
    after: str
    first: int
    one: bool
    wanted: Wanted


class MembersWanted(NamedTuple):
    """The first resources by key whose keys begin with a prefix and come after `after`."""

    prefix: str
    after: str
    first: int
    wanted: Wanted


class KeyWanted(NamedTuple):
    """One resource by its key."""

    key: str
    wanted: Wanted


class Relation(msgspec.Struct, frozen=True):
    """One edge of a node, with the node at its other end."""

    type: str
    optional: bool
    fields: tuple[str, ...]
    node: Node


class Relations(msgspec.Struct, frozen=True):
    """The first of a node's relations by (type, key), and how many there are in all."""

    total: int
    items: tuple[Relation, ...]


class _Statements:
    """What the loaders ask of the graph: each of many things at once."""

    def __init__(self, reader: Reader, timeout: float) -> None:
        self.objects: dict[str, dict[str, Any] | None] = {}
        self._reader = reader
        self._timeout = timeout

    async def measured(self, keys: list[str]) -> list[Measured]:
        found = await samples_of(self._reader, keys, timeout=self._timeout)
        return [found[key] for key in keys]

    async def totals(self, clusters: list[str]) -> list[ClusterTotals]:
        found = await cluster_totals(self._reader, clusters, timeout=self._timeout)
        return [found[cluster] for cluster in clusters]

    async def entities(self, wanted: list[Described]) -> list[dict[str, Any]]:
        return await entities(self._reader, wanted, timeout=self._timeout)

    async def clusters(self, wanted: list[str]) -> list[Cluster | None]:
        found = {one.id: one for one in await all_clusters(self._reader, timeout=self._timeout)}
        return [found.get(identity) for identity in wanted]

    async def histories(self, places: list[Place]) -> list[History]:
        found = await histories(self._reader, places, timeout=self._timeout)
        return [found.get(handle, History()) for handle, _ in places]

    async def parts(self, handles: list[str]) -> list[Parts]:
        found = await parts_of(self._reader, handles, timeout=self._timeout)
        return [found.get(handle, NO_PARTS) for handle in handles]

    async def manifests(self, places: list[Place]) -> list[dict[str, Any] | None]:
        record = await self._reader.read_one("read/manifests", {"of": {"places": places}}, timeout=self._timeout)
        found = {handle: msgspec.json.decode(text) for handle, text in record["manifests"]}
        self.objects.update((handle, found.get(handle)) for handle, _ in places)
        return [found.get(handle) for handle, _ in places]

    async def related(self, wanted: list[RelatedWanted]) -> list[tuple[Node, ...]]:
        asked = [
            {
                "at": at,
                "handle": one.place[0],
                "via": _step(one.steps[0]) if len(one.steps) > 1 else None,
                "to": _step(one.steps[-1]),
                "after": one.after,
                "first": one.first,
                "one": one.one,
            }
            for at, one in enumerate(wanted)
        ]
        about = [one.place[1] for one in wanted]
        record = await self._read("read/related", {"list": asked}, [one.wanted for one in wanted], about)
        nodes = {row[0]: node_with_facts(row) for row in record["nodes"]}
        found = {at: tuple(nodes[handle] for handle in handles) for at, handles in record["related"]}
        return [found.get(at, ()) for at in range(len(wanted))]

    async def members(self, wanted: list[MembersWanted]) -> list[tuple[Node, ...]]:
        seen = set(await self._reader.seen_prefixes({one.prefix for one in wanted}, timeout=self._timeout))
        asked = [
            {"at": at, "prefix": one.prefix, "after": one.after, "first": one.first}
            for at, one in enumerate(wanted)
            if one.prefix in seen
        ]
        room = max(one.first for one in wanted)
        record = await self._read("read/members", {"list": asked, "room": room}, [one.wanted for one in wanted])
        found = {at: tuple(node_with_facts(row) for row in rows) for at, rows in record["members"]}
        return [found.get(at, ()) for at in range(len(wanted))]

    async def by_key(self, wanted: list[KeyWanted]) -> list[Node | None]:
        asked = {"keys": sorted({one.key for one in wanted})}
        record = await self._read("read/by_keys", asked, [one.wanted for one in wanted])
        found = {row[1]: node_with_facts(row) for row in record["nodes"]}
        return [found.get(one.key) for one in wanted]

    async def _read(
        self, name: str, parameters: Mapping[str, Any], wanted: Sequence[Wanted], about: Sequence[str] = ()
    ) -> Record:
        """A statement's record, with what any of those that ask together wants of the nodes."""
        return await self._reader.read_one(
            name, {"of": {**parameters, **_any(wanted)}}, timeout=self._timeout, about=about
        )

    async def relations(self, wanted: list[RelationsWanted]) -> Sequence[Relations]:
        asked = [
            {"at": at, "handle": one.place[0], "outward": one.outward, "types": list(one.types), "first": one.first}
            for at, one in enumerate(wanted)
        ]
        record = await self._reader.read_one(
            "read/relations",
            {"wanted": {"list": asked, **_any([one.wanted for one in wanted])}},
            timeout=self._timeout,
            about=[one.place[1] for one in wanted],
        )
        found = {at: Relations(total, _relations(rows)) for at, total, rows in record["relations"]}
        return [found.get(at, Relations(0, ())) for at in range(len(wanted))]


class Loaders:
    """One operation's loaders."""

    def __init__(self, reader: Reader, limits: Limits) -> None:
        # Apart from this: a loader that kept a method of its keeper would be a circle, and wait for Python's search.
        asked = _Statements(reader, limits.statement_seconds)
        self._room = limits.related
        # By handle: objects that are decoded already, each once.
        self.objects = asked.objects
        # By handle and decoder: what one selection of fields looks at.
        self._pruned: dict[tuple[str, Decode], Any] = {}
        # By handle: the object as Kubernetes has it, without managedFields and secret values; None for others.
        self.manifests: DataLoader[Place, dict[str, Any] | None] = DataLoader(load_fn=asked.manifests)
        self.related: DataLoader[RelatedWanted, tuple[Node, ...]] = DataLoader(load_fn=asked.related)
        self.members: DataLoader[MembersWanted, tuple[Node, ...]] = DataLoader(load_fn=asked.members)
        # None for what is not there, or not for this caller.
        self.by_key: DataLoader[KeyWanted, Node | None] = DataLoader(load_fn=asked.by_key)
        self.relations: DataLoader[RelationsWanted, Relations] = DataLoader(load_fn=asked.relations)
        self.histories: DataLoader[Place, History] = DataLoader(load_fn=asked.histories)
        self.clusters: DataLoader[str, Cluster | None] = DataLoader(load_fn=asked.clusters)
        # By handle: how a node and its parts are.
        self.parts: DataLoader[str, Parts] = DataLoader(load_fn=asked.parts)
        # By node: its DictaMesh form, made of its object.
        self.entities: DataLoader[Described, dict[str, Any]] = DataLoader(
            load_fn=asked.entities, cache_key_fn=lambda described: described[0].place
        )
        # By the key of a Pod or Node: what it uses.
        self.measured: DataLoader[str, Measured] = DataLoader(load_fn=asked.measured)
        # By a cluster's id: what it uses as a whole.
        self.totals: DataLoader[str, ClusterTotals] = DataLoader(load_fn=asked.totals)

    def spend(self, resources: int) -> None:
        """Count resources into the answer; TooComplex once they are more than it may have."""
        self._room -= resources
        if self._room < 0:
            raise TooComplex("the answer has too many related resources: ask for fewer levels, or a smaller first")

    def object_of(self, node: Node) -> dict[str, Any] | NotLoaded | None:
        """The object of a node, decoded once; NOT_LOADED where it was not read with the node."""
        found = self.objects.get(node.handle, NOT_LOADED)
        if found is NOT_LOADED:
            if node.missing:
                return None
            text = msgspec.UNSET if node.facts is None else node.facts.manifest
            if text is not msgspec.UNSET:
                found = None if text is None else msgspec.json.decode(text)
                self.objects[node.handle] = found
        return found

    def pruned(self, node: Node, decode: Decode) -> Any:
        """As much of the object of a node as a decoder takes; NOT_LOADED where it was not read with the node."""
        text = None if node.facts is None else node.facts.manifest
        if not isinstance(text, str) or node.handle in self.objects:
            return self.object_of(node)
        at = (node.handle, decode)
        if at not in self._pruned:
            self._pruned[at] = decode(text)
        return self._pruned[at]


def _any(wanted: Sequence[Wanted]) -> dict[str, Any]:
    """What any of several wants, as the statements take it."""
    return reduce(or_, wanted).parameters


def _step(step: Step) -> dict[str, Any]:
    """A step as the statement takes it."""
    group, kind = step.kind or (None, None)
    return {"type": step.type, "outward": step.outward, "group": group, "kind": kind}


def _relations(rows: list[list[Any]]) -> tuple[Relation, ...]:
    return tuple(
        Relation(kind, optional, tuple(fields or ()), node_with_facts(row)) for kind, optional, fields, row in rows
    )
