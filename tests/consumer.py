"""A consumer of the change feed in the tests: what Kafka has of one cluster, as messages, events and as a state."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, Self

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import TopicPartition

from kgraph.feed.event import CLUSTER_TOPIC, TOPICS, Event, EventType, decoded
from tests.published import validate


class Got(NamedTuple):
    """One message as a consumer gets it."""

    topic: str
    partition: int
    key: str
    value: bytes
    headers: Sequence[tuple[str, bytes]]

    @property
    def event(self) -> Event:
        """The event of its value, which is what the published schema says."""
        validate(self.value)
        return decoded(self.value)


class Consumer:
    """Reads what the feed's topics have of one cluster, from their beginning on, each message once."""

    def __init__(self, consumer: AIOKafkaConsumer, assigned: Sequence[TopicPartition], cluster: str) -> None:
        self._consumer = consumer
        self._assigned = assigned
        self._cluster = cluster

    @classmethod
    @asynccontextmanager
    async def of(cls, servers: str, cluster: str) -> AsyncIterator[Self]:
        """One for as long as the block is; of topics that are made later it knows nothing."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=servers, enable_auto_commit=False, max_partition_fetch_bytes=2**23
        )
        assigned = await partitions(servers)
        await consumer.start()
        try:
            consumer.assign(assigned)
            if assigned:
                await consumer.seek_to_beginning(*assigned)
            yield cls(consumer, assigned, cluster)
        finally:
            await consumer.stop()

    async def more(self) -> list[Got]:
        """The cluster's messages that Kafka has now and that were not read before, each partition's in their order."""
        ends = await self._consumer.end_offsets(self._assigned)
        found: list[Got] = []
        while any([await self._consumer.position(each) < ends[each] for each in self._assigned]):
            for some in (await self._consumer.getmany(timeout_ms=500)).values():
                for one in some:
                    key = one.key.decode()
                    if key == self._cluster or key.startswith(f"{self._cluster}/"):
                        found.append(Got(one.topic, one.partition, key, one.value, one.headers))
        return found


async def messages(servers: str, cluster: str) -> list[Got]:
    """All messages of a cluster that Kafka has now, each partition's in their order."""
    async with Consumer.of(servers, cluster) as consumer:
        return await consumer.more()


async def partitions(servers: str) -> list[TopicPartition]:
    """All partitions of the feed's topics that there are."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        known = await admin.describe_topics(list(TOPICS))
    finally:
        await admin.close()
    return [TopicPartition(one["topic"], part["partition"]) for one in known for part in one["partitions"]]


def replayed(events: Iterable[Event]) -> dict[str, Any]:
    """The objects that events add up to, by key, as JSON: what is older than what was seen of a key is a repeat."""
    state: dict[str, bytes] = {}
    for event in sorted(events, key=lambda each: each.metadata.sequence):
        if event.event_type in (EventType.CLUSTER_ADDED, EventType.CLUSTER_REMOVED):
            state.clear()
        elif event.event_type is EventType.DELETED:
            state.pop(event.key, None)
        elif event.event_type.topic != CLUSTER_TOPIC:
            state[event.key] = bytes(event.new_object)
    return state
