"""The folder of what was fetched and built: one sub-folder a version, complete or not there."""

import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from kgraph.stack.locks import Held, locked

log = structlog.get_logger(__name__)


def cache_root() -> Path:
    """$KGRAPH_CACHE, else `dictamesh` in $XDG_CACHE_HOME, else in ~/.cache."""
    if named := os.environ.get("KGRAPH_CACHE"):
        return Path(named).expanduser().absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser().absolute() / "dictamesh"


async def cached(name: str, build: Callable[[Path], Awaitable[None]], *, root: Path | None = None) -> Path:
    """The folder `name` of the cache; where it is missing, `build` fills a new one.

    The folder gets its name only when `build` has returned, so it is whole or not there, also after a power
    cut. Of two processes that want it at once, one builds and the other waits. What `build` raises comes
    through, and what it left is removed.
    """
    folder = (root or cache_root()) / name
    if folder.is_dir():
        return folder
    lock = folder.with_name(f".{folder.name}.lock")
    try:
        async with locked(lock):
            return await _build(folder, build)
    except Held as held:
        log.info("another process builds this; waiting for it", folder=str(folder), pid=held.pid)
    async with locked(lock, patience_seconds=None):
        return await _build(folder, build)


async def _build(folder: Path, build: Callable[[Path], Awaitable[None]]) -> Path:
    if folder.is_dir():  # noqa: ASYNC240 - one look at a local disk; the holder before us has built it
        return folder
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        await build(unfinished)
        unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return folder
