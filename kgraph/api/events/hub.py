"""One reading of the change feed for all who follow it in this process.

The hub never waits: each event is looked at once for each distinct filter, and put into the queues of those who want
it. Who does not keep up is dropped, and can go on from the ring of the latest events; where the source has lost some,
all begin anew.
"""

import asyncio
import secrets
import time
from collections.abc import Hashable, Iterator, Sequence
from contextlib import aclosing, contextmanager, suppress
from contextvars import Context

import msgspec
import structlog

from kgraph.api.errors import ApiError, Busy, Dropped, Gone
from kgraph.api.events.audience import Audience, takes
from kgraph.api.events.positions import Position
from kgraph.api.events.ring import Ring
from kgraph.api.events.subscription import Subscription
from kgraph.api.events.told import Mark, MarkKind, Told
from kgraph.api.events.viewer import Viewer
from kgraph.feed.bus import Lagged, Source
from kgraph.feed.event import Event
from kgraph.feed.filters import EventFilter

log = structlog.get_logger(__name__)

ALIVE_SECONDS = 15.0  # proxies take a stream for dead after 30 or 60
# Replicas get the events of different partitions in different orders, and their clocks differ a little: who changes the
# replica is told again what was told so shortly before.
OVERLAP_SECONDS = 5.0
# How long a position of another replica is waited for by a hub that has just begun to read.
WARM_SECONDS = 5.0
AGAIN_SECONDS = 1.0  # after a source that has failed
SUBSCRIPTIONS_MOST = 20_000  # some 2 kB each, and a socket
ENDS = "this server ends; go on from the last event at another"
START_OVER = "begin anew: without an id, or with `initialState`"


class Counts(msgspec.Struct):
    """What has happened since the start."""

    events: int = 0
    repeated: int = 0  # events that came again, and were told once
    dropped: int = 0  # subscriptions that did not keep up
    gaps: int = 0  # times that the source has lost events


