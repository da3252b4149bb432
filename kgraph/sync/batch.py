"""What waits for the next transaction: the last state of each resource, and the edges that came or went.

Changes of one resource coalesce, so a batch is as large as what changed, not as how often.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from kgraph.graphdb.model import Edge, Resource

MatchedEdge = tuple[str, str, str]  # start, type, end


class Upsert(msgspec.Struct, gc=False):
    """A resource to write: whether its edges changed too, and whether the graph holds none of it yet."""

    resource: Resource
    edges_changed: bool
    fresh: bool


class Batch:
    """One transaction's worth of change to one cluster's part of the graph."""

    def __init__(self) -> None:
        self.upserts: dict[str, Upsert] = {}
        self.removals: dict[str, str] = {}  # key -> its kind's label
        self.matched: dict[MatchedEdge, Edge | None] = {}  # None takes the edge away
        self.absent: set[MatchedEdge] = set()  # those of them that the graph is known not to hold
        self.checkpoints: dict[str, Mapping[str, Any]] = {}
        self.forgotten: set[str] = set()  # keys of kinds that the cluster no longer serves

    def __len__(self) -> int:
        """How much there is to write, in nodes and edges."""
        return len(self.upserts) + len(self.removals) + len(self.matched)

    def __bool__(self) -> bool:
        """Whether there is anything to write at all, a checkpoint included."""
        return bool(self.upserts or self.removals or self.matched or self.checkpoints or self.forgotten)

    def put(self, resource: Resource, *, edges_changed: bool, fresh: bool) -> None:
        """Write this state of the resource, instead of any earlier one in this batch."""
        reborn = self.removals.pop(resource.key, None) is not None
        earlier = self.upserts.get(resource.key)
        if earlier is not None:
            edges_changed = edges_changed or earlier.edges_changed
            fresh = earlier.fresh
        if reborn:
            edges_changed, fresh = True, False
        self.upserts[resource.key] = Upsert(resource, edges_changed, fresh)

    def remove(self, key: str, label: str) -> None:
        """Take the resource away; what points at it is left pointing at a placeholder."""
        self.upserts.pop(key, None)
        self.removals[key] = label

    def match(self, start: str, edge: Edge, *, absent: bool = False) -> None:
        """An edge that follows both ends has come, or has changed; `absent` where the graph surely has none."""
        matched = (start, edge.type, edge.end)
        if absent and matched not in self.matched:
            self.absent.add(matched)
        self.matched[matched] = edge

    def unmatch(self, start: str, type_: str, end: str) -> None:
        """An edge that follows both ends has gone."""
        self.matched[start, type_, end] = None

    def checkpoint(self, key: str, properties: Mapping[str, Any]) -> None:
        """Remember how far a kind has come, in the transaction that writes its resources."""
        self.forgotten.discard(key)
        self.checkpoints[key] = {**self.checkpoints.get(key, {}), **properties}

    def forget_kind(self, key: str) -> None:
        """The cluster no longer serves a kind."""
        self.checkpoints.pop(key, None)
        self.forgotten.add(key)

    def distrust(self) -> None:
        """Forget what was known of the graph: an earlier try at this batch may or may not have been committed."""
        self.absent.clear()
        for upsert in self.upserts.values():
            upsert.fresh = False
            upsert.edges_changed = True

    def halves(self) -> "tuple[Batch, Batch]":
        """The same batch as two: one that Neo4j refuses is halved until what it refuses stands alone."""
        first, second = Batch(), Batch()
        nodes = [*self.removals, *self.upserts]
        in_first = set(nodes[: len(nodes) // 2])
        for key, label in self.removals.items():
            (first if key in in_first else second).removals[key] = label
        for key, upsert in self.upserts.items():
            (first if key in in_first else second).upserts[key] = upsert
        edges = list(self.matched.items())
        middle = len(edges) // 2 if len(nodes) < 2 else 0
        first.matched, second.matched = dict(edges[:middle]), dict(edges[middle:])
        second.absent = self.absent
        second.checkpoints, second.forgotten = self.checkpoints, self.forgotten
        return first, second
