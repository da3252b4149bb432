"""After every storm, whatever was killed, restarted, frozen or made to forget in it, the graph is the cluster's.

Each test has a worker in a process of its own, and waits for what it says or for `check` to find no difference.
KGRAPH_STORM_SECONDS makes the storms longer than the few seconds that they last otherwise.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kgraph.graphdb.store import Store
from kgraph.stack.kubernetes import ControlPlane
from tests.chaos.storm import DEFINITION, DEFINITIONS, GROUP, STORM_SECONDS, Storm
from tests.servers import Graph
from tests.workers import WorkerProcess, cluster_settings, graph_settings, until

pytestmark = [pytest.mark.kubernetes, pytest.mark.neo4j, pytest.mark.timeout(600 + 4 * STORM_SECONDS)]

# How much of a storm passes before, during and after a fault.
PART_SECONDS = STORM_SECONDS / 2


@pytest.fixture
async def storm(own_control_plane: ControlPlane, request: pytest.FixtureRequest) -> AsyncIterator[Storm]:
    """A storm of the test's own."""
    name = request.node.name.removeprefix("test_").replace("_", "-")[:30].strip("-")
    async with Storm.over(own_control_plane, name, seed=len(name)) as made:
        yield made


@pytest.fixture
async def worker(
    store: Store, own_control_plane: ControlPlane, neo4j_server: Graph, tmp_path: Path
) -> AsyncIterator[WorkerProcess]:
    """A worker that is in step with the cluster; it takes the graph that `store` has emptied."""
    settings = cluster_settings(own_control_plane, "storm")
    async with WorkerProcess.run(tmp_path, graph_settings(neo4j_server), settings) as started:
        await started.synced(store)
        yield started


async def test_a_storm_with_all_controllers_running(store: Store, storm: Storm, worker: WorkerProcess) -> None:
    """What is created, changed, relabelled, scaled, deleted and recreated under one name is followed to the end."""
    await storm.rage()
    await worker.in_step(store)


async def test_the_worker_killed_in_its_first_sync(
    store: Store, storm: Storm, own_control_plane: ControlPlane, neo4j_server: Graph, tmp_path: Path
) -> None:
    """A worker killed with -9 half-way through its first sync leaves a graph that the next one makes whole."""
    await storm.rage()
    settings = cluster_settings(own_control_plane, "storm")

    async def some_are_written() -> bool:
        count = "MATCH (n:Resource) WHERE n.cluster = 'storm' RETURN count(n) AS n"
        return bool((await store.read_text(count))[0]["n"])

    async with WorkerProcess.run(tmp_path, graph_settings(neo4j_server), settings) as worker:
        for _ in range(2):
            await until(some_are_written, "the first resources are in the graph")
            await worker.kill()
            await storm.rage(seconds=PART_SECONDS)
            await worker.start()
        await worker.synced(store)
        await worker.in_step(store)


async def test_the_worker_killed_in_a_storm(store: Store, storm: Storm, worker: WorkerProcess) -> None:
    """A worker killed with -9 again and again finds what happened while it was away, deletions included."""
    async with asyncio.TaskGroup() as tasks:
        raging = tasks.create_task(storm.rage(seconds=3 * PART_SECONDS))
        while not raging.done():
            await asyncio.wait({raging}, timeout=PART_SECONDS / 2)
            await worker.kill()
            await asyncio.wait({raging}, timeout=PART_SECONDS / 4)
            await worker.start()
    await worker.in_step(store)


async def test_the_apiserver_killed_in_a_storm(
    store: Store, storm: Storm, worker: WorkerProcess, own_control_plane: ControlPlane
) -> None:
    """Watches that broke off with the apiserver go on from where they were, and no kind's node keeps the error."""
    async with asyncio.TaskGroup() as tasks:
        raging = tasks.create_task(storm.rage(seconds=2 * PART_SECONDS))
        await asyncio.wait({raging}, timeout=PART_SECONDS / 2)
        await own_control_plane.kill("kube-apiserver")
        await own_control_plane.start_again("kube-apiserver")
    await worker.in_step(store)

    async def no_kind_fails() -> bool:
        failing = "MATCH (k:SyncedKind {cluster: 'storm'}) WHERE k.error IS NOT NULL RETURN count(k) AS n"
        return not (await store.read_text(failing))[0]["n"]

    await until(no_kind_fails, "every kind is without an error")


async def test_etcd_compacted_in_a_storm(
    store: Store, storm: Storm, worker: WorkerProcess, own_control_plane: ControlPlane
) -> None:
    """A worker whose resourceVersions are compacted away is told so (410), lists again and removes what is gone."""
    worker.pause()
    await storm.rage()
    await own_control_plane.compact()
    await storm.rage(seconds=PART_SECONDS)
    worker.resume()
    await worker.in_step(store)
    assert worker.said("a list starts again"), "no 410 came"


async def test_neo4j_killed_in_a_storm(store: Store, storm: Storm, worker: WorkerProcess, neo4j_server: Graph) -> None:
    """While Neo4j is killed with -9 and comes back the worker waits for it, and nothing that happened is lost."""
    async with asyncio.TaskGroup() as tasks:
        raging = tasks.create_task(storm.rage(seconds=2 * PART_SECONDS))
        await asyncio.wait({raging}, timeout=PART_SECONDS / 2)
        await neo4j_server.kill()
        await neo4j_server.start_again()
    await worker.in_step(store)


async def test_the_watches_frozen_in_a_storm(
    store: Store, storm: Storm, worker: WorkerProcess, own_control_plane: ControlPlane
) -> None:
    """An apiserver that hangs, its connections open, and then goes on costs no change."""
    await storm.rage(seconds=PART_SECONDS)
    own_control_plane.pause("kube-apiserver")
    try:
        await storm.rage(steps=1)
    finally:
        own_control_plane.resume("kube-apiserver")
    await storm.rage(seconds=PART_SECONDS)
    await worker.in_step(store)


async def test_neo4j_frozen_in_a_storm(store: Store, storm: Storm, worker: WorkerProcess, neo4j_server: Graph) -> None:
    """A Neo4j that hangs holds the worker up, not the cluster; when it goes on, all that happened is written."""
    neo4j_server.pause()
    try:
        await storm.rage()
    finally:
        neo4j_server.resume()
    await worker.in_step(store)


async def test_a_definition_deleted_and_made_again_in_a_storm(
    store: Store, storm: Storm, worker: WorkerProcess
) -> None:
    """A custom kind that goes takes its resources with it, and is followed again when its definition comes back."""
    async with asyncio.TaskGroup() as tasks:
        raging = tasks.create_task(storm.rage(seconds=2 * PART_SECONDS))
        await asyncio.wait({raging}, timeout=PART_SECONDS / 2)
        for namespace in storm.namespaces:
            await storm.release(namespace)
        await storm.send("DELETE", f"{DEFINITIONS}/widgets.{GROUP}")

        async def made_again() -> bool:
            return await storm.send("POST", DEFINITIONS, DEFINITION) == 201

        for namespace in storm.namespaces:
            await storm.release(namespace)
        await until(made_again, "the definition can be made again")
    await worker.in_step(store)
