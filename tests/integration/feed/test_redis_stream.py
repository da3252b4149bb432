"""The change feed through a real Redis: in order, from where it was, and honest about what is lost."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path

import pytest
from redis.asyncio import Redis

from kgraph.feed.bus import Lagged
from kgraph.feed.event import Event, EventType
from kgraph.feed.message import message_of
from kgraph.feed.redis_stream import STREAM, RedisSink, RedisSource
from kgraph.feed.sink import SinkUnavailable
from kgraph.graphdb.store import Store
from kgraph.stack.progress import silent
from kgraph.stack.redis import RedisOptions, RedisServer
from kgraph.sync.drafts import Happening, Told
from kgraph.sync.feed import Feed
from kgraph.sync.relay import Relay
from kgraph.sync.writer import Writer
from tests.integration.feed.conftest import LIMIT_BYTES, cluster_id, outbox_is_empty
from tests.servers import Fast
from tests.unit.feed.events import event
from tests.workers import until

SECONDS = 30.0
PROBE = 999_999


@pytest.fixture
async def own_redis(tmp_path: Path) -> AsyncIterator[RedisServer]:
    """A Redis that keeps what it has, to be killed and restarted."""
    options = RedisOptions(append_only=True, settings={"appendfsync": "always"})
    async with RedisServer.start(tmp_path, options, report=silent) as server:
        yield server


def some(first: int, count: int) -> list[Event]:
    """Events by number."""
    return [event(sequence=number) for number in range(first, first + count)]


class Listener:
    """Takes all that comes from a source."""

    def __init__(self, source: RedisSource) -> None:
        self.ids: list[int] = []
        self.has_begun = False
        self._source = source
        self.task = asyncio.create_task(self._listen(), name="listener")

    async def _listen(self) -> None:
        async with aclosing(self._source.events()) as events:
            async for found in events:
                self.has_begun = True
                self.ids += [one.metadata.sequence for one in found if one.metadata.sequence != PROBE]

    async def has(self, count: int) -> list[int]:
        """All of them, once so many different ones have come."""

        async def enough() -> bool:
            if self.task.done():
                self.task.result()
            return len(set(self.ids)) >= count

        await until(enough, f"{count} events have come", SECONDS)
        return self.ids

    async def stop(self) -> None:
        """Listen no more."""
        self.task.cancel()
        await asyncio.wait({self.task})


async def put(sink: RedisSink, events: Sequence[Event]) -> None:
    """Send events as the relay does."""
    await (await sink.send([message_of(one) for one in events]))


async def listening(sink: RedisSink, url: str, stream: str) -> Listener:
    """A listener that has begun: what is sent from now on comes. It has heard what is not counted."""
    listener = Listener(RedisSource(url, stream))

    async def begun() -> bool:
        await put(sink, [event(sequence=PROBE)])
        return listener.has_begun

    await until(begun, "the listener hears", SECONDS)
    return listener


async def test_everybody_gets_all_that_is_sent_in_its_order(redis_server: Fast) -> None:
    """Two readers of one stream have each event, in the order in which they were sent; what was before has passed."""
    stream = f"events-{secrets.token_hex(4)}"
    sink = RedisSink(redis_server.url, stream)
    await put(sink, some(0, 5))
    listeners = [await listening(sink, redis_server.url, stream) for _ in range(2)]
    await asyncio.gather(*(put(sink, some(at, 100)) for at in range(100, 1100, 100)))
    await put(sink, some(2000, 1200))  # more than one entry has
    expected = [*range(100, 1100), *range(2000, 3200)]
    for listener in listeners:
        assert await listener.has(len(expected)) == expected
        await listener.stop()
    await sink.close()


async def test_reading_goes_on_after_a_restart(own_redis: RedisServer) -> None:
    """Redis is killed and started again: what comes then is told, nothing twice, and the writer is told meanwhile."""
    sink, stream = RedisSink(own_redis.url, "s"), "s"
    listener = await listening(sink, own_redis.url, stream)
    await put(sink, some(0, 3))
    await listener.has(3)
    await own_redis.kill()
    with pytest.raises(SinkUnavailable, match="check REDIS_URL"):
        await put(sink, some(3, 1))
    await own_redis.start_again()
    await put(sink, some(10, 2))
    assert await listener.has(5) == [0, 1, 2, 10, 11]
    await listener.stop()
    await sink.close()


async def test_what_was_forgotten_is_told_as_lost(tmp_path: Path) -> None:
    """A Redis that keeps nothing has been restarted: its readers are told, for it may have forgotten the last."""
    async with RedisServer.start(tmp_path, report=silent) as server:
        sink = RedisSink(server.url)
        listener = await listening(sink, server.url, STREAM)
        await put(sink, some(0, 1))
        await listener.has(1)
        await server.kill()
        await server.start_again()
        with pytest.raises(SinkUnavailable):  # its connection is of the Redis before
            await put(sink, some(1, 1))
        await put(sink, some(1, 3))
        await asyncio.wait({listener.task}, timeout=SECONDS)
        with pytest.raises(Lagged, match="no longer"):
            listener.task.result()
        await sink.close()


async def test_whoever_is_too_slow_is_told(redis_server: Fast) -> None:
    """A stream that was cut past what somebody has read says so, rather than going on with a gap."""
    stream = f"events-{secrets.token_hex(4)}"
    sink = RedisSink(redis_server.url, stream, entries_most=100)
    await put(sink, some(0, 1))
    source = RedisSource(redis_server.url, stream)
    async with aclosing(source.events()) as events:
        first = asyncio.ensure_future(anext(events))

        async def begun() -> bool:
            await put(sink, some(1, 1))
            return first.done()

        await until(begun, "it reads", SECONDS)
        for number in range(2, 500):
            await put(sink, some(number, 1))
        with pytest.raises(Lagged):
            await anext(events)
    await sink.close()


async def test_reading_ends_whenever_it_is_told_to(redis_server: Fast) -> None:
    """A reader that is cancelled ends, whatever it does at that moment: nobody's shutdown waits for ever."""
    stream = f"events-{secrets.token_hex(4)}"
    sink = RedisSink(redis_server.url, stream)
    for number in range(60):
        listener = await listening(sink, redis_server.url, stream)
        await put(sink, some(number, 1))
        while not listener.ids:  # noqa: ASYNC110 - the moments right after it are what counts
            await asyncio.sleep(0)
        for _ in range(number % 10):
            await asyncio.sleep(0)
        listener.task.cancel()
        ended, _ = await asyncio.wait({listener.task}, timeout=SECONDS)
        assert ended, f"cancelled {number % 10} steps after an event"
    await sink.close()


