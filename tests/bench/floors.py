"""The least that the task needs, by clients that do nothing else.

Nothing here decodes an object, compares, extracts or keeps anything: what is not in these functions is what ours
costs.
"""

import asyncio
import re
import time
from collections.abc import Sequence
from typing import Any

import msgspec
import neo4j

from kgraph.kube.connection import Connection
from kgraph.kube.discovery import ApiResource, discover
from kgraph.kube.selection import select
from kgraph.stack.neo4j import DATABASE
from tests.bench.bench import quiet

PAGE_OBJECTS = 500
BATCH_ROWS = 1000
LISTS_AT_ONCE = 4  # as many as the worker has under way
# The list's own metadata stands before its items.
HEAD_BYTES = 4096
KEYED = frozenset({"Resource", "Cluster", "Image", "Host", "Subject", "SyncedKind"})  # whose `key` is unique
_CONTINUE = re.compile(rb'"continue":"([^"]+)"')


async def list_raw(connection: Connection) -> tuple[float, int]:
    """Page through every kind that the worker lists; seconds and bytes.

    Only the continue token is looked for; the bytes are received, decrypted and unpacked, and thrown away.
    """
    kinds = select((await discover(connection)).resources)
    began = time.perf_counter()
    slots = asyncio.Semaphore(LISTS_AT_ONCE)

    async def page_through(kind: ApiResource) -> int:
        size, params = 0, {"limit": str(PAGE_OBJECTS)}
        async with slots:
            while True:
                body = await connection.get(kind.path(), params)
                size += len(body)
                found = _CONTINUE.search(body, 0, HEAD_BYTES)
                if found is None:
                    return size
                params["continue"] = found[1].decode()

    sizes = await asyncio.gather(*(page_through(kind) for kind in kinds))
    return time.perf_counter() - began, sum(sizes)


class Statement(msgspec.Struct, frozen=True):
    """One UNWIND and the rows for it."""

    text: str
    rows: Sequence[Any]


async def read_back(driver: neo4j.AsyncDriver) -> list[Statement]:
    """The graph that is there as the statements and rows that would write it: labels and types are in the text."""
    nodes: dict[tuple[str, ...], list[Any]] = {}
    edges: dict[tuple[str, str, str], list[Any]] = {}
    async with driver.session(database=DATABASE) as session:
        async for labels, properties in await session.run(
            "MATCH (n) WHERE NOT n:GraphSchema AND NOT n:SyncWorker|Shard|ShardNumbers RETURN labels(n), properties(n)"
        ):
            nodes.setdefault(tuple(sorted(labels, key=lambda label: label not in KEYED)), []).append(properties)
        async for start, start_key, type_, end, end_key, properties in await session.run(
            "MATCH (s)-[r]->(e) RETURN labels(s), s.key, type(r), labels(e), e.key, properties(r)"
        ):
            row = {"start": start_key, "end": end_key, "properties": properties}
            edges.setdefault((_keyed(start), type_, _keyed(end)), []).append(row)
    statements = [Statement(_create_nodes(labels), rows) for labels, rows in nodes.items()]
    statements += [Statement(_create_edges(*ends), rows) for ends, rows in edges.items()]
    quiet()
    return statements


def _keyed(labels: Sequence[str]) -> str:
    return next(label for label in labels if label in KEYED)


def _create_nodes(labels: Sequence[str]) -> str:
    first, *others = (f"`{label}`" for label in labels)
    more = f" SET n:{':'.join(others)}" if others else ""
    return f"UNWIND $rows AS row MERGE (n:{first} {{key: row.key}}) SET n = row{more}"


def _create_edges(start: str, type_: str, end: str) -> str:
    return (
        f"UNWIND $rows AS row MATCH (s:`{start}` {{key: row.start}}) MATCH (e:`{end}` {{key: row.end}}) "
        f"CREATE (s)-[r:`{type_}`]->(e) SET r = row.properties"
    )


async def write_rows(driver: neo4j.AsyncDriver, statements: Sequence[Statement]) -> float:
    """Run the statements, BATCH_ROWS rows and one transaction at a time; seconds."""
    began = time.perf_counter()
    async with driver.session(database=DATABASE) as session:
        for statement in statements:
            for at in range(0, len(statement.rows), BATCH_ROWS):
                result = await session.run(statement.text, rows=statement.rows[at : at + BATCH_ROWS])
                await result.consume()
    return time.perf_counter() - began
