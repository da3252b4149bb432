"""Bringing a graph to this program's schema, one version after the other, whoever else starts at the same moment.

Every step may be run twice and goes on where it was broken off, so nothing is lost by a crash. One program is at it at
a time: the others wait for its lease to end or for the work to be done.
"""

import asyncio
import secrets
from collections.abc import Sequence

import msgspec
import structlog

from kgraph import cypher
from kgraph.graphdb.errors import SchemaTooNew
from kgraph.graphdb.store import Store
from kgraph.graphdb.versions import VERSIONS, Version

log = structlog.get_logger(__name__)

# Renewed before every statement. One that takes longer, on a large graph, may be run by a second program as well: it
# does no harm, as nothing here does that is run twice.
LEASE_SECONDS = 60
# How soon it is looked again whether another program has done the work.
LOOK_AGAIN_SECONDS = 0.5
# How much of the data a transaction moves: some tenths of a second of Neo4j's time.
MOVED_AT_ONCE = 5000


class Found(msgspec.Struct, frozen=True):
    """What a graph says of its schema; `readable_from` is the earliest program version that can work with it."""

    version: int
    readable_from: int


async def prepare(store: Store, versions: Sequence[Version] | None = None) -> int:
    """Bring the graph to the last of these versions (by default: ours) and wait for its indexes; returns its version.

    A later version that a program of these can work with stays as it is; SchemaTooNew where it cannot.
    """
    versions = versions or VERSIONS
    last, holder = versions[-1].number, secrets.token_hex(8)
    waits = held = False
    while (found := await look(store, last)).version < last:
        if found.version == 0:
            # Nothing to hold on to yet: the first version makes the constraint on it. Two may do this at once.
            await _advance(store, versions[0])
        elif (reached := await _hold(store, holder)) is not None:
            held = True
            for version in versions:
                if version.number > reached:
                    await _advance(store, version, holder)
        else:
            if not waits:
                log.info("another program brings the graph's schema on", version=found.version, to=last)
            waits = True
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
    if held:
        await store.write_one("write/let_schema_go", {"holder": holder})
    if found.version > last:
        log.info("the graph's schema is a later one that this program can work with", graph=found.version, ours=last)
    await store.run_alone(cypher.statement("read/await_indexes"), what="waiting for the graph's indexes")
    return found.version


async def look(store: Store, version: int | None = None) -> Found:
    """What the graph's schema is; SchemaTooNew where a program of this version (by default: this one) is too old."""
    version = newest() if version is None else version
    record = await store.read_one("read/schema_version")
    found = Found(int(record["version"]), int(record["readableFrom"]))
    check_readable(found.readable_from, version)
    return found


def newest() -> int:
    """The version that this program knows."""
    return VERSIONS[-1].number


def check_readable(readable_from: int, version: int) -> None:
    """SchemaTooNew where the graph says that only later programs may work with it."""
    if readable_from > version:
        raise SchemaTooNew(
            f"the graph can be used by programs from schema version {readable_from} on, and this one knows {version}: "
            "a later version of the program has changed it; run that one, or restore a backup into an empty graph"
        )


async def _hold(store: Store, holder: str) -> int | None:
    """Be the one that brings the schema on; how far it has come, None where another is at it."""
    record = await store.write_one("write/hold_schema", {"holder": holder, "leaseSeconds": LEASE_SECONDS})
    return int(record["version"]) if record else None


async def _advance(store: Store, version: Version, holder: str = "") -> None:
    """Bring the graph from the version before to this one."""
    if holder:
        await _hold(store, holder)
    what = f"preparing the graph: {version.name}"
    if version.breaks:
        await store.write_one("write/outgrow_programs", {"version": version.number})
    for statement in cypher.statement(version.name).split(";\n"):
        if version.moves:
            await _move(store, statement, version, holder, what)
        else:
            await store.run_alone(statement, what=what)
    if version.rebuild:
        await store.write_one("write/ask_rebuild", {"keys": None, "stamp": f"schema-{version.number}"})
    await store.write_one("write/record_schema_version", {"version": version.number})
    log.info("the graph's schema advanced", version=version.number, statement=version.name)


async def _move(store: Store, statement: str, version: Version, holder: str, what: str) -> None:
    """Run one statement that moves data until there is nothing more for it to move."""
    moved = 0
    while True:
        changed = await store.write_counted(statement, {"most": MOVED_AT_ONCE}, what=what)
        moved += changed
        if changed < MOVED_AT_ONCE:
            break
        log.info("data is brought to the graph's schema", version=version.number, moved=moved)
        await _hold(store, holder)
