"""Where a process is, in words by which another on the same machine can tell that it has ended.

A worker that was killed leaves a lease in the graph, and whoever takes its place would wait until the lease ends. On
the same machine nobody needs to: the kernel knows.
"""

import os
from pathlib import Path

import psutil

_BOOT = Path("/proc/sys/kernel/random/boot_id")
# Processes of different containers have the same numbers, and not the same namespace of numbers.
_NAMESPACE = Path("/proc/self/ns/pid")


def this_process() -> str:
    """This process: the machine's boot, the namespace of pids, the pid and its start; "" where the system won't say."""
    try:
        place = f"{_BOOT.read_text('ascii').strip()} {_NAMESPACE.readlink()}"
    except OSError:
        return ""
    return f"{place} {os.getpid()} {psutil.Process().create_time():.2f}"


def has_ended(process: str) -> bool:
    """Whether a process that was here has ended. Of one that is elsewhere, or unknown, nothing is known: False."""
    ours = this_process()
    place, _, rest = process.rpartition(" ")
    place, _, pid = place.rpartition(" ")
    if not ours or place != ours.rsplit(" ", 2)[0] or not pid.isdecimal():
        return False
    try:
        # Pids are used again.
        return f"{psutil.Process(int(pid)).create_time():.2f}" != rest
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False
