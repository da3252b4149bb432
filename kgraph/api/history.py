"""What changed: a resource's own history, what has been deleted, and what changed lately in a neighbourhood.

Entries are written by the sync, in the transaction of the change itself (`kgraph.graphdb.changes`). Deleted resources
are `:Deleted` nodes, which no edge leads to, so that no other question meets them.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from kgraph.api.errors import BadUserInput
from kgraph.api.nodes import Node, Place, node
from kgraph.api.reading.reader import Reader
from kgraph.api.walk import Walk, neighbourhood
from kgraph.graphdb.changes import Change
from kgraph.kube.durations import seconds


class History(msgspec.Struct, frozen=True):
    """One resource's: since when the graph knows it, when it last changed, its last changes, the latest first."""

    first_seen: str | None = None
    last_changed: str | None = None
    changes: tuple[Change, ...] = ()


class Deleted(msgspec.Struct, frozen=True):
    """A resource that is gone: what it was, when it went, its last changes (the end first), its last object."""

    key: str
    uid: str | None
    gone_at: str
    labels: tuple[str, ...]
    changes: tuple[Change, ...]
    manifest: str


class Recent(msgspec.Struct, frozen=True):
    """One change near a resource: of what, how many edges away (None of what is gone), the node where there is one."""

    key: str
    change: Change
    distance: int | None
    node: Node | None


class RecentChanges(msgspec.Struct, frozen=True):
    """The latest first; not `complete` where the neighbourhood or the list was cut."""

    items: tuple[Recent, ...]
    complete: bool


async def histories(reader: Reader, places: Sequence[Place], *, timeout: float) -> dict[str, History]:
    """The histories of nodes, by handle."""
    record = await reader.read_one("read/histories", {"of": {"places": list(places)}}, timeout=timeout)
    return {
        handle: History(first_seen, last_changed, _changes(written))
        for handle, first_seen, last_changed, written in record["histories"]
    }


async def deleted(
    reader: Reader, prefixes: Sequence[str], names: Sequence[str] | None, *, since: str, first: int, timeout: float
) -> tuple[tuple[Deleted, ...], bool]:
    """The first of those whose keys begin with one of `prefixes`, the latest first, and whether there are more."""
    seen = await reader.seen_prefixes(prefixes, timeout=timeout)
    parameters = {"prefixes": seen, "names": names, "since": since, "room": first + 1}
    record = await reader.read_one("read/deleted", {"of": parameters}, timeout=timeout)
    found = [
        Deleted(key, uid, gone_at, tuple(labels or ()), _changes(written), manifest)
        for key, uid, gone_at, labels, written, manifest in record["deleted"]
    ]
    return tuple(found[:first]), len(found) > first


async def recent_changes(
    reader: Reader, key: str, walk: Walk, *, since: str, first: int, timeout: float
) -> RecentChanges:
    """What changed at or after `since` within a walk from `key`; of what is gone, what it pointed at counts.

    NotFound where there is no such node, deleted ones aside.
    """
    near = await neighbourhood(reader, key, walk, timeout=timeout)
    keys = {one.key: True for one in near.nodes}
    parameters = {"keys": list(keys), "near": keys, "clusters": _clusters(near.nodes), "since": since}
    record = await reader.read_one("read/recent_changes", {"of": parameters}, timeout=timeout)
    found = [
        Recent(one.key, change, near.depths[one.key], one)
        for one, changed_at, created_at, written in ((node(row), *rest) for row, *rest in record["changed"])
        for change in _since(since, _changes(written)) or _undescribed(changed_at, created_at, since)
    ]
    there = {one.key: one for one in near.nodes}
    found += [
        Recent(of, change, near.depths.get(of), there.get(of))
        for of, written in record["deleted"]
        for change in _since(since, _changes(written))
    ]
    found.sort(key=lambda one: (one.key, one.change.type))
    found.sort(key=lambda one: one.change.at, reverse=True)
    return RecentChanges(tuple(found[:first]), complete=not near.truncated and len(found) <= first)


def since_when(text: str, now: datetime) -> str:
    """A moment as RFC 3339 in UTC, from one or from a Go duration before `now`; BadUserInput says what is allowed."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = now - timedelta(seconds=seconds(text))
        except (ValueError, OverflowError) as cause:
            raise BadUserInput(f"since is {text!r}; write 30m, 1h30m, or a time: 2026-01-31T12:00:00Z") from cause
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _clusters(nodes: Sequence[Node]) -> list[str]:
    return sorted({one.name.cluster for one in nodes if one.name.cluster})


def _changes(written: Sequence[str] | None) -> tuple[Change, ...]:
    return tuple([Change.read(text) for text in written or ()])


def _since(since: str, changes: Sequence[Change]) -> list[Change]:
    # All are RFC 3339 in UTC to the second, so that texts compare as times do.
    return [change for change in changes if change.at >= since]


def _undescribed(changed_at: str | None, created_at: str | None, since: str) -> list[Change]:
    """What the object itself says of its last change, from before the graph knew it."""
    if changed_at is None:
        return []
    at = f"{changed_at[:19]}Z"
    return [Change(at, "CREATED" if created_at and created_at[:19] == at[:19] else "UPDATED")] if at >= since else []
