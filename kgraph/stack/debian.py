"""Programs from Debian's packages, unpacked into the cache without being installed.

apt fetches a package and checks it against Debian's signatures; its lists of packages are our own, and nothing is
installed, so that no one needs to be root.
"""

import platform
import shutil
from pathlib import Path

from kgraph.stack.cache import cached
from kgraph.stack.commands import run
from kgraph.stack.errors import StackError
from kgraph.stack.progress import Report


async def unpacked(package: str, report: Report, *, alone: bool = False) -> Path:
    """The folder with a package, and with what it needs and this machine lacks; fetched where it is missing.

    With `alone` the package is all: its programs need no library. Raises CommandFailed with apt's words, and StackError
    on a machine without apt.
    """
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise StackError(f"there is no apt to fetch {package} by: install it, so that it is on the PATH")
    release = platform.freedesktop_os_release()
    what = f"Fetching {package}"

    async def unpack(folder: Path) -> None:
        report(what, 0, 3)
        await _unpack(package, folder, report, what, alone=alone)
        report(what, 3, 3)

    name = f"{package}-{release['ID']}-{release.get('VERSION_ID', 'rolling')}-{platform.machine()}"
    return await cached(name, unpack)


async def _unpack(package: str, folder: Path, report: Report, what: str, *, alone: bool) -> None:
    own = folder / "apt"
    for part in ("lists/partial", "cache/archives/partial", "packages"):
        (own / part).mkdir(parents=True)
    apt = (
        *("apt-get", "-qq", "-o", f"Dir::State::Lists={own / 'lists'}", "-o", f"Dir::Cache={own / 'cache'}"),
        *("-o", "APT::Sandbox::User="),  # root's apt would fetch as a user who may not write to our folder
    )
    # The lists of the machine itself may be missing, as in Debian's image, or name packages that are gone.
    await run(*apt, "update")
    report(what, 1, 3)
    wanted = [package]
    if not alone:
        # A rehearsal of an installation says which packages this machine lacks: `Inst NAME (VERSION …)`.
        rehearsed = await run(*apt, "--simulate", "--no-install-recommends", "install", package)
        wanted = [line.split()[1] for line in rehearsed.splitlines() if line.startswith("Inst ")]
    await run(*apt, "download", *wanted, cwd=own / "packages")
    report(what, 2, 3)
    for file in sorted((own / "packages").glob("*.deb")):
        await run("dpkg", "--extract", str(file), str(folder))
    shutil.rmtree(own)
