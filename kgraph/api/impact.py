"""What happens when a resource is deleted, or fails: what goes with it, what breaks, what loses a part.

Breadth-first against the edges, one level after another. What an edge means to its start is the edge table's to say
(`cascade`, `breaks`, `degrades`, `nothing`); here is only how the meanings add up:

- what is gone (deleted or broken) is looked at again from all that depend on it; what is degraded still works;
- a start that needs one of several ends (a Service its Pods) is degraded while some are left, and broken with the last;
- workloads count the working Pods below them, through every owner between: failing Pods make their owners worse.

Each resource is affected once, by the worst that happens to it, and is explained by a shortest path to the cause.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from typing import Any, Literal

import msgspec

from kgraph.api.nodes import Node, named, read_key
from kgraph.api.reading.reader import Reader
from kgraph.api.walk import GraphEdge
from kgraph.graphdb.edges import EDGE_ROWS, meaning
from kgraph.graphdb.edges.row import NO_RESOURCES, ON_DELETE, ON_FAILURE, EdgeRow, effect_on
from kgraph.graphdb.model import GroupKind

Change = Literal["delete", "fail"]

# A namespace of a big cluster is below this; what is beyond is not walked to, and the answer says so.
AFFECTED_MOST = 50_000
_OWNED_BY = "OWNED_BY"
# The properties of edges that decide what they mean.
_TELLING = (ON_DELETE, ON_FAILURE, *sorted({name for row in EDGE_ROWS for name in row.spared_by}))
# What degrades without being one of several: a bound claim needs no class, a StatefulSet's Pods lose only their names.
_PARTS = frozenset({"HAS_STORAGE_CLASS", "GOVERNED_BY", "ISSUED_BY", "SYNCS", "DEPENDS_ON"})
_TYPES: Mapping[Change, tuple[str, ...]] = {
    "delete": tuple(sorted({row.type for row in EDGE_ROWS if row.on_delete != "nothing"})),
    "fail": tuple(sorted({row.type for row in EDGE_ROWS if row.on_failure != "nothing"})),
}


class Effect(IntEnum):
    """What happens to a resource, the worst last."""

    DEGRADED = 1
    BROKEN = 2
    DELETED = 3


class Affected(msgspec.Struct, frozen=True):
    """One resource that does not stay as it is; of `of` that worked, `left` still do (both None if nothing counts)."""

    handle: str
    key: str
    effect: Effect
    path: tuple[GraphEdge, ...]
    left: int | None = None
    of: int | None = None

    @property
    def node(self) -> Node:
        """The node."""
        return Node(self.handle, self.key)


class Impact(msgspec.Struct, frozen=True):
    """Everything affected, the worst first, then by distance and key; not `complete` where there was too much."""

    root: Node
    affected: tuple[Affected, ...]
    complete: bool

    def count(self, effect: Effect) -> int:
        """How many are affected so."""
        return sum(one.effect is effect for one in self.affected)


async def impact(reader: Reader, key: str, change: Change, *, timeout: float) -> Impact:
    """What deleting or failing `key` does; NotFound where there is no such node."""
    root = await named(reader, key, timeout=timeout)
    spreading = _Spreading(reader, root, change, timeout)
    while spreading.has_more():
        await spreading.step()
    affected = sorted(spreading.affected(), key=lambda one: (-one.effect, len(one.path), one.key))
    return Impact(root, tuple(affected), spreading.complete)


class _Spreading:
    """The state of one walk: what is affected so far, and what the next level starts from."""

    def __init__(self, reader: Reader, root: Node, change: Change, timeout: float) -> None:
        self._reader = reader
        self._timeout = timeout
        self._root = root.key
        effect = Effect.DELETED if change == "delete" else Effect.BROKEN
        self._known = {root.key: Affected(root.handle, root.key, effect, ())}
        # Newly deleted or broken, in the order of their finding: their dependents are looked at next.
        self._gone = {root.key: True}
        self._gone_in_all = 1
        self._losing: dict[str, bool] = {}  # workloads with fewer Pods than before: their owners are looked at next
        self._passed: dict[str, int] = {}
        self.complete = True

    def has_more(self) -> bool:
        """Whether another level may find something."""
        if len(self._known) > AFFECTED_MOST:
            self.complete = False
        return self.complete and bool(self._gone or self._losing)

    def affected(self) -> Iterable[Affected]:
        """All that is affected, the cause itself left out."""
        return (one for key, one in self._known.items() if key != self._root)

    async def step(self) -> None:
        """One level: the dependents of what is newly gone, and the owners of what newly lost Pods."""
        gone, losing = self._gone, self._losing
        self._gone, self._losing = {}, {}
        proposals, shares = await self._starts(list(gone))
        proposals += await self._owners([*gone, *losing])
        proposals += await self._left(shares)
        for proposal in sorted(proposals, key=lambda one: (-one.effect, len(one.path), _names(one.path))):
            self._settle(proposal)

    def _settle(self, proposal: Affected) -> None:
        """Keep the worst; of the same, the one that was found first, with the counts as they are now."""
        known = self._known.get(proposal.key)
        if known is None or proposal.effect > known.effect:
            if known is not None and _same_count(known, proposal):
                proposal = msgspec.structs.replace(proposal, path=known.path)
            self._known[proposal.key] = proposal
            if proposal.effect > Effect.DEGRADED:
                self._gone[proposal.key] = True
                self._gone_in_all += known is None or known.effect is Effect.DEGRADED
        elif proposal.effect is known.effect and _same_count(known, proposal):
            self._known[proposal.key] = msgspec.structs.replace(known, left=proposal.left)

    async def _starts(self, gone: Sequence[str]) -> tuple[list[Affected], dict[tuple[str, str], Affected]]:
        """What the table says of those that depend on what is gone; and those that need one of several, by type."""
        groups = [
            {
                "handles": [
                    self._known[key].handle for key in gone if (self._known[key].effect is Effect.DELETED) is deleted
                ],
                "types": _TYPES["delete" if deleted else "fail"],
                "said": ON_DELETE if deleted else ON_FAILURE,
            }
            for deleted in (True, False)
        ]
        if not gone:
            return [], {}
        record = await self._read(
            "read/impact_starts",
            groups=[group for group in groups if group["handles"]],
            settled=self._handles(Effect.DELETED),
            telling=_TELLING,
        )
        proposals: list[Affected] = []
        shares: dict[tuple[str, str], Affected] = {}
        for handle, start, kind, end, values in sorted(record["edges"], key=lambda row: (row[1], row[2], row[3])):
            row = edge_meaning(kind, start, end)
            cause = self._known[end]
            change: Change = "delete" if cause.effect is Effect.DELETED else "fail"
            effect = effect_on(row, change, dict(zip(_TELLING, values, strict=True)))
            found = Affected(handle, start, Effect.BROKEN, (*cause.path, GraphEdge(start, kind, end, optional=False)))
            match effect:
                case "cascade":
                    proposals.append(msgspec.structs.replace(found, effect=Effect.DELETED))
                case "breaks":
                    proposals.append(found)
                case "degrades" if row is not None and one_of_several(row) and not any(values[:2]):  # that say nothing
                    before = shares.get((start, kind))
                    if before is None or _shorter(found.path, before.path):
                        shares[start, kind] = found
                case "degrades":
                    proposals.append(msgspec.structs.replace(found, effect=Effect.DEGRADED))
        return proposals, shares

    async def _left(self, shares: Mapping[tuple[str, str], Affected]) -> list[Affected]:
        """Those that need one of several: degraded while some are left, broken with the last."""
        if not shares:
            return []
        by_handle = {(one.handle, kind): one for (_, kind), one in shares.items()}
        record = await self._read(
            "read/impact_left",
            starts=[[*pair, _spared_by(found)] for pair, found in by_handle.items()],
            gone=self._handles(Effect.BROKEN),
        )
        return [
            _lost(by_handle[handle, kind], left, before)
            for handle, kind, before, left in record["counts"]
            if left < before
        ]

    async def _owners(self, changed: Sequence[str]) -> list[Affected]:
        """The owners of what is gone or lost Pods, as far as they have fewer working Pods than before."""
        if not changed:
            return []
        record = await self._read(
            "read/impact_owners",
            handles=sorted({self._known[key].handle for key in changed}),
            settled=self._handles(Effect.DELETED),
            gone=self._handles(Effect.BROKEN),
        )
        proposals: list[Affected] = []
        for handle, owner, owned, before, left in record["owners"]:
            if owner in self._known and self._known[owner].effect is Effect.DELETED:
                self._pass_on(owner)
                continue
            if before is None or left >= before:
                continue
            child = min((self._known[key] for key in owned), key=lambda one: (len(one.path), _names(one.path), one.key))
            path = (*child.path, GraphEdge(child.key, _OWNED_BY, owner, optional=False))
            proposals.append(_lost(Affected(handle, owner, Effect.BROKEN, path), left, before))
            self._pass_on(owner)
        return proposals

    def _pass_on(self, owner: str) -> None:
        """Look at the owner's own owners next, unless nothing more is gone since that was last done."""
        if self._passed.get(owner) != self._gone_in_all:
            self._passed[owner] = self._gone_in_all
            self._losing[owner] = True

    def _handles(self, least: Effect) -> dict[str, bool]:
        return {one.handle: True for one in self._known.values() if one.effect >= least}

    async def _read(self, name: str, **parameters: Any) -> dict[str, Any]:
        return await self._reader.read_one(name, {"of": parameters}, timeout=self._timeout)


