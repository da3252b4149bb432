"""Jars by name, version and hash: read from a lock file, fetched from a Maven repository.

A jar is code from the network, so nothing is fetched that is not pinned, and nothing is kept that does not
have the pinned hash. A lock file has one line a jar, `group:artifact:version[:extension[:classifier]] sha256=…`,
and does not say where from: the repository's address is the one that the library jgo carries, or
$KGRAPH_MAVEN_REPOSITORY (a mirror; it needs no trust, the hashes see to that).

Maintainers, who have Maven, make a lock file with
`python -m kgraph.stack.jars lock FILE group:artifact:version…`.
"""

import asyncio
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import httpx
import msgspec
import stamina
from jgo.constants import MAVEN_CENTRAL_URL

from kgraph.stack.cache import cached
from kgraph.stack.errors import FetchError, WrongHash
from kgraph.stack.progress import Report
from kgraph.stack.tasks import all_of

DOWNLOADS_AT_ONCE = 8
DOWNLOAD_ATTEMPTS = 5
TIMEOUT = httpx.Timeout(30.0, pool=None)  # seconds without a byte, not for the whole; a free connection may take long
POM = (
    "<project><modelVersion>4.0.0</modelVersion>"
    "<groupId>kgraph</groupId><artifactId>stack</artifactId><version>1</version>"
    "<dependencies>{dependencies}</dependencies></project>"
)
MAVEN_COPY = (
    *("mvn", "-q", "-B", "dependency:copy-dependencies", "-DincludeScope=runtime"),
    *("-Dmdep.useRepositoryLayout=true", "-DoutputDirectory=lib"),
)
TRANSIENT_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})


class Jar(msgspec.Struct, frozen=True, order=True):
    """A pinned file of a Maven repository; `sha256` is in lower-case hexadecimal digits."""

    group: str
    artifact: str
    version: str
    extension: str
    classifier: str
    sha256: str

    @classmethod
    def from_line(cls, line: str) -> Self:
        """The jar of a lock file's line. Raises ValueError where the line is not one."""
        coordinate, _, pin = line.partition(" ")
        parts = coordinate.split(":")
        if not 3 <= len(parts) <= 5 or not pin.startswith("sha256=") or len(pin) != 71:
            raise ValueError(f"not a line of a lock file: {line!r}")
        group, artifact, version, extension, classifier = [*parts, *("jar", "")[len(parts) - 3 :]]
        return cls(group, artifact, version, extension, classifier, pin.removeprefix("sha256="))

    @property
    def line(self) -> str:
        """The line of a lock file that pins it."""
        coordinate = f"{self.group}:{self.artifact}:{self.version}"
        if self.classifier:
            coordinate += f":{self.extension}:{self.classifier}"
        elif self.extension != "jar":
            coordinate += f":{self.extension}"
        return f"{coordinate} sha256={self.sha256}"

    @property
    def filename(self) -> str:
        """Its file's name in a repository."""
        classifier = f"-{self.classifier}" if self.classifier else ""
        return f"{self.artifact}-{self.version}{classifier}.{self.extension}"

    @property
    def path(self) -> str:
        """Where a repository has it, from the repository's address on."""
        return f"{self.group.replace('.', '/')}/{self.artifact}/{self.version}/{self.filename}"


def repository() -> str:
    """The address of the repository to fetch from, without a slash at its end."""
    return (os.environ.get("KGRAPH_MAVEN_REPOSITORY") or MAVEN_CENTRAL_URL).rstrip("/")


