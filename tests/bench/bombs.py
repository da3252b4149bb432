"""How soon the API refuses each question that is made to keep it busy."""

import time
from statistics import median

import aiohttp

from kgraph.graphdb.schema import prepare
from kgraph.stack.ports import free_ports
from tests.bench.bench import Bench, quiet
from tests.bench.rows import Bar, Figure, figure
from tests.bombs import BOMBS, request

TRIES = 5


async def bombs(bench: Bench) -> list[Figure]:
    """One client sends each a few times; the slowest by its median is the figure."""
    await bench.wipe()
    async with bench.store() as store:
        await prepare(store)
    quiet()
    (port,) = free_ports(1)
    took: dict[str, float] = {}
    async with bench.api(port) as api, aiohttp.ClientSession() as http:
        await api.said("the API listens")
        url = f"http://127.0.0.1:{port}/graphql"
        for done, bomb in enumerate(BOMBS):
            bench.report("bombs", done, len(BOMBS))
            seconds = [await _sent(http, url, request(bomb, attempt=attempt)) for attempt in range(TRIES + 1)]
            took[bomb] = median(seconds[1:])  # the first may meet what was never used before
    slowest = sorted(took.items(), key=lambda item: -item[1])
    listed = ", ".join(f"{bomb} {seconds * 1000:.0f}" for bomb, seconds in slowest[:6])
    return [
        figure(
            f"query bombs refused, the slowest of {len(BOMBS)}",
            slowest[0][1] * 1000,
            "ms",
            f"over HTTP, one client, median of {TRIES} each; the slowest in ms: {listed}",
            bar=Bar("ours", 50),
        )
    ]


async def _sent(http: aiohttp.ClientSession, url: str, body: str) -> float:
    """Seconds until a body is refused."""
    began = time.perf_counter()
    async with http.post(url, data=body.encode(), headers={"content-type": "application/json"}) as answer:
        await answer.read()
    return time.perf_counter() - began
