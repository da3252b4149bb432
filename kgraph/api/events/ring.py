"""The latest events, for who comes back: bounded by how many they are and by their bytes."""

from collections import deque
from itertools import takewhile

from kgraph.api.events.told import Told

# Some minutes of a busy fleet. What is kept longer is Kafka's.
EVENTS_MOST = 20_000
BYTES_MOST = 64 * 1024 * 1024


class Ring:
    """The latest events in the order in which they were told."""

    def __init__(self, most: int = EVENTS_MOST, bytes_most: int = BYTES_MOST) -> None:
        self._most = most
        self._bytes_most = bytes_most
        self._told: deque[Told] = deque()
        self._first: dict[str, Told] = {}  # by event_id the first of those that are here
        self._bytes = 0
        self.floor = 0  # the stamp of the latest one that is no longer here

    def put(self, told: Told) -> None:
        """One more; the oldest make room for it."""
        self._told.append(told)
        self._bytes += told.bytes
        self._first.setdefault(told.event.event_id, told)
        while len(self._told) > self._most or (self._bytes > self._bytes_most and len(self._told) > 1):
            gone = self._told.popleft()
            self._bytes -= gone.bytes
            self.floor = _stamp(gone)
            if self._first.get(gone.event.event_id) is gone:
                del self._first[gone.event.event_id]

    def has(self, told: Told) -> bool:
        """Whether this very change is here: the same one may be sent twice."""
        known = self._first.get(told.event.event_id)
        return known is not None and known.event.metadata.sequence == told.event.metadata.sequence

    def stamp_of(self, event_id: str) -> int | None:
        """When an event was told; None where it is not here."""
        found = self._first.get(event_id)
        return None if found is None else _stamp(found)

    def after(self, stamp: int) -> list[Told]:
        """All that was told after a moment, as far as it is here."""
        found = list(takewhile(lambda told: _stamp(told) > stamp, reversed(self._told)))
        found.reverse()
        return found

    def emptied(self) -> "Ring":
        """One like it with nothing in it."""
        return Ring(self._most, self._bytes_most)


def _stamp(told: Told) -> int:
    assert told.position is not None
    return told.position.stamp
