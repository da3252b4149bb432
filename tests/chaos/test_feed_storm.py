"""The change feed in a storm: whatever dies, freezes or is cut off, no change is lost, and none is told wrongly.

Some faults one after the other, each of them once, in an order and for times of a seed (KGRAPH_STORM_SEED); with
KGRAPH_STORM_SECONDS all there are, again and again for so long. What a watch of the test's own was delivered is
compared with what the topics have.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from kgraph.graphdb.store import Store
from kgraph.stack.kubernetes import ControlPlane
from kgraph.stack.progress import silent
from kgraph.stack.redis import RedisServer
from tests.chaos.faults import FAULTS, SHORT
from tests.chaos.ledger import Told, differences, disorder, gaps, missed, replayed, shown
from tests.chaos.observer import Observer
from tests.chaos.stage import CLUSTER, Servers, Stage
from tests.chaos.storm import IS_LONG, STORM_SECONDS, Storm
from tests.chaos.topics import told
from tests.proxied import ProxiedKafka
from tests.servers import Graph
from tests.workers import until

log = structlog.get_logger(__name__)

SEED = int(os.environ.get("KGRAPH_STORM_SEED", "6"))
CHANGES_PER_SECOND = 50
# A storm in which less was told than this has not shown anything.
COMPARED_LEAST = 500
RESOURCES = "MATCH (n:Resource {cluster: 'storm'}) WHERE NOT n:Missing RETURN n.key AS key, n.uid AS uid"
# Between two faults: long enough that what waited is written, so that each fault meets a system that works.
CALM_SECONDS = (0.5, 2.0)

pytestmark = [pytest.mark.kubernetes, pytest.mark.neo4j, pytest.mark.timeout(1200 + 4 * STORM_SECONDS)]


@pytest.fixture
async def stage(
    store: Store, own_control_plane: ControlPlane, neo4j_server: Graph, own_kafka: ProxiedKafka, tmp_path: Path
) -> AsyncIterator[Stage]:
    """A worker that is in step and an API, each behind networks of its own; the graph and the topics are empty."""
    async with RedisServer.start(tmp_path / "redis", report=silent) as redis:
        servers = Servers(own_control_plane, neo4j_server, own_kafka, redis)
        async with Stage.set_up(tmp_path, store, servers, SEED) as made:
            yield made


async def test_a_storm_in_which_everything_fails(stage: Stage, own_control_plane: ControlPlane) -> None:
    """The graph is the cluster; each change is in the topics, in order, and what is read there gives the cluster."""
    plane = own_control_plane
    async with Storm.over(plane, "feed", SEED) as storm, Observer.of(plane, CLUSTER, storm.namespaces) as observer:
        await rage(stage, storm)
        await stage.worker.in_step(stage.store)
        all_told = await replay_is_the_cluster(stage, observer)
        assert not (problems := disorder(all_told)), shown(problems)
        assert not (problems := gaps(all_told)), shown(problems)
        found = missed(observer.seen, all_told, stage.blind)
        log.info("told", seen=len(observer.seen), told=len(all_told), excused=len(found.excused))
        assert not found.lost, f"{shown(found.lost)}\nin the dark: {stage.blind}"
        assert len(observer.seen) - len(found.excused) > COMPARED_LEAST, "too little of the storm was watched"
        await the_api_answers_as_the_cluster(stage, storm, observer)


async def rage(stage: Stage, storm: Storm) -> None:
    """Let it rage while one fault after the other happens."""
    began_at = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        raging = tasks.create_task(storm.rage(seconds=float("inf"), per_second=CHANGES_PER_SECOND))
        while True:
            names = list(FAULTS) if IS_LONG else list(SHORT)
            for name in stage.dice.sample(names, len(names)):
                log.info("fault", what=name, after=round(time.monotonic() - began_at, 1))
                await FAULTS[name](stage)
                await asyncio.sleep(stage.dice.uniform(*CALM_SECONDS))
                assert stage.api.is_running, f"the API ended: {name}"
                assert stage.worker.is_running, f"the worker ended: {name}"
            if time.monotonic() - began_at >= STORM_SECONDS:
                break
        storm.end()
        await raging
    log.info("the storm is over", seconds=round(time.monotonic() - began_at, 1), steps=storm.done)


async def replay_is_the_cluster(stage: Stage, observer: Observer) -> list[Told]:
    """Wait until the topics, read into an empty map, give what the graph and the cluster have; all that they tell."""
    problems: list[str] = []

    async def give_it() -> list[Told] | None:
        found = await told(stage.servers.kafka.server.direct_servers, CLUSTER)
        replay = replayed(found)
        graph = {row["key"]: str(row["uid"]).encode() for row in await stage.store.read_text(RESOURCES)}
        stormy = {key: one.new or b"" for key, one in replay.items() if observer.watches(key)}
        problems[:] = differences(graph, {key: one.uid.encode() for key, one in replay.items()})
        problems.extend(differences(await observer.there(), stormy))
        return None if problems else found

    try:
        found: list[Told] = await until(give_it, "the topics give the cluster")
    except AssertionError as error:
        raise AssertionError(f"{error}: {shown(problems)}") from None
    return found


async def the_api_answers_as_the_cluster(stage: Stage, storm: Storm, observer: Observer) -> None:
    """Wait until the API, which has lived through all of it, answers what is there."""

    async def it_does() -> bool:
        there = await observer.there()
        for namespace in storm.namespaces:
            names = {key.rpartition("/")[2] for key in there if key.startswith(f"{CLUSTER}/core/Pod/{namespace}/")}
            if await stage.api.names(namespace, "pods") != names:
                return False
        return True

    await until(stage.api.is_ready, "the API is ready after the storm")
    await until(it_does, "the API has the cluster's Pods")
