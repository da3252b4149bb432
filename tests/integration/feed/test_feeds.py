"""Configured feeds on a real Kafka, with schemas in a real registry."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from confluent_kafka.schema_registry import AsyncSchemaRegistryClient, Schema
from confluent_kafka.schema_registry.avro import AsyncAvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

from kgraph.cli.configuration.reading import Configuration
from kgraph.cli.errors import BadConfiguration
from kgraph.cli.process.feeding import fed
from kgraph.feed.configured import FeedSettings, FilterSettings, Format
from kgraph.feed.event import Event, decoded, encoded
from kgraph.feed.feeds import Feeds
from kgraph.feed.kafka_settings import KafkaSettings
from kgraph.feed.kafka_sink import KafkaSink
from kgraph.feed.message import message_of
from kgraph.feed.sink import RegistryUnavailable
from kgraph.feed.topics import PLAN
from kgraph.graphdb.store import Store
from kgraph.stack.schema_registry import SchemaRegistryServer
from kgraph.sync.feed import Feed
from kgraph.sync.options import SyncOptions
from kgraph.sync.relay import Relay
from kgraph.telemetry.telemetry import Telemetry
from tests import servers
from tests.integration.feed.conftest import CONFIG_ONLY, LIMIT_BYTES, OUTBOX, cluster_id, outbox_is_empty
from tests.integration.sync.live import Api
from tests.unit.feed.events import event
from tests.workers import cluster_settings, running, until

ANSWER_SECONDS = 20.0
TEMPLATE = {
    "name": ".resource.name",
    "mode": ".new_object.data.mode",
    "was": "$.diff['data.mode'].old",
    "where": {"cluster": ".cluster_id", "words": "{.resource.namespace}/{.resource.name} {.event_type}"},
}


def feed_of(form: Format = Format.JSON, template: dict[str, Any] | None = None, **given: Any) -> FeedSettings:
    """A feed on a topic that no other test has."""
    topic = f"own-{secrets.token_hex(4)}"
    return FeedSettings(name="Own", topic=topic, format=form, template=template, filter=FilterSettings(**given))


@asynccontextmanager
async def sink_of(kafka: servers.Feed, *settings: FeedSettings, registry: str = "") -> AsyncIterator[KafkaSink]:
    """The change feed's way to Kafka, with these feeds."""
    sink = KafkaSink(KafkaSettings(bootstrap_servers=(kafka.bootstrap_servers,)), Feeds(settings, registry))
    try:
        yield sink
    finally:
        await sink.close()


async def send(sink: KafkaSink, events: Sequence[Event]) -> None:
    """Send, and wait until Kafka has them."""
    await (await sink.send([message_of(one) for one in events]))


async def values(kafka: servers.Feed, topic: str, count: int) -> list[tuple[str, bytes, dict[str, bytes]]]:
    """The first messages of a topic, each partition's in its order: key, value and headers."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=kafka.bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        async with asyncio.timeout(60):
            found = [await consumer.getone() for _ in range(count)]
        return [(one.key.decode(), one.value, dict(one.headers)) for one in found]
    finally:
        await consumer.stop()


async def read(registry: SchemaRegistryServer, topic: str, value: bytes) -> Any:
    """A message as Confluent's own deserializer reads it, who asks the registry for its schema."""
    # Its own default is to wait for ever.
    async with AsyncSchemaRegistryClient({"url": registry.url, "timeout": ANSWER_SECONDS}) as client:
        deserialize = await AsyncAvroDeserializer(client)
        return await deserialize(value, SerializationContext(topic, MessageField.VALUE))


def changed(name: str, mode: str = "fast") -> Event:
    """A change of a ConfigMap's mode."""
    states = [{"metadata": {"name": name}, "data": {"mode": each}} for each in (mode, "slow")]
    return event(*states, kind="ConfigMap", name=name)


async def test_a_feed_has_what_its_filter_takes_on_its_own_topic(kafka_server: servers.Feed) -> None:
    """Of three events two go to the feed, as they are, in their order, beside the topic of all."""
    own = feed_of(field_selector="data.mode=fast")
    events = [changed("a"), changed("a", "slower"), changed("a")]
    async with sink_of(kafka_server, own) as sink:
        await send(sink, events)
    found = await values(kafka_server, own.topic, 2)
    assert [value for _, value, _ in found] == [encoded(events[0]), encoded(events[2])]
    assert {key for key, _, _ in found} == {events[0].key}
    assert found[0][2]["ce_type"] == b"kubernetes.resource.updated"


async def test_a_feeds_topic_is_made_as_all_are(kafka_server: servers.Feed) -> None:
    """Nobody has to make a feed's topic: it has the partitions of the others."""
    own = feed_of()
    async with sink_of(kafka_server, own) as sink:
        await send(sink, [changed("a")])
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_server.bootstrap_servers)
    await admin.start()
    try:
        (described,) = await admin.describe_topics([own.topic])
    finally:
        await admin.close()
    assert len(described["partitions"]) == PLAN.partitions


