"""A storm from its begin to its verdict: changes and questions go on while one fault after the other happens.

The order of the faults and the times are a seed's. What a watch of the test's own was delivered is compared with what
the topics have, the graph with a fresh look at the cluster, and every question with what a healthy API would answer.
"""

import asyncio
import time
from collections.abc import Sequence

import aiohttp
import msgspec
import structlog

from tests import machine
from tests.asking import Asker, failures, open_stream
from tests.chaos import report as reports
from tests.chaos.faults import FAULTS
from tests.chaos.ledger import SHOWN_MOST, Told, differences, disorder, gaps, missed, replayed
from tests.chaos.observer import Observer
from tests.chaos.questions import questions
from tests.chaos.report import Happened, Report
from tests.chaos.stage import CLUSTER, Stage
from tests.chaos.topics import Topics
from tests.figures import percentile
from tests.workers import until

log = structlog.get_logger(__name__)

RESOURCES = "MATCH (n:Resource {cluster: 'storm'}) WHERE NOT n:Missing RETURN n.key AS key, n.uid AS uid"
# Between two faults: long enough that what waited is written, so that each fault meets a system that works.
CALM_SECONDS = (0.5, 2.0)
# The last questions are given so long.
DRAIN_SECONDS = 90.0


class Plan(msgspec.Struct, frozen=True):
    """How much of a storm: each of the faults once, or again and again for `seconds`.

    `every_seconds` is what lies between the begins of two faults, at least; 0 leaves them a second or two of calm.
    """

    seed: int
    faults: Sequence[str]
    seconds: float = 0.0
    every_seconds: float = 0.0
    changes_per_second: float = 50.0
    questions_per_second: float = 20.0


async def run(stage: Stage, plan: Plan) -> Report:
    """Let it rage, and judge it."""
    storm = stage.storm
    plane = stage.servers.plane
    urls = [api.url for api in stage.apis]
    async with (
        Observer.of(plane, CLUSTER, storm.namespaces) as observer,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
    ):
        began_at = time.monotonic()
        asker, over = Asker(http, urls), asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            raging = tasks.create_task(
                storm.rage(seconds=float("inf"), per_second=plan.changes_per_second), name="the storm"
            )
            asking = tasks.create_task(
                open_stream(
                    asker, questions(storm.namespaces), rate=plan.questions_per_second, seed=plan.seed, ends=over
                ),
                name="questions",
            )
            faults = await _faults(stage, plan, began_at)
            storm.end()
            over.set()
            await raging
            async with asyncio.timeout(DRAIN_SECONDS):
                await asking
        log.info("the storm is over", seconds=round(time.monotonic() - began_at, 1), steps=storm.done)
        await stage.worker.in_step(stage.store)
        all_told = await _replay_is_the_cluster(stage, observer)
        found = missed(observer.seen, all_told, stage.blind)
        await _apis_answer_as_the_cluster(stage, observer)
    p50, p99, longest = reports.quantiles(asker.asked)
    calm = reports.calm(faults, asker.asked, began_at) or [0.0]
    problems = {
        "changes lost": found.lost,
        "events out of order": disorder(all_told),
        "events that go on from what was not": gaps(all_told),
    }
    return Report(
        seed=plan.seed,
        seconds=time.monotonic() - began_at,
        machine=machine.described(),
        faults=faults,
        troubles=reports.troubles(faults, asker.asked, began_at),
        steps=storm.done,
        seen=len(observer.seen),
        told=len(all_told),
        excused=len(found.excused),
        problems={what: [str(one) for one in some[:SHOWN_MOST]] for what, some in problems.items()},
        asked=len(asker.asked),
        stumbled=sum(bool(one.stumbled) for one in asker.asked),
        failed=sum(bool(one.failed) for one in asker.asked),
        failures=failures(asker.asked),
        p50_ms=p50,
        p99_ms=p99,
        longest_seconds=longest,
        calm_p99_ms=percentile(calm, 99) * 1000,
        in_step=True,
    )


async def _faults(stage: Stage, plan: Plan, began_at: float) -> list[Happened]:
    """One fault after the other, each in a system that has recovered from the last one."""
    happened: list[Happened] = []
    upcoming: list[str] = []
    while time.monotonic() - began_at < plan.seconds or (len(happened) < len(plan.faults) and not plan.seconds):
        if not upcoming:
            upcoming = stage.dice.sample(plan.faults, len(plan.faults))
        name = upcoming.pop()
        log.info("fault", what=name, after=round(time.monotonic() - began_at, 1))
        stage.begin()
        await FAULTS[name](stage)
        recovered_at = await stage.recovered()
        began, mended = stage.broken_at, stage.mended_at
        happened.append(Happened(name, began - began_at, mended - began, recovered_at - mended))
        log.info("recovered", what=name, seconds=round(recovered_at - mended, 1))
        await asyncio.sleep(max(stage.dice.uniform(*CALM_SECONDS), began + plan.every_seconds - time.monotonic()))
        assert stage.worker.is_running, f"the worker ended: {name}"
        assert all(api.is_running for api in stage.apis), f"an API ended: {name}"
    return happened


async def _replay_is_the_cluster(stage: Stage, observer: Observer) -> Sequence[Told]:
    """Wait until the topics, read into an empty map, give what the graph and the cluster have; all that they tell.

    Namespaces that the storm deleted may still be going: what is compared is read anew each time.
    """
    problems: list[str] = []

    async def give_it() -> Sequence[Told] | None:
        found = await topics.told()
        replay = replayed(found)
        graph = {row["key"]: str(row["uid"]).encode() for row in await stage.store.read_text(RESOURCES)}
        stormy = {key: one.new or b"" for key, one in replay.items() if observer.watches(key)}
        problems[:] = differences(graph, {key: one.uid.encode() for key, one in replay.items()})
        problems.extend(differences(await observer.there(), stormy))
        return None if problems else found

    async with Topics.of(stage.servers.kafka.server.direct_servers, CLUSTER) as topics:
        # Before the clock runs: on a slow machine it takes longer than a namespace takes to go.
        log.info("the topics are read", events=len(await topics.told()))
        try:
            found: Sequence[Told] = await until(give_it, "the topics give the cluster")
        except AssertionError as error:
            raise AssertionError(f"{error}: {problems[:SHOWN_MOST]}") from None
    return found


async def _apis_answer_as_the_cluster(stage: Stage, observer: Observer) -> None:
    """Wait until every API, which has lived through all of it, answers what is there."""

    async def they_do() -> bool:
        there = await observer.there()
        for namespace in stage.storm.namespaces:
            names = {key.rpartition("/")[2] for key in there if key.startswith(f"{CLUSTER}/core/Pod/{namespace}/")}
            for api in stage.apis:
                if await api.names(namespace, "pods") != names:
                    return False
        return True

    for api in stage.apis:
        await until(api.is_ready, "the API is ready after the storm")
    await until(they_do, "the APIs have the cluster's Pods")
