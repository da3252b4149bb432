"""Neo4j's jars in the cache, and the archive of loaded classes that halves its start."""

from pathlib import Path

import msgspec

from kgraph.stack.errors import StackError
from kgraph.stack.jars import installed
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
    return Installation(version, await installed("Neo4j", version, report), java)
