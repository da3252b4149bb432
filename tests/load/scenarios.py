"""The loads: many clients with a day's questions, many clusters, and changes that go on for an hour."""

import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from kgraph.kube.connection import Connection
from kgraph.stack.ports import LOOPBACK, free_ports
from tests import machine
from tests.asking import failures
from tests.bench import fleet
from tests.bench.accounts import AUTHENTICATION, account
from tests.bench.bench import Bench
from tests.bench.dataset import CLUSTER
from tests.bench.programs import Program
from tests.figures import percentile
from tests.load.client import Heard, Load
from tests.load.mix import World
from tests.load.processes import Processes, Sample, cores
from tests.load.report import Growth, Phase, Report, latencies, used
from tests.load.trend import trend

SEED = 7
API = f"{AUTHENTICATION}\nenable_mutations: true\nenable_cache: true"
TENANTS = 3
TENANT_NAMESPACES = 5
WARM_UP_SECONDS = 5.0
NAMED = """
MATCH (n:Resource {cluster: $c, kind: $kind}) WHERE n.namespace STARTS WITH 'team-' AND NOT n:Missing
RETURN n.namespace, n.name ORDER BY n.namespace, n.name
"""
# Of what a closed load gets answered: a server that is asked more than it can do shows its queue, and nothing else.
OPEN_SHARE = 0.5
CHANGES_PER_SECOND = 20.0
# What churns must not grow by itself: a rollout leaves its Deployment a ReplicaSet, up to ten, and Events, which last
# for an hour by default; and what is deleted is remembered for a day.
ROLLED_OUT = 20
CHANGES_PER_ROLLOUT = 40
EVENTS_LAST = "5m"
REMEMBERING = "history_retention: 5m"
# More than this share of a process's memory in an hour is a leak.
FLAT_SHARE = 0.05
# As many samples as a trend needs, and more, however short the time is.
SAMPLES_LEAST = 240


class Asked(msgspec.Struct, frozen=True):
    """What a run is to be."""

    clients: Sequence[int] = (32, 128)
    seconds: float = 600.0
    rate: float = 0.0
    minutes: float = 60.0
    apis: int = 1


async def queries(bench: Bench, asked: Asked) -> Report:
    """Clients of an API that is as it is by default, with a worker beside it; closed, then open, for each number."""
    await bench.synced()
    world = await _world(bench)
    phases = []
    async with _serving(bench, asked.apis) as (urls, serving), bench.worker() as worker:
        await worker.said("in step")
        pids = {**serving, "worker": worker.pid}
        await offered_by_process(Load(urls, world, min(asked.clients), 0, WARM_UP_SECONDS, SEED))
        for clients in asked.clients:
            closed = await _phase(
                f"{clients} clients, closed", pids, Load(urls, world, clients, 0, asked.seconds, SEED)
            )
            rate = asked.rate or OPEN_SHARE * closed.per_second
            name = f"{rate:.0f} questions a second, open, {clients} connections"
            phases += [closed, await _phase(name, pids, Load(urls, world, clients, rate, asked.seconds, SEED))]
    return Report(title="Load", machine=machine.described(), data=f"{bench.data}", phases=phases)


async def clusters(bench: Bench, asked: Asked) -> Report:
    """All clusters into an empty graph, then at rest, then with an object of all of them changing."""
    count = bench.effort.clusters
    async with fleet.small(bench, "load-fleet", apps=fleet.APPS) as plane, fleet.connected(plane) as connection:
        await bench.wipe()
        async with bench.worker(fleet.entries(plane, count)) as worker:
            began = await worker.said("workers start")
            seconds = await worker.said("in step", times=count) - began
            resources, edges = await bench.size()
            await asyncio.sleep(WARM_UP_SECONDS)
            pids = {"worker": worker.pid, "Neo4j": bench.graph.pid}
            async with Processes.sampled(pids) as idle:
                await asyncio.sleep(asked.seconds / 2)
            async with Processes.sampled(pids) as changing:
                patches = max(fleet.WARM_UP + 1, int(asked.seconds / 2 * fleet.PATCHES_PER_SECOND))
                lags = await fleet.visible_lags(bench, connection, count, patches)
    rows = {
        "resources, edges": f"{resources:,}, {edges:,}",
        "time to sync": f"{seconds:.1f} s ({resources / seconds:,.0f} resources a second)",
        "change in one cluster's graph, p50, p99": f"{_ms(lags, 50)}, {_ms(lags, 99)}",
    }
    for name, some in idle.samples.items():
        rows[f"{name} at rest"] = f"{cores(some):.2f} cores, {some[-1].resident:.0f} MiB"
        busy = changing.samples[name]
        rows[f"{name} with changes"] = f"{cores(busy):.2f} cores, {busy[-1].resident:.0f} MiB"
    data = f"{count} clusters in one worker, one apiserver behind all of them"
    return Report(title="Many clusters", machine=machine.described(), data=data, facts=rows)


