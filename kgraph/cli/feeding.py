"""The change feed of one process: who makes its spans, where its events go."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider

from kgraph.cli.configuration import Configuration
from kgraph.feed.bus import Bus
from kgraph.feed.event import SOURCE
from kgraph.feed.kafka_sink import KafkaSink
from kgraph.graphdb.store import Store
from kgraph.sync.feed import Feed
from kgraph.sync.relay import Relay

log = structlog.get_logger(__name__)


@asynccontextmanager
async def fed(store: Store, configuration: Configuration, bus: Bus | None = None) -> AsyncIterator[Feed]:
    """The feed: to Kafka where the environment names it, and to whoever listens on the bus of this process."""
    # Without an exporter spans are for their ids: each event says in which trace it was delivered.
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: SOURCE}), shutdown_on_exit=False)
    tracer = provider.get_tracer("kgraph.sync")
    if configuration.kafka is None:
        yield Feed(tracer, bus=bus)
        return
    sink = KafkaSink(configuration.kafka)
    async with Relay.running(store, sink, configuration.outbox_limit) as relay:
        log.info("changes go to Kafka", servers=configuration.kafka.where)
        yield Feed(tracer, relay=relay, bus=bus)
