"""All that a storm needs: every server, every process, and the networks between them."""

import contextlib
import json
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
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
from tests.chaos.refusing import Refusing
from tests.chaos.storm import KINDS, Storm
from tests.processes import OwnProcess
from tests.proxied import ProxiedKafka
from tests.proxy import TcpProxy
from tests.servers import Graph
from tests.workers import WorkerProcess, graph_settings, until

CLUSTER = "storm"
REPLICAS = 2  # of the API: one may die, and the other answers
# Where the accounts live that the worker and the API log in with; each may do all.
HOME = "kgraph-chaos"
ACCOUNTS = f"/api/v1/namespaces/{HOME}/serviceaccounts"
TOKEN_SECONDS = 7200
FOUND = """query ($c: String!, $n: String!) {
  resource(cluster: $c, resourceType: "configmaps", namespace: "default", name: $n) { key } }"""
WAITING = f"MATCH (o:Outbox {{shard: '{CLUSTER}'}}) RETURN min(o.at).epochMillis / 1000.0 AS since"
WRITTEN = "MATCH (n:Resource {key: $key}) RETURN n.key AS key"
VERSIONS = "MATCH (k:SyncedKind {cluster: 'storm'}) RETURN k.plural AS plural, k.resourceVersion AS version"
# How much later than the first of them a watch of the worker may deliver what others have delivered at that moment.
WATCHES_DIFFER_SECONDS = 5.0
# A connection that was lost without a word is noticed by pings after a minute over HTTP/2, by Bolt after two.
RECOVERY_SECONDS = 300.0
SAID_LINES = 25  # of each process, where one does not recover


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
        self.broken_at = self.mended_at = 0.0
        self._folder = folder
        self._workers = 0
        self._token = ""
        self._ca_file = folder / "authorities.crt"
        self.worker: WorkerProcess
        self.apis: Sequence[ApiProcess] = ()
        self.refusing: Refusing
        self.storm: Storm

    @classmethod
    @asynccontextmanager
    async def set_up(cls, folder: Path, store: Store, servers: Servers, seed: int) -> AsyncIterator[Self]:
        """All of it running and in step, and a storm that has not begun."""
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
            (folder / "refusing").mkdir()
            stage.refusing = await stack.enter_async_context(Refusing.running(folder / "refusing"))
            stage._ca_file.write_text(servers.plane.ca_file.read_text() + stage.refusing.ca_file.read_text())
            await stage._make_home()
            await stage.log_in()
            stage.storm = await stack.enter_async_context(Storm.over(servers.plane, CLUSTER, seed))
            stage.worker = stage.new_worker()
            stack.push_async_callback(stage._end_worker)
            await stage.worker.start()
            await stage.worker.synced(store)
            stage.apis = [await stack.enter_async_context(stage._api(number)) for number in range(REPLICAS)]
            yield stage

    async def _make_home(self) -> None:
        """A namespace whose accounts may do all, and none of an earlier storm's."""
        plane = self.servers.plane
        roles = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
        group = {"kind": "Group", "name": f"system:serviceaccounts:{HOME}", "apiGroup": "rbac.authorization.k8s.io"}
        binding = {
            "metadata": {"name": HOME},
            "subjects": [group],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        }
        for path, body in (("/api/v1/namespaces", {"metadata": {"name": HOME}}), (roles, binding)):
            with contextlib.suppress(httpx.HTTPStatusError):  # an earlier storm has made it
                await plane.request("POST", path, body)

    async def log_in(self) -> None:
        """Have a token of a new account, which `revoke` takes away; who has a kubeconfig is given the token."""
        name = f"account-{time.time_ns()}"
        await self.servers.plane.request("POST", ACCOUNTS, {"metadata": {"name": name}})
        body = {"spec": {"expirationSeconds": TOKEN_SECONDS}}
        answer = await self.servers.plane.request("POST", f"{ACCOUNTS}/{name}/token", body)
        self._token = str(answer["status"]["token"])
        for file in self._folder.glob("*/kubeconfig"):
            network = self.networks.api_apiserver if file.parent.name == "api" else self.networks.worker_apiserver
            self._kubeconfig(file.parent, network)

    async def revoke(self) -> None:
        """Delete the accounts that there are: their tokens are good for nothing, at once."""
        listed = await self.servers.plane.request("GET", ACCOUNTS)
        for account in listed["items"]:
            if account["metadata"]["name"].startswith("account-"):
                await self.servers.plane.request("DELETE", f"{ACCOUNTS}/{account['metadata']['name']}")

    def begin(self) -> None:
        """Something is about to break."""
        self.broken_at = self.mended_at = time.monotonic()

    def mended(self) -> None:
        """What was broken is about to be whole."""
        self.mended_at = time.monotonic()

    async def recovered(self) -> float:
        """Wait until all works: a change made now is shown by every API, and was sent to Kafka; when, monotonic."""
        sent, name = time.time(), f"shown-{time.time_ns()}"
        path = "/api/v1/namespaces/default/configmaps"
        await self.servers.plane.request("POST", path, {"metadata": {"name": name}})

        async def nothing_older_waits() -> bool:
            since = (await self.store.read_text(WAITING))[0]["since"]
            return since is None or since > sent

        try:
            await until(partial(self._has, name), "a change is in the graph", RECOVERY_SECONDS)
            for api in self.apis:
                await until(partial(api.shows, name), f"{api.name} shows a change", RECOVERY_SECONDS)
            await until(nothing_older_waits, "the outbox is sent", RECOVERY_SECONDS)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self._last_said()}") from None
        at = time.monotonic()
        await self.servers.plane.request("DELETE", f"{path}/{name}")
        return at

    async def _has(self, name: str) -> bool:
        """Whether the graph has a ConfigMap of the namespace default."""
        return bool(await self.store.read_text(WRITTEN, {"key": f"{CLUSTER}/core/ConfigMap/default/{name}"}))

    def _last_said(self) -> str:
        """The ends of what the processes logged, for whoever has to find out what went wrong."""
        logs = (self.worker.log, *(api.log for api in self.apis))
        ends = ((log.name, log.read_text(errors="replace").splitlines()[-SAID_LINES:]) for log in logs)
        return "\n".join("\n".join((f"--- {name}", *lines)) for name, lines in ends)

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
            worker_session="10s",
            environ={"KAFKA_BOOTSTRAP_SERVERS": self.servers.kafka.server.bootstrap_servers},
        )

    @asynccontextmanager
    async def in_the_dark(self) -> AsyncIterator[None]:
        """While this lasts nobody may watch the cluster for the graph.

        It begins with the last moment of which is known that what came before it is written.
        """
        began_at = await self.caught_up()
        yield
        self.blind_since(began_at)

    def blind_since(self, began_at: float, part: str = "") -> None:
        """From then until now nobody may have watched the cluster for the graph, or those keys with this part."""
        self.blind.append(Window(began_at - WATCHES_DIFFER_SECONDS, time.monotonic(), part))

    async def caught_up(self) -> float:
        """Wait until a change that is made now is in the graph; when it was made, in monotonic time."""
        made_at, name = time.monotonic(), f"made-at-{time.time_ns()}"
        path = "/api/v1/namespaces/default/configmaps"
        await self.servers.plane.request("POST", path, {"metadata": {"name": name}})
        await until(partial(self._has, name), "a change is in the graph")
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
            ca_file=self._ca_file,
            user=HOME,
            token=self._token,
        )

    @asynccontextmanager
    async def _api(self, number: int) -> AsyncIterator["ApiProcess"]:
        folder = self._folder / "api"
        folder.mkdir(exist_ok=True)
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
        api = ApiProcess(folder / f"api-{number}.log", free_ports(1)[0], environ)
        await api.start()
        try:
            await until(api.is_ready, "the API is ready")
            yield api
        finally:
            await api.kill()

    async def _end_worker(self) -> None:
        await self.worker.kill()


