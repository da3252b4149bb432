"""Nodes and edges as the statements take them: what the writer writes, the intake compares and the checker expects."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kgraph.graphdb.endpoints import end_label, end_properties
from kgraph.graphdb.model import Edge


def node_row(key: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """One row of the statement that writes nodes; its times are texts, of which the statement makes DateTimes.

    The driver takes 38 microseconds to pack one DateTime: two a node were a fifth of the worker's first sync.
    """
    times = {name: value.isoformat() for name, value in properties.items() if type(value) is datetime}
    plain = {name: value for name, value in properties.items() if name not in times}
    return {"key": key, "properties": plain, "times": times}


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
