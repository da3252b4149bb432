"""A hundred clusters in one worker: one apiserver of a thousand resources behind a hundred entries.

Every entry is a cluster of its own to the worker, with its own connections, watches, transactions and part of the
graph; what is shared is the apiserver, which is not what is measured. A change of one object is a change of each
entry, so that two a second are two hundred, and come in bursts of a hundred.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import neo4j

from kgraph.api.changing.registry import add_cluster, remove_cluster
from kgraph.kube.connection import Connection
from kgraph.kube.given import GivenCluster
from kgraph.kube.sealing import VARIABLE, Sealer
from kgraph.kube.settings import ClusterSettings
from kgraph.stack.kubernetes import ControlPlane
from kgraph.stack.kubernetes_setting import ControlPlaneOptions
from kgraph.stack.neo4j import DATABASE
from tests.bench.bench import CREDENTIALS_KEY, Bench, quiet
from tests.bench.floors import list_raw, read_back, write_rows
from tests.bench.programs import Program
from tests.bench.rows import Bar, Figure, figure, percentiles
from tests.bench.sync import SETTLE_SECONDS
from tests.figures import percentile

NAMESPACE = "shop"
APPS = 110  # of seven objects each; RBAC, FlowSchemas and the like bring the apiserver to a thousand
PODS = 3
PATCHES_PER_SECOND = 2
PAUSE_SECONDS = 0.01
PATIENCE_SECONDS = 60.0
WARM_UP = 4  # patches
# "Unchanged", for a figure of which two runs of the same differ by some percent: percentile -> bar.
UNCHANGED = {50: Bar("ratio", 1.1), 99: Bar("ratio", 1.25)}
SEEN = "UNWIND $keys AS key MATCH (n:Resource {key: key}) RETURN collect([n.cluster, n.resourceVersion])"


@asynccontextmanager
async def small(bench: Bench, name: str, *, apps: int) -> AsyncIterator[ControlPlane]:
    """An apiserver with its etcd and no controllers, and so many apps."""
    async with ControlPlane.start(bench.folder / name, ControlPlaneOptions(minimal=True), report=bench.report) as plane:
        async with connected(plane) as connection:
            await _create(connection, "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
            await _create(connection, f"{_core('serviceaccounts')}", {"metadata": {"name": "default"}})
            for number in range(apps):
                for path, value in _app(f"app-{number:03}"):
                    await _create(connection, path, value)
        yield plane


@asynccontextmanager
async def connected(plane: ControlPlane) -> AsyncIterator[Connection]:
    """A connection that may ask as fast as it can."""
    async with Connection.open(ClusterSettings(id="fleet", kubeconfig_path=str(plane.kubeconfig), qps=0)) as connection:
        yield connection


def entries(plane: ControlPlane, count: int) -> str:
    """So many clusters behind one apiserver, as the configuration has them."""
    return f"[{', '.join(f'{{id: {_id(number)}, kubeconfig_path: {plane.kubeconfig}}}' for number in range(count))}]"


async def first_sync(bench: Bench) -> list[Figure]:
    """An empty graph becomes that of a tenth of the clusters, and of all."""
    most = bench.effort.clusters
    few = max(1, most // 10)
    async with small(bench, "fleet-sync", apps=APPS) as plane, connected(plane) as connection:
        await bench.wipe()
        await _synced(bench, plane, 1)  # Neo4j's planner and compiler are warm
        some_seconds, some_resources, _ = await _synced(bench, plane, few)
        seconds, resources, memory = await _synced(bench, plane, most)
        statements = await read_back(bench.driver)
        _, edges = await bench.size()
        await bench.wipe()
        listed = 0.0
        for _ in range(most):
            once, _ = await list_raw(connection)
            listed += once
        floor = listed + await write_rows(bench.driver, statements)
    size = f"{resources:,} resources and {edges:,} edges of {most} clusters in one worker"
    return [
        figure(
            "first sync of many clusters",
            seconds,
            "s",
            f"{size}; the raw lists, one cluster after the other, are {listed:.1f} s of the floor",
            floor=floor,
            bar=Bar("ratio", 1.5),
        ),
        figure(
            "first sync of many clusters, a resource's time",
            seconds / resources * 1e6,
            "us",
            f"{size}; the floor is the time of one of {some_resources:,} resources of {few} clusters: linear is 1",
            floor=some_seconds / some_resources * 1e6,
            bar=Bar("ratio", 1.2),
        ),
        figure("worker's memory with many clusters", memory, "MiB", f"{size}; unique set size", bar=Bar("ours", 1024)),
    ]


async def idle_clusters(bench: Bench) -> list[Figure]:
    """What one more cluster costs that has next to nothing in it."""
    most = bench.effort.clusters
    few = max(1, most // 10)
    async with small(bench, "fleet-idle", apps=0) as plane:
        _, some_resources, before = await _synced(bench, plane, few)
        _, resources, after = await _synced(bench, plane, most)
    added = most - few
    data = (
        f"worker with {most} clusters of {resources // most} resources each, less that with {few} "
        f"({after:.0f} and {before:.0f} MiB unique set size, {resources - some_resources:,} resources between them)"
    )
    return [figure("worker's memory per idle cluster", (after - before) / added, "MiB", data, bar=Bar("ours", 3))]


async def adding(bench: Bench) -> list[Figure]:
    """A cluster is added at run time to one other, and to all others."""
    most = bench.effort.clusters
    async with small(bench, "fleet-adding", apps=APPS) as plane:
        second = await _added(bench, plane, 1)
        last = await _added(bench, plane, most - 1)
    data = f"from a worker's look at the registry to in step; the floor is the second cluster, ours the {most}th"
    return [figure("adding the last of many clusters", last, "s", data, floor=second, bar=Bar("ratio", 1.5))]


async def changes(bench: Bench) -> list[Figure]:
    """Two patches a second, each a change of every cluster."""
    most = bench.effort.clusters
    async with small(bench, "fleet-changes", apps=APPS) as plane, connected(plane) as connection:
        await bench.wipe()
        async with bench.worker(entries(plane, most)) as worker:
            await worker.said("in step", times=most)
            await asyncio.sleep(SETTLE_SECONDS)
            quiet()
            before, began = worker.cpu_seconds(), time.perf_counter()
            count = int(bench.effort.change_seconds * PATCHES_PER_SECOND)
            lags = await visible_lags(bench, connection, most, count)
            cores = (worker.cpu_seconds() - before) / (time.perf_counter() - began)
    data = (
        f"{len(lags):,} changes, {PATCHES_PER_SECOND * most} a second in bursts of {most}: patches of an object that "
        f"{most} clusters have; from the PATCH to a reader's answer, p50 {percentile(lags, 50) * 1000:.0f} ms"
    )
    return [
        figure("change of many clusters visible, p99", percentile(lags, 99) * 1000, "ms", data, bar=Bar("ours", 500)),
        figure("worker's CPU with many clusters changing", cores * 100, "% of a core", data, bar=Bar("ours", 50)),
    ]


async def removal(bench: Bench) -> list[Figure]:
    """The cluster with the data is removed while others change."""
    most = max(2, bench.effort.clusters // 5)
    patches = int(bench.effort.change_seconds * PATCHES_PER_SECOND)
    sealer = Sealer.of({VARIABLE: CREDENTIALS_KEY})
    async with (
        small(bench, "fleet-removal", apps=APPS) as plane,
        connected(plane) as connection,
        bench.store() as store,
    ):
        await bench.wipe()
        async with bench.worker(entries(plane, most)) as worker:
            await worker.said("in step", times=most)
            await add_cluster(store, sealer, _given(bench.plane, "going"))
            await worker.said("in step", cluster="going")
            await asyncio.sleep(SETTLE_SECONDS)
            resources, _ = await bench.size()
            await visible_lags(bench, connection, most, patches)  # a Neo4j that compiles would flatter us
            before = await visible_lags(bench, connection, most, patches)
            going = asyncio.create_task(worker.said("a cluster is removed"))
            await remove_cluster(store, "going")
            began = await worker.said("a cluster's removal begins")
            during: list[float] = []
            while not going.done():
                during += await visible_lags(bench, connection, most, WARM_UP + PATCHES_PER_SECOND)
            seconds = await going - began
            (line,) = worker.lines("a cluster is removed")
            left, _ = await bench.size()
    during.sort()
    data = f"{resources - left:,} resources removed in {seconds:.1f} s while {most} other clusters change"
    return [
        figure("removal's longest transaction", line.longest_transaction_seconds, "s", data, bar=Bar("ours", 1)),
        *percentiles(
            "change of other clusters during a removal",
            during,
            [before],
            f"{data}; the floor is the same before it",
            UNCHANGED,
        ),
    ]


async def _synced(bench: Bench, plane: ControlPlane, count: int) -> tuple[float, int, float]:
    """Sync so many entries into an empty graph; seconds, resources, and the worker's memory then in MiB."""
    await bench.wipe()
    async with bench.worker(entries(plane, count)) as worker:
        began = await worker.said("workers start")
        ended = await worker.said("in step", times=count)
        await asyncio.sleep(SETTLE_SECONDS)
        resources, _ = await bench.size()
        return ended - began, resources, worker.memory().unique


