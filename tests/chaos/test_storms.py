"""After a storm the graph is the cluster's, also where the worker was killed before it had read all of the cluster.

What else may be killed, frozen or made to forget is in the storm of `test_feed_storm`, and in `make chaos`.

Each test has a worker in a process of its own, and waits for what it says or for `check` to find no difference.
KGRAPH_STORM_SECONDS makes the storms longer than the few seconds that they last otherwise.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kgraph.graphdb.store import Store
from kgraph.stack.kubernetes import ControlPlane
from tests.chaos.storm import STORM_SECONDS, Storm
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
