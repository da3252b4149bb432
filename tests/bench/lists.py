"""All Pods over REST as whole objects, beside the apiserver's own list of them."""

import ssl
import time
from statistics import median

import aiohttp
import msgspec

from kgraph.stack.ports import free_ports
from tests.bench.bench import Bench, quiet
from tests.bench.dataset import CLUSTER
from tests.bench.rows import Bar, Figure, figure

ROUNDS = 7


class _List(msgspec.Struct):
    items: list[msgspec.Raw]


async def lists(bench: Bench) -> list[Figure]:
    """One client reads each list whole, in turn; neither answer is compressed."""
    await bench.synced()
    quiet()
    (port,) = free_ports(1)
    ours, theirs = f"http://127.0.0.1:{port}/api/v1/clusters/{CLUSTER}/pods?form=object", "/api/v1/pods"
    trusted = ssl.create_default_context(cafile=bench.plane.ca_file)
    login = {"Authorization": f"Bearer {bench.plane.admin_token}"}
    seconds: dict[str, list[float]] = {"ours": [], "theirs": []}
    async with bench.api(port) as api, aiohttp.ClientSession(skip_auto_headers=("Accept-Encoding",)) as http:
        await api.said("the API listens")
        for _ in range(ROUNDS + 1):  # the first one warms up
            took, size, many = await _read(http, ours)
            seconds["ours"].append(took)
            took, their_size, their_many = await _read(http, bench.plane.server + theirs, ssl=trusted, headers=login)
            seconds["theirs"].append(took)
            if many != their_many:
                raise RuntimeError(f"{many:,} Pods of ours, {their_many:,} of the apiserver's")
    return [
        figure(
            f"REST list of {many:,} Pods, whole objects, p50",
            median(seconds["ours"][1:]) * 1000,
            "ms",
            f"{ROUNDS} times in turn, one client, uncompressed; {size / 1e6:.1f} MB, the apiserver's (of its cache, "
            f"over TLS, with managedFields) {their_size / 1e6:.1f} MB",
            floor=median(seconds["theirs"][1:]) * 1000,
            bar=Bar("ratio", 1.0),
        )
    ]


async def _read(http: aiohttp.ClientSession, url: str, **options: object) -> tuple[float, int, int]:
    """Seconds, bytes, and how many objects."""
    began = time.perf_counter()
    async with http.get(url, **options) as answer:  # type: ignore[arg-type]  # aiohttp's own options
        answer.raise_for_status()
        body = await answer.read()
    took = time.perf_counter() - began
    return took, len(body), len(msgspec.json.decode(body, type=_List).items)