def edge_meaning(kind: str, start: str, end: str) -> EdgeRow | None:
    """The edge table's row for an edge between two keys."""
    return meaning(kind, read_key(start).group_kind, _end(end))


def _spared_by(found: Affected) -> dict[str, str | bool]:
    """The properties by which the last edge of a path would mean nothing."""
    edge = found.path[-1]
    row = edge_meaning(edge.type, edge.source, edge.target)
    return dict(row.spared_by) if row else {}


def one_of_several(row: EdgeRow) -> bool:
    """Whether a row's start can have several such ends and lives on with any of them.

    A reference to a single thing degrades too, but there is nothing to count: without it a part of the work is lost.
    """
    return row.type not in _PARTS


def _end(key: str) -> GroupKind | str:
    word = key.partition(":")[0]
    return word if word in NO_RESOURCES else read_key(key).group_kind


def _same_count(known: Affected, proposal: Affected) -> bool:
    """Whether both count the same ends: those by one type of edge."""
    return known.of is not None and proposal.of is not None and known.path[-1].type == proposal.path[-1].type


def _lost(found: Affected, left: int, before: int) -> Affected:
    effect = Effect.DEGRADED if left > 0 else Effect.BROKEN
    return msgspec.structs.replace(found, effect=effect, left=left, of=before)


def _shorter(one: tuple[GraphEdge, ...], other: tuple[GraphEdge, ...]) -> bool:
    return (len(one), _names(one)) < (len(other), _names(other))


def _names(path: tuple[GraphEdge, ...]) -> tuple[tuple[str, str, str], ...]:
    return tuple((edge.target, edge.type, edge.source) for edge in path)
