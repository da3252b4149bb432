"""The graph as the two sides of a drift: what a snapshot wants, and what a cluster has."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from kgraph.api.reading.reader import Reader
from kgraph.graphdb.model import GroupKind, ResourceKey, kind_prefix
from kgraph.kube.drift import AT_ONCE, Name, State, is_made_by_itself

# Of one kind, in all namespaces of a checkout: where so many objects are nobody's, no list of them is read.
BESIDE_MOST = 20_000


class GraphState:
    """One cluster's part of the graph."""

    def __init__(
        self, reader: Reader, cluster: str, *, timeout: float, synced: frozenset[GroupKind] | None = None
    ) -> None:
        """`synced` are the cluster's kinds that are kept in the graph; None where that does not matter."""
        self._synced = synced
        self._reader = reader
        self._cluster = cluster
        self._timeout = timeout
        self._declared: Mapping[str, Any] | None = None

    async def kinds(self) -> Sequence[tuple[str, str]]:
        """The groups and kinds of which it holds anything."""
        return [(group, kind) for group, kind in (await self._kinds_and_namespaces())["kinds"]]

    async def namespaces(self) -> Sequence[str]:
        """The namespaces in which it holds anything."""
        return sorted((await self._kinds_and_namespaces())["namespaces"])

    async def of(self, group: str, kind: str) -> Sequence[State]:
        """All objects of one kind that no controller made."""
        prefix, found = kind_prefix(self._cluster, GroupKind(group, kind)), list[State]()
        after = prefix
        while True:
            record = await self._read("read/declared", prefix=prefix, after=after, room=AT_ONCE)
            found += map(_state, record["states"])
            if len(record["states"]) < AT_ONCE:
                return found
            after = record["states"][-1][0]

    async def objection(self, group: str, kind: str) -> str:
        """Why nothing can be said of a kind: it is not synced."""
        if self._synced is None or GroupKind(group, kind) in self._synced:
            return ""
        return f"the cluster {self._cluster} does not serve it, or it is not synced into the graph"

    async def named(self, names: Sequence[Name]) -> Mapping[Name, State]:
        """Those of these objects that are there."""
        keys = [str(ResourceKey(self._cluster, *name)) for name in names]
        record = await self._read("read/states", keys=keys)
        return {state.name: state for state in map(_state, record["states"])}

    async def beside(self, group: str, kind: str, namespaces: Sequence[str]) -> Iterable[Name]:
        """All objects of a kind in these namespaces but those that a controller owns or Kubernetes made by itself."""
        prefix = kind_prefix(self._cluster, GroupKind(group, kind))
        prefixes = [f"{prefix}{namespace}/" for namespace in namespaces]
        record = await self._read("read/uncontrolled", prefixes=prefixes, room=BESIDE_MOST)
        found = [(_name(key), type_) for key, type_ in record["found"]]
        return [name for name, type_ in found if not is_made_by_itself(kind, name.name, type_ or "")]

    async def _kinds_and_namespaces(self) -> Mapping[str, Any]:
        if self._declared is None:
            self._declared = await self._read("read/declared_kinds", cluster=self._cluster)
        return self._declared

    async def _read(self, statement: str, **parameters: Any) -> Mapping[str, Any]:
        return await self._reader.read_one(statement, {"of": parameters}, timeout=self._timeout)


def _name(key: str) -> Name:
    parsed = ResourceKey.parse(key)
    return Name(parsed.group, parsed.kind, parsed.namespace, parsed.name)


def _state(row: Sequence[Any]) -> State:
    key, manifest, managers = row
    return State(_name(key), msgspec.json.decode(manifest), managers or "")
