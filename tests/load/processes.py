"""The processor time and memory of the processes under load, sampled while it lasts."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import msgspec
import psutil

MIB = 2**20


class Sample(msgspec.Struct, frozen=True):
    """A process at a moment, in monotonic seconds: the processor time it has used, and its resident memory in MiB."""

    at: float
    cpu_seconds: float
    resident: float


class Processes:
    """Named processes, and what was sampled of each."""

    def __init__(self, pids: Mapping[str, int], every_seconds: float) -> None:
        self.samples: dict[str, list[Sample]] = {name: [] for name in pids}
        self._every_seconds = every_seconds
        self._processes = {name: psutil.Process(pid) for name, pid in pids.items()}

    @classmethod
    @asynccontextmanager
    async def sampled(cls, pids: Mapping[str, int], every_seconds: float = 1.0) -> AsyncIterator["Processes"]:
        """Sample while the block lasts."""
        processes = cls(pids, every_seconds)
        task = asyncio.create_task(processes._sample(), name="sample processes")
        try:
            yield processes
        finally:
            task.cancel()
            await asyncio.wait({task})
            processes.take()

    def take(self) -> None:
        """Take a sample of each."""
        for name, process in self._processes.items():
            times = process.cpu_times()
            resident = process.memory_info().rss / MIB
            self.samples[name].append(Sample(time.monotonic(), times.user + times.system, resident))

    async def _sample(self) -> None:
        while True:
            self.take()
            await asyncio.sleep(self._every_seconds)


def cores(samples: Sequence[Sample]) -> float:
    """How many cores a process used, in the mean."""
    first, last = samples[0], samples[-1]
    return (last.cpu_seconds - first.cpu_seconds) / max(1e-9, last.at - first.at)


def most(samples: Sequence[Sample]) -> float:
    """The most memory that was seen, in MiB."""
    return max(one.resident for one in samples)
