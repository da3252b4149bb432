"""What the topics of the change feed have, read from their beginning as any consumer would."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from kgraph.feed.event import TOPICS, Event, decoded, is_there
from tests.chaos.ledger import Told
from tests.chaos.states import state_of

# As a broker that has just come back may need to find its leaders.
READ_TIMEOUT_MS = 2000


class Topics:
    """A reader of the feed's topics, without a group: it sees all of them, and keeps what it has seen."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self.records: list[ConsumerRecord] = []
        self.events: list[Event] = []
        self._consumer = consumer

    @classmethod
    @asynccontextmanager
    async def read_from(cls, servers: str, names: Sequence[str] = TOPICS) -> AsyncIterator[Self]:
        """A reader of topics that are there, at their beginning."""
        consumer = AIOKafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False)
        await consumer.start()
        try:
            there = await consumer.topics()
            assert set(names) <= there, f"of the topics {names} there are only {there & set(names)}"
            consumer.assign(
                [TopicPartition(name, part) for name in names for part in consumer.partitions_for_topic(name)]
            )
            await consumer.seek_to_beginning()
            yield cls(consumer)
        finally:
            await consumer.stop()

    async def read(self) -> None:
        """Read what has been added, to the ends that the partitions have now."""
        ends = await self._consumer.end_offsets(list(self._consumer.assignment()))
        for partition, end in ends.items():
            while await self._consumer.position(partition) < end:
                for record in (await self._consumer.getmany(partition, timeout_ms=READ_TIMEOUT_MS)).get(partition, ()):
                    self.records.append(record)
                    self.events.append(decoded(record.value))

    @property
    def told(self) -> list[Told]:
        """The events of resources."""
        return [
            _told(record, event)
            for record, event in zip(self.records, self.events, strict=True)
            if event.resource is not None
        ]


def _told(record: ConsumerRecord, event: Event) -> Told:
    assert event.resource is not None
    metadata = msgspec.json.decode(event.object)["metadata"]
    return Told(
        place=(record.topic, record.partition, record.offset),
        id=event.event_id,
        key=record.key.decode(),
        sequence=event.metadata.sequence,
        uid=event.resource.uid,
        version=int(metadata.get("resourceVersion", 0)),
        old=_state(event, event.old_object),
        new=_state(event, event.new_object),
        snapshot=event.metadata.snapshot,
    )


def _state(event: Event, raw: Any) -> bytes | None:
    assert event.resource is not None
    if not is_there(raw):
        return None
    return state_of(msgspec.json.decode(raw), *msgspec.structs.astuple(event.resource.group_version_kind))
