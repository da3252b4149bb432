"""What may happen in a storm, by name: each breaks one thing, lets it be, and mends it.

A fault calls `stage.mended()` the moment before it makes whole what it has broken: recovery is counted from there.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from operator import attrgetter
from typing import TypeAlias

from tests.chaos.stage import Stage
from tests.chaos.storm import DEFINITION, DEFINITIONS, GROUP
from tests.proxy import TcpProxy
from tests.workers import until

Fault: TypeAlias = Callable[[Stage], Awaitable[None]]
Network: TypeAlias = Callable[[Stage], TcpProxy]

# How long what is broken stays so: the shortest time is soon noticed by nobody, the longest by everybody.
BROKEN_SECONDS = (0.5, 3.0)
# How long each chunk of bytes takes over a network that is slow.
SLOW_SECONDS = (0.05, 0.3)
SLOW_FOR_SECONDS = 3.0
REFUSALS = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE)


async def _broken(stage: Stage) -> None:
    await asyncio.sleep(stage.dice.uniform(*BROKEN_SECONDS))
    stage.mended()


async def worker_killed(stage: Stage) -> None:
    """The worker dies (kill -9), and is started again a while later."""
    async with stage.in_the_dark():
        await stage.worker.kill()
        await _broken(stage)
        await stage.worker.start()
        await stage.worker.synced(stage.store)


async def worker_restarted(stage: Stage) -> None:
    """The worker is told to end (SIGTERM), as in a rollout, and started again at once."""
    async with stage.in_the_dark():
        await stage.worker.stop()
        stage.mended()
        await stage.worker.start()
        await stage.worker.synced(stage.store)


async def worker_frozen(stage: Stage) -> None:
    """The worker sleeps (SIGSTOP) until another has taken its cluster over; when it wakes, it learns that it is late.

    That it has written nothing more, the events show: none of them goes on from a state that another went on from.
    """
    async with stage.in_the_dark():
        sleeper, successor = stage.worker, stage.new_worker()
        sleeper.pause()
        stage.worker = successor
        await successor.start()
        await successor.synced(stage.store)
    sleeper.resume()

    async def knows() -> bool:
        return any(
            sleeper.said(each) for each in ("another worker has taken it over", "no member of the group any more")
        )

    try:
        await until(knows, "the worker that slept knows that it is late")
    finally:
        await sleeper.kill()


async def worker_naps(stage: Stage) -> None:
    """The worker sleeps (SIGSTOP) for less than its session, and goes on: nobody has taken its place."""
    stage.worker.pause()
    await _broken(stage)
    stage.worker.resume()


async def api_killed(stage: Stage) -> None:
    """One of the API's replicas dies (kill -9), and is started again a while later."""
    api = stage.dice.choice(stage.apis)
    await api.kill()
    await _broken(stage)
    await api.start()
    await until(api.is_ready, "the API that was killed is ready")


async def api_restarted(stage: Stage) -> None:
    """The API's replicas are restarted one after the other (SIGTERM), as in a rollout."""
    for api in stage.apis:
        await api.stop()
        stage.mended()
        await api.start()
        await until(api.is_ready, "the API that was restarted is ready")


async def api_frozen(stage: Stage) -> None:
    """One of the API's replicas hangs (SIGSTOP)."""
    api = stage.dice.choice(stage.apis)
    api.pause()
    await _broken(stage)
    api.resume()


async def kafka_killed(stage: Stage) -> None:
    """Kafka dies, and is back a while later: the outbox grows meanwhile."""
    kafka = stage.servers.kafka.server
    await kafka.kill()
    await _broken(stage)
    await kafka.start_again()


async def neo4j_killed(stage: Stage) -> None:
    """Neo4j dies, and is back a while later: what is delivered meanwhile waits in the worker."""
    await stage.servers.graph.kill()
    await _broken(stage)
    await stage.servers.graph.start_again()


async def redis_gone(stage: Stage) -> None:
    """Redis dies with all that it had, and is back a while later."""
    await stage.servers.redis.kill()
    await _broken(stage)
    await stage.servers.redis.start_again()


async def apiserver_restarted(stage: Stage) -> None:
    """The apiserver dies and comes back without its watch cache: what came between is told to no watch."""
    async with stage.in_the_dark():
        await stage.servers.plane.kill("kube-apiserver")
        stage.mended()
        await stage.servers.plane.start_again("kube-apiserver")
        await stage.every_kind_is_followed()


