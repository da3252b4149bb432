"""Many workers share many clusters: by Kafka's group, or without Kafka by leases. Real processes, a real group."""

import asyncio
import base64
import random
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from confluent_kafka.admin import AdminClient

from kgraph.api.changing.registry import add_cluster, remove_cluster
from kgraph.cli.process.shards import Keeper
from kgraph.cli.process.workers import Workers
from kgraph.feed.kafka_settings import KafkaSettings
from kgraph.graphdb import shards as graph
from kgraph.graphdb.store import Store
from kgraph.kube.given import GivenCluster
from kgraph.kube.sealing import VARIABLE, Sealer
from kgraph.kube.settings import ClusterSettings
from kgraph.stack.kubernetes import ControlPlane
from kgraph.stack.kubernetes_setting import ControlPlaneOptions
from kgraph.stack.progress import silent
from kgraph.sync.membership import GroupSettings
from tests.chaos.storm import STORM_SECONDS
from tests.integration.fleet_of_shards import (
    SMALL,
    Audit,
    change,
    configuration,
    entries,
    shards,
    shared_by,
    without,
)
from tests.proxied import ProxiedKafka
from tests.servers import Feed, Graph
from tests.workers import WorkerProcess, graph_settings, until

pytestmark = [pytest.mark.neo4j, pytest.mark.kubernetes, pytest.mark.timeout(300 + 2 * STORM_SECONDS)]

NAMESPACE = "shared"
SEALER = Sealer.of({VARIABLE: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()})
# What is promised, and measured by `make bench`, is 15 s and 5 s; here the machine does other things as well.
TAKEN_OVER_SECONDS = 45.0
WORKERS, SHARDS = 10, 100
# A few clusters are enough where processes are killed.
FEW = 6


