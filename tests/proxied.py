"""Servers of the tests with a network before them that can be cut."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from kgraph.stack.kafka import KafkaServer
from kgraph.stack.kafka_config import KafkaOptions
from kgraph.stack.ports import free_ports
from kgraph.stack.progress import silent
from tests.proxy import TcpProxy


class ProxiedKafka(msgspec.Struct, frozen=True):
    """A Kafka which tells its clients to come through a proxy; `direct_servers` leads round it."""

    server: KafkaServer
    proxy: TcpProxy


@asynccontextmanager
async def proxied_kafka(folder: Path) -> AsyncIterator[ProxiedKafka]:
    """One on a data folder, until the end of the block."""
    (port,) = free_ports(1)  # known to the proxy before Kafka is there, and to Kafka before the proxy is asked
    async with (
        TcpProxy.to(port) as proxy,
        KafkaServer.start(folder, KafkaOptions(port=port, advertised_port=proxy.port), report=silent) as server,
    ):
        yield ProxiedKafka(server, proxy)
