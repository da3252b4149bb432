"""The program redis-server: the machine's own, else Debian's package, unpacked into the cache.

apt fetches the package and what it needs and this machine lacks, and checks them against Debian's signatures;
its lists of packages are our own, and nothing is installed, so that no one needs to be root.
"""

import platform
import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec

from kgraph.stack.cache import cached
from kgraph.stack.commands import run
from kgraph.stack.errors import StackError
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
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise StackError(f"there is no {PROGRAM} on the PATH, and no apt to fetch it by: install Redis")
    release = platform.freedesktop_os_release()

    async def unpack(folder: Path) -> None:
        report("Fetching Redis", 0, 3)
        await _unpack(folder, report)
        report("Fetching Redis", 3, 3)

    name = f"redis-{release['ID']}-{release.get('VERSION_ID', 'rolling')}-{platform.machine()}"
    folder = await cached(name, unpack)
    libraries = ":".join(str(each) for each in sorted((folder / "usr" / "lib").glob("*-linux-gnu*")))
    return RedisProgram(folder / "usr" / "bin" / PROGRAM, {"LD_LIBRARY_PATH": libraries})


async def _unpack(folder: Path, report: Report) -> None:
    own = folder / "apt"
    for part in ("lists/partial", "cache/archives/partial", "packages"):
        (own / part).mkdir(parents=True)
    apt = (
        *("apt-get", "-qq", "-o", f"Dir::State::Lists={own / 'lists'}", "-o", f"Dir::Cache={own / 'cache'}"),
        *("-o", "APT::Sandbox::User="),  # root's apt would fetch as a user who may not write to our folder
    )
    # The lists of the machine itself may be missing, as in Debian's image, or name packages that are gone.
    await run(*apt, "update")
    report("Fetching Redis", 1, 3)
    # A rehearsal of an installation says which packages this machine lacks: `Inst NAME (VERSION …)`.
    rehearsed = await run(*apt, "--simulate", "--no-install-recommends", "install", PACKAGE)
    lacking = [line.split()[1] for line in rehearsed.splitlines() if line.startswith("Inst ")]
    await run(*apt, "download", *lacking, cwd=own / "packages")
    report("Fetching Redis", 2, 3)
    for package in sorted((own / "packages").glob("*.deb")):
        await run("dpkg", "--extract", str(package), str(folder))
    shutil.rmtree(own)
