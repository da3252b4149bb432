"""Replicas over one graph that share a Redis: the same answers, fewer statements, and no harm where Redis is away."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from redis.asyncio import Redis

from kgraph.api.reading.reader import Reader
from kgraph.api.reading.replicas import FORM, Replicas
from kgraph.api.reading.results import Results, Statement
from kgraph.feed.redis_client import Memory
from kgraph.graphdb.store import Store
from kgraph.stack.progress import silent
from kgraph.stack.redis import RedisServer
from tests.integration.api.changing_graphs import CLUSTER, Busy, answer, questions
from tests.workers import until

pytestmark = pytest.mark.neo4j

HOUR = 3600.0
ASKED = {"of": {"key": f"{CLUSTER}/core/Pod/a/x"}}
SOME = [f"list {CLUSTER}/core/Pod/", f"near {CLUSTER}/core/Pod/a/x", f"two {CLUSTER}/core/Namespace/_/a", "impact"]


@pytest.fixture
async def own_redis(tmp_path: Path) -> AsyncIterator[RedisServer]:
    """A Redis of one test's own."""
    async with RedisServer.start(tmp_path, report=silent) as server:
        yield server


@pytest.fixture
async def replicas(store: Store, own_redis: RedisServer) -> AsyncIterator[list[Results]]:
    """What two replicas keep."""
    shared = [Replicas(Memory(own_redis.url), store) for _ in range(2)]
    yield [Results(store, HOUR, one) for one in shared]
    for one in shared:
        await one.close()


async def _is_shared(redis: RedisServer, count: int) -> bool:
    async with Redis.from_url(redis.url) as client:
        return len(await client.keys(f"{FORM}:result:*")) >= count


async def test_what_one_has_asked_the_others_know(
    store: Store, own_redis: RedisServer, replicas: list[Results]
) -> None:
    """A second replica takes the first one's result, as long as nothing has touched it since; then it asks."""
    busy, (first, second) = await Busy.starting(store, 7), replicas
    await busy.change()
    await Reader(store, None, first).read_one("read/node", ASKED, timeout=10)
    await until(lambda: _is_shared(own_redis, 1), "it is shared")
    await Reader(store, None, second).read_one("read/node", ASKED, timeout=10)
    assert (second.counters.shared, second.counters.misses) == (1, 0)
    for step in range(15):
        await busy.change()
        asked = questions()
        for name in SOME:
            for results in replicas:
                kept = await answer(asked[name], Reader(store, None, results))
                assert kept == await answer(asked[name], Reader(store)), f"step {step}: {name}"
    assert sum(results.counters.shared for results in replicas) > 10


async def test_callers_who_see_something_else_share_nothing(
    store: Store, own_redis: RedisServer, replicas: list[Results]
) -> None:
    """What a caller sees is a part of what was asked: another's answer has another key, in memory and in Redis."""
    busy, (first, second) = await Busy.starting(store, 8), replicas
    await busy.change()
    sights = (None, {CLUSTER: True}, {f"{CLUSTER}/core/Pod/a": False}, {f"{CLUSTER}/core/Pod/a": True})
    for sight in sights:
        await _asked(first, sight)
    assert (first.counters.hits, first.counters.misses) == (0, len(sights))
    await until(lambda: _is_shared(own_redis, len(sights)), "all are shared")
    for sight in sights:
        await _asked(second, sight)
    assert (second.counters.shared, second.counters.misses) == (len(sights), 0)
    await _asked(second, {f"{CLUSTER}/core/Pod/b": True})
    assert second.counters.misses == 1


async def _asked(results: Results, sight: Mapping[str, bool] | None) -> None:
    look = await results.look(None)
    assert look is not None
    await results.of(Statement("read/node", {"of": {**ASKED["of"], "sight": sight}}, (), 10), look)


@pytest.mark.parametrize("harm", ["killed", "hung"])
async def test_without_redis_it_is_only_slower(
    store: Store, own_redis: RedisServer, replicas: list[Results], harm: str
) -> None:
    """A Redis that ends, or hangs, costs no answer and one short wait; it is used again once it answers."""
    busy, (first, second) = await Busy.starting(store, 9), replicas
    await busy.change()
    asked = questions()
    await answer(asked[SOME[0]], Reader(store, None, first))
    await (own_redis.kill() if harm == "killed" else asyncio.to_thread(own_redis.pause))
    began = time.monotonic()
    for name in SOME:
        assert await answer(asked[name], Reader(store, None, second)) == await answer(asked[name], Reader(store))
    assert time.monotonic() - began < 5
    await (own_redis.start_again() if harm == "killed" else asyncio.to_thread(own_redis.resume))

    async def shares_again() -> bool:
        await busy.change()
        for results in replicas:
            await answer(asked[SOME[0]], Reader(store, None, results))
        return await _is_shared(own_redis, 1) and second.counters.shared + first.counters.shared > 0

    await until(shares_again, "Redis is used again")


async def test_rubbish_in_redis_is_nothing(store: Store, own_redis: RedisServer, replicas: list[Results]) -> None:
    """What is not of the form that replicas write is asked for anew."""
    busy, (first, second) = await Busy.starting(store, 10), replicas
    await busy.change()
    right = await Reader(store, None, first).read_one("read/node", ASKED, timeout=10)
    await until(lambda: _is_shared(own_redis, 1), "it is shared")
    async with Redis.from_url(own_redis.url) as client:
        for key in await client.keys(f"{FORM}:*"):
            for rubbish in (b"", b"\x00", b"\x01no zstd", b"\x00\x93\x80\x90\xc4\x01\xff", b"\x00\xc1"):
                await client.set(key, rubbish, keepttl=True)
                shared = Replicas(Memory(own_redis.url), store)
                fresh = Results(store, HOUR, shared)
                assert await Reader(store, None, fresh).read_one("read/node", ASKED, timeout=10) == right
                assert fresh.counters.shared == 0
                await shared.close()
    assert second.counters.shared == 0
