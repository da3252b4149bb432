"""What is kept of results: how often it is of use while a cluster changes, and what many clients wait with and without.

Ten dashboards ask the same questions every few seconds, each at a moment of its own, while Pods of the cluster change.
A change is a new label of a random Pod, which ends whatever was kept about this Pod and the lists that it is in.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import chain
from typing import Any

import aiohttp
import msgspec

from kgraph.kube.connection import Connection
from kgraph.stack.ports import free_ports
from tests.bench.bench import Bench, quiet
from tests.bench.dataset import CLUSTER
from tests.bench.rows import Bar, Figure, figure
from tests.bench.walks import QUERY
from tests.figures import percentile

DASHBOARDS = 10
EVERY_SECONDS = 3.0
CHANGES_PER_SECOND = 2.0
CLIENTS = 32
SEED = 5
CACHE = {"kept": "enable_cache: true", "asked each time": "enable_cache: false"}
PODS = """query ($c: String!, $ns: String!) { pods(cluster: $c, namespace: $ns, first: 50) {
  name phase ready restarts nodeName podIP createdAt labels } }"""
DEPLOYMENTS = """query ($c: String!, $ns: String!) { deployments(cluster: $c, namespace: $ns, first: 50) {
  name replicas readyReplicas pods(first: 5) { name phase } } }"""
NODES = "query ($c: String!) { nodes(cluster: $c, first: 50) { name ready kubeletVersion } }"
SERVICES = "query ($c: String!, $ns: String!) { services(cluster: $c, namespace: $ns, first: 50) { name type } }"
UNWELL = """query ($c: String!) { resources(filter: {clusters: [$c], health: [DEGRADED, MISSING]}, first: 50) {
  totalCount nodes { key health } } }"""

Question = tuple[str, Mapping[str, Any]]


async def caching(bench: Bench) -> list[Figure]:
    """The dashboards first, then the many clients."""
    await bench.synced()
    questions = await _panels(bench)
    quiet()
    async with bench.worker() as worker, _serving(bench, CACHE["kept"]) as (http, url):
        await worker.said("in step")
        share, seconds, asked = await _dashboards(bench, http, url, questions)
    figures = [
        figure(
            f"{DASHBOARDS} dashboards, results that had to be asked for",
            share * 100,
            "%",
            f"{len(questions)} questions of each, every {EVERY_SECONDS:g} s, {asked} statements, while "
            f"{CHANGES_PER_SECOND:g} Pods a second change; a question takes {percentile(seconds, 50) * 1000:.1f} ms in "
            f"the median, p99 {percentile(seconds, 99) * 1000:.0f} ms",
            bar=Bar("ours", 20),
        )
    ]
    for how, setting in CACHE.items():
        async with _serving(bench, setting) as (http, url):
            for name, some in (("pods, 50 rows", questions[:2]), ("resourceGraph, depth 2", questions[-4:])):
                seconds, rate = await _crowd(bench, http, url, some)
                figures.append(
                    figure(
                        f"{name}, {CLIENTS} clients, {how}, p99",
                        percentile(seconds, 99) * 1000,
                        "ms",
                        f"over HTTP, {len(some)} different questions; {rate:.0f} a second, p50 "
                        f"{percentile(seconds, 50) * 1000:.0f} ms; clients and servers share the cores",
                        bar=Bar("ours", 200),
                    )
                )
    return figures


@asynccontextmanager
async def _serving(bench: Bench, setting: str) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    (port,) = free_ports(1)
    async with bench.api(port, setting) as api, aiohttp.ClientSession() as http:
        await api.said("the API listens")
        yield http, f"http://127.0.0.1:{port}"


async def _panels(bench: Bench) -> list[Question]:
    """What a dashboard shows: of two namespaces, of the cluster, and what is near four Deployments; Pods first."""
    rows = await bench.query(
        "MATCH (d:Deployment {cluster: $cluster}) WITH d.namespace AS ns, min(d.name) AS name "
        "RETURN ns, name ORDER BY ns LIMIT 4",
        cluster=CLUSTER,
    )
    c = {"c": CLUSTER}
    shown: list[Question] = [(PODS, {**c, "ns": str(ns)}) for ns, _ in rows[:2]]
    shown += [(query, {**c, "ns": str(ns)}) for ns, _ in rows[:2] for query in (DEPLOYMENTS, SERVICES)]
    shown += [(NODES, c), (UNWELL, c)]
    graph = {"cluster": CLUSTER, "type": "deployments.apps", "depth": 2}
    return shown + [(QUERY, {**graph, "namespace": str(ns), "name": str(name)}) for ns, name in rows]


async def _dashboards(
    bench: Bench, http: aiohttp.ClientSession, url: str, questions: Sequence[Question]
) -> tuple[float, list[float], int]:
    """The share of statements that had to be sent, the seconds of each question, and how many statements there were."""
    chance = random.Random(SEED)
    seconds: list[float] = []
    ends_at = time.monotonic() + bench.effort.change_seconds
    before = await _counters(http, url)

    async def watch(first: float) -> None:
        await asyncio.sleep(first)
        while time.monotonic() < ends_at:
            began = time.monotonic()
            seconds.extend([await _ask(http, url, question) for question in questions])
            await asyncio.sleep(max(0.0, EVERY_SECONDS - (time.monotonic() - began)))

    async with asyncio.TaskGroup() as tasks:
        changing = tasks.create_task(_change(bench, ends_at, chance))
        for number in range(DASHBOARDS):
            tasks.create_task(watch(EVERY_SECONDS * number / DASHBOARDS))
        await changing
    after = await _counters(http, url)
    hits, misses = (after[name] - before[name] for name in ("hits", "misses"))
    return misses / (hits + misses), sorted(seconds), hits + misses


async def _change(bench: Bench, ends_at: float, chance: random.Random) -> None:
    rows = await bench.query("MATCH (p:Pod {cluster: $cluster}) RETURN p.namespace, p.name", cluster=CLUSTER)
    while time.monotonic() < ends_at:
        namespace, name = chance.choice(rows)
        await _label(bench.connection, str(namespace), str(name), f"v{chance.random():.6f}")
        await asyncio.sleep(1 / CHANGES_PER_SECOND)


async def _label(connection: Connection, namespace: str, name: str, value: str) -> None:
    body = msgspec.json.encode({"metadata": {"labels": {"bench": value}}})
    await connection.request(
        "PATCH",
        f"/api/v1/namespaces/{namespace}/pods/{name}",
        body=body,
        headers=[("Content-Type", "application/merge-patch+json")],
    )


async def _counters(http: aiohttp.ClientSession, url: str) -> Mapping[str, int]:
    async with http.get(f"{url}/health/ready") as answer:
        found: Mapping[str, int] = (await answer.json())["results"]
        return found


async def _crowd(
    bench: Bench, http: aiohttp.ClientSession, url: str, questions: Sequence[Question]
) -> tuple[list[float], float]:
    """Each client asks again as soon as it has its answer: seconds of each, and how many a second."""
    chance = random.Random(SEED)
    for question in questions:  # what is compiled and planned once
        await _ask(http, url, question)
    upcoming = iter([chance.choice(questions) for _ in range(bench.effort.requests)])

    async def client() -> list[float]:
        return [await _ask(http, url, question) for question in upcoming]

    began = time.perf_counter()
    found = list(chain.from_iterable(await asyncio.gather(*(client() for _ in range(CLIENTS)))))
    return sorted(found), len(found) / (time.perf_counter() - began)


async def _ask(http: aiohttp.ClientSession, url: str, question: Question) -> float:
    query, variables = question
    began = time.perf_counter()
    async with http.post(f"{url}/graphql", json={"query": query, "variables": dict(variables)}) as answer:
        body = await answer.read()
    seconds = time.perf_counter() - began
    if answer.status != 200 or b'"errors"' in body[:200]:
        raise RuntimeError(f"{answer.status}: {body[:500]!r}")
    return seconds