def read_lock(text: str) -> tuple[Jar, ...]:
    """The jars of a lock file's text; empty lines and lines that begin with # are skipped."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(Jar.from_line(line) for line in lines if line and not line.startswith("#"))


async def fetch(jars: Iterable[Jar], folder: Path, *, report: Report, what: str) -> None:
    """Fetch the jars into the folder, some at once, and check each hash on the way.

    Raises WrongHash where a file is not the pinned one, which is then not kept, else FetchError.
    """
    wanted = list(jars)
    report(what, 0, len(wanted))
    done = 0
    slots = asyncio.Semaphore(DOWNLOADS_AT_ONCE)

    async def fetch_one(jar: Jar) -> None:
        nonlocal done
        async with slots:
            await _download(client, jar, folder / jar.filename)
        done += 1
        report(what, done, len(wanted))

    async with httpx.AsyncClient(base_url=repository() + "/", timeout=TIMEOUT, follow_redirects=True) as client:
        await all_of(fetch_one(jar) for jar in wanted)


async def installed(server: str, version: str, report: Report, *, then: Callable[[Path], None] | None = None) -> Path:
    """The cache's folder of a server's jars, as `SERVER-VERSION.jars.lock` pins them; fetched where it is missing.

    What was fetched is kept once `then` has done with it what there is to do. Raises as `fetch` does.
    """
    name = f"{server.lower()}-{version}"
    lock = (resources.files(__package__) / f"{name}.jars.lock").read_text("utf-8")

    async def fetch_all(folder: Path) -> None:
        await fetch(read_lock(lock), folder, report=report, what=f"Fetching {server} {version}")
        if then is not None:
            await asyncio.to_thread(then, folder)

    # The lock's own hash is part of the name: a changed lock file is another installation.
    pins = hashlib.sha256(lock.encode()).hexdigest()[:12]
    return await cached(f"{name}-{pins}", fetch_all)


async def _download(client: httpx.AsyncClient, jar: Jar, target: Path) -> None:
    unchecked = target.with_name(f"{target.name}.unchecked")
    try:
        async for attempt in stamina.retry_context(on=_is_transient, attempts=DOWNLOAD_ATTEMPTS, timeout=None):
            with attempt:
                digest = hashlib.sha256()
                async with client.stream("GET", jar.path) as response:
                    response.raise_for_status()
                    with unchecked.open("wb") as file:
                        async for chunk in response.aiter_bytes():
                            digest.update(chunk)
                            file.write(chunk)
        if digest.hexdigest() != jar.sha256:
            raise WrongHash(
                f"{jar.path} from {client.base_url} has the SHA-256 {digest.hexdigest()}, pinned is {jar.sha256}: "
                "the file was changed on its way or at its source; it was not kept"
            )
        unchecked.rename(target)
    except httpx.HTTPError as error:
        raise FetchError(f"{jar.path} could not be fetched from {client.base_url}: {error!r}") from error
    finally:
        unchecked.unlink(missing_ok=True)


def _is_transient(error: Exception) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code in TRANSIENT_STATUS
    return isinstance(error, httpx.TransportError)


def resolve_lock(coordinates: Iterable[str]) -> str:
    """The text of a lock file for these `group:artifact:version` and all that they need at run time.

    Maven itself resolves them: of two versions of a jar it takes the one that the servers' makers tested,
    where jgo, which reads the same files without Maven, was seen to take the newer one.
    """
    dependencies = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version></dependency>"
        for group, artifact, version in (coordinate.split(":") for coordinate in coordinates)
    )
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pom.xml").write_text(POM.format(dependencies=dependencies), encoding="utf-8")
        subprocess.run(MAVEN_COPY, cwd=folder, check=True)
        jars = sorted(_jar_in_repository(folder / "lib", file) for file in (folder / "lib").rglob("*.jar"))
    return "".join(f"{jar.line}\n" for jar in jars)


def _jar_in_repository(root: Path, file: Path) -> Jar:
    *group, artifact, version, name = file.relative_to(root).parts
    classifier = name.removeprefix(f"{artifact}-{version}").removesuffix(".jar").removeprefix("-")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return Jar(".".join(group), artifact, version, "jar", classifier, digest)


def main(arguments: list[str]) -> None:
    """`lock FILE COORDINATE…`: resolve the coordinates and write the lock file."""
    match arguments:
        case ["lock", file, *coordinates] if coordinates:
            header = f"# Made by: python -m kgraph.stack.jars lock {Path(file).name} {' '.join(coordinates)}\n"
            Path(file).write_text(header + resolve_lock(coordinates), encoding="utf-8")
        case _:
            sys.exit("usage: python -m kgraph.stack.jars lock FILE GROUP:ARTIFACT:VERSION…")


if __name__ == "__main__":
    main(sys.argv[1:])
