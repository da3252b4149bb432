"""What the workers have touched of the graph, as far as this process has looked: whether an answer still stands.

Each write transaction says what it touches in a :Touched node, in the same commit. A look reads what came since the
last one. An answer remembers the look before it, and what it depends on as marks; it stands as long as no later look
has met one of them. Marks are

- `=key`: the node says something else, or is gone or new; `=prefix/`: so does one of those whose keys begin so, where
  the prefix is a cluster, a kind in it, or that in a namespace;
- `~key`, `~prefix/`: the same, or an edge of it came or went;
- `*`: anything was touched.

A look never misses what was visible when it began: its statement waits for whatever an earlier one has seen a part of.
"""

import asyncio
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import structlog

from kgraph.graphdb.errors import GraphError
from kgraph.graphdb.store import Seen, Store

log = structlog.get_logger(__name__)

ANYTHING = "*"
# It reads a dozen nodes. Where it takes longer, Neo4j is not well, and what is kept is not worth waiting for.
LOOK_SECONDS = 2.0
# For how long one request goes on with its first look: so long most of them take.
FRESH_SECONDS = 0.25
# Marks of one generation, some 100 bytes each. Past them everything is taken for touched, and counting begins anew.
MARKS_MOST = 200_000
_KIND, _NAMESPACE = 3, 4  # how many parts of a resource's key name its kind, and its namespace


# How many looks that met something are remembered, to tell how old another replica's answers are.
HISTORY_MOST = 256


class Look(NamedTuple):
    """One look: its number, how far it saw the graph, and the known times of each cluster's last touch."""

    number: int
    seen: Seen | None
    began_at: float
    known: Mapping[str, int]


class Touches:
    """What this process knows of the graph's changes; `life` in seconds is the longest that anything is kept."""

    def __init__(self, store: Store, life: float) -> None:
        self._store = store
        self._life = life
        self._latest = Look(0, None, float("-inf"), {})
        self._floor = 0  # what was answered before this look may have been touched by anything since
        self._marks: dict[str, int] = {}  # with the look that met each last
        self._older: dict[str, int] = {}
        self._history: deque[tuple[int, Mapping[str, int]]] = deque(maxlen=HISTORY_MOST)
        self._turned_at = time.monotonic()
        self._looking: asyncio.Task[Look] | None = None
        self._next: asyncio.Task[Look] | None = None

    async def look(self) -> Look:
        """A look that began after this was called; callers of one moment share it. Raises GraphError, TimeoutError."""
        if self._next is None:
            self._next = asyncio.create_task(self._look(self._looking), name="look at what was touched")
        # Others wait for the same look: one who goes away does not take it with them.
        return await asyncio.shield(self._next)

    def untouched(self, since: int, marks: Iterable[str]) -> bool:
        """Whether nothing that these marks stand for was touched after the look of this number."""
        if since < self._floor:
            return False
        return not any(self._marks.get(mark, 0) > since or self._older.get(mark, 0) > since for mark in marks)

    def number_of(self, known: Mapping[str, int]) -> int | None:
        """The latest look that had seen no more than `known`, another process's; None where none is remembered."""
        for number, seen in reversed(self._history):
            if all(known.get(cluster, -1) >= at for cluster, at in seen.items()):
                return number
        return None

    async def _look(self, before: asyncio.Task[Look] | None) -> Look:
        if before is not None and not before.done():
            await asyncio.wait({before})
        self._looking, self._next = self._next, None
        began_at = time.monotonic()
        if began_at - self._latest.began_at > self._life:
            self._forget()
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                record, seen = await self._store.read_after(
                    "read/touched", {"of": {"known": self._latest.known}}, after=self._seen()
                )
        except (GraphError, TimeoutError):
            self._forget()
            self._latest = self._latest._replace(seen=None)  # of another graph, if this is one that was put back
            raise
        self._latest = self._taken(record["clusters"], seen, began_at)
        return self._latest

    def _seen(self) -> Seen | None:
        seen, told = self._latest.seen, self._store.told
        if told is None or told[1] < self._latest.began_at:
            return seen
        return told[0] if seen is None else seen + told[0]

    def is_fresh(self, look: Look) -> bool:
        """Whether another look would see no more that its caller could know of."""
        told = self._store.told
        return time.monotonic() - look.began_at < FRESH_SECONDS and (told is None or told[1] < look.began_at)

    def _forget(self) -> None:
        """Everything that was kept has ended by now: the next look begins with what is."""
        self._latest = self._latest._replace(known={})
        self._floor = self._latest.number + 1

    def _taken(self, clusters: Sequence[tuple[str, Sequence[Any]]], seen: Seen, began_at: float) -> Look:
        known = dict(self._latest.known)
        number = self._latest.number + 1
        there_are = {identity for identity, _ in clusters}
        is_new = False
        for gone in known.keys() - there_are:
            del known[gone]
            self._floor, is_new = number, True
        for identity, rows in clusters:
            for at, before, changed, met in rows:
                is_new = True
                if changed is None or before != known.get(identity):
                    self._floor = number
                else:
                    self._mark(changed, met, number)
                known[identity] = at
        if not is_new and self._floor < number:
            return Look(self._latest.number, seen, began_at, self._latest.known)
        self._history.append((number, known))
        return Look(number, seen, began_at, known)

    def _mark(self, changed: Iterable[str], met: Iterable[str], number: int) -> None:
        now = time.monotonic()
        if now - self._turned_at > self._life or len(self._marks) > MARKS_MOST:
            if now - self._turned_at <= self._life:
                self._floor = number
            self._older, self._marks, self._turned_at = self._marks, {}, now
        self._marks[ANYTHING] = number
        for key in changed:
            for place in places(key):
                self._marks[f"={place}"] = self._marks[f"~{place}"] = number
        for key in met:
            for place in places(key):
                self._marks[f"~{place}"] = number


def places(key: str) -> list[str]:
    """A key and those of its beginnings that have marks: `prod/`, `prod/core/Pod/`, `prod/core/Pod/shop/`."""
    parts = key.split("/")
    if ":" in parts[0]:
        return [key]
    return [f"{parts[0]}/", *(f"{'/'.join(parts[:most])}/" for most in (_KIND, _NAMESPACE)), key]
