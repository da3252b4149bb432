"""How long a change in the apiserver takes to be visible to a reader of the graph.

One process sends the changes, watches the same kinds as the floor does, and reads the graph: all three by one clock.
A change begins when its PATCH is sent, and is visible when a reader has an answer with its resourceVersion. The
reader asks for the changes that it has not seen yet, again and again with a pause of two milliseconds, so that its
own question and half the pause are part of the figure: what a user sees is never sooner.
"""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec
import neo4j

from kgraph.kube.connection import Connection
from kgraph.kube.discovery import ApiResource, discover
from kgraph.kube.watching import watch
from kgraph.stack.neo4j import DATABASE
from tests.bench.bench import Bench, quiet
from tests.bench.dataset import CLUSTER
from tests.bench.rows import Bar, Figure, percentiles

PER_SECOND = 50
PAUSE_SECONDS = 0.002
PATIENCE_SECONDS = 30.0
SEED = 7  # the same objects in each run
READ = "UNWIND $keys AS key MATCH (n:Resource {key: key}) RETURN collect([key, n.resourceVersion])"


class _Metadata(msgspec.Struct, rename="camel"):
    name: str = ""  # a bookmark is of nothing
    namespace: str = ""
    resource_version: str = ""


class _Object(msgspec.Struct):
    metadata: _Metadata


class Changes:
    """The changes of one run, each of another object, and when each was sent, delivered and seen."""

    def __init__(self) -> None:
        self.sent: dict[str, float] = {}
        self.delivered: dict[str, float] = {}
        self.seen: dict[str, float] = {}
        self.waiting: dict[str, int] = {}  # key -> the version that the apiserver gave it

    def delivery_seconds(self, keys: Sequence[str]) -> list[float]:
        """From each PATCH to the watch's bytes, in ascending order."""
        return sorted(self.delivered[key] - self.sent[key] for key in keys)

    def visible_seconds(self, keys: Sequence[str]) -> list[float]:
        """From each PATCH to the reader's answer, in ascending order."""
        return sorted(self.seen[key] - self.sent[key] for key in keys)


Read = Callable[[Changes, int], Coroutine[Any, Any, None]]


async def visible(bench: Bench) -> list[Figure]:
    """Fifty changes a second, each followed to the graph."""
    await bench.synced()
    seconds = bench.effort.change_seconds
    async with bench.worker() as worker:
        await worker.said("in step")
        objects, warm_up = await some_objects(bench, seconds)
        before, began = worker.cpu_seconds(), time.perf_counter()
        changes = await followed(bench, objects, partial(_read, bench.driver))
        cores = (worker.cpu_seconds() - before) / (time.perf_counter() - began)
    keys = list(changes.sent)[warm_up:]
    ours, floor = changes.visible_seconds(keys), changes.delivery_seconds(keys)
    data = (
        f"{len(keys)} changes, {PER_SECOND} a second, after {warm_up} that warm it up: labels of Pods and data of "
        "ConfigMaps, each another; "
        f"worker used {cores:.0%} of a core"
    )
    return percentiles(
        "change visible in the graph",
        ours,
        [floor],
        f"{data}; slowest {ours[-1] * 1000:.0f} ms, floor's {floor[-1] * 1000:.0f} ms",
        {50: Bar("ours", 25), 99: Bar("ours", 75)},
    )


