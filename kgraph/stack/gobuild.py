"""Servers built from Go modules into the cache.

The folder `go/NAME` holds a module of ours that requires the server's, with its go.sum: the hashes of all that
is compiled. `go install` alone would not do: it refuses modules with replacements, as Kubernetes' is.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import msgspec
import psutil

from kgraph.stack.cache import cache_root, cached
from kgraph.stack.commands import run
from kgraph.stack.errors import BuildError, CommandFailed, StackError
from kgraph.stack.process import Command, Process
from kgraph.stack.progress import Report

OLDEST_GO = (1, 21)  # the first that fetches the newer toolchain that a module asks for
NEEDS_GO = f"building a server needs Go {OLDEST_GO[0]}.{OLDEST_GO[1]} or newer"
MIB_PER_COMPILER = 2048  # what the largest packages and the linker take
POLL_SECONDS = 0.5


class GoModule(msgspec.Struct, frozen=True):
    """What is built of one module of `go/`: the packages of the commands, and files of the module itself.

    `files` are patterns below the folder of the module `source`, copied under their own names.
    """

    name: str
    version: str
    source: str
    packages: tuple[str, ...]
    variables: Mapping[str, str] = {}
    files: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Our module, where the package has it."""
        return Path(str(resources.files(__package__))) / "go" / self.name

    @property
    def fingerprint(self) -> str:
        """A digest of all that decides what the build gives."""
        digest = hashlib.sha256(msgspec.json.encode(self))
        for file in ("go.mod", "go.sum", *sorted(each.name for each in self.folder.glob("*.go"))):
            digest.update((self.folder / file).read_bytes())
        return digest.hexdigest()[:12]


async def build(module: GoModule, report: Report) -> Path:
    """The cache's folder with the module's commands and files; they are built where it is missing.

    Raises BuildError, with the end of the build's log, and StackError where Go is missing or too old.
    """

    async def build_all(folder: Path) -> None:
        await _check_go()
        log = cache_root() / "logs" / f"build-{module.name}-{module.version}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.unlink(missing_ok=True)
        await _compile(module, folder, log, report)
        await _copy_files(module, folder)

    return await cached(f"{module.name}-{module.version}-{module.fingerprint}", build_all)


async def _check_go() -> None:
    try:
        said = await run("go", "version")
    except CommandFailed as failed:
        raise StackError(f"{NEEDS_GO} on the PATH: {failed.said}") from None
    found = re.search(r"go(\d+)\.(\d+)", said)
    if found is None or (int(found[1]), int(found[2])) < OLDEST_GO:
        raise StackError(f"{NEEDS_GO}, found: {said.strip()}")


async def _compile(module: GoModule, folder: Path, log: Path, report: Report) -> None:
    fetching = f"Fetching the Go modules of {module.name} {module.version}"
    modules = len({line.split(" ")[0] for line in (module.folder / "go.sum").read_text().splitlines()})
    await _go(module, ("list", "-deps", "-f", "{{.ImportPath}}", *module.packages), log, (report, fetching, modules))
    packages = _listed_packages(log)
    variables = " ".join(f"-X {name}={value}" for name, value in module.variables.items())
    options = ("-v", "-p", str(_compilers()), "-trimpath", "-ldflags", f"-s -w {variables}", "-o", f"{folder}/")
    building = f"Building {module.name} {module.version}"
    await _go(module, ("build", *options, *module.packages), log, (report, building, packages))


async def _go(module: GoModule, arguments: tuple[str, ...], log: Path, progress: tuple[Report, str, int]) -> None:
    """Run a go command; each line that it writes is one of the expected number, as far as people are told."""
    report, what, expected = progress
    env = {"CGO_ENABLED": "0", "GOTOOLCHAIN": os.environ.get("GOTOOLCHAIN", "auto"), "GOWORK": "off"}
    argv = ("go", arguments[0], "-mod=readonly", *arguments[1:])
    process = await Process.start(Command(f"go {arguments[0]}", argv, log, env, grace_seconds=5, cwd=module.folder))
    try:
        lines = 0
        with log.open("rb") as said:
            said.seek(process.log_start)
            ended = False
            while not ended:
                ended = await process.ended_within(POLL_SECONDS)
                lines += said.read().count(b"\n")
                report(what, min(lines, expected - 1), expected)
    finally:
        await process.stop()
    if process.returncode != 0:
        raise process.error(f"ended with code {process.returncode}", BuildError)
    report(what, expected, expected)


def _listed_packages(log: Path) -> int:
    return sum(not line.startswith("go: ") for line in log.read_text("utf-8").splitlines())


async def _copy_files(module: GoModule, folder: Path) -> None:
    if module.files:
        asks = ("go", "list", "-m", "-f", "{{.Dir}}", module.source)
        _copy_matching(Path((await run(*asks, cwd=module.folder)).strip()), module.files, folder)


def _copy_matching(source: Path, patterns: tuple[str, ...], target: Path) -> None:
    """Copy the files below `source` that match a pattern to the same places below `target`."""
    for file in sorted(file for pattern in patterns for file in source.glob(pattern)):
        copy = target / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)


def _compilers() -> int:
    by_memory = psutil.virtual_memory().available // (MIB_PER_COMPILER * 1024 * 1024)
    return max(1, min(os.cpu_count() or 1, by_memory))
