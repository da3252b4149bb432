"""The change feed through Redis, where there is no Kafka: one capped stream that the workers write and the API reads.

Redis acknowledges what it has in memory. What it forgets with its process is lost to the stream and not to the graph:
whoever reads is told that there is a gap, and begins anew.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Sequence
from typing import Any

import cramjam
import msgspec
import structlog

from kgraph.backoff import Backoff
from kgraph.feed.bus import Lagged
from kgraph.feed.event import Event, decoded
from kgraph.feed.message import Message, packed, unpacked
from kgraph.feed.redis_client import FAILURES, connect
from kgraph.feed.sink import SinkUnavailable

log = structlog.get_logger(__name__)

STREAM = "kgraph:events"
FIELD = b"messages"
# Entries that are kept, a transaction's events each: some minutes of a busy fleet, 50 to 100 MB.
ENTRIES_MOST = 20_000
# Messages of one entry: a first sync's transactions have thousands, which nobody should have to take at once.
MESSAGES_MOST = 500
READ_MOST = 100  # entries that are read at once
# A read waits so long for something new; a connection that says nothing for longer is dead.
BLOCK_SECONDS = 5.0
ANSWER_SECONDS = 15.0
AGAIN_FIRST_SECONDS = 0.2
AGAIN_MOST_SECONDS = 5.0
_NOTHING = b"0-0"


class RedisSink:
    """See `kgraph.feed.sink.Sink`."""

    def __init__(self, url: str, stream: str = STREAM, entries_most: int = ENTRIES_MOST) -> None:
        self._redis = connect(url, ANSWER_SECONDS)
        self._stream = stream
        self._entries_most = entries_most
        self._order = asyncio.Lock()  # its waiters come in the order in which they asked

    async def send(self, messages: Sequence[Message]) -> Awaitable[None]:
        """See `Sink`: what this returns has ended already."""
        try:
            async with self._order:
                for at in range(0, len(messages), MESSAGES_MOST):
                    fields: Any = {FIELD: packed(messages[at : at + MESSAGES_MOST])}
                    await self._redis.xadd(self._stream, fields, maxlen=self._entries_most, approximate=True)
        except FAILURES as error:
            raise SinkUnavailable(
                f"sending events to Redis: {str(error) or type(error).__name__}; check REDIS_URL and that it runs: "
                "events wait in the outbox until it does"
            ) from error
        return _done()

    async def close(self) -> None:
        """See `Sink`."""
        await self._redis.aclose()


async def _done() -> None:
    return


class RedisSource:
    """See `kgraph.feed.bus.Source`."""

    def __init__(self, url: str, stream: str = STREAM) -> None:
        self._url = url
        self._stream = stream

    async def events(self) -> AsyncGenerator[Sequence[Event], None]:
        """Events from now on; Lagged where the stream was cut, or emptied, past what was read."""
        reading = _Reading(self._stream)
        backoff = Backoff(AGAIN_FIRST_SECONDS, AGAIN_MOST_SECONDS)
        while True:
            redis = connect(self._url, ANSWER_SECONDS)
            try:
                while True:
                    some = await reading.next(redis)
                    backoff.reset()
                    if some:
                        yield some
            except FAILURES as error:
                log.warning("the change feed cannot be read just now", why=str(error) or repr(error))
                reading.was_cut_off()
            finally:
                await redis.aclose()
            await asyncio.sleep(backoff.seconds())


class _Reading:
    """How far one reading has come; it outlives its connections."""

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._last: bytes | None = None

    async def next(self, redis: Any) -> list[Event]:
        """What comes next, nothing where that takes longer than BLOCK_SECONDS."""
        if self._last is None:
            newest = await redis.xrevrange(self._stream, count=1)
            self._last = newest[0][0] if newest else _NOTHING
        found = await self._waiting(redis)
        if not found:
            found = await redis.xread({self._stream: self._last}, count=READ_MOST, block=int(BLOCK_SECONDS * 1000))
        events: list[Event] = []
        for _, entries in _streams(found):
            for identity, fields in entries:
                events += _events(fields, identity)
                self._last = identity
        return events

    def was_cut_off(self) -> None:
        """An empty stream tells nobody whether it is the same as before."""
        if self._last == _NOTHING:
            self._last = b"lost"

    async def _waiting(self, redis: Any) -> Any:
        """What has come already; Lagged where what was read last is there no more, for more may have gone with it."""
        if self._last == b"lost":
            raise Lagged("Redis was away before the first event came: some may be lost")
        if self._last == _NOTHING:
            return None
        pipeline = redis.pipeline(transaction=True)
        pipeline.xrange(self._stream, min=self._last, max=self._last)
        pipeline.xread({self._stream: self._last}, count=READ_MOST)
        there, found = await pipeline.execute()
        if not there:
            raise Lagged("Redis has no longer what comes after the last event that was read")
        return found


def _streams(found: Any) -> list[Any]:
    """The streams of an answer, a list in RESP2 and a map in RESP3."""
    if isinstance(found, dict):
        return [(name, entries) for name, lists in found.items() for entries in lists]
    return list(found or ())


def _events(fields: Any, identity: bytes) -> list[Event]:
    try:
        return [decoded(message.value) for message in unpacked(fields[FIELD])]
    except (KeyError, cramjam.DecompressionError, msgspec.MsgspecError) as error:
        log.warning("an entry of the stream is none of ours", entry=identity.decode(), why=repr(error))
        return []