async def _added(bench: Bench, plane: ControlPlane, others: int) -> float:
    """Add a cluster to so many others; seconds from the worker's beginning with it until it is in step."""
    await bench.wipe()
    sealer = Sealer.of({VARIABLE: CREDENTIALS_KEY})
    async with bench.worker(entries(plane, others)) as worker, bench.store() as store:
        await worker.said("in step", times=others)
        await asyncio.sleep(SETTLE_SECONDS)
        await add_cluster(store, sealer, _given(plane, "added"))
        return await _in_step_after_begin(worker, "added")


async def _in_step_after_begin(worker: Program, cluster: str) -> float:
    began = await worker.said("a cluster is taken", cluster=cluster)
    return await worker.said("in step", cluster=cluster) - began


async def visible_lags(bench: Bench, connection: Connection, clusters: int, count: int) -> list[float]:
    """Patch one object after the other; seconds until each cluster's graph has the change, ascending, but the first."""
    lags: list[float] = []
    async with bench.driver.session(database=DATABASE, default_access_mode=neo4j.READ_ACCESS) as session:
        for number in range(count):
            began = time.perf_counter()
            name = f"app-{number % APPS:03}"
            version = await _patch(connection, name)
            seen = await _seen(session, name, version, clusters, began)
            if number >= min(WARM_UP, count - 1):
                lags += seen
            await asyncio.sleep(max(0.0, began + 1 / PATCHES_PER_SECOND - time.perf_counter()))
            bench.report("Changes of many clusters", number + 1, count)
    return sorted(lags)


