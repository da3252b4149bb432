"""Many who follow all changes: server-sent events beside the same bytes from bare uvicorn, and GraphQL subscribers."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from statistics import quantiles

import aiohttp
import msgspec

from kgraph.stack.ports import LOOPBACK, free_ports
from tests.bench.bench import Bench, quiet
from tests.bench.programs import Program
from tests.bench.rows import Bar, Figure, figure

SSE_RATE, SSE_CLIENTS = 20.0, 1_000
GRAPHQL_RATE, GRAPHQL_CLIENTS = 10.0, 200
WARM_SECONDS = 1.0  # after all have got their first event
CONNECTED_SECONDS = 60.0
# How many of the clients look at what they get; the others only take it, or the clients would be what is measured.
LOOKING = 50
PATH = b"/api/v1/events/stream?cluster=prod"
SUBSCRIPTION = """subscription { podEvents(cluster: "prod") {
  type timestamp severity reason object { key name namespace phase nodeName podIP labels serviceAccountName } } }"""


class _Latencies:
    """How long events were on their way, in milliseconds, while it counts."""

    def __init__(self, clients: int) -> None:
        self.counts = False
        self.values: list[float] = []
        self.clients = asyncio.Semaphore(0)  # those who have got something
        self._most = clients

    async def all_connected(self) -> None:
        """Wait until all clients have got something."""
        async with asyncio.timeout(CONNECTED_SECONDS):
            for _ in range(self._most):
                await self.clients.acquire()

    def saw(self, timestamp: str) -> None:
        """An event of this time has come."""
        if self.counts:
            self.values.append((time.time() - datetime.fromisoformat(timestamp).timestamp()) * 1000)

    @property
    def p99(self) -> float:
        """Of a hundred events the slowest but one."""
        return quantiles(self.values, n=100)[-1]


class _Stamped(msgspec.Struct):
    timestamp: str


async def streams(bench: Bench) -> list[Figure]:
    """The processor time of the server's process, and how late events come."""
    await bench.wipe()
    await bench.query("CREATE (c:Cluster {key: 'cluster:prod', id: 'prod', name: 'prod'})")
    full = bench.effort.requests > 1_000
    clients, seconds = (SSE_CLIENTS, 20.0) if full else (100, 4.0)
    subscribers = GRAPHQL_CLIENTS if full else 20
    quiet()
    ours, ours_late = await _sse(bench, "ours", clients, seconds)
    floor, floor_late = await _sse(bench, "bare", clients, seconds)
    used, late = await _graphql(bench, subscribers, seconds)
    what = f"{clients:,} clients, {SSE_RATE:g} events/s of 3 kB that all of them want, for {seconds:g} s, on one core"
    return [
        figure(
            f"SSE to {clients:,} clients, processor",
            ours * 100,
            "% of a core",
            f"{what}; the floor is uvicorn with a queue a client, sending the same bytes",
            floor=floor * 100,
            bar=Bar("ratio", 2.0),
        ),
        figure(
            f"SSE to {clients:,} clients, p99",
            ours_late,
            "ms",
            f"{what}; from being published to being read by the client",
            floor=floor_late,
            bar=Bar("ours", 300.0),
        ),
        figure(
            f"GraphQL to {subscribers:,} subscribers, p99",
            late,
            "ms",
            f"{GRAPHQL_RATE:g} events/s that all of them want, over WebSockets, ten fields of it and its Pod; we "
            f"used {used * 100:.0f} % of a core",
            bar=Bar("ours", 300.0),
        ),
    ]


@asynccontextmanager
async def _served(bench: Bench, which: str, rate: float) -> AsyncIterator[tuple[Program, int]]:
    (port,) = free_ports(1)
    log = bench.folder / "logs" / f"streams-{which}-{port}.log"
    env = {
        "NEO4J_URI": bench.graph.bolt_uri,
        "NEO4J_USER": bench.graph.user,
        "NEO4J_PASSWORD": bench.graph.password,
        "LOG_FORMAT": "json",
        "LOG_LEVEL": "info",
    }
    arguments = (which, str(port), str(rate))
    async with Program.run(arguments, env, log, module="tests.bench.stream_server") as program:
        await program.said("the API listens")
        yield program, port


