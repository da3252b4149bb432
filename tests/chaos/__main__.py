"""`python -m tests.chaos`: every fault there is, in one storm of a seed; exit code 1 where a promise is not kept."""

import argparse
import asyncio
import logging
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack, nullcontext
from pathlib import Path

import structlog

from kgraph.graphdb.schema import prepare
from kgraph.graphdb.store import Store
from kgraph.stack.kubernetes import ControlPlane
from kgraph.stack.kubernetes_setting import ControlPlaneOptions
from kgraph.stack.neo4j import Neo4jServer
from kgraph.stack.neo4j_config import Neo4jOptions
from kgraph.stack.progress import Report as Progress
from kgraph.stack.progress import shown
from kgraph.stack.redis import RedisServer
from tests.chaos import report as reports
from tests.chaos.faults import FAULTS, SHORT
from tests.chaos.report import Report
from tests.chaos.stage import Servers, Stage
from tests.chaos.suite import Plan, run
from tests.figures import written
from tests.proxied import proxied_kafka
from tests.workers import graph_settings

FOLDER = Path(__file__).parents[2] / "build"
NEO4J = Neo4jOptions(heap_mib=512, page_cache_mib=128)
NODES = 3


def main(arguments: Sequence[str]) -> int:
    """Let it rage, print the report, write it; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="how long; 0: each fault once")
    parser.add_argument("--seed", type=int, default=7, help="of the order of the faults, the times, and the changes")
    parser.add_argument("--every", type=float, default=0, help="seconds between the begins of two faults, at least")
    parser.add_argument("--changes", type=float, default=50, help="steps of the storm a second, at most")
    parser.add_argument("--questions", type=float, default=20, help="questions a second")
    parser.add_argument("--only", action="append", choices=[*FAULTS], help="this fault; may be repeated")
    parser.add_argument("--short", action="store_true", help="the faults of the test that is part of `make test`")
    parser.add_argument("--logs", type=Path, help="an empty folder for the servers' data and all logs, which are kept")
    asked = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    faults = asked.only or list(SHORT if asked.short else FAULTS)
    plan = Plan(
        seed=asked.seed,
        faults=faults,
        seconds=asked.seconds,
        every_seconds=asked.every,
        changes_per_second=asked.changes,
        questions_per_second=asked.questions,
    )
    with shown() as progress:
        report = asyncio.run(_raged(plan, asked.logs, progress))
    text = reports.markdown(report)
    file = written(report, text, FOLDER, f"chaos-{plan.seed}")
    sys.stdout.write(f"{text}\nWritten to {file} and {file.with_suffix('.json')}.\n")
    return 0 if report.holds else 1


async def _raged(plan: Plan, logs: Path | None, progress: Progress) -> Report:
    with nullcontext(logs) if logs else tempfile.TemporaryDirectory(prefix="kgraph-chaos-") as name:
        folder = Path(name)
        async with AsyncExitStack() as stack:
            plane = await stack.enter_async_context(
                ControlPlane.start(folder / "kubernetes", ControlPlaneOptions(), report=progress)
            )
            await plane.add_nodes(NODES)
            graph = await stack.enter_async_context(Neo4jServer.start(folder / "neo4j", NEO4J, report=progress))
            kafka = await stack.enter_async_context(proxied_kafka(folder / "kafka"))
            redis = await stack.enter_async_context(RedisServer.start(folder / "redis", report=progress))
            store = await stack.enter_async_context(Store.open(graph_settings(graph)))
            await prepare(store)
            (folder / "stage").mkdir()
            servers = Servers(plane, graph, kafka, redis)
            stage = await stack.enter_async_context(Stage.set_up(folder / "stage", store, servers, plan.seed))
            return await run(stage, plan)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
