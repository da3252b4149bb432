"""One edge for each (start, type, end): several references, or several queries, brought together."""

from collections.abc import Mapping, Sequence
from typing import Any

from kgraph.graphdb.edges.row import Property
from kgraph.graphdb.model import Edge
from kgraph.sync.queries import NO_PROPERTIES, Query
from kgraph.sync.references import Found


def edge_of(type_: str, found: Sequence[Found], properties: Sequence[Property]) -> Edge:
    """The edge that the references from one start to one end make; what differs by place stands in lists."""
    first = found[0]
    values = {prop.name: _merged(prop, found) for prop in properties} if properties else NO_PROPERTIES
    if len(found) == 1:
        fields = (first.field,) if first.field else ()
        return Edge(type_, first.end, fields, first.optional, first.inferred, first.uid, values)
    return Edge(
        type_,
        first.end,
        tuple(reference.field for reference in found),
        all(reference.optional for reference in found),
        all(reference.inferred for reference in found),
        next((reference.uid for reference in found if reference.uid), ""),
        values,
    )


def _merged(prop: Property, found: Sequence[Found]) -> Any:
    values = [reference.properties.get(prop.name, prop.default) for reference in found]
    match prop.merge:
        case "any":
            return any(values)
        case "all":
            return all(values)
        case "strictest":
            return "Fail" if "Fail" in values else values[0]
        case "first":
            return values[0]
    return values


def edge_of_queries(type_: str, end: str, queries: Sequence[Query]) -> Edge:
    """The edge that the queries of one start make which one end answers; properties that are lists are put together."""
    first = queries[0]
    if len(queries) == 1:
        return Edge(type_, end, first.fields, first.optional, first.inferred, "", first.properties)
    properties: dict[str, Any] = {}
    for query in queries:
        for name, values in query.properties.items():
            properties[name] = [*properties.get(name, ()), *values] if type(values) is list else values
    merged: Mapping[str, Any] = properties or NO_PROPERTIES
    return Edge(
        type_,
        end,
        tuple(field for query in queries for field in query.fields),
        all(query.optional for query in queries),
        all(query.inferred for query in queries),
        "",
        merged,
    )