async def apiserver_frozen(stage: Stage) -> None:
    """The apiserver hangs (SIGSTOP), its connections open, and goes on."""
    stage.servers.plane.pause("kube-apiserver")
    await _broken(stage)
    stage.servers.plane.resume("kube-apiserver")


async def etcd_compacted(stage: Stage) -> None:
    """What the worker's watches would go on from is compacted away while it sleeps: it is told so (410), and lists."""
    async with stage.in_the_dark():
        before = stage.worker.said("a list starts again")
        stage.worker.pause()
        await asyncio.sleep(stage.dice.uniform(*BROKEN_SECONDS))
        await stage.servers.plane.compact()
        stage.mended()
        stage.worker.resume()
        await stage.every_kind_is_followed()
        assert stage.worker.said("a list starts again") > before, "no 410 came"


async def worker_refused(stage: Stage) -> None:
    """The apiserver refuses the worker everything with 429, 500 or 503, its watches having broken off."""
    network, stage.refusing.status = stage.networks.worker_apiserver, stage.dice.choice(REFUSALS)
    apiserver, network.target_port = network.target_port, stage.refusing.port
    refused = stage.refusing.refused
    try:
        await network.reset()

        async def some_are() -> bool:
            return stage.refusing.refused > refused

        await until(some_are, "the worker is refused something")
        await _broken(stage)
    finally:
        network.target_port = apiserver
        await network.reset()


async def definition_churned(stage: Stage) -> None:
    """A custom kind's definition is deleted, its resources with it, and made again."""
    storm = stage.storm
    began_at = await stage.caught_up()
    for namespace in storm.namespaces:
        await storm.release(namespace)
    await storm.send("DELETE", f"{DEFINITIONS}/widgets.{GROUP}")
    stage.mended()

    async def made_again() -> bool:
        for namespace in storm.namespaces:
            await storm.release(namespace)
        return await storm.send("POST", DEFINITIONS, DEFINITION) == HTTPStatus.CREATED

    await until(made_again, "the definition can be made again")
    await stage.every_kind_is_followed()
    stage.blind_since(began_at, "/Widget/")


async def namespaces_churned(stage: Stage) -> None:
    """All namespaces of the storm are deleted with all that is in them, and made again as soon as they are gone."""
    storm = stage.storm
    for namespace in storm.namespaces:
        await storm.send("DELETE", f"/api/v1/namespaces/{namespace}")
    stage.mended()
    for namespace in storm.namespaces:

        async def made_again(name: str = namespace) -> bool:
            await storm.release(name)
            await storm.make_namespace(name)
            return await storm.is_open(name)

        await until(made_again, f"the namespace {namespace} can be made again")


async def login_rotated(stage: Stage) -> None:
    """The account that all log in with is deleted, watches break off, and only later is there another in the files."""
    await stage.revoke()
    await stage.networks.worker_apiserver.reset()
    await asyncio.sleep(stage.dice.uniform(*BROKEN_SECONDS))
    stage.mended()
    await stage.log_in()


def _cut_off(network: Network) -> Fault:
    """A network that is cut, so that its ends know, or that lets nothing through, so that they do not."""

    async def cut_off(stage: Stage) -> None:
        proxy = network(stage)
        if stage.dice.random() < 0.5:
            await proxy.cut()
        else:
            proxy.hold()
        await _broken(stage)
        await proxy.restore()

    return cut_off


def _slow(network: Network) -> Fault:
    """A network over which everything takes long."""

    async def slow(stage: Stage) -> None:
        proxy = network(stage)
        proxy.delay_seconds = stage.dice.uniform(*SLOW_SECONDS)
        await asyncio.sleep(SLOW_FOR_SECONDS)
        stage.mended()
        proxy.delay_seconds = 0

    return slow


def _reset(network: Network) -> Fault:
    """A network in which all connections break off at once, and new ones can be made."""

    async def reset(stage: Stage) -> None:
        await network(stage).reset()

    return reset


def _half_open(network: Network) -> Fault:
    """A middleman that loses all connections and tells nobody: they stay open and silent, and new ones can be made."""

    async def half_open(stage: Stage) -> None:
        network(stage).abandon()

    return half_open


async def neo4j_frozen(stage: Stage) -> None:
    """Neo4j hangs (SIGSTOP) as in a long pause of its garbage collector, and goes on."""
    stage.servers.graph.pause()
    await _broken(stage)
    stage.servers.graph.resume()


