"""How far a first sync is: a bar a cluster in a terminal, a line now and then elsewhere."""

import asyncio
import time
from collections.abc import Awaitable

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from kgraph.cli.process.workers import Workers

REFRESH_SECONDS = 0.1
PLAIN_LINE_SECONDS = 5.0


async def show_first_sync(workers: Workers, console: Console) -> None:
    """Show progress until every cluster is in the graph or has failed."""
    waiting = asyncio.ensure_future(workers.first_sync())
    try:
        await (_bars(workers, console, waiting) if console.is_terminal else _lines(workers, console, waiting))
        await waiting
    finally:
        waiting.cancel()


async def _bars(workers: Workers, console: Console, waiting: asyncio.Future[None]) -> None:
    columns = (
        TextColumn("Syncing {task.description}"),
        BarColumn(bar_width=14),
        TextColumn("{task.fields[kinds]}"),
        TextColumn("{task.fields[resources]:,} resources"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        bars = {
            cluster: progress.add_task(cluster, total=None, kinds="", resources=0) for cluster in workers.configured
        }
        while not waiting.done():
            for cluster, bar in bars.items():
                now = workers.by_cluster[cluster].progress
                kinds = f"{now.kinds_listed}/{now.kinds} kinds" if now.kinds else ""
                progress.update(
                    bar, completed=now.kinds_listed, total=now.kinds or None, kinds=kinds, resources=now.resources
                )
            await _within(waiting, REFRESH_SECONDS)


async def _lines(workers: Workers, console: Console, waiting: asyncio.Future[None]) -> None:
    said_at = time.monotonic()
    while not waiting.done():
        if time.monotonic() - said_at >= PLAIN_LINE_SECONDS:
            said_at = time.monotonic()
            for cluster in workers.configured:
                now = workers.by_cluster[cluster].progress
                console.print(f"Syncing {cluster}: {now.kinds_listed}/{now.kinds} kinds, {now.resources:,} resources")
        await _within(waiting, REFRESH_SECONDS)


async def _within(waiting: Awaitable[None], seconds: float) -> None:
    await asyncio.wait({asyncio.ensure_future(waiting)}, timeout=seconds)