async def _measured(program: Program, latencies: _Latencies, seconds: float) -> float:
    """How much of a core the server uses, after a while."""
    await latencies.all_connected()
    await asyncio.sleep(WARM_SECONDS)
    latencies.counts, before, began = True, program.cpu_seconds(), time.monotonic()
    await asyncio.sleep(seconds)
    latencies.counts = False
    return (program.cpu_seconds() - before) / (time.monotonic() - began)


async def _while_read(
    program: Program, latencies: _Latencies, reading: Sequence[asyncio.Task[None]], seconds: float, *, expected: float
) -> float:
    """What is measured while clients read, who end with it; RuntimeError where they have not read what they should."""
    try:
        used = await _measured(program, latencies, seconds)
        if not 0.9 * expected < len(latencies.values) < 1.1 * expected or any(task.done() for task in reading):
            raise RuntimeError(f"{len(latencies.values)} events came where {expected:.0f} were expected")
    finally:
        for task in reading:
            task.cancel()
        await asyncio.wait(reading)
    return used


async def _sse(bench: Bench, which: str, clients: int, seconds: float) -> tuple[float, float]:
    latencies = _Latencies(clients)
    async with _served(bench, which, SSE_RATE) as (program, port):
        reading = [asyncio.create_task(_read(port, latencies, looks=at < LOOKING)) for at in range(clients)]
        used = await _while_read(program, latencies, reading, seconds, expected=LOOKING * SSE_RATE * seconds)
    return used, latencies.p99


async def _read(port: int, latencies: _Latencies, *, looks: bool) -> None:
    """A client without a library."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    writer.write(b"GET %b HTTP/1.1\r\nhost: localhost:%d\r\naccept: text/event-stream\r\n\r\n" % (PATH, port))
    try:
        await reader.readline()
        latencies.clients.release()
        while not looks:
            if not await reader.read(65_536):
                return
        while line := await reader.readline():
            if line.startswith(b"data: "):
                latencies.saw(msgspec.json.decode(line[6:], type=_Stamped).timestamp)
    finally:
        writer.close()


async def _graphql(bench: Bench, subscribers: int, seconds: float) -> tuple[float, float]:
    latencies, connector = _Latencies(subscribers), aiohttp.TCPConnector(limit=0)
    async with (
        _served(bench, "ours", GRAPHQL_RATE) as (program, port),
        aiohttp.ClientSession(connector=connector) as http,
    ):
        reading = [asyncio.create_task(_subscribe(http, port, latencies)) for _ in range(subscribers)]
        used = await _while_read(program, latencies, reading, seconds, expected=subscribers * GRAPHQL_RATE * seconds)
    return used, latencies.p99


class _Payload(msgspec.Struct):
    data: dict[str, _Stamped]


class _Message(msgspec.Struct):
    type: str
    payload: _Payload | None = None


async def _subscribe(http: aiohttp.ClientSession, port: int, latencies: _Latencies) -> None:
    url = f"http://localhost:{port}/graphql"
    async with http.ws_connect(url, protocols=["graphql-transport-ws"], compress=0) as ws:
        await ws.send_json({"type": "connection_init"})
        await ws.receive()
        await ws.send_json({"id": "1", "type": "subscribe", "payload": {"query": SUBSCRIPTION}})
        latencies.clients.release()
        async for message in ws:
            told = msgspec.json.decode(message.data, type=_Message)
            if told.payload is None:
                raise RuntimeError(f"a subscription has ended: {message.data}")
            for one in told.payload.data.values():
                latencies.saw(one.timestamp)
