"""How long a sync takes, and what the worker needs: memory, and processor time where nothing happens."""

import asyncio
from collections.abc import Mapping
from statistics import median
from typing import Any

from tests.bench.bench import Bench
from tests.bench.floors import list_raw, read_back, write_rows
from tests.bench.programs import Memory, Program
from tests.bench.rows import Bar, Figure, figure

# What a worker frees a moment after its first sync is not what it needs.
SETTLE_SECONDS = 5.0


async def first_sync(bench: Bench) -> list[Figure]:
    """An empty graph becomes the cluster's; and what memory the worker has then."""
    synced_in: list[float] = []
    floors: list[float] = []
    listed_in: list[float] = []
    grown: list[float] = []
    peaks: list[float] = []
    bench.report("First sync", 0, bench.effort.repeats + 1)
    # The first of each warms Neo4j's planner and compiler and the page cache, and gives the rows of the floor.
    await bench.wipe()
    await _sync(bench)
    statements = await read_back(bench.driver)
    resources, edges = await bench.size()
    await bench.wipe()
    await write_rows(bench.driver, statements)
    for done in range(bench.effort.repeats):
        bench.report("First sync", done + 1, bench.effort.repeats + 1)
        await bench.wipe()
        seconds, _ = await list_raw(bench.connection)
        listed_in.append(seconds)
        floors.append(seconds + await write_rows(bench.driver, statements))
        await bench.wipe()
        seconds, before, after = await _sync(bench)
        synced_in.append(seconds)
        grown.append(after.unique - before.unique)
        peaks.append(after.peak)
    bench.report("First sync", 1, 1)
    size = f"{resources:,} resources, {edges:,} edges"
    runs = f"medians of {bench.effort.repeats}; ours {_listed(synced_in)}, floor {_listed(floors)}"
    return [
        figure(
            "first sync into an empty graph",
            median(synced_in),
            "s",
            f"{size}; {runs}; the raw list is {median(listed_in):.2f} s of the floor",
            floor=median(floors),
            bar=Bar("ratio", 1.5),
        ),
        figure(
            "worker's memory per 10,000 resources",
            median(grown) / resources * 10_000,
            "MiB",
            f"{size}; grown by {median(grown):.0f} MiB (unique set size) since before it connected, "
            f"peak resident {median(peaks):.0f} MiB",
            bar=Bar("ours", 100),
        ),
    ]


async def restart(bench: Bench) -> list[Figure]:
    """A worker starts again, and the graph is as it left it."""
    await bench.synced()
    ours: list[float] = []
    floors: list[float] = []
    size = 0
    for done in range(bench.effort.repeats + 1):
        bench.report("Restart", done, bench.effort.repeats + 1)
        seconds, size = await list_raw(bench.connection)
        floors.append(seconds)
        async with bench.worker() as worker:
            ours.append(await in_step(worker))
    bench.report("Restart", 1, 1)
    resources, _ = await bench.size()
    # The first is the server's warm-up, and the worker's own changes of whatever was measured before.
    data = (
        f"{resources:,} resources, {size / 1e6:.0f} MB of JSON; medians of {bench.effort.repeats}; "
        f"ours {_listed(ours[1:])}, floor {_listed(floors[1:])}"
    )
    return [
        figure(
            "restart with nothing changed",
            median(ours[1:]),
            "s",
            data,
            floor=median(floors[1:]),
            bar=Bar("ratio", 2),
        )
    ]


async def idle(bench: Bench) -> list[Figure]:
    """What the worker uses while nothing happens but the heartbeats of the nodes."""
    await bench.synced()
    async with bench.worker() as worker:
        await worker.said("in step")
        await asyncio.sleep(SETTLE_SECONDS)
        before, seconds = worker.cpu_seconds(), bench.effort.idle_seconds
        bench.report("Idle", 0, 1)
        await asyncio.sleep(seconds)
        used = worker.cpu_seconds() - before
    bench.report("Idle", 1, 1)
    resources, _ = await bench.size()
    data = f"{resources:,} resources, {bench.data.nodes} nodes renewing their Leases; over {seconds:g} s"
    return [figure("worker's CPU, idle cluster", used / seconds * 100, "% of a core", data, bar=Bar("ours", 3))]


async def _sync(bench: Bench) -> tuple[float, Memory, Memory]:
    """Run a worker until it is in step; seconds, and its memory before and after."""
    async with bench.worker() as worker:
        began = await worker.said("workers start")
        before = worker.memory()
        ended = await worker.said("in step")
        await asyncio.sleep(SETTLE_SECONDS)
        return ended - began, before, worker.memory()


async def first_syncs(
    bench: Bench, what: str, floor: Mapping[str, Any], ours: Mapping[str, Any]
) -> tuple[list[float], list[float]]:
    """First syncs by workers of two sorts, in turns: the seconds of the floor's, and of ours."""
    await bench.wipe()
    async with bench.worker() as worker:  # warms Neo4j
        await in_step(worker)
    floors, found = list[float](), list[float]()
    for done in range(bench.effort.repeats):
        for sort, seconds in ((floor, floors), (ours, found)):
            bench.report(what, done, bench.effort.repeats)
            await bench.wipe()
            async with bench.worker(**sort) as worker:
                seconds.append(await in_step(worker))
    bench.report(what, 1, 1)
    return floors, found


async def in_step(worker: Program) -> float:
    """Wait until a worker's first sync is over; how long it took."""
    began = await worker.said("workers start")
    return await worker.said("in step") - began


def _listed(values: list[float]) -> str:
    return " ".join(f"{value:.2f}" for value in values)
