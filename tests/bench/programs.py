"""Our own commands as they run in production: in a process of their own, known by what they log."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Self

import msgspec
import psutil

from kgraph.stack.process import Command, Process

POLL_SECONDS = 0.01
DEADLINE_SECONDS = 600.0
MIB = 2**20


class Line(msgspec.Struct):
    """One line of its log."""

    event: str
    timestamp: datetime
    cluster: str = ""
    longest_transaction_seconds: float = 0.0


class Memory(msgspec.Struct, frozen=True):
    """A process's memory in MiB: what is its alone now, and the most that it ever had resident."""

    unique: float
    peak: float


class Program:
    """A running `kgraph` command."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._system = psutil.Process(process.pid)

    @classmethod
    @asynccontextmanager
    async def run(
        cls, arguments: tuple[str, ...], env: Mapping[str, str], log: Path, *, module: str = "kgraph.cli.main"
    ) -> AsyncIterator[Self]:
        """Start it, and end it with the block; its guard ends it too where we are killed."""
        argv = (sys.executable, "-m", module, *arguments)
        process = await Process.start(Command(arguments[0], argv, log, env))
        try:
            yield cls(process)
        finally:
            await process.stop()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def said(self, event: str, *, times: int = 1, cluster: str = "") -> float:
        """Wait until it has logged this so often (of a cluster); when that was, in seconds since the epoch.

        ProcessError where it ends first.
        """
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                found = self.lines(event, cluster=cluster)
                if len(found) >= times:
                    return found[times - 1].timestamp.timestamp()
                if await self._process.ended_within(POLL_SECONDS):
                    raise self._process.error(f"ended before it said {event!r}")

    def memory(self) -> Memory:
        """Its memory now."""
        status = Path(f"/proc/{self._process.pid}/status").read_text("ascii")
        peak = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
        return Memory(self._system.memory_full_info().uss / MIB, int(peak) / 1024)

    def cpu_seconds(self) -> float:
        """The processor time that it has used."""
        times = self._system.cpu_times()
        return float(times.user + times.system)

    def lines(self, event: str, *, cluster: str = "") -> list[Line]:
        """What it has logged of an event so far (of a cluster)."""
        return [line for line in self._lines() if line.event == event and cluster in ("", line.cluster)]

    def _lines(self) -> list[Line]:
        found = []
        for text in self._process.command.log.read_bytes().splitlines():
            try:
                found.append(msgspec.json.decode(text, type=Line))
            except msgspec.MsgspecError:
                continue  # a library's line, or one that is not whole yet
        return found
