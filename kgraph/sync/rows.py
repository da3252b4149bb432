"""Nodes and edges as the statements take them: what the writer writes, the intake compares and the checker expects."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from kgraph.graphdb.endpoints import end_label, end_properties
from kgraph.graphdb.model import Edge
from kgraph.kube.diff import Difference
from kgraph.sync.batch import Batch, Upsert
from kgraph.sync.history import Before, HistoryLimits, remembered


def node_row(key: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """One row of the statement that writes nodes; its times are texts, of which the statement makes DateTimes.

    The driver takes 38 microseconds to pack one DateTime: two a node were a fifth of the worker's first sync.
    """
    times = {name: value.isoformat() for name, value in properties.items() if type(value) is datetime}
    plain = {name: value for name, value in properties.items() if name not in times}
    return {"key": key, "properties": plain, "times": times}


def node_rows(
    upserts: Iterable[Upsert],
    before: Mapping[str, Before],
    now: datetime,
    history: HistoryLimits,
    differences: Mapping[str, Sequence[Difference]],
) -> list[dict[str, Any]]:
    """The rows of upserts with their histories; `differences` are those that are known by now."""
    rows = []
    for each in upserts:
        resource, key = each.resource, each.resource.key
        past = remembered(
            resource, each.provenance, before.get(key), now, history.changes, differences=differences.get(key)
        )
        rows.append(node_row(key, {**resource.properties, **past}))
    return rows


def kind_rows(batch: Batch) -> list[dict[str, Any]]:
    """How far kinds have come, by their key."""
    return [{"key": key, "properties": each} for key, each in sorted(batch.checkpoints.items())]


def edge_properties(edge: Edge, *, matched: bool = False) -> dict[str, Any]:
    """An edge's properties; flags stand there only where they are true. `matched` says that it follows both ends."""
    properties: dict[str, Any] = {**edge.properties, "fields": list(edge.fields), "optional": edge.optional}
    if edge.inferred:
        properties["inferred"] = True
    if edge.uid:
        properties["uid"] = edge.uid
    if matched:
        properties["matched"] = True
    return properties


def edge_row(start: str, edge: Edge, *, matched: bool = False) -> dict[str, Any]:
    """One row of the statements that create edges."""
    row = {"start": start, "end": edge.end, "type": edge.type, "properties": edge_properties(edge, matched=matched)}
    if end_label(edge.end) not in ("Resource", "Cluster"):
        row["endProperties"] = end_properties(edge.end)
    return row
