"""Resources in DictaMesh's form: what three statements say of many of them, put together."""

from collections.abc import Sequence
from typing import Any

import msgspec

from kgraph.api import entity
from kgraph.api.nodes import Node, Wanted
from kgraph.api.reader import Reader
from kgraph.graphdb.model import ResourceKey

# The ends of one resource's edges that its entity names.
RELATIONS_MOST = 500


async def entities(
    reader: Reader, nodes: Sequence[Node], manifests: Sequence[str], *, timeout: float
) -> list[dict[str, Any]]:
    """The entities of nodes whose objects are `manifests`, in the same order."""
    if not nodes:
        return []
    wanted = [
        {"at": at, "handle": one.handle, "outward": True, "types": list(entity.EDGE_TYPES), "first": RELATIONS_MOST}
        for at, one in enumerate(nodes)
    ]
    related = await reader.read_one(
        "read/relations", {"wanted": {"list": wanted, **Wanted().parameters}}, timeout=timeout
    )
    edges = {at: [(type_, node[1]) for type_, _, _, node in rows] for at, _, rows in related["relations"]}
    keys = [_namespace_key(one) for one in nodes]
    found = await reader.read_one("read/labels", {"of": {"keys": sorted(set(keys) - {""})}}, timeout=timeout)
    labels = {key: entity.labels(pairs) for key, pairs in found["labels"]}
    return [
        entity.entity(one, msgspec.json.decode(text), edges.get(at, ()), namespace_labels=labels.get(keys[at]))
        for at, (one, text) in enumerate(zip(nodes, manifests, strict=True))
    ]


def _namespace_key(node: Node) -> str:
    name = node.name
    return str(ResourceKey(name.cluster or "", "", "Namespace", "", name.namespace)) if name.namespace else ""
