"""The machine that the figures are from, and how busy others keep it."""

import asyncio
import os
import platform
import time
from pathlib import Path

import psutil


def described() -> str:
    """Processor, cores, memory, kernel, Python."""
    memory_gib = round(psutil.virtual_memory().total / 2**30)
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory_gib} GiB, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def seconds_of_ten_million_additions() -> float:
    """How fast the machine is just now: machines of one description differ by three times, and from hour to hour."""
    began = time.perf_counter()
    total = 0
    for number in range(10_000_000):
        total += number
    return time.perf_counter() - began


async def cores_used_by_others(seconds: float) -> float:
    """How many cores are used by processes that are neither we nor started by us."""
    me = psutil.Process()
    ours = {me.pid, *(child.pid for child in me.children(recursive=True))}
    before = {process: _cpu_seconds(process) for process in psutil.process_iter() if process.pid not in ours}
    await asyncio.sleep(seconds)
    used = sum(max(0.0, _cpu_seconds(process) - earlier) for process, earlier in before.items())
    return used / seconds


def _cpu_seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
