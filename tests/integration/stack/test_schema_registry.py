"""The schema registry: real answers to what a configured feed asks of it, and what it has after its end."""

import secrets
from collections.abc import AsyncIterator

import pytest
from confluent_kafka.schema_registry import AsyncSchemaRegistryClient

from kgraph.feed import avro
from kgraph.feed.schema_registry import SchemaRegistry
from kgraph.feed.sink import RegistryUnavailable, SchemaRefused
from kgraph.feed.template import parse
from kgraph.stack.schema_registry import SchemaRegistryServer

TEMPLATE = avro.template_schema(parse({"a": ".cluster_id"}), "A")
WIDER = avro.template_schema(parse({"a": ".cluster_id", "b": ".resource.uid"}), "A")
OTHER = {**TEMPLATE, "fields": [{"name": "a", "type": "bytes"}]}


@pytest.fixture
async def registry(schema_registry: SchemaRegistryServer) -> AsyncIterator[SchemaRegistry]:
    """A client of the real registry."""
    async with SchemaRegistry(schema_registry.url) as client:
        yield client


@pytest.fixture
def topic() -> str:
    """A topic of the test's own."""
    return f"test-{secrets.token_hex(4)}"


async def test_a_schema_has_one_id(registry: SchemaRegistry, topic: str) -> None:
    """The same schema of the same topic has the same id, whoever registers it; another schema has another."""
    first = await registry.register(topic, TEMPLATE)
    assert await registry.register(topic, TEMPLATE) == first
    assert await registry.register(topic, WIDER) != first


async def test_the_schema_of_whole_events_is_taken(registry: SchemaRegistry, topic: str) -> None:
    """A registry's own reader of Avro understands the schema of events."""
    assert await registry.register(topic, avro.event_schema()) > 0


async def test_what_readers_could_not_read_is_refused(
    registry: SchemaRegistry, schema_registry: SchemaRegistryServer, topic: str
) -> None:
    """A schema that readers of the topic's earlier messages are not ready for is refused, and the error says which."""
    await registry.register(topic, TEMPLATE)
    async with AsyncSchemaRegistryClient({"url": schema_registry.url, "timeout": 20.0}) as client:
        await client.set_compatibility(f"{topic}-value", "BACKWARD")
    with pytest.raises(SchemaRefused, match=f"does not take the schema of {topic}-value"):
        await registry.register(topic, OTHER)
    await registry.register(topic, WIDER)


async def test_a_registry_that_is_away_may_come_back(schema_registry: SchemaRegistryServer, topic: str) -> None:
    """Whoever asks while it is away is told so; what it has is there after kill -9, under the same id."""
    async with SchemaRegistry(schema_registry.url) as client:
        before = await client.register(topic, TEMPLATE)
    await schema_registry.kill()
    async with SchemaRegistry(schema_registry.url) as client:
        with pytest.raises(RegistryUnavailable, match=r"http://127\.0\.0\.1:\d+/apis/ccompat/v7 does not answer"):
            await client.register(topic, TEMPLATE)
        await schema_registry.start_again()
        assert await client.register(topic, TEMPLATE) == before
