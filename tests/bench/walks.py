"""`resourceGraph`, as a client of the API has it, beside the Cypher that it sends, sent by the bare driver.

The floor of a question is what our own walk sends for it: the statements are noted once, with their parameters, and
replayed one after the other in one session. So the floor knows beforehand what each level's answer is, and does
nothing between two statements.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from itertools import chain
from statistics import mean, median
from typing import Any, NamedTuple

import aiohttp
import msgspec
import neo4j

from kgraph.api.graphql.schema import Schema, make_schema
from kgraph.api.kinds import KindReader
from kgraph.api.settings import ApiSettings
from kgraph.graphdb.store import Record, Store
from kgraph.stack.neo4j import DATABASE
from kgraph.stack.ports import free_ports
from tests.bench.bench import Bench, quiet
from tests.bench.dataset import CLUSTER
from tests.bench.inside import context
from tests.bench.rows import Bar, Figure, figure
from tests.figures import percentile

CLIENTS = 32
SEED = 11  # the same roots in each run
DEPTH = 3
QUERY = """
query ($cluster: String!, $type: String!, $namespace: String, $name: String!, $depth: Int!) {
  resourceGraph(cluster: $cluster, resourceType: $type, namespace: $namespace, name: $name, depth: $depth) {
    nodes { key kind namespace name missing }
    edges { source type target optional }
    omitted { key type direction count }
    truncated
  }
}
"""
KINDS = {
    "Pod": "pods",
    "ReplicaSet": "replicasets.apps",
    "Deployment": "deployments.apps",
    "Service": "services",
    "ConfigMap": "configmaps",
    "Secret": "secrets",
    "EndpointSlice": "endpointslices.discovery.k8s.io",
}

Sent = tuple[str, Mapping[str, Any]]


class Noting(Store):
    """The store, noting what it sends."""

    noted: list[Sent]

    async def read_text(self, text: str, parameters: Mapping[str, Any] | None = None, **options: Any) -> list[Record]:
        """Note it, and send it."""
        self.noted.append((text, dict(parameters or {})))
        return await super().read_text(text, parameters, **options)


class Question(msgspec.Struct, frozen=True):
    """One root: the request's body, the statements of its floor, and how much its answer holds."""

    variables: Mapping[str, Any]
    body: bytes
    statements: Sequence[Sent]
    nodes: int


class Crowd(NamedTuple):
    """What many clients at once had: the seconds of each answer, ascending, and of all of it."""

    seconds: Sequence[float]
    lasted: float

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.lasted

    @property
    def said(self) -> str:
        """That, for people."""
        return f"{len(self.seconds)} requests, p50 {median(self.seconds) * 1000:.0f} ms, {self.per_second:.0f} a second"


async def walks(bench: Bench) -> list[Figure]:
    """Random roots, walked by the API's clients and by the driver."""
    await bench.synced()
    async with Noting.open(bench.graph_settings) as opened:
        store = Noting(opened._driver, bench.graph_settings)
        schema = make_schema(ApiSettings().limits)
        kinds = KindReader(store)
        questions = [await _question(schema, store, kinds, variables) for variables in await _roots(bench)]
        quiet()
        (port,) = free_ports(1)
        async with bench.api(port) as api, aiohttp.ClientSession() as http:
            await api.said("the API listens")
            url = f"http://127.0.0.1:{port}/graphql"
            ours, inside, floors = await _in_turn(bench, questions, http, url, (schema, store, kinds))
            each_time, floor = await _by_many(bench, questions, http, url), await _driven(bench, questions)
        async with bench.api(port, "enable_cache: true") as api, aiohttp.ClientSession() as http:
            await api.said("the API listens")
            kept = await _by_many(bench, questions, http, url)
    nodes = [question.nodes for question in questions]
    statements = mean(len(question.statements) for question in questions)
    data = (
        f"{len(questions)} random roots, depth {DEPTH}, answers of {median(nodes):.0f} nodes in the median "
        f"({min(nodes)} to {max(nodes)}), {statements:.1f} statements each"
    )
    one = f"{data}; p99 {percentile(ours, 99) * 1000:.1f} ms, floor's {percentile(floors, 99) * 1000:.1f} ms"
    return [
        figure(
            "resourceGraph over HTTP, one client, p50",
            median(ours) * 1000,
            "ms",
            one,
            floor=median(floors) * 1000,
            bar=Bar("ratio", 1.5),
        ),
        figure(
            "resourceGraph in the process, one caller, p50",
            median(inside) * 1000,
            "ms",
            f"{data}; GraphQL's execution without HTTP",
            floor=median(floors) * 1000,
        ),
        figure(
            f"resourceGraph over HTTP, {CLIENTS} clients, p99",
            percentile(kept.seconds, 99) * 1000,
            "ms",
            f"{data}; {kept.said}; as the API is by default, which keeps answers; the floor asks each time, in one "
            f"process: {floor.per_second:.0f} a second",
            floor=percentile(floor.seconds, 99) * 1000,
            bar=Bar("ours", 200),
        ),
        figure(
            f"resourceGraph over HTTP, {CLIENTS} clients, asked each time, p99",
            percentile(each_time.seconds, 99) * 1000,
            "ms",
            f"{data}; {each_time.said}; `enable_cache: false`; the floor, in one process: {floor.per_second:.0f} a "
            "second",
            floor=percentile(floor.seconds, 99) * 1000,
            bar=Bar("ours", 200),
        ),
    ]


