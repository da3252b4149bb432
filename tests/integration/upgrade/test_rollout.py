"""Programs of two versions over one graph, as a rolling update has them: real processes, of which one knows more."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from kgraph.api.http.health import ReadinessProbe
from kgraph.graphdb import rebuilds, schema
from kgraph.graphdb.errors import Fenced, SchemaTooNew
from kgraph.graphdb.store import Store
from kgraph.graphdb.versions import VERSIONS
from kgraph.stack.kubernetes import ControlPlane
from kgraph.stack.kubernetes_setting import ControlPlaneOptions
from kgraph.stack.progress import silent
from kgraph.sync.batch import Batch
from kgraph.sync.check import check
from kgraph.sync.options import SyncOptions
from kgraph.sync.writer import Writer
from tests import other_version
from tests.servers import Graph
from tests.workers import WorkerProcess, cluster_settings, graph_settings, in_step, until

pytestmark = [pytest.mark.neo4j, pytest.mark.asyncio(loop_scope="session")]

OURS = VERSIONS[-1].number
COMPATIBLE, BREAKING = other_version.versions("+"), other_version.versions("!")


async def test_an_older_program_works_on_a_later_compatible_graph(bare: Store) -> None:
    """What is only added locks nobody out: the older program starts, and writes, and takes nothing back."""
    assert await schema.prepare(bare, COMPATIBLE) == OURS + 1
    assert await schema.prepare(bare) == OURS + 1
    assert await schema.prepare(bare, VERSIONS[:-1]) == OURS + 1
    writer = await Writer.claim(bare, "prod", {})
    await writer.write(Batch())


async def test_a_breaking_version_fences_older_programs_off(bare: Store) -> None:
    """From the moment it begins, an older program's worker writes nothing and takes no cluster; none starts."""
    await schema.prepare(bare)
    writer = await Writer.claim(bare, "prod", {})
    probe = ReadinessProbe(bare)
    assert (await probe.ask()).ready
    await schema.prepare(bare, BREAKING)
    with pytest.raises(Fenced):
        await writer.describe({"written": True})
    with pytest.raises(SchemaTooNew, match="later version"):
        await Writer.claim(bare, "prod", {})
    with pytest.raises(SchemaTooNew, match="later version"):
        await schema.prepare(bare)
    assert not (await ReadinessProbe(bare).ask()).ready
    assert await bare.read_text("MATCH (c:Cluster) WHERE c.written RETURN c.key AS key") == []


async def test_programs_that_start_at_once_migrate_once(bare: Store, neo4j_server: Graph) -> None:
    """Of several that start on an older graph one moves the data; all of them come up on the graph that it leaves."""
    await schema.prepare(bare, VERSIONS[:12])
    some = 2 * schema.MOVED_AT_ONCE + 1
    await bare.run_alone(f"UNWIND range(1, {some}) AS n CREATE (:SyncWorker {{key: 'w' + n}})", what="old workers")

    async def start() -> int:
        async with Store.open(graph_settings(neo4j_server)) as store:
            return await schema.prepare(store)

    assert set(await asyncio.gather(*(start() for _ in range(4)))) == {OURS}
    assert await bare.read_text("MATCH (w:SyncWorker) RETURN w.key AS key LIMIT 1") == []
    (held,) = await bare.read_text("MATCH (s:GraphSchema) RETURN s.holder AS holder, s.version AS version")
    assert held == {"holder": None, "version": OURS}


async def test_a_migration_that_was_killed_goes_on(bare: Store) -> None:
    """One that ends in the middle leaves an earlier version; the next program waits for its lease and does the rest."""
    await schema.prepare(bare, VERSIONS[:12])
    some = schema.MOVED_AT_ONCE + 1
    await bare.run_alone(f"UNWIND range(1, {some}) AS n CREATE (:SyncWorker {{key: 'w' + n}})", what="old workers")
    killed = {"holder": "killed", "leaseSeconds": 3}
    assert await bare.write_one("write/hold_schema", killed) is not None
    await bare.run_alone("MATCH (w:SyncWorker) WITH w LIMIT 100 DELETE w", what="what it has moved")
    assert await bare.write_one("write/hold_schema", {**killed, "holder": "other"}) is None
    assert await schema.prepare(bare) == OURS
    assert await bare.read_text("MATCH (w:SyncWorker) RETURN w.key AS key LIMIT 1") == []


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def plane(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlPlane]:
    """An apiserver without nodes."""
    options = ControlPlaneOptions(minimal=True)
    async with ControlPlane.start(tmp_path_factory.mktemp("plane"), options, report=silent) as started:
        yield started


