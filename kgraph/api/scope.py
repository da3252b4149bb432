"""Where a question that looks all over looks: which clusters, and which namespaces of them."""

import msgspec

from kgraph.api.reading.reader import Reader
from kgraph.graphdb.model import GroupKind, kind_prefix

POD, NODE = GroupKind("", "Pod"), GroupKind("", "Node")
CLAIM, VOLUME = GroupKind("", "PersistentVolumeClaim"), GroupKind("", "PersistentVolume")


class Scope(msgspec.Struct, frozen=True):
    """Which clusters, and which namespaces of them, None for all."""

    clusters: tuple[str, ...]
    namespaces: tuple[str, ...] | None = None

    async def prefixes(self, reader: Reader, *kinds: GroupKind, timeout: float) -> tuple[str, ...]:
        """What the keys of these kinds' resources begin with that the caller sees; without namespaces, of all."""
        return await reader.seen_prefixes([start for kind in kinds for start in self._starts(kind)], timeout=timeout)

    def _starts(self, kind: GroupKind) -> list[str]:
        starts = [kind_prefix(cluster, kind) for cluster in self.clusters]
        if self.namespaces is None or kind in (NODE, VOLUME):
            return starts
        return [f"{start}{namespace}/" for start in starts for namespace in sorted(set(self.namespaces))]
