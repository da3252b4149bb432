"""Following the feed as one caller: what is there, what came since they were here last, and what comes."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager

import msgspec

from kgraph.api.callers.caller import Caller
from kgraph.api.errors import NotFound, Unauthenticated
from kgraph.api.events.hub import Hub
from kgraph.api.events.positions import Position
from kgraph.api.events.state import SETTLING_MOST, Settling, state
from kgraph.api.events.subscription import WAITING_MOST, Subscription
from kgraph.api.events.told import Item, Mark, MarkKind, Told
from kgraph.api.events.viewer import Viewer
from kgraph.api.events.wanted import Words, event_filter
from kgraph.api.kinds import KindReader
from kgraph.api.reading.reader import Reader
from kgraph.feed.filters import EventFilter

NO_FEED = (
    "this server has no change feed: `kgraph up` brings its own, and `kgraph serve` reads that of "
    "KAFKA_BOOTSTRAP_SERVERS, or else of REDIS_URL"
)
CHUNK = 200  # earlier events that are looked at without letting others do something


class Wish(msgspec.Struct, frozen=True):
    """What somebody wants to follow: with what is there first (`initial`), or from a position on."""

    filter: EventFilter
    initial: bool = False
    position: Position | None = None


class Streams:
    """Opens streams over the hub; `hub` None where this server has no feed.

    `reader_of` makes the graph as a caller sees it, `viewer_of` their eyes on the stream, None where they see all.
    """

    def __init__(
        self,
        hub: Hub | None,
        kinds: KindReader,
        reader_of: Callable[[Caller], Reader],
        viewer_of: Callable[[Caller], Viewer | None],
    ) -> None:
        self.hub = hub
        self._kinds = kinds
        self._reader_of = reader_of
        self._viewer_of = viewer_of

    @property
    def closing(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        """What is to be called in the end."""
        return (self.hub.close,) if self.hub else ()

    async def wish(self, words: Words, *, initial: bool, position: Position | None = None) -> Wish:
        """What is meant; NotFound where there is no feed, and as `event_filter` where it is not understood."""
        if self.hub is None:
            raise NotFound(NO_FEED)
        # Who comes back has the state already.
        return Wish(await event_filter(self._kinds, words), initial and position is None, position)

    async def follow(
        self, caller: Caller, wish: Wish, *, timeout: float, ended: Callable[[], Awaitable[str]] | None = None
    ) -> AsyncGenerator[Sequence[Item], None]:
        """What they see of it, for ever; raises ApiError where it ends: Gone, Dropped, Busy, ClusterUnavailable.

        A statement of the state may take `timeout` seconds. `ended` waits for the end of the caller's session.
        """
        assert self.hub is not None
        with (
            self.hub.joined(wish.filter, self._viewer_of(caller)) as (subscription, audience, now),
            _ending(subscription, ended),
        ):
            earlier = await self.hub.since(wish.position) if wish.position is not None else ()
            # Who is cut off while the state is told has to begin anew: there is no place yet to go on from.
            yield (Mark(MarkKind.OPENED, None if wish.initial else wish.position or now),)
            for at in range(0, len(earlier), CHUNK):
                some = [told for told in earlier[at : at + CHUNK] if _is_until(told, now)]
                if seen := await audience.seen(some):
                    yield seen
            settling = Settling()
            if wish.initial:
                subscription.most = SETTLING_MOST
                async for told in state(self._reader_of(caller), self._kinds, wish.filter, timeout=timeout):
                    for one in told:
                        settling.has(one)
                    if told:
                        yield told
                settling.complete()
                subscription.most = WAITING_MOST
                yield (Mark(MarkKind.SYNCED, now),)
            while not settling.is_over:
                if news := settling.news(await subscription.take()):
                    yield news
            del settling
            while True:
                yield await subscription.take()


@contextmanager
def _ending(subscription: Subscription, ended: Callable[[], Awaitable[str]] | None) -> Iterator[None]:
    """End a subscription with its session."""
    if ended is None:
        yield
        return

    async def end() -> None:
        reason = await ended()
        subscription.end(Unauthenticated(f"the session is over: {reason}; come again with another token"))

    ending = asyncio.create_task(end(), name="end of a stream's session")
    try:
        yield
    finally:
        ending.cancel()


def _is_until(told: Told, now: Position) -> bool:
    """Whether it was told before somebody joined: what came later is in their queue."""
    return told.position is not None and told.position.stamp <= now.stamp