@pytest.fixture(scope="module")
async def plane(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlPlane]:
    """An apiserver behind all the clusters."""
    options = ControlPlaneOptions(minimal=True)
    async with ControlPlane.start(tmp_path_factory.mktemp("plane"), options, report=silent) as started:
        await started.request("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
        yield started


@asynccontextmanager
async def keeping(
    store: Store, name: str, clusters: tuple[ClusterSettings, ...], group: GroupSettings | None
) -> AsyncIterator[Keeper]:
    """What `kgraph worker` runs, in this process."""
    options = msgspec.structs.replace(SMALL, worker=name)
    async with Keeper(store, Workers(store, clusters, options), SEALER, name, group=group) as keeper:
        task = asyncio.create_task(keeper.run(), name=f"keeper {name}")
        try:
            yield keeper
        finally:
            task.cancel()
            await asyncio.wait([task])


def new_group(kafka: Feed) -> GroupSettings:
    """A topic and a group of the test's own."""
    name = f"shards-{secrets.token_hex(4)}"
    return GroupSettings(kafka=KafkaSettings(bootstrap_servers=(kafka.bootstrap_servers,)), topic=name, group=name)


def all_hold(store: Store, count: int, *names: str) -> Callable[[], Awaitable[Any]]:
    """A condition: these workers have all the shards, and nobody else."""
    return lambda: shared_by(store, count, *names)


def sees(store: Store, clusters: tuple[ClusterSettings, ...], name: str) -> Callable[[], Awaitable[bool]]:
    """A condition: a change is in the graph of each cluster."""

    async def seen() -> bool:
        return not await without(store, [one.id for one in clusters], NAMESPACE, name)

    return seen


async def changed(plane: ControlPlane) -> str:
    """A new change; its name."""
    name = f"change-{secrets.token_hex(4)}"
    await change(plane, NAMESPACE, name)
    return name


async def test_ten_workers_that_come_and_go_share_a_hundred_shards(
    store: Store, plane: ControlPlane, kafka_server: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No two workers ever write one cluster, none is without a worker for long, and what changed is in all of them."""
    clusters = entries(plane, SHARDS)
    group = new_group(kafka_server)
    audit = Audit(monkeypatch)
    chance = random.Random(7)
    living: dict[str, tuple[Keeper, AsyncExitStack]] = {}
    free_since: dict[str, float] = {}
    longest = 0.0

    async def join(name: str) -> None:
        stack = AsyncExitStack()
        living[name] = await stack.enter_async_context(keeping(store, name, clusters, group)), stack

    async def watch() -> None:
        nonlocal longest
        while True:
            now = time.monotonic()
            held = {cluster for keeper, _ in living.values() for cluster in keeper._following}
            for one in clusters:
                if one.id in held:
                    free_since.pop(one.id, None)
                else:
                    longest = max(longest, now - free_since.setdefault(one.id, now))
            await asyncio.sleep(0.05)

    everybody = [f"w{number}" for number in range(WORKERS)]
    try:
        for name in everybody:
            await join(name)
        await until(all_hold(store, SHARDS, *everybody), "each worker has its share")
        found = await shards(store)
        shares = [sum(one.worker == name for one in found.values()) for name in everybody]
        assert max(shares) <= 2 * SHARDS / WORKERS, shares
        assert min(shares) >= SHARDS / WORKERS / 2, shares
        watching = asyncio.create_task(watch())
        ends_at = time.monotonic() + STORM_SECONDS
        while time.monotonic() < ends_at:
            name = chance.choice(everybody)
            if name in living:
                if len(living) > WORKERS // 2:
                    _, stack = living[name]
                    await stack.aclose()
                    del living[name]
            else:
                await join(name)
            await changed(plane)
            await asyncio.sleep(chance.random())
        watching.cancel()
        last = await changed(plane)
        await until(sees(store, clusters, last), "the last change is in every cluster")
        await until(all_hold(store, SHARDS, *living), "each shard is held by who claimed it")
    finally:
        for _, stack in living.values():
            await stack.aclose()
    assert audit.two_at_a_time() == []
    assert len(audit.writes) > SHARDS
    assert longest < TAKEN_OVER_SECONDS


async def test_clusters_that_are_added_are_shards_too(store: Store, plane: ControlPlane, kafka_server: Feed) -> None:
    """Workers without a configuration share what is added; a removed one leaves nothing, and its number to the next."""
    group = new_group(kafka_server)
    numbers = "MATCH (s:Shard) RETURN s.cluster AS cluster, s.number AS number"
    login = partial(GivenCluster, server=plane.server, ca=plane.ca_file.read_text(), token=plane.admin_token)

    async def numbered() -> dict[str, int]:
        return {row["cluster"]: row["number"] for row in await store.read_text(numbers)}

    async def is_gone() -> bool:
        return "one" not in await numbered()

    async with keeping(store, "a", (), group), keeping(store, "b", (), group):
        for name in ("one", "two"):
            await add_cluster(store, SEALER, login(id=name))
        await until(all_hold(store, 2, "a", "b"), "each has one")
        before = await numbered()
        await remove_cluster(store, "one")
        await until(is_gone, "the removed one is gone")
        await add_cluster(store, SEALER, login(id="three"))
        await until(all_hold(store, 2, "a", "b"), "each has one again")
        assert await numbered() == {"two": before["two"], "three": before["one"]}


@pytest.fixture
async def pair(
    store: Store, plane: ControlPlane, neo4j_server: Graph, own_kafka: ProxiedKafka, tmp_path: Path
) -> AsyncIterator[tuple[WorkerProcess, WorkerProcess]]:
    """Two workers of one configuration, with names that outlive them, who have half of the clusters each."""
    clusters = entries(plane, FEW)
    async with AsyncExitStack() as stack:
        made = [
            await stack.enter_async_context(
                WorkerProcess.run(
                    tmp_path,
                    graph_settings(neo4j_server),
                    clusters[0],
                    name=name,
                    environ={"KAFKA_BOOTSTRAP_SERVERS": own_kafka.server.bootstrap_servers},
                    **configuration(clusters),
                )
            )
            for name in ("a", "b")
        ]
        await until(all_hold(store, FEW, "a", "b"), "both have their share")
        await until(sees(store, clusters, await changed(plane)), "a change is in every cluster")
        yield made[0], made[1]


async def test_a_killed_worker_s_shards_go_to_the_other(
    store: Store, plane: ControlPlane, pair: tuple[WorkerProcess, WorkerProcess]
) -> None:
    """After kill -9 the other worker writes what changed meanwhile; the one that comes back gets a share again."""
    a, _ = pair
    await a.kill()
    name = await changed(plane)
    await until(sees(store, entries(plane, FEW), name), "the change is in every cluster", TAKEN_OVER_SECONDS)
    await until(all_hold(store, FEW, "b"), "the other has all")
    await a.start()
    await until(all_hold(store, FEW, "a", "b"), "it has a share again")


async def test_a_worker_that_is_restarted_has_its_shards_again_and_disturbs_nobody(
    store: Store, plane: ControlPlane, pair: tuple[WorkerProcess, WorkerProcess]
) -> None:
    """A rolling restart moves nothing: each worker claims what it had, once more, and nobody else's."""
    before = await shards(store)
    for worker in pair:
        assert await worker.stop() == 0
        await worker.start()
        name = await changed(plane)
        await until(sees(store, entries(plane, FEW), name), "the change is in every cluster", TAKEN_OVER_SECONDS)
    after = await until(all_hold(store, FEW, "a", "b"), "both have their share")
    assert {cluster: (one.worker, one.epoch) for cluster, one in after.items()} == {
        cluster: (one.worker, one.epoch + 1) for cluster, one in before.items() if one.epoch
    }


async def test_a_frozen_worker_is_fenced_and_comes_back(
    store: Store, plane: ControlPlane, pair: tuple[WorkerProcess, WorkerProcess]
) -> None:
    """Frozen past its session, a worker loses its shards; when it wakes it writes none of them, and gets a share."""
    a, _ = pair
    mine = [cluster for cluster, one in (await shards(store)).items() if one.worker == "a"]
    a.pause()
    name = await changed(plane)
    await until(sees(store, entries(plane, FEW), name), "the change is in every cluster", TAKEN_OVER_SECONDS)
    taken = await until(all_hold(store, FEW, "b"), "the other has all")
    a.resume()
    await until(lambda: _said(a, "no member of the group any more"), "it hears that it lost them")
    found = await until(all_hold(store, FEW, "a", "b"), "it has a share again")
    assert all(found[cluster].epoch == taken[cluster].epoch for cluster in mine if found[cluster].worker == "b")
    last = await changed(plane)
    await until(sees(store, entries(plane, FEW), last), "the last change is in every cluster")


async def test_a_session_that_ends_costs_no_cluster_that_nobody_else_took(
    store: Store, plane: ControlPlane, neo4j_server: Graph, kafka_server: Feed, tmp_path: Path
) -> None:
    """A worker whose session is over, while Kafka answers, goes on with what is still its own: nothing is listed."""
    clusters, group = entries(plane, FEW), f"alone-{secrets.token_hex(4)}"
    kafka = AdminClient({"bootstrap.servers": kafka_server.bootstrap_servers})

    async def is_forgotten() -> bool:
        found = kafka.describe_consumer_groups([f"{group}.workers"])[f"{group}.workers"]
        return not (await asyncio.to_thread(found.result)).members

    async with WorkerProcess.run(
        tmp_path,
        graph_settings(neo4j_server),
        clusters[0],
        name="a",
        environ={"KAFKA_BOOTSTRAP_SERVERS": kafka_server.bootstrap_servers},
        worker_group=group,
        **configuration(clusters),
    ) as a:
        await until(sees(store, clusters, await changed(plane)), "a change is in every cluster")
        before = await until(all_hold(store, FEW, "a"), "it has all")
        a.pause()
        await until(is_forgotten, "the group has forgotten it")
        name = await changed(plane)
        a.resume()
        await until(sees(store, clusters, name), "what changed meanwhile is in every cluster", TAKEN_OVER_SECONDS)
        await until(partial(_said, a, "a member of the group again"), "it is a member again")
        await until(sees(store, clusters, await changed(plane)), "the last change is in every cluster")
        assert await until(all_hold(store, FEW, "a"), "it has all") == before


async def test_without_kafka_the_workers_go_on_with_what_they_have(
    store: Store, plane: ControlPlane, pair: tuple[WorkerProcess, WorkerProcess], own_kafka: ProxiedKafka
) -> None:
    """Kafka away for longer than a session: the workers say so, and write on; back, it finds them with their shards."""
    await own_kafka.server.kill()
    for worker in pair:
        await until(partial(_said, worker, "no member of the group any more"), "it says that its session is over")
    name = await changed(plane)
    await until(sees(store, entries(plane, FEW), name), "the change is in every cluster", TAKEN_OVER_SECONDS)
    before = await shards(store)
    await own_kafka.server.start_again()
    for worker in pair:
        await until(partial(_said, worker, "a member of the group again"), "it says that Kafka is back")
    assert await until(all_hold(store, FEW, "a", "b"), "both have their share") == before
    last = await changed(plane)
    await until(sees(store, entries(plane, FEW), last), "the last change is in every cluster", TAKEN_OVER_SECONDS)


async def test_without_kafka_a_second_worker_waits_as_standby(
    store: Store, plane: ControlPlane, neo4j_server: Graph, tmp_path: Path
) -> None:
    """One worker has all; the next takes over when it is killed, frozen for longer than its lease, or ends."""
    clusters = entries(plane, FEW)
    settings = graph_settings(neo4j_server)

    def process(name: str) -> Any:
        return WorkerProcess.run(tmp_path, settings, clusters[0], name=name, **configuration(clusters))

    async with process("a") as a:
        await until(all_hold(store, FEW, "a"), "the first has all")
        async with process("b") as b:
            await until(lambda: _said(b, "waits as standby"), "the second says that it waits")
            await a.kill()
            await until(all_hold(store, FEW, "b"), "the second has all after a kill -9", TAKEN_OVER_SECONDS)
            await a.start()
            await until(lambda: _said(a, "waits as standby"), "the first waits now")
            b.pause()
            name = await changed(plane)
            await until(sees(store, clusters, name), "the change is in every cluster", TAKEN_OVER_SECONDS)
            await until(all_hold(store, FEW, "a"), "the first has all again")
            b.resume()
            await until(lambda: _said(b, "waits as standby", 2), "the frozen one waits again")
            assert await a.stop() == 0
            began = time.monotonic()
            await until(all_hold(store, FEW, "b"), "the second has all after a clean end", TAKEN_OVER_SECONDS)
            assert time.monotonic() - began < graph.LEASE_SECONDS, "nobody waited for a lease"
            last = await changed(plane)
            await until(sees(store, clusters, last), "the last change is in every cluster", TAKEN_OVER_SECONDS)
            assert await b.stop() == 0


async def _said(worker: WorkerProcess, text: str, times: int = 1) -> bool:
    assert worker.is_running, worker._end_of_log()
    return worker.said(text) >= times
