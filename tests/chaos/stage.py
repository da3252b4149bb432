"""All that a storm over the change feed needs: every server, every process, and the networks between them."""

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import httpx
import msgspec

from kgraph.graphdb.store import GraphSettings, Store
from kgraph.kube.settings import ClusterSettings
from kgraph.stack.kubeconfig import write_kubeconfig
from kgraph.stack.kubernetes import ControlPlane
from kgraph.stack.ports import LOOPBACK, free_ports
from kgraph.stack.redis import RedisServer
from tests.chaos.ledger import Window
from tests.chaos.storm import KINDS
from tests.proxied import ProxiedKafka
from tests.proxy import TcpProxy
from tests.servers import Graph
from tests.workers import WorkerProcess, graph_settings, until

CLUSTER = "storm"
VERSIONS = "MATCH (k:SyncedKind {cluster: 'storm'}) RETURN k.plural AS plural, k.resourceVersion AS version"
# How much later than the first of them a watch of the worker may deliver what others have delivered at that moment.
WATCHES_DIFFER_SECONDS = 5.0


class Servers(msgspec.Struct, frozen=True):
    """The servers of a storm; all may be killed."""

    plane: ControlPlane
    graph: Graph
    kafka: ProxiedKafka
    redis: RedisServer


class Networks(msgspec.Struct, frozen=True):
    """What is between two of them; Kafka's lies before all of its clients."""

    worker_apiserver: TcpProxy
    worker_neo4j: TcpProxy
    kafka: TcpProxy
    api_neo4j: TcpProxy
    api_redis: TcpProxy
    api_apiserver: TcpProxy


