"""The transactions of all clusters of one process: some places, and small batches that wait go together.

A transaction of one change costs nearly what one of fifty does. So a cluster that is alone is written at once, and
where many change at the same time the batches that wait for a place share one transaction. A large batch, of a first
sync, goes alone, and a cluster has one at a time: it does not stand in front of the others' small ones.
"""

import asyncio
from collections import deque

import structlog

from kgraph.graphdb.errors import Fenced, StatementRefused
from kgraph.sync.writer import Entry, taken_over, write_together

log = structlog.get_logger(__name__)

# What counts as small, and how much goes together at most, in nodes and edges: a tenth of a second of Neo4j's time.
SMALL = 100
TOGETHER = 1000


class _Waiting:
    """A batch that waits for its place; `alone` once it was among others of which Neo4j refused something."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.done = asyncio.get_running_loop().create_future()
        self.alone = len(entry.batch) > SMALL

    def end(self, error: Exception | None = None) -> None:
        """Tell who waits, unless they have gone."""
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)


class Commits:
    """Writes batches, `places` transactions at a time."""

    def __init__(self, places: int) -> None:
        self.transactions = 0
        self._places = places
        self._waiting: deque[_Waiting] = deque()
        self._serving: set[asyncio.Task[None]] = set()

    async def write(self, entry: Entry) -> None:
        """Write a batch, alone or with others; the errors are those of `write_together`, and this cluster's alone."""
        waiting = _Waiting(entry)
        self._waiting.append(waiting)
        if len(self._serving) < self._places:
            task = asyncio.create_task(self._serve(), name="commit")
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        await waiting.done

    async def _serve(self) -> None:
        while some := self._next():
            await self._commit(some)

    def _next(self) -> list[_Waiting]:
        """The batch that has waited longest, and if it is small the other small ones, as many as go together."""
        while self._waiting and self._waiting[0].done.done():
            self._waiting.popleft()  # its cluster has ended
        if not self._waiting:
            return []
        first = self._waiting.popleft()
        if first.alone:
            return [first]
        some, size, others = [first], len(first.entry.batch), deque[_Waiting]()
        while self._waiting and size < TOGETHER:
            one = self._waiting.popleft()
            if one.alone:
                others.append(one)
            elif not one.done.done():
                some.append(one)
                size += len(one.entry.batch)
        self._waiting.extendleft(reversed(others))
        return some

    async def _commit(self, some: list[_Waiting]) -> None:
        self.transactions += 1
        try:
            await write_together([one.entry for one in some])
        except Fenced as error:
            # The others' turn comes at once: they had waited.
            for one in reversed(some):
                if one.entry.writer.cluster in error.clusters:
                    one.end(Fenced(taken_over(one.entry.writer), error.clusters))
                else:
                    self._waiting.appendleft(one)
        except StatementRefused as error:
            if len(some) == 1:
                some[0].end(error)
                return
            log.info("batches are written apart", clusters=len(some), why=str(error))
            for one in reversed(some):
                one.alone = True
                self._waiting.appendleft(one)
        except Exception as error:  # noqa: BLE001 - each cluster decides for itself what to make of it
            for one in some:
                one.end(error)
        else:
            for one in some:
                one.end()
