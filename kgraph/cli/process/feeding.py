"""The change feed of one process: where its events go."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from kgraph.cli.configuration.reading import Configuration
from kgraph.cli.errors import BadConfiguration
from kgraph.feed.bus import Bus
from kgraph.feed.feeds import Feeds
from kgraph.feed.kafka_sink import KafkaSink
from kgraph.feed.redis_stream import RedisSink
from kgraph.feed.sink import RegistryUnavailable, SchemaRefused, Sink
from kgraph.graphdb.store import Store
from kgraph.sync.feed import Feed
from kgraph.sync.relay import Relay
from kgraph.telemetry.telemetry import Telemetry

log = structlog.get_logger(__name__)


@asynccontextmanager
async def fed(
    store: Store, configuration: Configuration, telemetry: Telemetry, bus: Bus | None = None
) -> AsyncIterator[Feed]:
    """The feed: to Kafka, or else Redis, where the environment names one, and to who listens on this process's bus."""
    sink: Sink
    if configuration.kafka is not None:
        feeds = Feeds(configuration.feeds, configuration.schema_registry_url)
        await _prepare(feeds)
        sink, where = KafkaSink(configuration.kafka, feeds), f"Kafka at {configuration.kafka.where}"
    elif configuration.redis_url:
        sink, where = RedisSink(configuration.redis_url), "Redis"
    else:
        yield Feed(telemetry, bus=bus)
        return
    async with Relay.running(store, sink, configuration.outbox_limit, telemetry) as relay:
        log.info("changes are told", to=where)
        yield Feed(telemetry, relay=relay, bus=bus)


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