async def _seen(session: neo4j.AsyncSession, name: str, version: int, clusters: int, began: float) -> list[float]:
    """Ask the graph until every cluster has this version; seconds of each."""
    waiting = {_id(number) for number in range(clusters)}
    lags = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        while waiting:
            keys = [f"{cluster}/core/ConfigMap/{NAMESPACE}/{name}" for cluster in waiting]
            record = await (await session.run(SEEN, keys=keys)).single(strict=True)
            at = time.perf_counter()
            there = {cluster for cluster, found in record[0] if int(found) >= version}
            lags += [at - began] * len(there)
            waiting -= there
            await asyncio.sleep(PAUSE_SECONDS)
    return lags


async def _patch(connection: Connection, name: str) -> int:
    body = msgspec.json.encode({"data": {"changed": str(time.time_ns())}})
    answer = await connection.request(
        "PATCH", _core("configmaps", name), body=body, headers=[("Content-Type", "application/merge-patch+json")]
    )
    return int(msgspec.json.decode(answer)["metadata"]["resourceVersion"])


async def _create(connection: Connection, path: str, value: dict[str, Any]) -> None:
    body = msgspec.json.encode(value)
    await connection.request("POST", path, body=body, headers=[("Content-Type", "application/json")])


def _given(plane: ControlPlane, name: str) -> GivenCluster:
    return GivenCluster(id=name, server=plane.server, ca=plane.ca_file.read_text("ascii"), token=plane.admin_token)


def _id(number: int) -> str:
    return f"fleet-{number:03}"


def _core(plural: str, name: str = "") -> str:
    return f"/api/v1/namespaces/{NAMESPACE}/{plural}" + (f"/{name}" if name else "")


def _app(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A Deployment with its Service, ConfigMap and Secret, and Pods that nobody runs."""
    metadata = {"name": name, "labels": {"app": name}}
    container = {
        "name": "app",
        "image": f"registry.example.com/{NAMESPACE}/{name}:1",
        "envFrom": [{"configMapRef": {"name": name}}, {"secretRef": {"name": name}}],
    }
    template: dict[str, Any] = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
    yield _core("configmaps"), {"metadata": metadata, "data": {"changed": "no"}}
    yield _core("secrets"), {"metadata": metadata, "stringData": {"password": name}}
    yield _core("services"), {"metadata": metadata, "spec": {"selector": {"app": name}, "ports": [{"port": 80}]}}
    spec = {"selector": {"matchLabels": {"app": name}}, "template": template}
    yield f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments", {"metadata": metadata, "spec": spec}
    for number in range(PODS):
        yield (
            _core("pods"),
            {"metadata": {"name": f"{name}-{number}", "labels": {"app": name}}, "spec": template["spec"]},
        )
