"""Neo4j's jars in the cache, and the archive of loaded classes that halves its start."""

import hashlib
from importlib import resources
from pathlib import Path

import msgspec

from kgraph.stack.cache import cached
from kgraph.stack.errors import StackError
from kgraph.stack.jars import fetch, read_lock
from kgraph.stack.java import Java, java_runtime
from kgraph.stack.progress import Report

DEFAULT_VERSION = "2026.08.1"

# Which Java releases each supported version runs on; its jars are pinned in `neo4j-VERSION.jars.lock`.
JAVA_RELEASES = {
    DEFAULT_VERSION: range(21, 26),
}

MAIN_CLASS = "org.neo4j.server.Neo4jCommunity"
ADMIN_CLASS = "org.neo4j.cli.AdminTool"


class Installation(msgspec.Struct, frozen=True):
    """A Neo4j that can be started: its version, its folder in the cache, and the Java that runs it."""

    version: str
    folder: Path
    java: Java

    @property
    def startup_archive(self) -> Path:
        """Where its startup archive belongs: with the jars, because it is valid for these very files."""
        return self.folder / f"startup-java-{self.java.version}.aot"

    @property
    def startup_options(self) -> tuple[str, ...]:
        """Java options that use the startup archive, if there is one."""
        return (f"-XX:AOTCache={self.startup_archive}",) if self.startup_archive.exists() else ()


async def install(version: str, report: Report) -> Installation:
    """The installation of a version; its jars are fetched where they are missing.

    Raises FetchError, WrongHash, and StackError where the version is not known or no Java fits.
    """
    releases = JAVA_RELEASES.get(version)
    if releases is None:
        raise StackError(f"Neo4j {version} is not known here, but {', '.join(JAVA_RELEASES)}")
    java = java_runtime(releases)
    lock = (resources.files(__package__) / f"neo4j-{version}.jars.lock").read_text("utf-8")

    async def fetch_all(folder: Path) -> None:
        await fetch(read_lock(lock), folder, report=report, what=f"Fetching Neo4j {version}")

    # The lock's own hash is part of the name: a changed lock file is another installation.
    pins = hashlib.sha256(lock.encode()).hexdigest()[:12]
    return Installation(version, await cached(f"neo4j-{version}-{pins}", fetch_all), java)
