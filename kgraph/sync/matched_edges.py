"""The edges that follow both ends: compared with the graph's as a whole once, and followed change by change from then.

Until every kind has been listed the index is incomplete, so what it says of edges is not written before `reconcile`.
"""

from collections.abc import Set as AbstractSet
from typing import Any

from kgraph.graphdb.model import GroupKind, ResourceKey
from kgraph.graphdb.store import Store
from kgraph.sync.facts import Fact
from kgraph.sync.patience import patiently
from kgraph.sync.pipeline import Pipeline
from kgraph.sync.queries import AnyQuery
from kgraph.sync.rows import edge_properties
from kgraph.sync.selector_index import Delta, SelectorIndex


class MatchedEdges:
    """Keeps one cluster's index, and hands what it says to the pipeline."""

    def __init__(self, store: Store, cluster: str, pipeline: Pipeline) -> None:
        self.index = SelectorIndex()
        self.live = False  # whether every kind was listed once, so that the index's own changes are whole
        self._store = store
        self._cluster = cluster
        self._pipeline = pipeline

    def put(self, fact: Fact, queries: tuple[AnyQuery, ...] = ()) -> None:
        """A resource is there, or is another than before."""
        self._follow(self.index.put(fact, queries))

    def remove(self, key: str) -> None:
        """A resource is gone."""
        self._follow(self.index.remove(key))

    async def reconcile(self, own: AbstractSet[GroupKind], known: AbstractSet[GroupKind]) -> None:
        """Compare those that start at `own` kinds with the graph's.

        An edge to kinds that are not `known` may be right though nobody says it. Both are listed kinds. Nothing may be
        put or removed meanwhile.
        """
        await self._pipeline.flush()
        there = await self._held()
        for start, edge in self.index.edges():
            properties = there.pop((start, edge.type, edge.end), None)
            if properties != edge_properties(edge, matched=True):
                self._pipeline.pending.match(start, edge, absent=properties is None)
                await self._put()
        for (start, type_, end), properties in there.items():
            if _kind_of(start) in own and (properties.get("stands") or _kind_of(end) in known):
                self._pipeline.pending.unmatch(start, type_, end)
                await self._put()
        self.live = True

    async def _held(self) -> dict[tuple[str, str, str], dict[str, Any]]:
        """The properties of the edges that the graph holds, by start, type and end."""
        record = await patiently(lambda: self._store.read_one("read/matched_edges", {"prefix": f"{self._cluster}/"}))
        return {
            (start, type_, end): properties
            for start, type_, end, properties in zip(
                record["starts"], record["types"], record["ends"], record["properties"], strict=True
            )
        }

    async def _put(self) -> None:
        self._pipeline.changed()
        await self._pipeline.room()

    def _follow(self, delta: Delta) -> None:
        if not self.live or not delta:
            return
        for start, type_, end in delta.removed:
            self._pipeline.pending.unmatch(start, type_, end)
        for start, edge in delta.added:
            self._pipeline.pending.match(start, edge)
        self._pipeline.changed()


def _kind_of(key: str) -> GroupKind:
    return ResourceKey.parse(key).group_kind