class ApiProcess(OwnProcess):
    """`kgraph serve`, as a process of its own."""

    def __init__(self, log: Path, port: int, environ: Mapping[str, str]) -> None:
        self.name = log.stem
        self.url = f"http://{LOOPBACK}:{port}"
        super().__init__(log, ("serve", "--port", str(port)), environ)

    async def is_ready(self) -> bool:
        """Whether it says that it is ready."""
        assert self.is_running, f"the API ended by itself:\n{self.log.read_text()[-4000:]}"
        try:
            return (await self._get("/health/ready")).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    async def shows(self, name: str) -> bool:
        """Whether it answers with a ConfigMap of the namespace default."""
        try:
            async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
                body = {"query": FOUND, "variables": {"c": CLUSTER, "n": name}}
                answer = (await client.post(f"{self.url}/graphql", json=body)).json()
        except (httpx.HTTPError, ValueError):
            return False
        return "errors" not in answer

    async def names(self, namespace: str, plural: str) -> set[str]:
        """The names of a namespace's objects, as it answers them."""
        answer = await self._get(f"/api/v1/clusters/{CLUSTER}/namespaces/{namespace}/{plural}?limit=500")
        return {one["id"].rpartition(":")[2] for one in answer.raise_for_status().json()["items"]}

    async def _get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(timeout=20, trust_env=False) as client:
            return await client.get(f"{self.url}{path}")
