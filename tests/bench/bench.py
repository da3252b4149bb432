"""What every measurement works with: the two servers, bare clients to both, and how long to measure."""

import base64
import gc
import secrets
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec
import neo4j

from kgraph.graphdb.store import GraphSettings, Store
from kgraph.kube.connection import Connection
from kgraph.stack.kubernetes import ControlPlane
from kgraph.stack.neo4j import DATABASE, Neo4jServer
from kgraph.stack.neo4j_config import Neo4jOptions
from kgraph.stack.progress import Report
from tests.bench import dataset
from tests.bench.dataset import CLUSTER, DataSet
from tests.bench.programs import Program
from tests.workers import graph_settings

# As a deployment that expects graphs of this size would have it; the default suits a laptop's demo.
NEO4J = Neo4jOptions(heap_mib=2048, page_cache_mib=1024)
WIPE = "MATCH (n) WHERE NOT n:GraphSchema CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS"


# Of clusters that are added at run time: they live as long as the run.
CREDENTIALS_KEY = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


class Effort(msgspec.Struct, frozen=True):
    """How long to measure.

    `warm_up_seconds` come before changes are measured: a Neo4j that has just started answers ten times as slowly, and
    its JVM compiles what it runs for half a minute (measured: a median of 233 ms in the first second, 19 ms in the
    thirtieth).
    """

    repeats: int = 3
    warm_up_seconds: float = 30.0
    idle_seconds: float = 90.0
    change_seconds: float = 30.0
    roots: int = 200
    requests: int = 3000
    clusters: int = 100


FULL = Effort()
SMALL = Effort(repeats=1, warm_up_seconds=1.0, idle_seconds=5.0, change_seconds=4.0, roots=20, requests=200, clusters=6)


class Bench:
    """Two real servers with the data, and bare clients to them."""

    connection: Connection
    driver: neo4j.AsyncDriver

    def __init__(
        self, data: DataSet, effort: Effort, servers: tuple[ControlPlane, Neo4jServer], report: Report
    ) -> None:
        self.data = data
        self.effort = effort
        self.plane, self.graph = servers
        self.report = report
        self.folder = self.graph.data_dir.parent
        self._programs = 0

    @classmethod
    @asynccontextmanager
    async def ready(
        cls,
        data: DataSet,
        effort: Effort,
        folder: Path,
        report: Report,
        *,
        events_last: str = dataset.EVENTS_LAST,
    ) -> AsyncIterator["Bench"]:
        """Start both servers, make the data if need be, and stop the servers in the end."""
        async with AsyncExitStack() as stack:
            plane = await stack.enter_async_context(dataset.running(data, folder / "kubernetes", report, events_last))
            graph = await stack.enter_async_context(Neo4jServer.start(folder / "neo4j", NEO4J, report=report))
            bench = cls(data, effort, (plane, graph), report)
            bench.connection = await stack.enter_async_context(dataset.connected(plane))
            bench.driver = await stack.enter_async_context(
                neo4j.AsyncGraphDatabase.driver(
                    graph.bolt_uri, auth=(graph.user, graph.password), telemetry_disabled=True
                )
            )
            yield bench

    @property
    def graph_settings(self) -> GraphSettings:
        """Where the graph is, for clients of ours."""
        return graph_settings(self.graph)

    @asynccontextmanager
    async def store(self) -> AsyncIterator[Store]:
        """Our store, in this process."""
        async with Store.open(self.graph_settings) as store:
            yield store

    @asynccontextmanager
    async def worker(
        self, clusters: str = "", env: Mapping[str, str] = {}, *, settings: str = ""
    ) -> AsyncIterator[Program]:
        """`kgraph worker` in a process of its own, from its start on; `clusters` as YAML, else the one that is kept."""
        async with self._program("worker", clusters=clusters, settings=settings, env=env) as program:
            yield program

    @asynccontextmanager
    async def api(self, port: int, settings: str = "", *, clusters: str = "") -> AsyncIterator[Program]:
        """`kgraph serve` in a process of its own; `clusters` as above, `settings` more lines of its configuration."""
        async with self._program("serve", "--port", str(port), clusters=clusters, settings=settings) as program:
            yield program

    @asynccontextmanager
    async def _program(
        self, command: str, *arguments: str, clusters: str = "", settings: str = "", env: Mapping[str, str] = {}
    ) -> AsyncIterator[Program]:
        self._programs += 1
        config = self.folder / f"kgraph-{self._programs}.yaml"
        # qps and burst are a deployment's own to raise; as they are by default, they are part of what is measured.
        # What is kept of results is measured where it is meant: elsewhere each question is asked.
        if "enable_cache" not in settings:
            settings += "\nenable_cache: false"
        own = f"[{{id: {CLUSTER}, kubeconfig_path: {self.plane.kubeconfig}}}]"
        config.write_text(f"clusters: {clusters or own}\n{settings}\n", "utf-8")
        log = self.folder / "logs" / f"{self._programs:02}-{command}.log"
        environ = {
            "NEO4J_URI": self.graph.bolt_uri,
            "NEO4J_USER": self.graph.user,
            "NEO4J_PASSWORD": self.graph.password,
            "KGRAPH_CREDENTIALS_KEY": CREDENTIALS_KEY,
            "LOG_LEVEL": "info",
            "LOG_FORMAT": "json",
            "XDG_RUNTIME_DIR": str(self.folder),  # other commands of this user must not find what is measured
            **env,
        }
        async with Program.run((command, *arguments, "--config", str(config)), environ, log) as program:
            yield program

    async def query(self, text: str, **parameters: object) -> list[list[object]]:
        """The values that a statement returns."""
        records, _, _ = await self.driver.execute_query(text, parameters, database_=DATABASE)
        return [record.values() for record in records]

    async def wipe(self) -> None:
        """Empty the graph but for its schema."""
        async with self.driver.session(database=DATABASE) as session:
            await (await session.run(WIPE)).consume()

    def new_folder(self, name: str) -> Path:
        """A folder for one more server."""
        self._programs += 1
        folder = self.folder / f"{name}-{self._programs}"
        folder.mkdir()
        return folder

    def connection_context(self) -> ssl.SSLContext:
        """What trusts the apiserver."""
        return ssl.create_default_context(cafile=self.plane.ca_file)

    async def put_back(self, rows: Sequence[Sequence[object]]) -> None:
        """Put rows of the outbox back that were sent, as they were."""
        given = [
            {"shard": CLUSTER, "seq": seq, "events": events, "count": 1, "bytes": len(events)}
            for seq, (events,) in enumerate(rows, 1)
            if isinstance(events, bytes)
        ]
        for row in given:
            await self.query("CREATE (o:Outbox) SET o = $row, o.at = datetime()", row=row)

    async def size(self) -> tuple[int, int]:
        """How many resources and edges the graph has."""
        ((resources, edges),) = await self.query(
            "MATCH (n:Resource) WHERE NOT n:Missing WITH count(n) AS nodes RETURN nodes, COUNT { ()-[]->() }"
        )
        assert isinstance(resources, int)
        assert isinstance(edges, int)
        return resources, edges

    async def synced(self) -> None:
        """See to it that the graph holds the cluster, whatever was measured before."""
        if not await self.query("MATCH (c:Cluster {id: $id}) WHERE c.syncedAt IS NOT NULL RETURN 1", id=CLUSTER):
            async with self.worker() as worker:
                await worker.said("in step")


def quiet() -> None:
    """Keep what is alive out of the garbage collector's way: its rounds are not what is measured."""
    gc.collect()
    gc.freeze()
