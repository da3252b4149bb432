"""Neo4j fetched ahead of its first use, with the archive of loaded classes and profiles that halves its start.

The archive is written by Java itself (JEP 514 and 515) at the end of a run in which Neo4j did what it does for us, and
takes some 160 MB and half a minute. Where it is missing or does not fit, Neo4j starts without it, slower.
"""

from collections.abc import Callable
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import LiteralString, cast

import httpx
import neo4j
import structlog

from kgraph.stack.errors import StackError
from kgraph.stack.locks import locked
from kgraph.stack.neo4j import DATABASE, Neo4jServer
from kgraph.stack.neo4j_config import Neo4jOptions
from kgraph.stack.neo4j_install import DEFAULT_VERSION, Installation, install
from kgraph.stack.progress import Report, ahead_of_use

log = structlog.get_logger(__name__)

ASSEMBLY_SECONDS = 300.0  # writing the archive, on a busy machine
TRAINING_HEAP_MIB = 512
TRAINING_ROUNDS = 3  # enough for the profiles to be of use, and still seconds


async def prepare(version: str = DEFAULT_VERSION, *, report: Report) -> Installation:
    """Install a version, and write its startup archive where it is missing and Java can."""
    installation = await install(version, report)
    if not installation.java.has_startup_archives:
        return installation
    lock = installation.folder.with_name(f".{installation.folder.name}-startup.lock")
    async with locked(lock, patience_seconds=None):
        if not installation.startup_archive.exists():
            what = f"Preparing quick starts of Neo4j {version}"
            report(what, 0, 2)
            try:
                await _write_archive(installation, trained=lambda: report(what, 1, 2))
            except StackError as error:
                # A machine too busy for this run is no reason to do without Neo4j.
                log.warning("Neo4j will start slower than it could", why=str(error).partition("\n")[0])
            report(what, 2, 2)
    return installation


async def _write_archive(installation: Installation, trained: Callable[[], None]) -> None:
    unfinished = installation.startup_archive.with_suffix(".unfinished")
    options = Neo4jOptions(
        version=installation.version,
        heap_mib=TRAINING_HEAP_MIB,
        grace_seconds=ASSEMBLY_SECONDS,
        java_options=(f"-XX:AOTCacheOutput={unfinished}",),
    )
    try:
        with TemporaryDirectory(prefix="kgraph-neo4j-") as folder:
            async with Neo4jServer.start(Path(folder), options) as server:
                await _train(server)
                trained()
        if unfinished.exists():
            unfinished.rename(installation.startup_archive)
        else:
            log.warning("Java wrote no startup archive; Neo4j starts without", version=installation.version)
    finally:
        unfinished.unlink(missing_ok=True)


async def _train(server: Neo4jServer) -> None:
    text = (resources.files(__package__) / "neo4j-training.cypher").read_text("utf-8")
    statements = cast("list[LiteralString]", [part for part in text.split(";\n") if part.strip()])
    async with neo4j.AsyncGraphDatabase.driver(server.bolt_uri, auth=(server.user, server.password)) as driver:
        for _ in range(TRAINING_ROUNDS):
            for statement in statements:
                await driver.execute_query(statement, database_=DATABASE)
    async with httpx.AsyncClient(trust_env=False) as client:
        (await client.get(server.browser_uri)).raise_for_status()


if __name__ == "__main__":
    ahead_of_use("kgraph.stack.neo4j_fetch", "", lambda report: prepare(report=report))
