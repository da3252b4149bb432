"""The change feed of one process: who makes its spans, where its events go."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider

from kgraph.api.events.hub import Hub
from kgraph.cli.configuration import Configuration
from kgraph.cli.errors import BadConfiguration
from kgraph.feed.bus import Bus
from kgraph.feed.event import SOURCE
from kgraph.feed.feeds import Feeds
from kgraph.feed.kafka_sink import KafkaSink
from kgraph.feed.kafka_source import BACK_SECONDS, KafkaSource
from kgraph.feed.sink import RegistryUnavailable, SchemaRefused
from kgraph.graphdb.store import Store
from kgraph.sync.feed import Feed
from kgraph.sync.relay import Relay

log = structlog.get_logger(__name__)


def followed(configuration: Configuration) -> Hub | None:
    """Who reads Kafka for this process's subscribers, from now on; None where the environment names none."""
    if configuration.kafka is None:
        return None
    hub = Hub(KafkaSource(configuration.kafka), reaches_back=BACK_SECONDS)
    hub.start()
    return hub


@asynccontextmanager
async def fed(store: Store, configuration: Configuration, bus: Bus | None = None) -> AsyncIterator[Feed]:
    """The feed: to Kafka where the environment names it, and to whoever listens on the bus of this process."""
    # Without an exporter spans are for their ids: each event says in which trace it was delivered.
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: SOURCE}), shutdown_on_exit=False)
    tracer = provider.get_tracer("kgraph.sync")
    if configuration.kafka is None:
        yield Feed(tracer, bus=bus)
        return
    feeds = Feeds(configuration.feeds, configuration.schema_registry_url)
    await _prepare(feeds)
    sink = KafkaSink(configuration.kafka, feeds)
    async with Relay.running(store, sink, configuration.outbox_limit) as relay:
        log.info("changes go to Kafka", servers=configuration.kafka.where)
        yield Feed(tracer, relay=relay, bus=bus)


async def _prepare(feeds: Feeds) -> None:
    """Have the schemas of the feeds registered; BadConfiguration where the registry does not take one.

    Where it is away, the relay waits for it.
    """
    try:
        await feeds.prepare()
    except SchemaRefused as error:
        raise BadConfiguration(f"feeds: {error}") from error
    except RegistryUnavailable as error:
        log.warning("the change feed waits for the schema registry", why=str(error))
