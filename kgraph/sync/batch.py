"""What waits for the next transaction: the last state of each resource, and the edges that came or went.

Changes of one resource coalesce, so a batch is as large as what changed, not as how often.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from kgraph.graphdb.model import Edge, Resource
from kgraph.sync.history import Provenance

UNKNOWN = Provenance()
MatchedEdge = tuple[str, str, str]  # start, type, end


class Upsert(msgspec.Struct, gc=False):
    """A resource to write: whether its edges changed too, and whether the graph holds none of it yet."""

    resource: Resource
    edges_changed: bool
    fresh: bool
    provenance: Provenance


class Batch:
    """One transaction's worth of change to one cluster's part of the graph."""

    def __init__(self) -> None:
        self.upserts: dict[str, Upsert] = {}
        self.removals: dict[str, str] = {}  # key -> its kind's label
        self.matched: dict[MatchedEdge, Edge | None] = {}  # None takes the edge away
        self.absent: set[MatchedEdge] = set()  # those of them that the graph is known not to hold
        self.checkpoints: dict[str, Mapping[str, Any]] = {}
        self.forgotten: set[str] = set()  # keys of kinds that the cluster no longer serves
        self.bytes = 0  # of the objects' JSON, which is most of what a batch takes in memory

    def __len__(self) -> int:
        """How much there is to write, in nodes and edges."""
        return len(self.upserts) + len(self.removals) + len(self.matched)

    def __bool__(self) -> bool:
        """Whether there is anything to write at all, a checkpoint included."""
        return bool(len(self) or self.checkpoints or self.forgotten)

    @classmethod
    def together(cls, batches: "Sequence[Batch]") -> "Batch":
        """The batches of several clusters as one: their keys differ."""
        one = cls()
        for batch in batches:
            one.upserts |= batch.upserts
            one.removals |= batch.removals
            one.matched |= batch.matched
            one.absent |= batch.absent
            one.checkpoints |= batch.checkpoints
            one.forgotten |= batch.forgotten
            one.bytes += batch.bytes
        return one

    def put(self, resource: Resource, provenance: Provenance = UNKNOWN, *, edges_changed: bool, fresh: bool) -> None:
        """Write this state of the resource, instead of any earlier one in this batch."""
        reborn = self.removals.pop(resource.key, None) is not None
        earlier = self.upserts.get(resource.key)
        if earlier is not None:
            self.bytes -= _bytes_of(earlier.resource)
            edges_changed = edges_changed or earlier.edges_changed
            fresh = earlier.fresh
            if earlier.provenance.created and not provenance.created:
                provenance = msgspec.structs.replace(provenance, created=True)
        if reborn:
            edges_changed, fresh = True, False
        self.upserts[resource.key] = Upsert(resource, edges_changed, fresh, provenance)
        self.bytes += _bytes_of(resource)

    def remove(self, key: str, label: str) -> None:
        """Take the resource away; what points at it is left pointing at a placeholder."""
        if earlier := self.upserts.pop(key, None):
            self.bytes -= _bytes_of(earlier.resource)
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

    @property
    def is_single(self) -> bool:
        """Whether nothing smaller than this batch can be written: one node, one edge, or checkpoints alone."""
        return len(self) == 0 or (len(self) == 1 and not self.checkpoints and not self.forgotten)

    def halves(self) -> "tuple[Batch, Batch]":
        """The same batch as two, both smaller unless it is single; the first is to be written first."""
        first, second = Batch(), Batch()
        nodes, edges = [*self.removals, *self.upserts], list(self.matched.items())
        if len(nodes) > 1:
            in_first, first_edges = set(nodes[: len(nodes) // 2]), 0
        elif nodes:
            in_first, first_edges = set(nodes), 0  # the node before its edges
        else:
            in_first, first_edges = set(), (len(edges) + 1) // 2
        for key, label in self.removals.items():
            (first if key in in_first else second).removals[key] = label
        for key, upsert in self.upserts.items():
            (first if key in in_first else second).upserts[key] = upsert
        first.matched, second.matched = dict(edges[:first_edges]), dict(edges[first_edges:])
        first.absent = second.absent = self.absent
        second.checkpoints, second.forgotten = self.checkpoints, self.forgotten
        return first, second

    def names(self) -> list[str]:
        """The keys of all that is in it, for a report."""
        starts = dict.fromkeys(start for start, _, _ in self.matched)
        return [*self.upserts, *self.removals, *starts, *self.checkpoints, *self.forgotten]


def _bytes_of(resource: Resource) -> int:
    return len(resource.properties.get("manifest", ""))
