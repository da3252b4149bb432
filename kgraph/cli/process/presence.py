"""Where a process is, in words by which another on the same machine can tell that it has ended.

A worker that was killed leaves a lease in the graph, and whoever takes its place would wait until the lease ends. On
the same machine nobody needs to: the kernel knows.
"""

import os
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
# Processes of different containers have the same numbers, and not the same namespace of numbers.
_NAMESPACE = Path("/proc/self/ns/pid")
# proc_pid_stat(5), counted from the state, which is the first field after the name: the start, in ticks since the boot.
_START = 19
_ENDED = frozenset("ZX")


def this_process() -> str:
    """This process: the machine's boot, the namespace of pids, the pid and its start; "" where the system won't say."""
    try:
        return f"{_place()} {os.getpid()} {_stat(os.getpid())[_START]}"
    except OSError:
        return ""


def has_ended(process: str) -> bool:
    """Whether a process that was here has ended. Of one that is elsewhere, or unknown, nothing is known: False."""
    place, _, rest = process.rpartition(" ")
    place, _, pid = place.rpartition(" ")
    try:
        if not pid.isdecimal() or place != _place():
            return False
    except OSError:
        return False
    try:
        stat = _stat(int(pid))
    except (FileNotFoundError, ProcessLookupError):
        return True
    except OSError:
        return False
    return stat[0] in _ENDED or stat[_START] != rest  # pids are used again


def _place() -> str:
    return f"{_BOOT.read_text('ascii').strip()} {_NAMESPACE.readlink()}"


def _stat(pid: int) -> list[str]:
    """The fields behind the name, which may have spaces and brackets in it."""
    return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
