"""Edges as the graph stores them: what the writer writes, the intake compares and the checker expects."""

from typing import Any

from kgraph.graphdb.endpoints import end_label, end_properties
from kgraph.graphdb.model import Edge


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
