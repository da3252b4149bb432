"""Workers that share clusters by Kafka: how long a cluster's graph stands still when a worker is killed or restarted.

One apiserver is behind all clusters, and something of it changes several times a second: a cluster whose graph does not
show it within that time has nobody who writes it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec
import neo4j

from kgraph.kube.connection import Connection
from kgraph.kube.settings import ClusterSettings
from kgraph.stack.kafka import KafkaServer
from kgraph.stack.neo4j import DATABASE
from tests.bench.bench import Bench, quiet
from tests.bench.fleet import NAMESPACE, connected, small
from tests.bench.rows import Bar, Figure, figure
from tests.workers import WorkerProcess, until

WORKERS = 3
APPS = 10
OBJECT = "app-000"
CHANGES_PER_SECOND = 5
PAUSE_SECONDS = 0.02
# For so long nothing is done to the workers, and after each thing that is done.
CALM_SECONDS = 5.0
SEEN = "UNWIND $keys AS key MATCH (n:Resource {key: key}) RETURN collect([n.cluster, n.resourceVersion])"
HELD = """
MATCH (s:Shard) MATCH (c:Cluster {key: "cluster:" + s.cluster}) MATCH (w:SyncWorker {key: s.worker})
WHERE w.name = c.worker AND c.syncedAt IS NOT NULL
RETURN collect([s.cluster, w.name])
"""


class Standstill:
    """How long each cluster's graph showed nothing new, at the longest, since `begin`."""

    def __init__(self, bench: Bench, clusters: Sequence[str]) -> None:
        self._bench = bench
        self._clusters = clusters
        self._versions: dict[str, str] = {}
        self._moved: dict[str, float] = {}
        self.longest: dict[str, float] = {}

    def begin(self) -> None:
        """Measure from now on."""
        self._moved = dict.fromkeys(self._clusters, time.perf_counter())
        self.longest = dict.fromkeys(self._clusters, 0.0)

    async def watch(self) -> None:
        """Look for ever."""
        keys = [f"{cluster}/core/ConfigMap/{NAMESPACE}/{OBJECT}" for cluster in self._clusters]
        async with self._bench.driver.session(database=DATABASE, default_access_mode=neo4j.READ_ACCESS) as session:
            while True:
                record = await (await session.run(SEEN, keys=keys)).single(strict=True)
                now = time.perf_counter()
                for cluster, version in record[0]:
                    if self._versions.get(cluster) != version:
                        self._versions[cluster], self._moved[cluster] = version, now
                for cluster, moved in self._moved.items():
                    self.longest[cluster] = max(self.longest.get(cluster, 0.0), now - moved)
                await asyncio.sleep(PAUSE_SECONDS)


async def shards(bench: Bench) -> list[Figure]:
    """One of three workers is killed; then, all three being there again, each is restarted."""
    count = max(WORKERS, bench.effort.clusters // 4)
    async with small(bench, "shards", apps=APPS) as plane, connected(plane) as connection, AsyncExitStack() as stack:
        await bench.wipe()
        kafka = await stack.enter_async_context(KafkaServer.start(bench.folder / "kafka", report=bench.report))
        clusters = [
            ClusterSettings(id=f"s{number:03}", kubeconfig_path=str(plane.kubeconfig)) for number in range(count)
        ]
        names = [f"worker-{number}" for number in range(WORKERS)]
        workers = {
            name: await stack.enter_async_context(_worker(bench, name, clusters, kafka.bootstrap_servers))
            for name in names
        }
        await _shared(bench, count, names)
        still = Standstill(bench, [one.id for one in clusters])
        running = [asyncio.create_task(still.watch()), asyncio.create_task(_change(connection))]
        quiet()
        await asyncio.sleep(CALM_SECONDS)
        still.begin()
        await asyncio.sleep(CALM_SECONDS)
        calm = max(still.longest.values())

        held = await _shared(bench, count, names)
        victim = workers[names[0]]
        still.begin()
        await victim.kill()
        await _shared(bench, count, names[1:])
        await asyncio.sleep(CALM_SECONDS)
        killed = max(still.longest[cluster] for cluster, name in held.items() if name == victim.name)
        others = max(still.longest[cluster] for cluster, name in held.items() if name != victim.name)
        await victim.start()

        await _shared(bench, count, names)
        await asyncio.sleep(CALM_SECONDS)
        before = await _shared(bench, count, names)
        still.begin()
        for worker in workers.values():
            await worker.stop()
            await worker.start()
            await _shared(bench, count, names)
            await asyncio.sleep(CALM_SECONDS)
        restarted = max(still.longest.values())
        after = await _shared(bench, count, names)
        moved = sum(after[cluster] != name for cluster, name in before.items())
        for task in running:
            task.cancel()
        await asyncio.wait(running)
    data = (
        f"{count} clusters of {WORKERS} workers, {CHANGES_PER_SECOND} changes a second in each; the longest that a "
        f"cluster's graph showed nothing new; undisturbed {calm:.1f} s"
    )
    return [
        figure(
            "take-over after kill -9",
            killed,
            "s",
            f"{data}; from the kill to the first change in the last cluster; other workers' clusters {others:.1f} s",
            bar=Bar("ours", 15),
        ),
        figure(
            "rolling restart, no worker writes a cluster",
            restarted,
            "s",
            f"{data}; {moved} of {count} clusters changed hands",
            bar=Bar("ours", 5),
        ),
    ]


@asynccontextmanager
async def _worker(
    bench: Bench, name: str, clusters: Sequence[ClusterSettings], kafka: str
) -> AsyncIterator[WorkerProcess]:
    written = [{"id": one.id, "kubeconfig_path": one.kubeconfig_path, "qps": 0} for one in clusters]
    environ = {"KAFKA_BOOTSTRAP_SERVERS": kafka}
    async with WorkerProcess.run(
        bench.folder, bench.graph_settings, clusters[0], name=name, environ=environ, clusters=written
    ) as worker:
        yield worker
        if worker.is_running:
            await worker.stop()


async def _shared(bench: Bench, count: int, names: Sequence[str]) -> Mapping[str, str]:
    """Wait until all clusters are these workers' and have been read; which is whose."""

    async def holds() -> Mapping[str, str] | None:
        ((rows,),) = await bench.query(HELD)
        assert isinstance(rows, list)
        held = dict(rows)
        return held if len(held) == count and set(held.values()) == set(names) else None

    found: Mapping[str, str] = await until(holds, f"{', '.join(names)} share the clusters")
    return found


async def _change(connection: Connection) -> None:
    """Change one object for ever."""
    path = f"/api/v1/namespaces/{NAMESPACE}/configmaps/{OBJECT}"
    while True:
        body = msgspec.json.encode({"data": {"changed": str(time.time_ns())}})
        headers = [("Content-Type", "application/merge-patch+json")]
        await connection.request("PATCH", path, body=body, headers=headers)
        await asyncio.sleep(1 / CHANGES_PER_SECOND)
