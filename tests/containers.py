"""Neo4j, K3s, Kafka and Redis as containers, behind the same faces as the child processes of `kgraph.stack`.

The library testcontainers blocks, so its calls go to a thread. No Docker daemon ran where this was written:
only the choice between containers and processes is tested, and what is in this file has never been run. Should it
fail for you, KGRAPH_TEST_SERVERS=processes does without it.
"""

import asyncio
import secrets
import ssl
import tempfile
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from kgraph.stack.errors import CommandFailed
from kgraph.stack.kafka import ask
from kgraph.stack.kubeconfig import write_kubeconfig
from kgraph.stack.neo4j_install import DEFAULT_VERSION as NEO4J_VERSION
from kgraph.stack.ports import free_ports
from kgraph.stack.server import NotYet
from tests.servers import TEST_USERS
from tests.workers import until

NEO4J_IMAGE = f"neo4j:{NEO4J_VERSION}-community"
KAFKA_IMAGE = "confluentinc/cp-kafka:8.0.0"
REDIS_IMAGE = "redis:7.4-alpine"
K3S_IMAGE = "rancher/k3s:v1.34.1-k3s1"
ADMIN = "kgraph-admin"
TOKENS_IN_CONTAINER = "/etc/kgraph/tokens.csv"


class RestartableContainer(ABC):
    """A server in a container, on host ports of its own, which survive its restarts."""

    def __init__(self, container: Any, *ports: int) -> None:
        self._container = container
        self._host = container.get_container_host_ip()
        self._ports = ports

    async def kill(self) -> None:
        await asyncio.to_thread(self._wrapped.kill)
        await asyncio.to_thread(self._wrapped.wait)

    async def start_again(self) -> None:
        await asyncio.to_thread(self._wrapped.start)
        await self._until_ready()

    async def restart(self) -> None:
        await asyncio.to_thread(self._wrapped.stop, timeout=60)
        await self.start_again()

    def pause(self) -> None:
        self._wrapped.pause()

    def resume(self) -> None:
        self._wrapped.unpause()

    @abstractmethod
    async def _until_ready(self) -> None: ...

    @property
    def _wrapped(self) -> Any:
        return self._container.get_wrapped_container()


class Neo4jContainerServer(RestartableContainer):
    """A Neo4j in a container."""

    def __init__(self, container: Any, bolt_port: int, http_port: int) -> None:
        super().__init__(container, bolt_port, http_port)
        self.user, self.password = container.username, container.password

    @property
    def bolt_uri(self) -> str:
        return f"bolt://{self._host}:{self._ports[0]}"

    @property
    def http_uri(self) -> str:
        return f"http://{self._host}:{self._ports[1]}"

    async def _until_ready(self) -> None:
        await asyncio.to_thread(self._container._connect)


class KafkaContainerServer(RestartableContainer):
    """A Kafka in a container."""

    @property
    def bootstrap_servers(self) -> str:
        return f"{self._host}:{self._ports[0]}"

    async def _until_ready(self) -> None:
        await until(self._answers, "the Kafka of the container answers again")

    async def _answers(self) -> bool:
        try:
            await ask(self.bootstrap_servers)
        except NotYet:
            return False
        return True


class RedisContainerServer(RestartableContainer):
    """A Redis in a container."""

    @property
    def url(self) -> str:
        return f"redis://{self._host}:{self._ports[0]}/0"

    async def _until_ready(self) -> None:
        from testcontainers.community.redis import PingWaitStrategy

        await asyncio.to_thread(PingWaitStrategy().wait_until_ready, self._container)


@asynccontextmanager
async def neo4j_container() -> AsyncIterator[Neo4jContainerServer]:
    """A Neo4j in a container, until the end of the block."""
    from testcontainers.community.neo4j import Neo4jContainer

    bolt_port, http_port = free_ports(2)
    container = Neo4jContainer(NEO4J_IMAGE, password=secrets.token_hex(24), username="neo4j")
    container.with_bind_ports(7687, bolt_port).with_bind_ports(7474, http_port)
    container.with_env("NEO4J_server_memory_heap_max__size", "512m")
    container.with_env("NEO4J_server_memory_pagecache_size", "128m")
    container.with_env("NEO4J_server_bolt_advertised__address", f"localhost:{bolt_port}")
    await asyncio.to_thread(container.start)
    try:
        yield Neo4jContainerServer(container, bolt_port, http_port)
    finally:
        await asyncio.to_thread(container.stop)


