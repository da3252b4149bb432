"""The change feed out of a real Kafka: nothing is left out, and each resource's events are in their order."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic

from kgraph.feed import kafka_source
from kgraph.feed.event import TOPICS, Event, encoded, written_time
from kgraph.feed.kafka_settings import KafkaSettings
from kgraph.feed.kafka_source import KafkaSource
from kgraph.graphdb.store import Store
from tests.proxied import ProxiedKafka
from tests.servers import Feed
from tests.streams import Stream, served
from tests.unit.feed.events import event
from tests.workers import until

HEAR_SECONDS = 120.0


class Topics:
    """The feed's topics under names of a test's own."""

    def __init__(self, servers: str, names: dict[str, str], producer: AIOKafkaProducer, admin: Any) -> None:
        self.settings = KafkaSettings(bootstrap_servers=(servers,))
        self.names = names
        self.admin = admin
        self._producer = producer

    @classmethod
    @asynccontextmanager
    async def made(cls, direct: str, servers: str = "", partitions: int = 3) -> AsyncIterator["Topics"]:
        """Make them, and a producer that reaches them whatever becomes of the proxy."""
        mark = secrets.token_hex(3)
        names = {topic: f"{topic}.{mark}" for topic in TOPICS}
        producer = AIOKafkaProducer(bootstrap_servers=direct, enable_idempotence=True, compression_type="lz4")
        admin = AIOKafkaAdminClient(bootstrap_servers=direct)
        await producer.start()
        await admin.start()
        try:
            await admin.create_topics([NewTopic(name, partitions, 1) for name in names.values()])
            yield cls(servers or direct, names, producer, admin)
        finally:
            await producer.stop()
            await admin.close()

    def source(self, back: float = 0.0) -> KafkaSource:
        """A source of them."""
        return KafkaSource(self.settings, tuple(self.names.values()), back=back)

    async def send(self, *events: Event) -> None:
        """Send events as the relay does, and wait until Kafka has them."""
        sent = [
            await self._producer.send(self.names[one.event_type.topic], encoded(one), one.key.encode())
            for one in events
        ]
        await asyncio.gather(*sent)

    async def raw(self, value: bytes) -> None:
        """Send what is no event."""
        await self._producer.send_and_wait(next(iter(self.names.values())), value, b"key")


class Heard:
    """What comes of a source, kept as it comes."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    @classmethod
    @asynccontextmanager
    async def of(cls, topics: Topics, source: KafkaSource) -> AsyncIterator["Heard"]:
        """Listen, from when the first event of its own has come."""
        heard = cls()
        task = asyncio.create_task(heard._listen(source))
        number = 0

        async def listens() -> bool:
            nonlocal number
            number += 1
            await topics.send(now(event({}, name="probe", sequence=number)))
            return any(one.resource and one.resource.name == "probe" for one in heard.events)

        try:
            await until(listens, "the source is heard", HEAR_SECONDS)
            yield heard
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def _listen(self, source: KafkaSource) -> None:
        async with aclosing(source.events()) as events:
            async for some in events:
                self.events += some

    def sequences(self, prefix: str) -> list[int]:
        """Of the resources whose names begin so."""
        return [one.metadata.sequence for one in self.events if one.resource and one.resource.name.startswith(prefix)]

    async def has(self, prefix: str, many: int) -> None:
        """Wait until so many came."""

        async def enough() -> bool:
            return len(self.sequences(prefix)) >= many

        await until(enough, f"{many} events of {prefix} came", HEAR_SECONDS)


def lives(names: Iterable[str], each: int = 30) -> list[Event]:
    """Resources that are created, changed, deleted and made anew, in their cluster's order."""
    events, sequence = list[Event](), 1_000
    for round_ in range(each):
        for name in names:
            sequence += 1
            old, new = {"metadata": {"n": sequence - 1}}, {"metadata": {"n": sequence}}
            states: list[tuple[Any, Any]] = [(new, None), (new, old), (None, old)]
            events.append(now(event(*states[round_ % 3], name=name, sequence=sequence)))
    return events


def now(one: Event) -> Event:
    """The event, as one of this moment."""
    return msgspec.structs.replace(one, timestamp=written_time(datetime.now(UTC)))


@pytest.fixture
async def topics(kafka_server: Feed) -> AsyncIterator[Topics]:
    """Topics of the session's Kafka."""
    async with Topics.made(kafka_server.bootstrap_servers) as made:
        yield made


async def test_events_of_three_topics_come_in_the_order_of_their_resources(topics: Topics) -> None:
    """Created, changed, deleted, made anew: each resource's life is told as it was, though it is in three topics."""
    events = lives(["life-a", "life-b", "life-c"])
    async with Heard.of(topics, topics.source()) as heard:
        for at in range(0, len(events), 10):
            await topics.send(*events[at : at + 10])
        await heard.has("life-", len(events))
    assert heard.sequences("life-") == [one.metadata.sequence for one in events]


async def test_a_reading_begins_some_minutes_ago(topics: Topics) -> None:
    """Who begins to read has the last minutes' events in their order, so that a client finds here what it was told."""
    events = lives(["back-a", "back-b"], each=60)
    await topics.send(*events)
    async with Heard.of(topics, topics.source(back=300.0)) as heard:
        await heard.has("back-", len(events))
    assert heard.sequences("back-") == [one.metadata.sequence for one in events]
    async with Heard.of(topics, topics.source(back=0.0)) as late:
        assert late.sequences("back-") == []