async def test_what_is_none_of_ours_is_passed_over(redis_server: Fast) -> None:
    """Somebody else's entry in the stream stops nobody."""
    stream = f"events-{secrets.token_hex(4)}"
    sink = RedisSink(redis_server.url, stream)
    listener = await listening(sink, redis_server.url, stream)
    async with Redis.from_url(redis_server.url) as client:
        await client.xadd(stream, {"messages": "no"})
        await client.xadd(stream, {"else": "no"})
    await put(sink, some(0, 1))
    assert await listener.has(1) == [0]
    await listener.stop()
    await sink.close()


async def test_what_is_committed_while_redis_is_away_comes_later(store: Store, own_redis: RedisServer) -> None:
    """The relay sends to Redis as it does to Kafka: what happens while it is away waits in the graph, in its order."""
    told = Told("2026-11-25T10:00:00.000Z", "0" * 32, "0" * 16)
    cluster = cluster_id()
    async with Relay.running(store, RedisSink(own_redis.url), LIMIT_BYTES) as relay:
        writer = await Writer.claim(store, cluster, {}, feed=Feed(relay=relay))
        await relay.own(cluster)
        probe = RedisSink(own_redis.url)
        listener = await listening(probe, own_redis.url, STREAM)
        await probe.close()
        for number in range(20):
            if number == 10:
                await listener.has(10)
                await own_redis.kill()
            happened = Happening(EventType.CLUSTER_SYNCED, told, f"Step{number}", "")
            await writer.describe({"step": number}, happened)
        assert not await outbox_is_empty(store)
        await own_redis.start_again()
        told_of = list(dict.fromkeys(await listener.has(20)))  # what was under way when it was killed may come twice
        assert told_of == sorted(told_of)
        assert len(told_of) == 20
        await until(lambda: outbox_is_empty(store), "what was sent is taken away")
        await listener.stop()
