"""An empty graph, an apiserver to talk to, and a feed from the one to Kafka."""

from collections.abc import AsyncIterator

import pytest_asyncio
from opentelemetry.sdk.trace import TracerProvider

from kgraph.feed.kafka_settings import KafkaSettings
from kgraph.feed.kafka_sink import KafkaSink
from kgraph.graphdb.store import Store
from kgraph.sync.feed import Feed
from kgraph.sync.relay import Relay
from tests import servers
from tests.integration.sync.conftest import api, store

__all__ = ["api", "store"]

LIMIT_BYTES = 64 * 1024 * 1024


@pytest_asyncio.fixture(loop_scope="session")
async def feed(store: Store, kafka_server: servers.Feed) -> AsyncIterator[Feed]:
    """The feed of a process whose changes go to the session's Kafka."""
    settings = KafkaSettings(bootstrap_servers=(kafka_server.bootstrap_servers,))
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("tests")
    async with Relay.running(store, KafkaSink(settings), LIMIT_BYTES) as relay:
        yield Feed(tracer, relay=relay)