async def test_partitions_that_are_added_are_read_from_their_beginning(
    topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever adds partitions under a running feed loses nothing of it."""
    monkeypatch.setattr(kafka_source, "LOOK_SECONDS", 0.5)
    async with Heard.of(topics, topics.source()) as heard:
        await topics.admin.create_partitions({name: NewPartitions(total_count=9) for name in topics.names.values()})
        await topics._producer.client.force_metadata_update()
        for number in range(1, 61):
            await topics.send(now(event({}, name=f"new-{number}", sequence=10_000 + number)))
        await heard.has("new-", 60)
    assert sorted(heard.sequences("new-")) == [10_000 + number for number in range(1, 61)]


async def test_topics_that_nobody_has_made_yet_are_waited_for(
    kafka_server: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that starts before the first worker reads the topics as soon as they are made, from their beginning."""
    monkeypatch.setattr(kafka_source, "MISSING_SECONDS", 0.2)
    async with Topics.made(kafka_server.bootstrap_servers) as topics:
        name = topics.names[event({}).event_type.topic]
        late = f"{name}.late"
        source = KafkaSource(topics.settings, (*topics.names.values(), late), back=0.0)
        async with Heard.of(topics, source) as heard:
            await topics.admin.create_topics([NewTopic(late, 2, 1)])
            topics.names[event({}).event_type.topic] = late
            await topics.send(event({}, name="late-1", sequence=20_000))
            await heard.has("late-", 1)


async def test_what_is_no_event_is_left_out(topics: Topics) -> None:
    """A message that somebody else has written stops nobody."""
    async with Heard.of(topics, topics.source()) as heard:
        for value in (b"", b"nonsense", b"{}", msgspec.json.encode([1])):
            await topics.raw(value)
        await topics.send(event({}, name="good", sequence=30_000))
        await heard.has("good", 1)


async def test_kafka_that_is_killed_is_read_on(own_kafka: ProxiedKafka) -> None:
    """After kill -9 and a new start the reading goes on where it was: nothing is missed or out of order."""
    async with Topics.made(own_kafka.server.direct_servers, own_kafka.server.bootstrap_servers) as topics:
        events = lives(["kill-a", "kill-b"])
        async with Heard.of(topics, topics.source()) as heard:
            await topics.send(*events[:20])
            await heard.has("kill-", 20)
            await own_kafka.server.kill()
            await own_kafka.server.start_again()
            await topics.send(*events[20:])
            await heard.has("kill-", len(events))
        assert heard.sequences("kill-") == [one.metadata.sequence for one in events]


async def test_a_network_that_was_cut_loses_nothing(own_kafka: ProxiedKafka) -> None:
    """What was sent while the reader could not reach Kafka comes when it can again, in order."""
    async with Topics.made(own_kafka.server.direct_servers, own_kafka.server.bootstrap_servers) as topics:
        events = lives(["cut-a", "cut-b"])
        async with Heard.of(topics, topics.source()) as heard:
            await topics.send(*events[:20])
            await heard.has("cut-", 20)
            await own_kafka.proxy.cut()
            await topics.send(*events[20:])
            await own_kafka.proxy.restore()
            await heard.has("cut-", len(events))
        assert heard.sequences("cut-") == [one.metadata.sequence for one in events]


async def test_a_stream_outlives_kafka(store: Store, own_kafka: ProxiedKafka) -> None:
    """A client's stream stays open while Kafka is killed and started again, and tells all that was sent."""
    async with (
        Topics.made(own_kafka.server.direct_servers, own_kafka.server.bootstrap_servers) as topics,
        served(store, topics.source(back=300.0)) as (address, _),
        Stream.open(address) as stream,
    ):
        # The stream is open before the topics are read: the reading reaches back to what is sent in between.
        events = lives(["open-a", "open-b"], each=6)
        await topics.send(*events[:4])
        got = [(await stream.next()).data["event_id"] for _ in range(4)]
        await own_kafka.server.kill()
        await own_kafka.server.start_again()
        await topics.send(*events[4:])
        got += [(await stream.next()).data["event_id"] for _ in events[4:]]
    assert got == [one.event_id for one in events]


async def test_a_client_goes_on_at_another_replica(store: Store, topics: Topics) -> None:
    """A server that has just started finds what a client was told elsewhere, and tells what came after it."""
    events = lives(["move-a", "move-b"], each=6)
    async with served(store, topics.source(back=300.0)) as (here, _), Stream.open(here) as stream:
        await topics.send(*events[:6])
        for _ in range(6):
            await stream.next()
    await topics.send(*events[6:])
    async with (
        served(store, topics.source(back=300.0), back=300.0) as (there, _),
        Stream.open(there, last=stream.last) as again,
    ):
        told: list[str] = []
        while not told or told[-1] != events[-1].event_id:
            told.append((await again.next()).data["event_id"])
    assert [one for one in told if one in {each.event_id for each in events[6:]}] == [
        one.event_id for one in events[6:]
    ]
