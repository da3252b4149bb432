"""What subscribers are told: events, and marks between them."""

from enum import Enum
from typing import Any

import msgspec

from kgraph.api.events.positions import Position
from kgraph.feed.event import NO_OBJECT, Event
from kgraph.graphdb.model import NAMESPACE, NO_NAMESPACE, kind_prefix

# What an event takes beside its objects: its fields, its place in the ring, its forms.
EVENT_BYTES = 1_000


class Told:
    """One event, shared by all who are told of it: what is made of it for one is there for the others (`made`).

    `position` is None of the initial state, which nobody can go on from.
    """

    __slots__ = ("event", "key", "made", "position", "scope")

    def __init__(self, event: Event, position: Position | None) -> None:
        self.event = event
        self.position = position
        self.key = event.key
        self.scope = _scope(event, self.key)
        self.made: dict[object, Any] = {}

    @property
    def is_initial(self) -> bool:
        """Whether it tells of what is there, not of a change."""
        return self.position is None

    @property
    def bytes(self) -> int:
        """About what it takes in memory, with the one form that is made of it mostly."""
        return 2 * (len(memoryview(self.event.old_object)) + len(memoryview(self.event.new_object))) + EVENT_BYTES

    @property
    def narrowed(self) -> "Told":
        """The same for who does not see all of its cluster.

        `sequence` counts what is hidden from them, and what is said of a whole cluster may come of it.
        """
        found: Told | None = self.made.get(Told)
        if found is None:
            found = self.made[Told] = Told(_narrowed(self.event), self.position)
        return found


class MarkKind(Enum):
    """What a mark says: where the stream begins, that the initial state is complete, that the stream lives."""

    OPENED = "OPENED"
    SYNCED = "SYNCED"
    ALIVE = "ALIVE"


class Mark(msgspec.Struct, frozen=True):
    """A place in the stream at which nothing has happened, and from which it can go on, unless `position` is None."""

    kind: MarkKind
    position: Position | None


Item = Told | Mark


def _scope(event: Event, key: str) -> str:
    """What the caller has to see: the kind in its namespace, a Namespace itself; "" of a cluster's own events."""
    if event.resource is None:
        return ""
    scope = key.rpartition("/")[0]
    return key if scope == f"{kind_prefix(event.cluster_id, NAMESPACE)}{NO_NAMESPACE}" else scope


def _narrowed(event: Event) -> Event:
    if event.resource is not None:
        metadata = msgspec.structs.replace(event.metadata, sequence=0)
        return msgspec.structs.replace(event, metadata=metadata)
    metadata = msgspec.structs.replace(event.metadata, sequence=0, reason="", message="")
    return msgspec.structs.replace(event, metadata=metadata, old_object=NO_OBJECT, new_object=NO_OBJECT, diff={})