async def some_objects(bench: Bench, seconds: float) -> tuple[list[tuple[str, str]], int]:
    """Random objects for so long as (key, path), two Pods for each ConfigMap; the first so many are to warm up with."""
    warm_up = int(bench.effort.warm_up_seconds * PER_SECOND)
    count = warm_up + int(seconds * PER_SECOND)
    rows = await bench.query(
        "MATCH (n:Resource) WHERE n.kind IN ['Pod', 'ConfigMap'] AND n.namespace STARTS WITH 'team-' "
        "AND n.name <> 'kube-root-ca.crt' RETURN n.kind, n.key, n.namespace, n.name ORDER BY n.key"
    )
    found: dict[Any, list[tuple[str, str]]] = {"Pod": [], "ConfigMap": []}
    for kind, key, namespace, name in rows:
        found[kind].append((str(key), f"/api/v1/namespaces/{namespace}/{str(kind).lower()}s/{name}"))
    chance = random.Random(SEED)
    config_maps = chance.sample(found["ConfigMap"], min(count // 3, len(found["ConfigMap"])))
    pods = chance.sample(found["Pod"], min(count - len(config_maps), len(found["Pod"])))
    chosen = [*config_maps, *pods]
    chance.shuffle(chosen)
    return chosen, min(warm_up, len(chosen) // 2)


async def followed(bench: Bench, objects: Sequence[tuple[str, str]], read: Read) -> Changes:
    """Change the objects, one after the other at their pace, and wait until `read` has seen all of them."""
    changes = Changes()
    found = {kind.kind: kind for kind in (await discover(bench.connection)).resources if not kind.group}
    quiet()
    opened = {kind: asyncio.Event() for kind in ("Pod", "ConfigMap")}
    watching = [
        asyncio.create_task(_watch(bench.connection, found[kind], changes, is_open), name=f"watch {kind}")
        for kind, is_open in opened.items()
    ]
    async with asyncio.timeout(PATIENCE_SECONDS):
        for is_open in opened.values():
            await is_open.wait()
    reading = asyncio.create_task(read(changes, len(objects)), name="read")
    async with asyncio.TaskGroup() as patches:
        began = time.perf_counter()
        for number, (key, path) in enumerate(objects):
            await asyncio.sleep(began + number / PER_SECOND - time.perf_counter())  # the pace
            patches.create_task(_patch(bench.connection, key, path, number, changes), name=f"patch {number}")
            if not number % PER_SECOND:
                bench.report("Changes", number, len(objects))
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await reading
    finally:
        for task in (reading, *watching):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
    bench.report("Changes", 1, 1)
    return changes


async def _patch(connection: Connection, key: str, path: str, number: int, changes: Changes) -> None:
    value = f"{time.time_ns()}-{number}"  # another in each run
    body = {"metadata": {"labels": {"changed": value}}} if "/pods/" in path else {"data": {"changed": value}}
    changes.sent[key] = time.perf_counter()
    answer = await connection.request(
        "PATCH", path, body=msgspec.json.encode(body), headers=[("Content-Type", "application/merge-patch+json")]
    )
    changes.waiting[key] = int(msgspec.json.decode(answer, type=_Object).metadata.resource_version)


async def _watch(connection: Connection, kind: ApiResource, changes: Changes, is_open: asyncio.Event) -> None:
    """Note when the watch delivers each change."""

    async def accepted() -> None:
        is_open.set()

    now = await connection.get_json(kind.path(), _List, {"limit": "1"})
    async for events in watch(connection, kind, now.metadata.resource_version, accepted=accepted):
        at = time.perf_counter()
        for event in events:
            metadata = msgspec.json.decode(event.object, type=_Object).metadata
            key = f"{CLUSTER}/core/{kind.kind}/{metadata.namespace}/{metadata.name}"
            if key in changes.sent:
                changes.delivered.setdefault(key, at)


class _ListMetadata(msgspec.Struct, rename="camel"):
    resource_version: str


class _List(msgspec.Struct):
    metadata: _ListMetadata


async def _read(driver: neo4j.AsyncDriver, changes: Changes, total: int) -> None:
    """Ask the graph for what has not been seen, until all has."""
    async with driver.session(database=DATABASE, default_access_mode=neo4j.READ_ACCESS) as session:
        while len(changes.seen) < total:
            if changes.waiting:
                result = await session.run(READ, keys=list(changes.waiting))
                record = await result.single(strict=True)
                at = time.perf_counter()
                for key, version in record[0]:
                    if int(version) >= changes.waiting[key]:
                        del changes.waiting[key]
                        changes.seen[key] = at
            await asyncio.sleep(PAUSE_SECONDS)
