"""DataLoaders: many small questions of one operation become one statement each kind.

They are made for each operation, so that nothing that one caller was shown is kept for another.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from strawberry.dataloader import DataLoader

from kgraph.api import entity
from kgraph.api.history import History, histories
from kgraph.api.measured import ClusterTotals, Measured, cluster_totals, samples_of
from kgraph.api.nodes import HIDDEN_PROPERTIES, Node, node_with_facts
from kgraph.api.reader import Reader
from kgraph.api.rollup import NO_PARTS, Parts, parts_of
from kgraph.graphdb.model import ResourceKey


class RelationsWanted(NamedTuple):
    """The relations of one node: along its edges (outward) or against them, by these types, the first so many."""

    handle: str
    outward: bool
    types: tuple[str, ...]
    first: int


class Relation(msgspec.Struct, frozen=True):
    """One edge of a node, with the node at its other end."""

    type: str
    optional: bool
    fields: tuple[str, ...]
    node: Node


class Relations(msgspec.Struct, frozen=True):
    """The first of a node's relations by (type, key), and how many there are in all."""

    total: int
    items: tuple[Relation, ...]


class Loaders:
    """One operation's loaders."""

    def __init__(self, reader: Reader, timeout: float) -> None:
        self._reader = reader
        self._timeout = timeout
        # By handle: the object as Kubernetes has it, without managedFields and secret values; None for others.
        self.manifests: DataLoader[str, dict[str, Any] | None] = DataLoader(load_fn=self._manifests)
        self.relations: DataLoader[RelationsWanted, Relations] = DataLoader(load_fn=self._relations)
        self.histories: DataLoader[str, History] = DataLoader(load_fn=self._histories)
        # By handle: how a node and its parts are.
        self.parts: DataLoader[str, Parts] = DataLoader(load_fn=self._parts)
        # By (cluster, namespace): the namespace's labels; empty where there is none.
        self.namespaces: DataLoader[tuple[str, str], dict[str, str]] = DataLoader(load_fn=self._namespaces)
        # By the key of a Pod or Node: what it uses.
        self.measured: DataLoader[str, Measured] = DataLoader(load_fn=self._measured)
        # By a cluster's id: what it uses as a whole.
        self.totals: DataLoader[str, ClusterTotals] = DataLoader(load_fn=self._totals)

    async def _measured(self, keys: list[str]) -> list[Measured]:
        found = await samples_of(self._reader, keys, timeout=self._timeout)
        return [found[key] for key in keys]

    async def _totals(self, clusters: list[str]) -> list[ClusterTotals]:
        found = await cluster_totals(self._reader, clusters, timeout=self._timeout)
        return [found[cluster] for cluster in clusters]

    async def _namespaces(self, wanted: list[tuple[str, str]]) -> list[dict[str, str]]:
        keys = [str(ResourceKey(cluster, "", "Namespace", "", name)) for cluster, name in wanted]
        record = await self._reader.read_one("read/labels", {"of": {"keys": keys}}, timeout=self._timeout)
        found = {key: entity.labels(pairs) for key, pairs in record["labels"]}
        return [found.get(key, {}) for key in keys]

    async def _histories(self, handles: list[str]) -> list[History]:
        found = await histories(self._reader, handles, timeout=self._timeout)
        return [found.get(handle, History()) for handle in handles]

    async def _parts(self, handles: list[str]) -> list[Parts]:
        found = await parts_of(self._reader, handles, timeout=self._timeout)
        return [found.get(handle, NO_PARTS) for handle in handles]

    async def _manifests(self, handles: list[str]) -> list[dict[str, Any] | None]:
        record = await self._reader.read_one("read/manifests", {"of": {"handles": handles}}, timeout=self._timeout)
        found = {handle: msgspec.json.decode(text) for handle, text in record["manifests"]}
        return [found.get(handle) for handle in handles]

    async def _relations(self, wanted: list[RelationsWanted]) -> Sequence[Relations]:
        asked = [
            {"at": at, "handle": one.handle, "outward": one.outward, "types": list(one.types), "first": one.first}
            for at, one in enumerate(wanted)
        ]
        record = await self._reader.read_one(
            "read/relations",
            {"wanted": {"list": asked, "hidden": list(HIDDEN_PROPERTIES)}},
            timeout=self._timeout,
        )
        found = {at: Relations(total, _relations(rows)) for at, total, rows in record["relations"]}
        return [found.get(at, Relations(0, ())) for at in range(len(wanted))]


def _relations(rows: list[list[Any]]) -> tuple[Relation, ...]:
    return tuple(
        Relation(kind, optional, tuple(fields or ()), node_with_facts(row)) for kind, optional, fields, row in rows
    )
