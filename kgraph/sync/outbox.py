"""How full one cluster's outbox is, as the process that writes it knows it, and what follows from that."""

import asyncio
import time

import structlog

from kgraph.graphdb.store import Store
from kgraph.sync.patience import patiently

log = structlog.get_logger(__name__)

# From where on people are told, before the writer has to wait; and below which they are told that it is over.
ALARM_SHARE = 0.8
CALM_SHARE = 0.5


class Outbox:
    """A cluster's outbox: rows, events and bytes that wait. Only one process at a time lets it grow."""

    def __init__(self, cluster: str, limit_bytes: int, *, rows: int = 0, events: int = 0, size: int = 0) -> None:
        self.rows, self.events, self.bytes = rows, events, size
        self.room = asyncio.Event()  # whether more may be written
        self.empty = asyncio.Event()
        self._cluster = cluster
        self._limit_bytes = limit_bytes
        self._inherited = rows, events, size  # of them those of others that were not read yet
        self._known: dict[int, tuple[int, int]] = {}  # the others: seq -> events and bytes
        self._alarmed = False
        self._judge()

    @classmethod
    async def read(cls, store: Store, cluster: str, limit_bytes: int) -> "Outbox":
        """What the graph has of it."""
        found = await patiently(lambda: store.read_one("read/outbox_size", {"shard": cluster}))
        outbox = cls(cluster, limit_bytes, rows=found["rows"], events=found["events"], size=found["bytes"])
        if found["rows"]:
            log.info("events of an earlier worker wait", cluster=cluster, events=outbox.events)
        return outbox

    @property
    def share(self) -> float:
        """How much of its limit it takes; more than 1 for as long as one transaction goes beyond."""
        return self.bytes / self._limit_bytes

    @property
    def age_seconds(self) -> float:
        """How long the oldest row that is known has waited; 0 where none does.

        A row's number is when it was written, in microseconds since the epoch (`write/open`), by the graph's clock.
        """
        oldest = min(self._known, default=None) if self.rows else None
        return 0.0 if oldest is None else max(0.0, time.time() - oldest / 1e6)

    def grow(self, seq: int, events: int, size: int) -> None:
        """A row is committed; it may have been read from the graph before its writer was told."""
        if seq not in self._known:
            self._known[seq] = events, size
            self._add(1, events, size)

    def found(self, seq: int, events: int, size: int) -> None:
        """A row was read from the graph; others than this process may have committed it."""
        if seq not in self._known:
            self._known[seq] = events, size
            rows, all_events, all_bytes = self._inherited
            self._inherited = rows - 1, all_events - events, all_bytes - size

    def all_found(self) -> None:
        """All rows were read: what was thought to be there beside them, its sender has taken away meanwhile."""
        rows, events, size = self._inherited
        self._inherited = 0, 0, 0
        self._add(-rows, -events, -size)

    def shrink(self, seq: int) -> None:
        """A row is taken away; one that was sent twice is so twice."""
        if seq in self._known:
            events, size = self._known.pop(seq)
            self._add(-1, -events, -size)

    def rows_of(self, size: int, most: int) -> int:
        """How many rows have about so many bytes."""
        return max(1, min(most, size * self.rows // max(self.bytes, 1)))

    def problem(self, failure: str) -> str | None:
        """What is wrong, for people: why nothing is sent, how much waits, and what it comes to."""
        if not failure and not self._alarmed:
            return None
        share = f"{self.events} events wait in the outbox, {100 * self.bytes // self._limit_bytes} % of outbox_limit"
        end = "" if self.room.is_set() else "; it is full, and the graph stands still until events can be sent"
        return f"{failure or 'events are sent slower than they come'}; {share}{end}"

    def _add(self, rows: int, events: int, size: int) -> None:
        self.rows += rows
        self.events += events
        self.bytes += size
        self._judge()

    def _judge(self) -> None:
        share = self.share
        _set(self.room, share < 1)
        _set(self.empty, self.rows == 0)
        if share >= ALARM_SHARE and not self._alarmed:
            self._alarmed = True
            log.error(
                "the outbox fills",
                cluster=self._cluster,
                events=self.events,
                bytes=self.bytes,
                outbox_limit=self._limit_bytes,
                then="at the limit the cluster's writer waits, and so does its graph",
            )
        elif share < CALM_SHARE and self._alarmed:
            self._alarmed = False
            log.info("the outbox has room again", cluster=self._cluster, events=self.events)


def _set(event: asyncio.Event, value: bool) -> None:  # noqa: FBT001 - the state that it is to have
    if value:
        event.set()
    else:
        event.clear()
