"""The program redis-server: the machine's own, else Debian's package, unpacked into the cache."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec

from kgraph.stack.debian import unpacked
from kgraph.stack.progress import Report

PROGRAM = "redis-server"
PACKAGE = "redis-server"


class RedisProgram(msgspec.Struct, frozen=True):
    """A redis-server that can be started, and the environment that it needs to find its libraries."""

    path: Path
    env: Mapping[str, str] = {}


async def redis_program(report: Report) -> RedisProgram:
    """The machine's redis-server, else the cache's, fetched where it is missing.

    Raises CommandFailed with apt's words, and StackError on a machine without apt.
    """
    if own := shutil.which(PROGRAM):
        return RedisProgram(Path(own))
    return await debian_program(report)


async def debian_program(report: Report) -> RedisProgram:
    """Debian's redis-server in the cache, fetched where it is missing. Raises as `redis_program` does."""
    folder = await unpacked(PACKAGE, report)
    libraries = ":".join(str(each) for each in sorted((folder / "usr" / "lib").glob("*-linux-gnu*")))
    return RedisProgram(folder / "usr" / "bin" / PROGRAM, {"LD_LIBRARY_PATH": libraries})
