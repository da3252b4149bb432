"""The change feed out of Kafka: all partitions of all topics, read by everybody who listens, without a group.

Nothing is committed: a reading begins some minutes ago, so that whoever was told an event elsewhere finds it here. It
goes on by itself after Kafka was away, where it had stopped. What Kafka has deleted by then is lost: `Lagged`.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import datetime
from typing import Any

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError

from kgraph.backoff import Backoff
from kgraph.feed.bus import Lagged
from kgraph.feed.event import TOPICS, Event, decoded
from kgraph.feed.kafka_order import Arrival, Order
from kgraph.feed.kafka_settings import KafkaSettings

log = structlog.get_logger(__name__)

# How far back a reading begins: longer than a client takes to come back after its server was replaced.
BACK_SECONDS = 180.0
# How soon partitions and topics that were added are noticed; they are read from their beginning.
LOOK_SECONDS = 30.0
MISSING_SECONDS = 2.0  # while there are topics that nobody has made yet
ASK_SECONDS = 15.0  # for an answer about partitions; reading goes on meanwhile
POLL_SECONDS = 1.0  # how long nothing may come before it is looked whether there are more of them
AGAIN_FIRST_SECONDS = 0.5  # after Kafka did not answer
AGAIN_MOST_SECONDS = 10.0
# How soon is looked again while more is known to come.
BEHIND_SECONDS = 0.25
# What may be held for the order's sake, some 200 MB: beyond it the partitions that are ahead wait for the others.
HELD_MOST = 20_000


class KafkaSource:
    """A source for one process; see `Source`."""

    def __init__(self, settings: KafkaSettings, topics: Sequence[str] = TOPICS, *, back: float = BACK_SECONDS) -> None:
        self._settings = settings
        self._topics = tuple(topics)
        self._back = back

    async def events(self) -> AsyncGenerator[Sequence[Event], None]:
        """Events from some minutes ago on; see `Source`. Lagged where Kafka no longer has what comes next."""
        reading = _Reading(self._partitions, self._topics, self._back)
        backoff = Backoff(AGAIN_FIRST_SECONDS, AGAIN_MOST_SECONDS)
        while True:
            try:
                async with self._consumer() as consumer, aclosing(reading.events(consumer)) as events:
                    async for some in events:
                        backoff.reset()
                        yield some
            except (OffsetOutOfRangeError, NoOffsetForPartitionError) as error:
                raise Lagged("Kafka has deleted events that were not read yet") from error
            except (KafkaError, OSError, TimeoutError) as error:
                log.warning("the change feed cannot be read just now", kafka=self._settings.where, why=repr(error))
            await asyncio.sleep(backoff.seconds())

    @asynccontextmanager
    async def _consumer(self) -> AsyncIterator[AIOKafkaConsumer]:
        consumer: AIOKafkaConsumer = AIOKafkaConsumer(
            **self._settings.client_arguments(), group_id=None, enable_auto_commit=False, auto_offset_reset="none"
        )
        try:
            await consumer.start()
            yield consumer
        finally:
            await consumer.stop()

    async def _partitions(self) -> list[TopicPartition]:
        """The partitions that there are now, asked by a connection of its own: an old one may be dead."""
        async with asyncio.timeout(ASK_SECONDS):
            admin = AIOKafkaAdminClient(**self._settings.client_arguments())
            try:
                await admin.start()
                return [
                    TopicPartition(topic["topic"], partition["partition"])
                    for topic in await admin.describe_topics(list(self._topics))
                    if not topic["error_code"]
                    for partition in topic["partitions"]
                ]
            finally:
                await admin.close()


class _Reading:
    """How far one reading has come; it outlives its connections."""

    def __init__(
        self, partitions: Callable[[], Awaitable[list[TopicPartition]]], topics: Sequence[str], back: float
    ) -> None:
        self._partitions = partitions
        self._topics = topics
        self._back = back
        self._order = Order()
        self._next: dict[TopicPartition, int] = {}  # the offset of what comes next
        self._ends: dict[TopicPartition, int] = {}  # how far each is known to go
        self._has_told = False

    async def events(self, consumer: AIOKafkaConsumer) -> AsyncGenerator[Sequence[Event], None]:
        """Events by one connection, until it fails."""
        await self._assign(consumer, await self._partitions(), began=False)
        looking = asyncio.create_task(self._look(), name="partitions of the change feed")
        try:
            while True:
                if looking.done():
                    await self._assign(consumer, looking.result(), began=True)
                    looking = asyncio.create_task(self._look(), name="partitions of the change feed")
                # What waits for a partition that is behind is told when more of that comes.
                wait = BEHIND_SECONDS if self._behind(consumer) else self._order.wait(time.monotonic())
                timeout = POLL_SECONDS if wait is None else min(wait, POLL_SECONDS)
                for partition, records in (await consumer.getmany(timeout_ms=int(timeout * 1000) + 1)).items():
                    self._take(consumer, partition, records)
                behind = self._behind(consumer)
                self._hold_back(consumer, behind)
                if some := self._order.ready(time.monotonic(), behind):
                    self._has_told = True
                    yield some
        finally:
            looking.cancel()

    async def _look(self) -> list[TopicPartition]:
        """The partitions, some time later; nobody waits for it, for Kafka may be away."""
        while True:
            has_all = {each.topic for each in self._next}.issuperset(self._topics)
            await asyncio.sleep(LOOK_SECONDS if has_all else MISSING_SECONDS)
            with suppress(KafkaError, OSError, TimeoutError):
                return await self._partitions()

    async def _assign(self, consumer: AIOKafkaConsumer, there: Sequence[TopicPartition], *, began: bool) -> None:
        """Read all partitions that there are now, each from where it had stopped.

        At the first start that is some minutes ago; what was added since is read from its beginning.
        """
        new = [each for each in there if each not in self._next]
        if not new and began:
            return
        async with asyncio.timeout(ASK_SECONDS):
            starts = await self._starts(consumer, new)
        consumer.assign(there)
        for each in there:
            self._next.setdefault(each, starts.get(each, 0))
            consumer.seek(each, self._next[each])
        if new:
            log.info("partitions of the change feed are read", partitions=len(there), new=len(new))

    async def _starts(self, consumer: AIOKafkaConsumer, new: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        if not new:
            return {}
        if self._next:
            return dict(await consumer.beginning_offsets(new))
        since = int((time.time() - self._back) * 1000)
        ends = await consumer.end_offsets(new)
        found = await consumer.offsets_for_times(dict.fromkeys(new, since))
        self._ends.update(ends)
        return {each: ends[each] if (start := found.get(each)) is None else start.offset for each in new}

    def _take(self, consumer: AIOKafkaConsumer, partition: TopicPartition, records: Sequence[Any]) -> None:
        self._next[partition] = records[-1].offset + 1
        if (end := consumer.highwater(partition)) is not None:
            self._ends[partition] = max(end, self._ends.get(partition, 0))
        self._order.put(partition, _arrivals(records, time.monotonic()))

    def _behind(self, consumer: AIOKafkaConsumer) -> list[TopicPartition]:
        """The partitions that are known to have more than has come."""
        return [each for each in consumer.assignment() if self._next.get(each, 0) < self._ends.get(each, 0)]

    def _hold_back(self, consumer: AIOKafkaConsumer, behind: Sequence[TopicPartition]) -> None:
        """Keep what is held small: at the start by leaving out the oldest, later by waiting for who is behind."""
        over = len(self._order) - HELD_MOST
        if over > 0 and not self._has_told:
            self._order.forget_first(over)
        elif over > 0:
            consumer.pause(*(each for each in consumer.assignment() if self._order.is_ahead(each, behind)))
        elif paused := consumer.paused():
            consumer.resume(*paused)


def _arrivals(records: Sequence[Any], now: float) -> Iterator[Arrival]:
    wall = time.time()
    for record in records:
        with suppress(_Unreadable):
            event = _event(record)
            yield Arrival(event, record.timestamp, now, wall - _seconds(event.timestamp, record.timestamp))


def _seconds(timestamp: str, sent: int) -> float:
    """An event's time since the epoch; when it was sent where it says none."""
    try:
        return datetime.fromisoformat(timestamp).timestamp()
    except ValueError:
        return sent / 1000


class _Unreadable(Exception):
    """A message that is no event."""


def _event(record: Any) -> Event:
    """The event of a message; one that cannot be read is left out, and said: others must not wait for it."""
    try:
        return decoded(record.value or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        log.warning(
            "a message of the change feed is no event, and is left out",
            topic=record.topic, partition=record.partition, offset=record.offset, why=str(error),
        )  # fmt: skip
        raise _Unreadable from error
