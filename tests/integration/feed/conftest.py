"""An apiserver to talk to, and a feed from the graph to Kafka."""

import secrets
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest_asyncio

from kgraph.feed.event import Event
from kgraph.feed.kafka_settings import KafkaSettings
from kgraph.feed.kafka_sink import KafkaSink
from kgraph.graphdb.store import Store
from kgraph.sync.feed import Feed
from kgraph.sync.relay import Relay
from tests import servers
from tests.consumer import Got
from tests.integration.sync.conftest import api

__all__ = ["api"]

LIMIT_BYTES = 64 * 1024 * 1024


@pytest_asyncio.fixture(loop_scope="session")
async def feed(store: Store, kafka_server: servers.Feed) -> AsyncIterator[Feed]:
    """The feed of a process whose changes go to the session's Kafka."""
    settings = KafkaSettings(bootstrap_servers=(kafka_server.bootstrap_servers,))
    async with Relay.running(store, KafkaSink(settings), LIMIT_BYTES) as relay:
        yield Feed(relay=relay)


OUTBOX = "MATCH (o:Outbox) RETURN count(o) AS rows"
CONFIG_ONLY = ("namespaces", "configmaps", "secrets")


def cluster_id() -> str:
    """A cluster that no other test has told of."""
    return f"c{secrets.token_hex(4)}"


async def outbox_is_empty(store: Store) -> bool:
    """Whether all was sent and taken away."""
    return not (await store.read_text(OUTBOX))[0]["rows"]


def of(found: list[Got], name: str) -> list[Event]:
    """The events of what is called so, by sequence."""
    events = [one.event for one in found if one.key.endswith(f"/{name}")]
    return sorted(events, key=lambda event: event.metadata.sequence)


def value(raw: msgspec.Raw) -> Any:
    """An event's object."""
    return msgspec.json.decode(raw)
