"""Kafka: patient with kill -9, used by one process at a time, and reached by the port that it is told to advertise."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError

from kgraph.stack.errors import DataFolderInUse, ProcessError
from kgraph.stack.kafka import KafkaServer
from kgraph.stack.kafka_config import KafkaOptions
from kgraph.stack.progress import silent
from tests.proxied import ProxiedKafka
from tests.servers import Feed


async def topic_on(servers: str, partitions: int = 1) -> str:
    """A new topic with a name of its own."""
    name = f"test-{secrets.token_hex(4)}"
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, partitions, 1)])
    finally:
        await admin.close()
    return name


@asynccontextmanager
async def producing(servers: str) -> AsyncIterator[AIOKafkaProducer]:
    """A producer which gives up on a message after a second."""
    producer = AIOKafkaProducer(
        bootstrap_servers=servers, acks="all", request_timeout_ms=1000, metadata_max_age_ms=1000
    )
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def values_in(servers: str, topic: str, count: int) -> list[bytes]:
    """The first values of a topic."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        async with asyncio.timeout(30):
            return [(await consumer.getone()).value for _ in range(count)]
    finally:
        await consumer.stop()


async def test_restart_keeps_data_and_ports(own_kafka: ProxiedKafka) -> None:
    """What was acknowledged is there after kill -9 and after a restart, under the same address."""
    server = own_kafka.server
    servers = server.bootstrap_servers
    topic = await topic_on(servers)
    for number, end in enumerate((server.kill, server.stop)):
        async with producing(servers) as producer:
            await producer.send_and_wait(topic, str(number).encode())
        await end()
        assert not server.is_running
        await server.start_again()
    assert server.bootstrap_servers == servers
    assert await values_in(servers, topic, 2) == [b"0", b"1"]


async def test_clients_come_through_the_proxy(own_kafka: ProxiedKafka) -> None:
    """With the network to its advertised port cut nothing reaches it; when it is back, the same producer goes on."""
    server, proxy = own_kafka.server, own_kafka.proxy
    topic = await topic_on(server.direct_servers)
    async with producing(server.bootstrap_servers) as producer:
        await producer.send_and_wait(topic, b"before")
        await proxy.cut()
        try:
            with pytest.raises(KafkaError):
                await producer.send_and_wait(topic, b"lost")
        finally:
            await proxy.restore()
        await producer.send_and_wait(topic, b"after")
    assert await values_in(server.direct_servers, topic, 2) == [b"before", b"after"]


async def test_reachable_directly_while_the_network_is_cut(own_kafka: ProxiedKafka) -> None:
    """A test that has cut the network can still look at what the topics have."""
    server, proxy = own_kafka.server, own_kafka.proxy
    await proxy.cut()
    try:
        topic = await topic_on(server.direct_servers)
        async with producing(server.direct_servers) as producer:
            await producer.send_and_wait(topic, b"direct")
        assert await values_in(server.direct_servers, topic, 1) == [b"direct"]
    finally:
        await proxy.restore()


async def test_pause_hangs_and_resume_ends_it(own_kafka: ProxiedKafka) -> None:
    """A paused server acknowledges nothing, until it is resumed."""
    server = own_kafka.server
    topic = await topic_on(server.direct_servers)
    async with producing(server.direct_servers) as producer:
        await producer.send_and_wait(topic, b"0")
        server.pause()
        try:
            waiting = await producer.send(topic, b"1")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.shield(waiting), 0.3)
        finally:
            server.resume()
        await waiting


async def test_makes_no_topic_by_itself(kafka_server: Feed) -> None:
    """A topic that nobody has made is not there for a producer either: who writes it decides how it is made."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_server.bootstrap_servers)
    await admin.start()
    try:
        described = await admin.describe_topics(["nobody-made-it"])
        assert described[0]["error_code"] == UnknownTopicOrPartitionError.errno
        assert "nobody-made-it" not in await admin.list_topics()
    finally:
        await admin.close()


async def test_listens_on_loopback_only(own_kafka: ProxiedKafka) -> None:
    """Nobody from another machine can reach it."""
    connections = psutil.Process(own_kafka.server.pid).net_connections()
    listening = {each.laddr.ip for each in connections if each.status == psutil.CONN_LISTEN}
    assert {ip.removeprefix("::ffff:") for ip in listening} == {"127.0.0.1"}


async def test_second_opener_is_told_the_holder(own_kafka: ProxiedKafka) -> None:
    """Another start on the same data folder is refused with the process id of the one that has it."""
    with pytest.raises(DataFolderInUse, match=f"process {os.getpid()}"):
        async with KafkaServer.start(own_kafka.server.data_dir, report=silent):
            pass


async def test_bad_setting_is_shown(tmp_path: Path) -> None:
    """A Kafka that refuses its configuration gives its own words and where the rest of them is."""
    options = KafkaOptions(settings={"num.io.threads": "none"})
    with pytest.raises(ProcessError, match=r"num\.io\.threads") as caught:
        async with KafkaServer.start(tmp_path, options, report=silent):
            pass
    assert str(tmp_path / "logs" / "process.log") in str(caught.value)