async def test_a_topic_for_small_messages_gets_small_ones(kafka_server: servers.Feed) -> None:
    """A feed whose topic takes less than the others loses the objects there, and there alone."""
    own, other = feed_of(), feed_of()
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_server.bootstrap_servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(own.topic, 1, 1, topic_configs={"max.message.bytes": "20000"})])
    finally:
        await admin.close()
    big = event({"text": "x" * 50_000})
    async with sink_of(kafka_server, own, other) as sink:
        await send(sink, [big])
    ((_, small, _),) = await values(kafka_server, own.topic, 1)
    ((_, whole, _),) = await values(kafka_server, other.topic, 1)
    assert decoded(small).metadata.truncated == ("new_object",)
    assert whole == encoded(big)


async def test_a_template_is_read_in_avro_by_its_schema(
    kafka_server: servers.Feed, schema_registry: SchemaRegistryServer
) -> None:
    """Who knows nothing but the registry's address reads what the template made, and the whole event."""
    own, whole = feed_of(Format.AVRO, TEMPLATE), feed_of(Format.AVRO)
    one = changed("a")
    async with sink_of(kafka_server, own, whole, registry=schema_registry.url) as sink:
        await send(sink, [one])
    ((_, value, headers),) = await values(kafka_server, own.topic, 1)
    assert headers["content-type"] == b"application/avro"
    assert await read(schema_registry, own.topic, value) == {
        "name": "a", "mode": "fast", "was": None, "where": {"cluster": "prod", "words": "shop/a UPDATED"}
    }  # fmt: skip
    ((_, value, _),) = await values(kafka_server, whole.topic, 1)
    record = await read(schema_registry, whole.topic, value)
    assert (record["event_id"], json.loads(record["new_object"])) == (one.event_id, json.loads(bytes(one.new_object)))


async def test_without_its_registry_nothing_is_sent_to_anybody(
    kafka_server: servers.Feed, schema_registry: SchemaRegistryServer
) -> None:
    """While a schema cannot be registered the sender is told so, and nothing was sent; afterwards all goes, once."""
    own, other = feed_of(Format.AVRO, TEMPLATE), feed_of()
    await schema_registry.kill()
    async with sink_of(kafka_server, own, other, registry=schema_registry.url) as sink:
        with pytest.raises(RegistryUnavailable, match="does not answer"):
            await send(sink, [changed("a")])
        await schema_registry.start_again()
        await send(sink, [changed("b")])
    assert [key for key, _, _ in await values(kafka_server, other.topic, 1)] == [changed("b").key]
    ((_, value, _),) = await values(kafka_server, own.topic, 1)
    assert (await read(schema_registry, own.topic, value))["name"] == "b"


async def test_a_change_of_a_cluster_waits_in_the_outbox_until_a_feed_has_it(
    store: Store,
    control_plane: servers.Cluster,
    api: Api,
    namespace: str,
    kafka_server: servers.Feed,
    schema_registry: SchemaRegistryServer,
) -> None:
    """A change that a feed cannot have yet stays in the graph, and is in the feed's topic once it can."""
    cluster = cluster_id()
    own = feed_of(Format.AVRO, TEMPLATE, label_selector="app=web", namespaces=(namespace,))
    await schema_registry.kill()
    async with (
        sink_of(kafka_server, own, registry=schema_registry.url) as sink,
        Relay.running(store, sink, LIMIT_BYTES) as relay,
        running(
            store,
            cluster_settings(control_plane, cluster),
            SyncOptions(watch_resources=CONFIG_ONLY),
            feed=Feed(relay=relay),
        ),
    ):
        path = f"/api/v1/namespaces/{namespace}/configmaps"
        await api.make(path, metadata={"name": "settings", "labels": {"app": "web"}}, data={"mode": "slow"})
        await api.merge(f"{path}/settings", data={"mode": "fast"})

        async def waits() -> bool:
            problem = relay.problem(cluster)
            return "registry" in (problem or "") and (await store.read_text(OUTBOX))[0]["rows"] > 0

        await until(waits, "the changes wait for the registry")
        await schema_registry.start_again()
        found = await values(kafka_server, own.topic, 2)
        await until(lambda: outbox_is_empty(store), "what was sent is taken away")
    told = [await read(schema_registry, own.topic, value) for _, value, _ in found]
    assert [(one["mode"], one["was"]) for one in told] == [("slow", None), ("fast", "slow")]
    assert {key for key, _, _ in found} == {f"{cluster}/core/ConfigMap/{namespace}/settings"}


async def test_a_schema_that_the_registry_refuses_ends_a_worker_at_its_start(
    store: Store, kafka_server: servers.Feed, schema_registry: SchemaRegistryServer
) -> None:
    """Nobody finds out a month later that a feed was never sent: the error names the subject and what can be done."""
    own = feed_of(Format.AVRO, {"mode": "fast"})
    other = {"type": "record", "name": "Own", "fields": [{"name": "mode", "type": "int"}]}
    async with AsyncSchemaRegistryClient({"url": schema_registry.url, "timeout": ANSWER_SECONDS}) as client:
        await client.register_schema(f"{own.topic}-value", Schema(json.dumps(other), "AVRO"))
        await client.set_compatibility(f"{own.topic}-value", "FULL")
    configuration = Configuration(
        feeds=(own,),
        schema_registry_url=schema_registry.url,
        kafka=KafkaSettings(bootstrap_servers=(kafka_server.bootstrap_servers,)),
    )
    with pytest.raises(BadConfiguration, match=f"does not take the schema of {own.topic}-value: .*another topic"):
        async with fed(store, configuration, Telemetry()):
            raise AssertionError("it has begun")
