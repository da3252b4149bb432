"""Rewriting: what a rebuild writes of resources that the graph has already, without a reader noticing.

Nothing is taken away that is right. A node's properties are set anew, of which Neo4j writes those that differ; its
edges are replaced, in the transaction, only where one of them is otherwise than it should be.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from kgraph.graphdb.store import Store
from kgraph.sync.batch import Upsert
from kgraph.sync.history import Before
from kgraph.sync.rows import edge_properties

# Compared in one statement, whose answer has all edges of so many resources.
AT_ONCE = 1000


async def compare(store: Store, upserts: Iterable[Upsert], timeout: float) -> None:
    """Find out what is wrong with the edges and labels of resources that are to be rewritten, and note it on them."""
    by_key = {upsert.resource.key: upsert for upsert in upserts if upsert.rewrite and not upsert.fresh}
    keys = sorted(by_key)
    for at in range(0, len(keys), AT_ONCE):
        record = await store.read_one("read/as_written", {"keys": keys[at : at + AT_ONCE]}, timeout=timeout)
        for key, labels, edges in record["found"]:
            upsert = by_key.pop(key)
            upsert.edges_changed = _written(edges) != _wanted(upsert)
            upsert.relabel = not set(labels) <= {"Resource", upsert.resource.label, "Missing"}
    for upsert in by_key.values():  # the graph has none of them, whatever it said when the list began
        upsert.edges_changed = True


def believable(before: Before, upsert: Upsert) -> Before:
    """What the graph holds of a resource that is rewritten, as far as it can be: anybody may have changed it.

    Of the version that is written now it has the manifest itself, so that a repair is no change in its history.
    """
    same = before.resource_version and before.resource_version == upsert.resource.resource_version
    if same or not _is_object(before.manifest):
        return msgspec.structs.replace(before, manifest=upsert.resource.properties["manifest"])
    return before


def _is_object(manifest: Any) -> bool:
    try:
        return isinstance(msgspec.json.decode(manifest), dict)
    except (msgspec.MsgspecError, TypeError):
        return False


def _wanted(upsert: Upsert) -> list[Any]:
    return sorted(_comparable(edge.type, edge.end, edge_properties(edge)) for edge in upsert.resource.edges)


def _written(edges: Iterable[tuple[str, str, Mapping[str, Any]]]) -> list[Any]:
    # Whether an edge is stale is found out when either end is written.
    return sorted(
        _comparable(type_, end, {name: value for name, value in properties.items() if name != "stale"})
        for type_, end, properties in edges
    )


def _comparable(type_: str, end: str, properties: Mapping[str, Any]) -> tuple[str, str, str]:
    return type_, end, repr(sorted((name, value) for name, value in properties.items() if value is not None))