class Hub:
    """Everybody who follows the feed, and the latest of it; the source begins `reaches_back` seconds ago."""

    def __init__(self, source: Source, *, reaches_back: float = 0.0, ring: Ring | None = None) -> None:
        self.counts = Counts()
        self.replica = secrets.token_hex(4)
        self._source = source
        self._ring = ring or Ring()
        self._audiences: dict[EventFilter, dict[Hashable, Audience]] = {}
        self._of: dict[Subscription, tuple[EventFilter, Hashable]] = {}
        self._stamp = 0
        self._reaches_back = reaches_back
        self._reaches = 0  # the stamp before which nothing was told
        self._began = time.monotonic()
        self._found: dict[str, set[asyncio.Event]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._has_ended = False

    def start(self) -> None:
        """Begin to read, if that has not begun."""
        if not self._tasks:
            self._began = time.monotonic()
            self._reaches = self._position().stamp - int(self._reaches_back * 1e6)
            # In a context of their own: who happens to be the first to subscribe is not in their log lines.
            self._tasks = [
                asyncio.create_task(self._read(), name="the change feed", context=Context()),
                asyncio.create_task(self._say_alive(), name="the change feed's signs of life", context=Context()),
            ]

    async def close(self) -> None:
        """Read no more; who follows is told to come again."""
        self._has_ended = True
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._end_all(Busy(ENDS))

    @property
    def subscriptions(self) -> int:
        """How many there are."""
        return len(self._of)

    @property
    def audiences(self) -> int:
        """How many distinct pairs of filter and caller there are: so often is an event looked at, at most."""
        return sum(map(len, self._audiences.values()))

    @contextmanager
    def joined(self, wanted: EventFilter, viewer: Viewer | None) -> Iterator[tuple[Subscription, Audience, Position]]:
        """A subscription from now on, with where that is; Busy where there are too many, or the server ends."""
        if self._has_ended:
            raise Busy(ENDS)
        if len(self._of) >= SUBSCRIPTIONS_MOST:
            raise Busy(f"{SUBSCRIPTIONS_MOST:,} streams are open on this server; try another, or later", retry_after=30)
        self.start()
        now = self._position()
        subscription = Subscription(now.stamp)
        who = viewer.who if viewer else None
        of_filter = self._audiences.setdefault(wanted, {})
        if who not in of_filter:
            of_filter[who] = Audience(wanted, viewer, self._drop)
        audience = of_filter[who]
        audience.members.add(subscription)
        self._of[subscription] = (wanted, who)
        try:
            yield subscription, audience, now
        finally:
            self._leave(subscription)

    async def since(self, position: Position) -> Sequence[Told]:
        """All that was told after a position, as far as the hub has it when this is called; Gone where some is missing.

        On another replica than the position's, what was told shortly before it too.
        """
        floor = self._ring.floor
        if position.replica == self.replica:
            stamp = position.stamp
        else:
            stamp = await self._elsewhere(position) - int(OVERLAP_SECONDS * 1e6)
            floor = floor if position.event_id else max(floor, self._reaches)
        if stamp < floor:
            raise Gone(f"what came after {position} is no longer here; {START_OVER}")
        return self._ring.after(stamp)

    async def _elsewhere(self, position: Position) -> int:
        """When here was what another replica has told; Gone where the event is not here."""
        if not position.event_id:
            return position.stamp
        await self._warmed(position.event_id)
        stamp = self._ring.stamp_of(position.event_id)
        if stamp is None:
            raise Gone(f"this server no longer has the event {position.event_id}, or never had it; {START_OVER}")
        return stamp

    async def _warmed(self, event_id: str) -> None:
        """Wait for an event of another replica, if this hub has begun a moment ago."""
        left = self._began + WARM_SECONDS - time.monotonic()
        if left <= 0 or self._ring.stamp_of(event_id) is not None:
            return
        found = asyncio.Event()
        self._found.setdefault(event_id, set()).add(found)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await found.wait()
        finally:
            self._found[event_id].discard(found)
            if not self._found[event_id]:
                del self._found[event_id]

    async def _read(self) -> None:
        while True:
            try:
                async with aclosing(self._source.events()) as source:
                    async for events in source:
                        for event in events:
                            self._tell(event)
            except Lagged as error:
                self._lost(str(error))
            except Exception as error:
                log.exception("the change feed's source has failed")
                self._lost(f"its source has failed: {type(error).__name__}")
                await asyncio.sleep(AGAIN_SECONDS)

    def _tell(self, event: Event) -> None:
        told = Told(event, self._position(event.event_id))
        if self._ring.has(told):
            self.counts.repeated += 1
            return
        self.counts.events += 1
        self._ring.put(told)
        for wanted, audiences in self._audiences.items():
            if takes(wanted, told):
                for audience in audiences.values():
                    audience.tell(told)
        for found in self._found.get(event.event_id, ()):
            found.set()

    def _lost(self, why: str) -> None:
        """The source has lost events: nobody can go on from a position that was given until now."""
        log.warning(
            "the change feed has a gap: all who follow it begin anew", why=why, subscriptions=self.subscriptions
        )
        self.counts.gaps += 1
        self.replica = secrets.token_hex(4)
        self._reaches = self._position().stamp
        self._ring = self._ring.emptied()
        self._end_all(Gone(f"events were lost on their way here; {START_OVER}"))

    async def _say_alive(self) -> None:
        while True:
            await asyncio.sleep(ALIVE_SECONDS)
            mark = Mark(MarkKind.ALIVE, self._position())
            for audiences in self._audiences.values():
                for audience in audiences.values():
                    audience.tell(mark)

    def _position(self, event_id: str = "") -> Position:
        """A moment after all others."""
        self._stamp = max(time.time_ns() // 1000, self._stamp + 1)
        return Position(self._stamp, self.replica, event_id)

    def _drop(self, subscription: Subscription) -> None:
        self.counts.dropped += 1
        log.warning("a subscriber of the change feed is too slow, and was dropped", dropped=self.counts.dropped)
        subscription.end(Dropped("you take events more slowly than they come; go on from the last one, or want less"))

    def _leave(self, subscription: Subscription) -> None:
        wanted, who = self._of.pop(subscription)
        audience = self._audiences[wanted][who]
        audience.members.discard(subscription)
        if not audience.members:
            audience.close()
            del self._audiences[wanted][who]
            if not self._audiences[wanted]:
                del self._audiences[wanted]

    def _end_all(self, why: ApiError) -> None:
        for audiences in self._audiences.values():
            for audience in audiences.values():
                audience.end(why)
