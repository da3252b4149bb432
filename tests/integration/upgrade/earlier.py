"""Graphs that earlier programs wrote, put into an empty Neo4j as they were."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

from kgraph import cypher
from kgraph.graphdb.store import Store
from kgraph.graphdb.versions import VERSIONS
from kgraph.sync.history import HistoryLimits
from kgraph.sync.options import SyncOptions

GRAPHS = Path(__file__).parent / "graphs"
WORLD = Path(__file__).parent / "world.json"
CLUSTER = "old"  # what the cluster of WORLD is called in them
# Nobody ran a program that knew only the first: its graph is the second's without the second's indexes.
WRITTEN = tuple(each.number for each in VERSIONS if (GRAPHS / f"version_{each.number:03}.jsonl.gz").exists())
EARLIER = (1, *WRITTEN)
# What these graphs remember of deleted resources, today's program would forget a day after it was written.
REMEMBERING = SyncOptions(history=HistoryLimits(seconds=100 * 365 * 86_400.0))

_NODES = """UNWIND $rows AS row
CREATE (n:$(row.labels)) SET n = row.properties
FOREACH (name IN keys(row.times) | SET n[name] = datetime(row.times[name]))
SET n.fixtureLine = row.line"""
_EDGES = """UNWIND $rows AS row
MATCH (s {fixtureLine: row.start}) MATCH (e {fixtureLine: row.end})
CREATE (s)-[r:$(row.type)]->(e) SET r = row.properties"""


async def load(store: Store, version: int) -> None:
    """Make the graph of the program whose newest schema was `version`, its constraints and indexes included."""
    for each in VERSIONS[:version]:
        if each.moves:
            continue  # what it would move, this graph has not been written in
        for statement in cypher.statement(each.name).split(";\n"):
            await store.run_alone(statement, what=each.name)
    written = max(version, WRITTEN[0])
    with gzip.open(GRAPHS / f"version_{written:03}.jsonl.gz", "rt", encoding="utf-8") as file:
        lines: list[dict[str, Any]] = [json.loads(line) for line in file]
    nodes = [
        {**line, "line": at, "properties": {**line["properties"], **_decoded(line["bytes"])}}
        for at, line in enumerate(lines)
        if "labels" in line
    ]
    await store.run_alone(_NODES, {"rows": nodes}, what="loading nodes")
    await store.run_alone(_EDGES, {"rows": [line for line in lines if "start" in line]}, what="loading edges")
    await store.run_alone("MATCH (n) REMOVE n.fixtureLine", what="forgetting lines")
    await store.run_alone("MATCH (s:GraphSchema) SET s.version = $version", {"version": version}, what="its version")


def _decoded(values: dict[str, str]) -> dict[str, bytes]:
    return {name: base64.b64decode(value) for name, value in values.items()}