async def _change(plane: ControlPlane, name: str) -> None:
    path = "/api/v1/namespaces/default/configmaps"
    await plane.request("POST", path, {"metadata": {"name": name}, "data": {"a": "b"}})


async def _until_there(store: Store, name: str) -> None:
    async def is_there() -> bool:
        return bool(await store.read_text("MATCH (c:ConfigMap {name: $name}) RETURN c.key AS key", {"name": name}))

    await until(is_there, f"{name} is in the graph")


@pytest.mark.kubernetes
async def test_a_rolling_update_of_workers(
    bare: Store, neo4j_server: Graph, plane: ControlPlane, tmp_path: Path
) -> None:
    """An older worker and a newer one share a graph; one that breaks it ends the older, and every change is there."""
    await schema.prepare(bare)
    graph, cluster = graph_settings(neo4j_server), cluster_settings(plane, "rolled")

    def worker(name: str, which: str) -> WorkerProcess:
        return WorkerProcess(tmp_path, graph, cluster, name=name, program=("tests.other_version", which))

    async with AsyncExitStack() as stack:
        older, newer, breaking = worker("older", str(OURS - 1)), worker("newer", "+"), worker("breaking", "!")
        for each in (older, newer, breaking):
            stack.push_async_callback(each.kill)
        await older.start()
        await older.synced(bare)
        await newer.start()

        async def stands_by() -> bool:
            return newer.said("waits as standby") > 0

        await until(stands_by, "the newer one waits")
        await _change(plane, "by-the-older")
        await _until_there(bare, "by-the-older")
        assert await older.stop() == 0
        await newer.synced(bare)
        await older.start()  # a Pod of the earlier version restarts amid the rollout, on the later graph
        await _change(plane, "by-the-newer")
        await _until_there(bare, "by-the-newer")
        assert older.is_running
        await newer.kill()
        await _change(plane, "by-the-older-again")
        await _until_there(bare, "by-the-older-again")
        await breaking.start()
        assert await older.ended() != 0
        assert older.said("a later version of the program has changed") > 0
        await breaking.synced(bare)
        await _change(plane, "by-the-last")
        await _until_there(bare, "by-the-last")
    await in_step(bare, cluster)


@pytest.mark.kubernetes
async def test_a_worker_that_is_killed_amid_a_rebuild_does_it_again(
    bare: Store, neo4j_server: Graph, plane: ControlPlane, tmp_path: Path
) -> None:
    """Asked through the graph, a running worker rebuilds; killed before it is done, the next one does, unasked."""
    await schema.prepare(bare)
    graph, cluster = graph_settings(neo4j_server), cluster_settings(plane, "rebuilt")

    async def done(stamp: str) -> bool:
        (found,) = await rebuilds.rebuilds(bare, ["rebuilt"])
        return found.done == stamp

    async with WorkerProcess.run(tmp_path, graph, cluster) as worker:
        await worker.synced(bare)
        for kill in (False, True):
            await bare.run_alone("MATCH (n:ClusterRole) SET n.manifest = '{}', n.labels = ['x=y']", what="damage")
            await bare.run_alone("MATCH (n:ServiceAccount) WITH n LIMIT 9 DETACH DELETE n", what="damage")
            begun = worker.said("a cluster is taken")
            stamp, _ = await rebuilds.ask(bare, ["rebuilt"])

            async def has_begun(begun: int = begun) -> bool:
                return worker.said("a cluster is taken") > begun

            await until(has_begun, "the worker begins")
            if kill:
                await worker.kill()
                await worker.start()
            await until(partial(done, stamp), "it is rebuilt")
            report = await check(bare, cluster, SyncOptions(), deep=True)
            assert [str(each) for each in report.differences] == []
