"""The change feed of one process: who makes its spans, where its events go."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider

from kgraph.api.events.hub import Hub
from kgraph.cli.configuration import Configuration
from kgraph.feed.bus import Bus
from kgraph.feed.event import SOURCE
from kgraph.feed.kafka_sink import KafkaSink
from kgraph.feed.kafka_source import BACK_SECONDS, KafkaSource
from kgraph.feed.redis_stream import RedisSink, RedisSource
from kgraph.feed.sink import Sink
from kgraph.graphdb.store import Store
from kgraph.sync.feed import Feed
from kgraph.sync.relay import Relay

log = structlog.get_logger(__name__)


def followed(configuration: Configuration) -> Hub | None:
    """Who reads Kafka, or else Redis, for this process's subscribers, from now on; None where there is neither."""
    if configuration.kafka is not None:
        hub = Hub(KafkaSource(configuration.kafka), reaches_back=BACK_SECONDS)
    elif configuration.redis_url:
        hub = Hub(RedisSource(configuration.redis_url))
    else:
        return None
    hub.start()
    return hub


@asynccontextmanager
async def fed(store: Store, configuration: Configuration, bus: Bus | None = None) -> AsyncIterator[Feed]:
    """The feed: to Kafka, or else Redis, where the environment names one, and to who listens on this process's bus."""
    # Without an exporter spans are for their ids: each event says in which trace it was delivered.
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: SOURCE}), shutdown_on_exit=False)
    tracer = provider.get_tracer("kgraph.sync")
    sink: Sink
    if configuration.kafka is not None:
        sink, where = KafkaSink(configuration.kafka), f"Kafka at {configuration.kafka.where}"
    elif configuration.redis_url:
        sink, where = RedisSink(configuration.redis_url), "Redis"
    else:
        yield Feed(tracer, bus=bus)
        return
    async with Relay.running(store, sink, configuration.outbox_limit) as relay:
        log.info("changes are told", to=where)
        yield Feed(tracer, relay=relay, bus=bus)