async def kafka_frozen(stage: Stage) -> None:
    """Kafka hangs (SIGSTOP), and goes on."""
    stage.servers.kafka.server.pause()
    await _broken(stage)
    stage.servers.kafka.server.resume()


async def redis_frozen(stage: Stage) -> None:
    """Redis hangs (SIGSTOP), and goes on."""
    stage.servers.redis.pause()
    await _broken(stage)
    stage.servers.redis.resume()


async def worker_killed_without_neo4j(stage: Stage) -> None:
    """Neo4j dies, and while it is away the worker dies too and is started again."""
    async with stage.in_the_dark():
        await stage.servers.graph.kill()
        await stage.worker.kill()
        await stage.worker.start()
        await _broken(stage)
        await stage.servers.graph.start_again()

        async def runs() -> bool:
            if not stage.worker.is_running:  # a worker that finds no graph at its start ends, and is started again
                await stage.worker.start()
            return True

        await until(runs, "the worker runs")
        await stage.worker.synced(stage.store)


async def worker_killed_without_kafka(stage: Stage) -> None:
    """Kafka dies, and while it is away the worker dies too and is started again, with an outbox of its own past."""
    async with stage.in_the_dark():
        kafka = stage.servers.kafka.server
        await kafka.kill()
        await stage.worker.kill()
        await stage.worker.start()
        await _broken(stage)
        await kafka.start_again()
        await stage.worker.synced(stage.store)


FAULTS: Mapping[str, Fault] = {
    "the worker is killed": worker_killed,
    "the worker is restarted": worker_restarted,
    "the worker is frozen past its time": worker_frozen,
    "the worker naps": worker_naps,
    "an API is killed": api_killed,
    "the APIs are restarted in turn": api_restarted,
    "an API is frozen": api_frozen,
    "Kafka is killed": kafka_killed,
    "Kafka is frozen": kafka_frozen,
    "Neo4j is killed": neo4j_killed,
    "Neo4j is frozen": neo4j_frozen,
    "Redis is gone": redis_gone,
    "Redis is frozen": redis_frozen,
    "Neo4j and the worker are killed": worker_killed_without_neo4j,
    "Kafka and the worker are killed": worker_killed_without_kafka,
    "the apiserver is restarted": apiserver_restarted,
    "the apiserver is frozen": apiserver_frozen,
    "the apiserver refuses the worker": worker_refused,
    "etcd is compacted": etcd_compacted,
    "a definition is deleted and made again": definition_churned,
    "all namespaces are deleted and made again": namespaces_churned,
    "the account is deleted, and another follows": login_rotated,
    "watches break off": _reset(attrgetter("networks.worker_apiserver")),
    "the worker and the apiserver are cut off": _cut_off(attrgetter("networks.worker_apiserver")),
    "the worker and Neo4j are cut off": _cut_off(attrgetter("networks.worker_neo4j")),
    "Kafka and its clients are cut off": _cut_off(attrgetter("networks.kafka")),
    "the API and Neo4j are cut off": _cut_off(attrgetter("networks.api_neo4j")),
    "the API and Redis are cut off": _cut_off(attrgetter("networks.api_redis")),
    "the API and the apiserver are cut off": _cut_off(attrgetter("networks.api_apiserver")),
    "the worker's apiserver is slow": _slow(attrgetter("networks.worker_apiserver")),
    "the worker's Neo4j is slow": _slow(attrgetter("networks.worker_neo4j")),
    "the API's Neo4j is slow": _slow(attrgetter("networks.api_neo4j")),
    "the worker's watches are half open": _half_open(attrgetter("networks.worker_apiserver")),
    "the worker's Neo4j connections are half open": _half_open(attrgetter("networks.worker_neo4j")),
    "the API's Neo4j connections are half open": _half_open(attrgetter("networks.api_neo4j")),
}
# Those of a storm that is to be over in a minute: each part dies once, or hangs, or refuses, or forgets.
SHORT: tuple[str, ...] = (
    "the worker is killed",
    "an API is killed",
    "Kafka is killed",
    "Neo4j is killed",
    "Neo4j is frozen",
    "Redis is gone",
    "the apiserver is frozen",
    "the apiserver refuses the worker",
    "etcd is compacted",
    "a definition is deleted and made again",
    "the account is deleted, and another follows",
    "the worker and Neo4j are cut off",
)
