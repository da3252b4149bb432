"""`python -m tests.bench`: every measurement, or the one that `--only` names; exit code 1 where a bar is missed."""

import argparse
import asyncio
import gc
import logging
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import structlog
import uvloop
from rich.console import Console

from kgraph.stack.progress import shown
from tests import machine
from tests.bench import (
    bench,
    bombs,
    caching,
    cartography,
    changes,
    dataset,
    feed,
    fleet,
    history,
    lists,
    mutations,
    report,
    search,
    shards,
    streams,
    sync,
    tenant,
    typed,
    walks,
)
from tests.bench.bench import Bench
from tests.bench.rows import Figure, Row

MEASUREMENTS: Mapping[str, Callable[[Bench], Awaitable[list[Figure]]]] = {
    "first-sync": sync.first_sync,
    "restart": sync.restart,
    "history": history.history,
    "changes": changes.visible,
    "idle": sync.idle,
    "walks": walks.walks,
    "caching": caching.caching,
    "bombs": bombs.bombs,
    "tenant": tenant.tenant,
    "mutations": mutations.mutations,
    "lists": lists.lists,
    "search": search.searches,
    "typed": typed.typed,
    "streams": streams.streams,
    "feed-latency": feed.latency,
    "feed-sustained": feed.sustained,
    "feed-parts": feed.in_parts,
    "feed-first-sync": feed.first_sync,
    "feed-catching-up": feed.catching_up,
    "fleet-sync": fleet.first_sync,
    "fleet-memory": fleet.idle_clusters,
    "fleet-adding": fleet.adding,
    "fleet-changes": fleet.changes,
    "fleet-removal": fleet.removal,
    "shards": shards.shards,
    "cartography": cartography.cartography,
}
# How long the machine is looked at before each measurement, to say who else used it.
LOOK_SECONDS = 2.0


def main(arguments: Sequence[str]) -> int:
    """Measure, print, write; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--small", action="store_true", help="little data, little time, and no bars: does it run?")
    parser.add_argument("--only", choices=[*MEASUREMENTS], action="append", help="this measurement; may be repeated")
    asked = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    logging.getLogger("neo4j").setLevel(logging.ERROR)
    data = dataset.SMALL if asked.small else dataset.FULL
    effort = bench.SMALL if asked.small else bench.FULL
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        figures = runner.run(_measured(asked.only or list(MEASUREMENTS), data, effort))
    report.show(figures, Console(), enforced=not asked.small)
    if asked.small:
        return 0
    rows = report.write([one.row for one in figures])
    report.PAGE.write_text(report.page(rows), "utf-8")
    return int(any(one.is_met is False for one in figures))


async def _measured(names: Sequence[str], data: dataset.DataSet, effort: bench.Effort) -> list[Figure]:
    figures: list[Figure] = []
    where = machine.described()
    with shown() as progress, tempfile.TemporaryDirectory(prefix="kgraph-bench-") as folder:
        async with Bench.ready(data, effort, Path(folder), progress) as ready:
            for name in names:
                gc.unfreeze()
                gc.collect()
                busy = await machine.cores_used_by_others(LOOK_SECONDS)
                speed = machine.seconds_of_ten_million_additions()
                today = (
                    f"{datetime.now(UTC):%Y-%m-%d}; {data}; others used {busy:.1f} cores; Python adds ten million "
                    f"numbers in {speed:.1f} s here"
                )
                for one in await MEASUREMENTS[name](ready):
                    row: Row = msgspec.structs.replace(one.row, data=f"{one.row.data}; {today}", machine=where)
                    figures.append(msgspec.structs.replace(one, row=row))
    return figures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