async def _roots(bench: Bench) -> list[Mapping[str, Any]]:
    rows = await bench.query(
        "MATCH (n:Resource) WHERE n.kind IN $kinds AND n.namespace STARTS WITH 'team-' AND NOT n:Missing "
        "RETURN n.kind, n.namespace, n.name ORDER BY n.key",
        kinds=list(KINDS),
    )
    chosen = random.Random(SEED).sample(rows, min(bench.effort.roots, len(rows)))
    return [
        {"cluster": CLUSTER, "type": KINDS[str(kind)], "namespace": namespace, "name": name, "depth": DEPTH}
        for kind, namespace, name in chosen
    ]


async def _question(schema: Schema, store: Noting, kinds: KindReader, variables: Mapping[str, Any]) -> Question:
    await _execute(schema, store, kinds, variables)  # fills the cache of kinds, which is no part of the walk
    store.noted = []
    answer = await _execute(schema, store, kinds, variables)
    body = msgspec.json.encode({"query": QUERY, "variables": variables})
    return Question(variables, body, tuple(store.noted), len(answer["resourceGraph"]["nodes"]))


async def _execute(schema: Schema, store: Noting, kinds: KindReader, variables: Mapping[str, Any]) -> dict[str, Any]:
    if not hasattr(store, "noted"):
        store.noted = []
    result = await schema.execute(QUERY, variable_values=dict(variables), context_value=context(store, kinds))
    if result.errors:
        raise result.errors[0]
    assert result.data is not None
    return result.data


async def _replay(session: neo4j.AsyncSession, question: Question) -> float:
    """Send the statements, one after the other; seconds."""
    began = time.perf_counter()
    for text, parameters in question.statements:
        result = await session.run(text, dict(parameters))
        await result.fetch(1)
        await result.consume()
    return time.perf_counter() - began


async def _ask(http: aiohttp.ClientSession, url: str, question: Question) -> float:
    """Ask the API and read its answer, as bytes; seconds."""
    began = time.perf_counter()
    async with http.post(url, data=question.body, headers={"Content-Type": "application/json"}) as answer:
        body = await answer.read()
    seconds = time.perf_counter() - began
    if answer.status != 200 or b'"errors"' in body[:200]:
        raise RuntimeError(f"{answer.status}: {body[:500]!r}")
    return seconds


async def _in_turn(
    bench: Bench,
    questions: Sequence[Question],
    http: aiohttp.ClientSession,
    url: str,
    inside: tuple[Schema, Noting, KindReader],
) -> tuple[list[float], list[float], list[float]]:
    """One client: each question by HTTP, in this process and by the driver in turn; all seconds, ascending."""
    by_http: list[float] = []
    by_call: list[float] = []
    floors: list[float] = []
    async with bench.driver.session(database=DATABASE, default_access_mode=neo4j.READ_ACCESS) as session:
        for repeat in range(bench.effort.repeats + 1):
            bench.report("resourceGraph", repeat, bench.effort.repeats + 1)
            if repeat == 1:  # the round before it was the warm-up
                for values in (by_http, by_call, floors):
                    values.clear()
            for question in questions:
                floors.append(await _replay(session, question))
                by_http.append(await _ask(http, url, question))
                began = time.perf_counter()
                await _execute(*inside, question.variables)
                by_call.append(time.perf_counter() - began)
    bench.report("resourceGraph", 1, 1)
    return sorted(by_http), sorted(by_call), sorted(floors)


async def _by_many(bench: Bench, questions: Sequence[Question], http: aiohttp.ClientSession, url: str) -> Crowd:
    """As many clients as there may be, each asking the API again as soon as it has its answer."""

    async def client(upcoming: Iterator[Question]) -> list[float]:
        return [await _ask(http, url, question) for question in upcoming]

    return await _crowd(bench, questions, client)


async def _driven(bench: Bench, questions: Sequence[Question]) -> Crowd:
    """The same by the driver."""

    async def client(upcoming: Iterator[Question]) -> list[float]:
        async with bench.driver.session(database=DATABASE, default_access_mode=neo4j.READ_ACCESS) as session:
            return [await _replay(session, question) for question in upcoming]

    return await _crowd(bench, questions, client)


async def _crowd(
    bench: Bench, questions: Sequence[Question], client: Callable[[Iterator[Question]], Awaitable[list[float]]]
) -> Crowd:
    chance = random.Random(SEED)
    upcoming = iter([chance.choice(questions) for _ in range(bench.effort.requests)])
    began = time.perf_counter()
    found = await asyncio.gather(*(client(upcoming) for _ in range(CLIENTS)))
    return Crowd(sorted(chain.from_iterable(found)), time.perf_counter() - began)
