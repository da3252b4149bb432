"""A lock on a file that names its holder, and that the system gives back when the holder ends."""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

POLL_SECONDS = 0.1
# A holder that was killed leaves the lock to its servers until they have ended; see `guard`.
DEAD_HOLDER_SECONDS = 75.0


class Held(Exception):
    """Another process holds the lock; `pid` is that process, or None where it cannot be told."""

    def __init__(self, pid: int | None) -> None:
        super().__init__(f"held by process {pid}")
        self.pid = pid


@asynccontextmanager
async def locked(file: Path, *, patience_seconds: float | None = 0) -> AsyncIterator[int]:
    """Hold the lock on `file`, which is made where it is missing; gives its file descriptor.

    A child that keeps the descriptor open keeps the lock. Waits for a living holder at most
    `patience_seconds` (None: for ever) and for what a dead one left at least so long that a server can end,
    then raises Held.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        await _acquire(descriptor, patience_seconds)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


async def _acquire(descriptor: int, patience_seconds: float | None) -> None:
    loop = asyncio.get_running_loop()
    started_at = loop.time()
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        holder = _holder(descriptor)
        patience = patience_seconds
        if holder is None and patience is not None:
            patience = max(patience, DEAD_HOLDER_SECONDS)
        if patience is not None and loop.time() - started_at >= patience:
            raise Held(holder)
        await asyncio.sleep(POLL_SECONDS)


def _holder(descriptor: int) -> int | None:
    text = os.pread(descriptor, 32, 0).decode("ascii", "replace")
    return int(text) if text.isdecimal() and psutil.pid_exists(int(text)) else None
