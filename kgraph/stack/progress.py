"""How far a download or a build is, on standard error: a bar in a terminal, a line now and then elsewhere."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TextIO, TypeAlias

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

# Told what is being done, and how many units of how many are done; the last call has both numbers equal.
Report: TypeAlias = Callable[[str, int, int], None]

PLAIN_LINE_SECONDS = 10.0  # a log of a continuous integration run should move, and stay readable


def silent(_what: str, _done: int, _total: int) -> None:
    """A report that goes nowhere."""


@contextmanager
def shown(stream: TextIO | None = None) -> Iterator[Report]:
    """A report that people see, on standard error unless another stream is given."""
    stream = stream or sys.stderr
    if not stream.isatty():
        yield _plain(stream)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=stream)) as bars:
        known: dict[str, int] = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in known:
                known[what] = int(bars.add_task(what, total=total))
            bars.update(bars.task_ids[known[what]], completed=done, total=total)

        yield report


@contextmanager
def told(report: Report | None) -> Iterator[Report]:
    """The report that somebody has given, else one that people see."""
    if report is not None:
        yield report
        return
    with shown() as to_people:
        yield to_people


def ahead_of_use(module: str, word: str, prepare: Callable[[Report], Awaitable[object]]) -> None:
    """Do what `python -m module word` is asked for: what a server's first use would do, with its progress shown."""
    if sys.argv[1:] != ([word] if word else []):
        sys.exit(f"usage: python -m {module}{f' {word}' if word else ''}")

    async def prepared() -> None:
        with shown() as report:
            await prepare(report)

    asyncio.run(prepared())


def _plain(stream: TextIO) -> Report:
    printed_at: dict[str, float] = {}

    def report(what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if done < total and now - printed_at.get(what, -PLAIN_LINE_SECONDS) < PLAIN_LINE_SECONDS:
            return
        printed_at[what] = now
        stream.write(f"{what}: {done * 100 // max(total, 1)} %\n")
        stream.flush()

    return report
