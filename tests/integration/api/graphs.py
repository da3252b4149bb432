"""Graphs for these tests, written as docs/graph.md has them: nodes by key, edges by (start, type, end).

`shop` is a small cluster in which every question of the API has an answer that a reader can check by eye.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from neo4j import AsyncDriver

from kgraph.graphdb.model import ResourceKey

BUILTIN_GROUPS = {"", "apps", "batch", "policy", "autoscaling"}
Node = tuple[str, Mapping[str, Any]]
EdgeRow = tuple[str, str, str, Mapping[str, Any]]

_LABELS = {"cluster": "Cluster", "image": "Image", "host": "Host", "subject": "Subject"}

WRITE_NODES = """
UNWIND $rows AS row
CREATE (n:$(row.labels)) SET n = row.properties
"""
WRITE_EDGES = """
UNWIND $rows AS row
MATCH (s:Resource|Cluster|Image|Host|Subject {key: row.start})
MATCH (e:Resource|Cluster|Image|Host|Subject {key: row.end})
CREATE (s)-[r:$(row.type)]->(e) SET r = row.properties
"""


def is_resource(key: str) -> bool:
    """Whether the key is a resource's: the others have a word and a colon in front."""
    return key.partition(":")[0] not in _LABELS


def node_row(key: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The labels and properties of one node; `missing: True` makes a placeholder."""
    given = dict(properties)
    if not is_resource(key):
        word, _, rest = key.partition(":")
        own = {"image": {"reference": rest}, "host": {"name": rest}, "cluster": {"id": rest, "name": rest}}.get(word)
        if own is None:
            cluster, kind, name = rest.split("/")
            own = {"cluster": cluster, "kind": kind, "name": name}
        return {"labels": [_LABELS[word]], "properties": {"key": key, **own, **given}}
    parts = ResourceKey.parse(key)
    base: dict[str, Any] = {"key": key, "cluster": parts.cluster, "group": parts.group, "kind": parts.kind}
    base |= {"name": parts.name} | ({"namespace": parts.namespace} if parts.namespace else {})
    if given.pop("missing", False):
        return {"labels": ["Resource", "Missing"], "properties": base}
    builtin = parts.group in BUILTIN_GROUPS or parts.group.endswith(".k8s.io")
    labels = given.pop("labels", [])
    manifest = {
        "apiVersion": f"{parts.group}/v1" if parts.group else "v1",
        "kind": parts.kind,
        "metadata": {
            "name": parts.name,
            **({"namespace": parts.namespace} if parts.namespace else {}),
            "uid": f"uid-{key}",
            "labels": dict(label.split("=", 1) for label in labels),
            "annotations": given.pop("annotations", {}),
        },
        **given.pop("object", {}),
    }
    base |= {"version": "v1", "uid": f"uid-{key}", "resourceVersion": "1", "labels": sorted(labels)}
    base |= {"manifest": msgspec.json.encode(manifest).decode(), **given}
    return {"labels": ["Resource", parts.kind if builtin else f"{parts.kind}.{parts.group}"], "properties": base}


async def write_graph(driver: AsyncDriver, nodes: Iterable[Node], edges: Iterable[EdgeRow]) -> None:
    """Add nodes and edges to the graph."""
    rows = [node_row(key, properties) for key, properties in nodes]
    links = [
        {"start": start, "type": kind, "end": end, "properties": {"fields": [], "optional": False, **properties}}
        for start, kind, end, properties in edges
    ]
    for batch in batches(rows):
        await driver.execute_query(WRITE_NODES, rows=batch)
    for batch in batches(links):
        await driver.execute_query(WRITE_EDGES, rows=batch)


def batches(rows: Sequence[Any], size: int = 2000) -> Iterable[Sequence[Any]]:
    """The rows in pieces of `size`."""
    return (rows[at : at + size] for at in range(0, len(rows), size))


async def clear_graph(driver: AsyncDriver) -> None:
    """Remove every node but the schema's own."""
    await driver.execute_query("MATCH (n) WHERE NOT n:GraphSchema DETACH DELETE n")