class Stage:
    """The servers, a worker and an API. What a fault breaks it makes whole again."""

    def __init__(
        self,
        folder: Path,
        store: Store,
        servers: Servers,
        networks: Networks,
        seed: int,
    ) -> None:
        self.dice = random.Random(seed)
        self.blind: list[Window] = []
        self.servers = servers
        self.networks = networks
        self.store = store
        self._folder = folder
        self._workers = 0
        self.worker: WorkerProcess
        self.api: ApiProcess

    @classmethod
    @asynccontextmanager
    async def set_up(cls, folder: Path, store: Store, servers: Servers, seed: int) -> AsyncIterator[Self]:
        """All of it running and in step."""
        async with AsyncExitStack() as stack:

            async def before(address: str) -> TcpProxy:
                port = urlsplit(address).port
                assert port is not None
                return await stack.enter_async_context(TcpProxy.to(port))

            apiserver, bolt, redis = servers.plane.server, servers.graph.bolt_uri, servers.redis.url
            networks = Networks(
                worker_apiserver=await before(apiserver),
                worker_neo4j=await before(bolt),
                kafka=servers.kafka.proxy,
                api_neo4j=await before(bolt),
                api_redis=await before(redis),
                api_apiserver=await before(apiserver),
            )
            stage = cls(folder, store, servers, networks, seed)
            stage.worker = stage.new_worker()
            stack.push_async_callback(stage._end_worker)
            await stage.worker.start()
            await stage.worker.synced(store)
            stage.api = await stack.enter_async_context(stage._api())
            yield stage

    def new_worker(self) -> WorkerProcess:
        """One more worker on the cluster, not started."""
        self._workers += 1
        folder = self._folder / f"worker-{self._workers}"
        folder.mkdir()
        graph = graph_settings(self.servers.graph)
        return WorkerProcess(
            folder,
            GraphSettings(
                uri=f"bolt://{LOOPBACK}:{self.networks.worker_neo4j.port}", user=graph.user, password=graph.password
            ),
            ClusterSettings(
                id=CLUSTER, kubeconfig_path=str(self._kubeconfig(folder, self.networks.worker_apiserver)), qps=0
            ),
            name=f"worker-{self._workers}",
            worker_session="5s",
            environ={"KAFKA_BOOTSTRAP_SERVERS": self.servers.kafka.server.bootstrap_servers},
        )

    @asynccontextmanager
    async def in_the_dark(self) -> AsyncIterator[None]:
        """While this lasts nobody may watch the cluster for the graph.

        It begins with the last moment of which is known that what came before it is written.
        """
        began_at = await self.caught_up()
        yield
        self.blind.append(Window(began_at - WATCHES_DIFFER_SECONDS, time.monotonic()))

    async def caught_up(self) -> float:
        """Wait until a change that is made now is in the graph; when it was made, in monotonic time."""
        made_at, name = time.monotonic(), f"made-at-{time.time_ns()}"
        path = "/api/v1/namespaces/default/configmaps"
        await self.servers.plane.request("POST", path, {"metadata": {"name": name}})
        written = f"MATCH (n:Resource {{key: '{CLUSTER}/core/ConfigMap/default/{name}'}}) RETURN count(n) AS n"

        async def is_written() -> bool:
            return bool((await self.store.read_text(written))[0]["n"])

        await until(is_written, "a change is in the graph")
        await self.servers.plane.request("DELETE", f"{path}/{name}")
        return made_at

    async def every_kind_is_followed(self) -> None:
        """Wait until the graph has each kind of the storm in a later version than the cluster's now: it goes on."""
        listed = await self.servers.plane.request("GET", "/api/v1/namespaces/default/configmaps?limit=1")
        now = int(listed["metadata"]["resourceVersion"])
        stormy = {plural for _, plural in KINDS.values()}

        async def all_are_later() -> bool:
            versions = {row["plural"]: int(row["version"] or 0) for row in await self.store.read_text(VERSIONS)}
            return all(versions.get(plural, 0) > now for plural in stormy)

        await until(all_are_later, "every kind is followed again")

    def _kubeconfig(self, folder: Path, network: TcpProxy) -> Path:
        return write_kubeconfig(
            folder / "kubeconfig",
            server=f"https://{LOOPBACK}:{network.port}",
            ca_file=self.servers.plane.ca_file,
            user="kgraph-admin",
            token=self.servers.plane.admin_token,
        )

    @asynccontextmanager
    async def _api(self) -> AsyncIterator["ApiProcess"]:
        folder = self._folder / "api"
        folder.mkdir()
        cluster = {"id": CLUSTER, "kubeconfig_path": str(self._kubeconfig(folder, self.networks.api_apiserver))}
        environ = {
            "CLUSTERS_CONFIG": json.dumps({"clusters": [cluster]}),
            "NEO4J_URI": f"bolt://{LOOPBACK}:{self.networks.api_neo4j.port}",
            "NEO4J_USER": self.servers.graph.user,
            "NEO4J_PASSWORD": self.servers.graph.password,
            "KAFKA_BOOTSTRAP_SERVERS": self.servers.kafka.server.bootstrap_servers,
            "REDIS_URL": f"redis://{LOOPBACK}:{self.networks.api_redis.port}/0",
            "LOG_FORMAT": "json",
            "XDG_RUNTIME_DIR": str(folder),
        }
        api = ApiProcess(folder / "api.log", free_ports(1)[0])
        await api.start(environ)
        try:
            await until(api.is_ready, "the API is ready")
            yield api
        finally:
            await api.kill()

    async def _end_worker(self) -> None:
        await self.worker.kill()


class ApiProcess:
    """`kgraph serve`, as a process of its own."""

    def __init__(self, log: Path, port: int) -> None:
        self.log = log
        self._port = port
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, environ: Mapping[str, str]) -> None:
        """Start it."""
        with self.log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "kgraph.cli.main", "serve", "--port", str(self._port),
                stdout=output, stderr=output, env={**os.environ, **environ},
            )  # fmt: skip

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process is not None and self._process.returncode is None

    async def is_ready(self) -> bool:
        """Whether it says that it is ready."""
        assert self.is_running, f"the API ended by itself:\n{self.log.read_text()[-4000:]}"
        try:
            return (await self._get("/health/ready")).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    async def names(self, namespace: str, plural: str) -> set[str]:
        """The names of a namespace's objects, as it answers them."""
        answer = await self._get(f"/api/v1/clusters/{CLUSTER}/namespaces/{namespace}/{plural}?limit=500")
        return {one["id"].rpartition(":")[2] for one in answer.raise_for_status().json()["items"]}

    async def kill(self) -> None:
        """End it as `kill -9` does."""
        assert self._process is not None
        if self.is_running:
            os.kill(self._process.pid, signal.SIGKILL)
        await self._process.wait()

    async def _get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(timeout=20, trust_env=False) as client:
            return await client.get(f"http://{LOOPBACK}:{self._port}{path}")
