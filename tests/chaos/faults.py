"""What may happen in a storm over the change feed, by name: each breaks one thing, lets it be, and mends it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from operator import attrgetter
from typing import TypeAlias

from tests.chaos.stage import Stage
from tests.proxy import TcpProxy
from tests.workers import until

Fault: TypeAlias = Callable[[Stage], Awaitable[None]]

# How long what is broken stays so: the shortest time is soon noticed by nobody, the longest by everybody.
BROKEN_SECONDS = (0.5, 3.0)


async def _broken(stage: Stage) -> None:
    await asyncio.sleep(stage.dice.uniform(*BROKEN_SECONDS))


async def worker_killed(stage: Stage) -> None:
    """The worker dies (kill -9), and is started again a while later."""
    async with stage.in_the_dark():
        await stage.worker.kill()
        await _broken(stage)
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
        return any(sleeper.said(each) for each in ("another worker has taken it over", "went on without this worker"))

    try:
        await until(knows, "the worker that slept knows that it is late")
    finally:
        await sleeper.kill()


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
        await stage.servers.plane.start_again("kube-apiserver")
        await stage.every_kind_is_followed()


def _cut_off(network: Callable[[Stage], TcpProxy]) -> Fault:
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


FAULTS: Mapping[str, Fault] = {
    "the worker is killed": worker_killed,
    "the worker is frozen past its time": worker_frozen,
    "Kafka is killed": kafka_killed,
    "Neo4j is killed": neo4j_killed,
    "Redis is gone": redis_gone,
    "the apiserver is restarted": apiserver_restarted,
    "the worker and the apiserver are cut off": _cut_off(attrgetter("networks.worker_apiserver")),
    "the worker and Neo4j are cut off": _cut_off(attrgetter("networks.worker_neo4j")),
    "Kafka and its clients are cut off": _cut_off(attrgetter("networks.kafka")),
    "the API and Neo4j are cut off": _cut_off(attrgetter("networks.api_neo4j")),
    "the API and Redis are cut off": _cut_off(attrgetter("networks.api_redis")),
    "the API and the apiserver are cut off": _cut_off(attrgetter("networks.api_apiserver")),
}
# Those of a storm that is to be over in a minute: each part dies once, and one network is cut.
SHORT: tuple[str, ...] = (
    "the worker is killed",
    "Kafka is killed",
    "Neo4j is killed",
    "Redis is gone",
    "the worker and Neo4j are cut off",
)