async def churn(bench: Bench, asked: Asked) -> Report:
    """Changes and questions go on; the memory of each process, and whether it grows."""
    await bench.synced()
    world = await _world(bench)
    seconds = asked.minutes * 60
    async with _serving(bench, asked.apis) as (urls, serving), bench.worker(settings=REMEMBERING) as worker:
        await worker.said("in step")
        pids = {**serving, "worker": worker.pid}
        began, _ = await bench.size()
        rate = asked.rate or CHANGES_PER_SECOND
        changing = asyncio.create_task(_change(bench.connection, world, seconds), name="changes")
        load = Load(urls, world, min(asked.clients), rate, seconds, SEED)
        growth: dict[str, list[Sample]] = {}
        phase = await _phase(f"{rate:.0f} questions and {CHANGES_PER_SECOND:.0f} changes a second", pids, load, growth)
        changes = await changing
        ended, _ = await bench.size()
    return Report(
        title="Memory under changes",
        machine=machine.described(),
        data=f"{bench.data}",
        facts={"changes": f"{changes:,}", "resources": f"{began:,} at the begin, {ended:,} at the end"},
        phases=[phase],
        growth=[_growth(name, some) for name, some in growth.items()],
    )


def _growth(name: str, samples: Sequence[Sample]) -> Growth:
    began = samples[0].at
    found = trend([(one.at - began, one.resident) for one in samples])
    return Growth(
        process=name,
        minutes=(samples[-1].at - began) / 60,
        began=samples[0].resident,
        ended=samples[-1].resident,
        trend=found,
        flat=found.is_flat(share=FLAT_SHARE),
    )


async def _phase(name: str, pids: Mapping[str, int], load: Load, kept: dict[str, list[Sample]] | None = None) -> Phase:
    """Offer a load, and say what came of it; `kept` is given the samples of the processes."""
    async with Processes.sampled(pids, min(5.0, max(0.05, load.seconds / SAMPLES_LEAST))) as processes:
        heard = await offered_by_process(load)
    if kept is not None:
        kept.update(processes.samples)
    return phase_of(name, heard, processes)


def phase_of(name: str, heard: Heard, processes: Processes) -> Phase:
    """What came of a load."""
    return Phase(
        name=name,
        seconds=heard.seconds,
        per_second=len(heard.asked) / heard.seconds,
        operations=latencies(heard.asked),
        used=used(processes.samples),
        failures=failures(heard.asked),
    )


async def offered_by_process(load: Load) -> Heard:
    """Have the clients' process do it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.load.client", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(msgspec.json.encode(load) + b"\n")
        # Its end is left open until there is an answer: the clients end with it.
        answer = await process.stdout.read()
    finally:
        process.stdin.close()
        ended = await process.wait()
    if ended:
        raise RuntimeError(f"the clients' process ended with {ended}")
    return msgspec.json.decode(answer, type=Heard)


@asynccontextmanager
async def _serving(bench: Bench, apis: int) -> AsyncIterator[tuple[list[str], dict[str, int]]]:
    """So many replicas of the API; their addresses, and the processes that answer."""
    ports = free_ports(apis)
    pids = {"Neo4j": bench.graph.pid, "kube-apiserver": bench.plane.pid_of("kube-apiserver")}
    async with _all_of(bench, ports) as programs:
        for number, program in enumerate(programs):
            await program.said("the API listens")
            pids[f"API {number}"] = program.pid
        yield [f"http://{LOOPBACK}:{port}" for port in ports], pids


@asynccontextmanager
async def _all_of(bench: Bench, ports: Sequence[int]) -> AsyncIterator[list[Program]]:
    if not ports:
        yield []
        return
    async with bench.api(ports[0], API) as one, _all_of(bench, ports[1:]) as rest:
        yield [one, *rest]


async def _world(bench: Bench) -> World:
    """What there is to ask about, and the tenants' accounts, made where there are none yet."""
    apps, pods = [await _named(bench, kind) for kind in ("Deployment", "Pod")]
    namespaces = sorted({namespace for namespace, _ in apps})
    dice = random.Random(SEED)
    tenants = []
    for number in range(TENANTS):
        seen = dice.sample(namespaces, min(TENANT_NAMESPACES, len(namespaces)))
        tenants.append((await account(bench, f"load-{number}", seen), seen))
    return World(apps, pods, bench.plane.admin_token, tenants, bench.data.replicas)


async def _named(bench: Bench, kind: str) -> list[tuple[str, str]]:
    rows = await bench.query(NAMED, c=CLUSTER, kind=kind)
    return [(str(namespace), str(name)) for namespace, name in rows]


async def _change(connection: Connection, world: World, seconds: float) -> int:
    """Change ConfigMaps, and roll Deployments out, which makes Pods come and go; how many changes were made."""
    dice = random.Random(SEED)
    made, ends_at = 0, time.monotonic() + seconds
    apps = list(world.apps)
    rolled = dice.sample(apps, min(ROLLED_OUT, len(apps)))
    while time.monotonic() < ends_at:
        namespace, name = dice.choice(apps)
        await _patch(connection, f"/api/v1/namespaces/{namespace}/configmaps/{name}", {"data": {"changed": str(made)}})
        if made % CHANGES_PER_ROLLOUT == 0:
            namespace, name = dice.choice(rolled)
            path = f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}"
            annotations = {"kgraph.dev/restarted": str(made)}
            await _patch(connection, path, {"spec": {"template": {"metadata": {"annotations": annotations}}}})
        made += 1
        await asyncio.sleep(1 / CHANGES_PER_SECOND)
    return made


async def _patch(connection: Connection, path: str, change: Mapping[str, Any]) -> None:
    headers = [("Content-Type", "application/merge-patch+json")]
    await connection.request("PATCH", path, body=msgspec.json.encode(change), headers=headers)


def _ms(ordered: Sequence[float], percent: float) -> str:
    return f"{percentile(ordered, percent) * 1000:.0f} ms"