@asynccontextmanager
async def kafka_container() -> AsyncIterator[KafkaContainerServer]:
    """A Kafka in a container, until the end of the block."""
    from testcontainers.community.kafka import KafkaContainer

    (port,) = free_ports(1)
    container = KafkaContainer(KAFKA_IMAGE).with_kraft()
    container.with_bind_ports(container.port, port)
    container.with_env("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
    container.with_env("KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS", "500")
    container.with_env("KAFKA_NUM_PARTITIONS", "4")
    await asyncio.to_thread(container.start, timeout=120)
    try:
        yield KafkaContainerServer(container, port)
    finally:
        await asyncio.to_thread(container.stop)


@asynccontextmanager
async def redis_container() -> AsyncIterator[RedisContainerServer]:
    """A Redis in a container, which keeps nothing, until the end of the block."""
    from testcontainers.community.redis import RedisContainer

    (port,) = free_ports(1)
    container = RedisContainer(REDIS_IMAGE)
    container.with_bind_ports(container.port, port)
    container.with_command('redis-server --save "" --appendonly no')
    await asyncio.to_thread(container.start)
    try:
        yield RedisContainerServer(container, port)
    finally:
        await asyncio.to_thread(container.stop)


class K3sCluster:
    """A K3s in a container; the administrator and the test users come by tokens, as with the child processes."""

    def __init__(self, container: Any, server: str, folder: Path, tokens: dict[str, str]) -> None:
        self._container = container
        self._folder = folder
        self._tokens = tokens
        self.server = server
        self.ca_file = folder / "ca.crt"
        self.kubeconfig = folder / "kubeconfig"

    @property
    def admin_token(self) -> str:
        return self._tokens[ADMIN]

    def token_of(self, user: str) -> str:
        return self._tokens[user]

    async def request(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"authorization": f"Bearer {self.admin_token}"}
        verify = ssl.create_default_context(cafile=self.ca_file)
        async with httpx.AsyncClient(base_url=self.server, headers=headers, verify=verify, trust_env=False) as client:
            return (await client.request(method, path, json=body)).raise_for_status().json()

    async def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """K3s brings its own kubectl, and an exec has no input: what comes in lies in a file instead."""
        command = ["kubectl", *arguments]
        if stdin is not None:
            file = f"/tmp/{secrets.token_hex(8)}"
            (self._folder / "exchange" / Path(file).name).write_text(stdin)
            command = ["sh", "-c", 'file=$1; shift; exec "$@" < "/exchange/$file"', "-", Path(file).name, *command]
        result = await asyncio.to_thread(self._container.get_wrapped_container().exec_run, command, demux=True)
        output, said = (part.decode() if part else "" for part in result.output)
        if result.exit_code:
            raise CommandFailed(f"kubectl {' '.join(arguments)}", result.exit_code, said)
        return output


@asynccontextmanager
async def k3s_container() -> AsyncIterator[K3sCluster]:
    """A K3s in a container, until the end of the block."""
    from testcontainers.community.k3s import K3SContainer

    groups = {ADMIN: ("system:masters",), **TEST_USERS}
    tokens = {user: secrets.token_urlsafe(24) for user in groups}
    with tempfile.TemporaryDirectory(prefix="kgraph-k3s-") as name:
        folder = Path(name)
        (folder / "exchange").mkdir()
        lines = (f'{tokens[user]},{user},{user},"{",".join(names)}"\n' for user, names in groups.items())
        (folder / "tokens.csv").write_text("".join(lines))
        container = K3SContainer(K3S_IMAGE)
        container.with_volume_mapping(str(folder / "tokens.csv"), TOKENS_IN_CONTAINER, "ro")
        container.with_volume_mapping(str(folder / "exchange"), "/exchange", "ro")
        container.with_command(
            f"server --disable traefik --tls-san={container.get_container_host_ip()}"
            f" --kube-apiserver-arg=token-auth-file={TOKENS_IN_CONTAINER}"
        )
        await asyncio.to_thread(container.start)
        try:
            yield _k3s_cluster(container, folder, tokens)
        finally:
            await asyncio.to_thread(container.stop)


def _k3s_cluster(container: Any, folder: Path, tokens: dict[str, str]) -> K3sCluster:
    import base64

    described = yaml.safe_load(container.config_yaml())["clusters"][0]["cluster"]
    cluster = K3sCluster(container, described["server"], folder, tokens)
    cluster.ca_file.write_bytes(base64.b64decode(described["certificate-authority-data"]))
    write_kubeconfig(
        cluster.kubeconfig, server=cluster.server, ca_file=cluster.ca_file, user=ADMIN, token=cluster.admin_token
    )
    return cluster
