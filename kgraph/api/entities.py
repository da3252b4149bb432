"""Resources in DictaMesh's form: what three statements say of many of them, put together."""

from collections.abc import Mapping, Sequence
from typing import Any

from kgraph.api.entity import EDGE_TYPES, entity
from kgraph.api.labels import Space, namespace_labels
from kgraph.api.nodes import Node, Wanted
from kgraph.api.reading.reader import Reader

# The ends of one resource's edges that one answer names at most.
RELATIONS_MOST = 500

Described = tuple[Node, Mapping[str, Any]]  # a resource's node and its object


async def entities(reader: Reader, described: Sequence[Described], *, timeout: float) -> list[dict[str, Any]]:
    """The entities of resources, in the same order."""
    if not described:
        return []
    wanted = [
        {"at": at, "handle": node.handle, "outward": True, "types": list(EDGE_TYPES), "first": RELATIONS_MOST}
        for at, (node, _) in enumerate(described)
    ]
    related = await reader.read_one(
        "read/relations",
        {"wanted": {"list": wanted, **Wanted().parameters}},
        timeout=timeout,
        about=[node.key for node, _ in described],
    )
    edges = {at: [(type_, node[1]) for type_, _, _, node in rows] for at, _, rows in related["relations"]}
    spaces = [_space(node) for node, _ in described]
    labels = await namespace_labels(reader, {one for one in spaces if one}, shown=False, timeout=timeout)
    return [
        entity(node, obj, edges.get(at, ()), namespace_labels=labels.get(space) if space else None)
        for at, ((node, obj), space) in enumerate(zip(described, spaces, strict=True))
    ]


def _space(node: Node) -> Space | None:
    name = node.name
    return (name.cluster, name.namespace) if name.cluster and name.namespace else None
