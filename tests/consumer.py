"""A consumer of the change feed in the tests: what Kafka has of one cluster, as messages, events and as a state."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

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


async def messages(servers: str, cluster: str) -> list[Got]:
    """All messages of a cluster that Kafka has now, each partition's in their order."""
    assigned = await partitions(servers)
    if not assigned:
        return []
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False, max_partition_fetch_bytes=2**23)
    await consumer.start()
    try:
        consumer.assign(assigned)
        await consumer.seek_to_beginning(*assigned)
        ends = await consumer.end_offsets(assigned)
        found: list[Got] = []
        while any([await consumer.position(each) < ends[each] for each in assigned]):
            for some in (await consumer.getmany(timeout_ms=500)).values():
                for one in some:
                    key = one.key.decode()
                    if key == cluster or key.startswith(f"{cluster}/"):
                        found.append(Got(one.topic, one.partition, key, one.value, one.headers))
        return found
    finally:
        await consumer.stop()


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
