"""What waits for the next transaction: the last state of each resource, and the edges that came or went.

Changes of one resource coalesce, so a batch is as large as what changed, not as how often. Where a change feed wants
to know of each of them, their drafts are kept beside (`told`), and the batch is as large as they are.
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from opentelemetry.trace import SpanContext

from kgraph.feed.event import Event
from kgraph.feed.message import Message
from kgraph.graphdb.model import Edge, Resource
from kgraph.sync.drafts import DRAFT_BYTES, Draft, Happening, Told
from kgraph.sync.history import Before, Provenance
from kgraph.sync.manifest import Without
from kgraph.telemetry.tracing import LINKS_MOST

UNKNOWN = Provenance()
MatchedEdge = tuple[str, str, str]  # start, type, end


class Upsert(msgspec.Struct, gc=False):
    """A resource to write: whether its edges changed too, and whether the graph holds none of it yet.

    With `rewrite` it is compared with all that the graph has of it first, whatever the fingerprints say; `relabel` is
    what that finds of its labels.
    """

    resource: Resource
    edges_changed: bool
    fresh: bool
    provenance: Provenance
    rewrite: bool = False
    relabel: bool = False


class Recorded(msgspec.Struct, gc=False):
    """What the last try at writing a batch found in the graph, and what it told the outbox.

    `sequence` is the first event's, and the outbox row's. `bytes` is the row's size, 0 where there is none.
    """

    sequence: int
    before: Mapping[str, Before]
    events: Sequence[Event] | None = None
    messages: Sequence[Message] = ()
    bytes: int = 0


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
        self.drafts: dict[str, list[Draft]] = {}  # key -> its changes, in their order
        self._drafted = 0
        self.happened: list[Happening] = []  # to the cluster itself
        self.recorded: Recorded | None = None  # by the last try at writing it
        self.causes: list[SpanContext] = []  # the deliveries that it came of, as far as somebody gets their spans
        self.token = secrets.token_hex(8)  # tells it from the cluster's other batches, also where a commit is in doubt

    def __len__(self) -> int:
        """How much there is to write, in nodes and edges."""
        return len(self.upserts) + len(self.removals) + len(self.matched)

    def __bool__(self) -> bool:
        """Whether there is anything to write at all, a checkpoint included."""
        return bool(len(self) or self.checkpoints or self.forgotten or self.happened)

    @classmethod
    def together(cls, batches: "Sequence[Batch]") -> "Batch":
        """The batches of several clusters as one, for the graph's sake: their keys differ. Their drafts stay theirs."""
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

    def put(
        self,
        resource: Resource,
        provenance: Provenance = UNKNOWN,
        *,
        edges_changed: bool,
        fresh: bool,
        told: Told | None = None,
        pii: bool = False,
        rewrite: bool = False,
    ) -> None:
        """Write this state of the resource, instead of any earlier one in this batch."""
        reborn = self.removals.pop(resource.key, None) is not None
        earlier = self.upserts.get(resource.key)
        if earlier is not None:
            self._let_go(earlier.resource)
            edges_changed = edges_changed or earlier.edges_changed
            fresh, rewrite = earlier.fresh, rewrite or earlier.rewrite
            if earlier.provenance.created and not provenance.created:
                provenance = msgspec.structs.replace(provenance, created=True)
        if reborn:
            edges_changed, fresh = True, False
        self.upserts[resource.key] = Upsert(resource, edges_changed, fresh, provenance, rewrite)
        self.bytes += _bytes_of(resource)
        if told is not None:
            self.tell(resource.key, resource, provenance.noise, told, pii=pii)

    def remove(self, key: str, label: str, *, told: Told | None = None, pii: bool = False) -> None:
        """Take the resource away; what points at it is left pointing at a placeholder."""
        if earlier := self.upserts.pop(key, None):
            self._let_go(earlier.resource)
        self.removals[key] = label
        if told is not None:
            self.tell(key, None, {}, told, pii=pii)

    def tell(self, key: str, resource: Resource | None, noise: Without, told: Told, *, pii: bool) -> None:
        """Note for the change feed that a resource has this state now, None where it is gone."""
        self._drafted += 1
        self.bytes += DRAFT_BYTES
        self.drafts.setdefault(key, []).append(Draft(self._drafted, resource, noise, told, pii))

    def caused_by(self, span: SpanContext) -> None:
        """Something of it came with this delivery."""
        if len(self.causes) < LINKS_MOST and (not self.causes or self.causes[-1] is not span):
            self.causes.append(span)

    def _let_go(self, resource: Resource) -> None:
        """A state is no longer to be written; its draft may keep it all the same."""
        drafts = self.drafts.get(resource.key)
        if not drafts or drafts[-1].resource is not resource:
            self.bytes -= _bytes_of(resource)

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
        return len(self) == 0 or (len(self) == 1 and not (self.checkpoints or self.forgotten or self.happened))

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
        for key, drafts in self.drafts.items():
            (first if key in in_first else second).drafts[key] = drafts
        first.matched, second.matched = dict(edges[:first_edges]), dict(edges[first_edges:])
        first.absent = second.absent = self.absent
        first.causes = second.causes = self.causes
        second.checkpoints, second.forgotten, second.happened = self.checkpoints, self.forgotten, self.happened
        return first, second

    def names(self) -> list[str]:
        """The keys of all that is in it, for a report."""
        starts = dict.fromkeys(start for start, _, _ in self.matched)
        return [*self.upserts, *self.removals, *starts, *self.checkpoints, *self.forgotten]


def _bytes_of(resource: Resource) -> int:
    return len(resource.properties.get("manifest", ""))
