"""Small clusters in YAML, and the edges that they give, written as `TYPE group/Kind/namespace/name flags`."""

import copy
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

import yaml

from kgraph.graphdb.catalogue import Catalogue
from kgraph.graphdb.edges import EDGE_ROWS
from kgraph.graphdb.edges.row import EdgeRow
from kgraph.graphdb.kinds import Kind
from kgraph.graphdb.model import Edge
from kgraph.sync.definitions import definition_of
from kgraph.sync.extract import Extracted, Extractor
from kgraph.sync.inferred import rows_at
from kgraph.sync.selector_index import SelectorIndex

CUSTOM_KINDS = (
    Kind(group="shop.example.com", kind="Basket", plural="baskets"),
    Kind(group="shop.example.com", kind="Region", plural="regions", namespaced=False),
    Kind(group="serving.knative.dev", kind="Service", plural="services"),
    Kind(group="snapshot.storage.k8s.io", kind="VolumeSnapshot", plural="volumesnapshots"),
)
CATALOGUE = Catalogue(CUSTOM_KINDS)
# Edges that nearly every object has; cases that are about them ask for all.
EVERYWHERE = frozenset({"IN_NAMESPACE", "IN_CLUSTER", "INSTANCE_OF"})


class Case(NamedTuple):
    """Objects, the first of which is looked at, and the edges that it must have."""

    id: str
    objects: str
    edges: str = ""
    all: bool = False


def objects(text: str) -> list[dict[str, Any]]:
    """The YAML documents; what has no metadata is called `x`, and is in `shop` if its kind is namespaced."""
    return copy.deepcopy(_objects(text))


@cache
def _objects(text: str) -> list[dict[str, Any]]:
    found = []
    for obj in yaml.safe_load_all(text):
        obj.setdefault("apiVersion", "v1")
        metadata = obj.setdefault("metadata", {})
        metadata.setdefault("name", "x")
        if CATALOGUE.is_namespaced(*group_and_version(obj)[:1], obj["kind"]) is not False:
            metadata.setdefault("namespace", "shop")
        found.append(obj)
    return found


def group_and_version(obj: dict[str, Any]) -> tuple[str, str]:
    """The group and version of an object's apiVersion."""
    group, _, version = obj["apiVersion"].rpartition("/")
    return group, version


def extract(obj: dict[str, Any], rows: Sequence[EdgeRow] = EDGE_ROWS, catalogue: Catalogue = CATALOGUE) -> Extracted:
    """What an object of the cluster `c` says."""
    return Extractor("c", catalogue, rows).extract(obj, *group_and_version(obj), obj["kind"])


def extract_one(text: str) -> Extracted:
    """What the first of some objects says."""
    return extract(objects(text)[0])


def edges(text: str, rows: Sequence[EdgeRow] = EDGE_ROWS) -> list[Edge]:
    """All edges of the first object, those that follow both ends and those that definitions suggest included."""
    read = objects(text)
    own = {}
    for definition in filter(None, map(definition_of, read)):
        kind = definition.kind.group_kind
        (version,) = definition.places
        own[kind] = rows_at(kind, definition.places[version], CATALOGUE, rows)
    reader = Extractor("c", CATALOGUE, rows, own)
    extracted = [reader.extract(obj, *group_and_version(obj), obj["kind"]) for obj in read]
    index = SelectorIndex()
    for one in extracted:
        index.put(one.fact, one.queries)
    first = extracted[0].resource
    return [*first.edges, *(edge for start, edge in index.edges() if start == first.key)]


def written(found: Iterable[Edge], *, everything: bool = False) -> set[str]:
    """Edges as cases write them."""
    lines = set()
    for edge in found:
        by_default = edge.type == "RUNS_AS" and edge.inferred
        if not everything and (edge.type in EVERYWHERE or by_default):
            continue
        flags = (" optional" if edge.optional else "") + (" inferred" if edge.inferred else "")
        lines.add(f"{edge.type} {edge.end.removeprefix('c/')}{flags}")
    return lines
