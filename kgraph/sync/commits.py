"""The transactions of all clusters of one process: some places, and small batches that wait go together.

A transaction of one change costs nearly what one of fifty does. So a cluster that is alone is written at once, and
where many change at the same time the batches that wait for a place share one transaction. A large batch, of a first
sync, goes alone, and a cluster has one at a time: it does not stand in front of the others' small ones. What is wrong
with one cluster's batch is that cluster's affair: the others are then written without it.
"""

import asyncio
import time
from collections import deque
from collections.abc import Iterable

import structlog

from kgraph.graphdb.errors import Fenced, GraphTimeout, GraphUnavailable, StatementRefused
from kgraph.sync.batch import Batch
from kgraph.sync.writer import WRITE_SECONDS, Entry, taken_over, write_together
from kgraph.telemetry.telemetry import Telemetry

log = structlog.get_logger(__name__)

# What counts as small, and how much goes together at most, in nodes and edges: a tenth of a second of Neo4j's time.
SMALL = 100
TOGETHER = 1000
# The same in JSON, of which a single object may have 1.5 MB, and edges as it is long.
SMALL_BYTES = 512 * 1024
TOGETHER_BYTES = 4 * 1024 * 1024
# A transaction of several clusters that takes so long waits for one of them, whose node somebody else has locked (a
# frozen worker that is taking it over): the others do not wait with it. Nor does one of ours that is frozen itself
# keep the clusters that it holds together from whoever takes them over.
TOGETHER_SECONDS = 5.0

_OUTCOMES = {
    Fenced: "fenced",
    GraphTimeout: "timeout",
    GraphUnavailable: "unavailable",
    StatementRefused: "refused",
}


class _Waiting:
    """A batch that waits for its place; `alone` where it is large, or may be what is wrong."""

    def __init__(self, entry: Entry, *, alone: bool) -> None:
        self.entry = entry
        self.done = asyncio.get_running_loop().create_future()
        self.alone = alone

    def end(self, error: Exception | None = None) -> None:
        """Tell who waits, unless they have gone."""
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)


class Commits:
    """Writes batches, `places` transactions at a time.

    A transaction that has begun is ended though its clusters' workers are cancelled meanwhile: it is behind the fence,
    and Neo4j gives it no more than its seconds.
    """

    def __init__(self, places: int, telemetry: Telemetry | None = None) -> None:
        self.transactions = 0
        telemetry = telemetry or Telemetry()
        self._tracing = telemetry.tracing
        self._tries = telemetry.meter.counter("kgraph_transactions")
        self._seconds = telemetry.meter.histogram("kgraph_transaction_seconds")
        self._changes = telemetry.meter.histogram("kgraph_transaction_changes")
        self._places = places
        self._waiting: deque[_Waiting] = deque()
        self._serving: set[asyncio.Task[None]] = set()
        self._apart: set[str] = set()  # the shards whose last batch failed by itself

    async def write(self, entry: Entry) -> None:
        """Write a batch, alone or with others; the errors are those of `write_together`, and this cluster's alone."""
        waiting = _Waiting(entry, alone=_is_large(entry.batch) or entry.writer.shard in self._apart)
        self._waiting.append(waiting)
        self._fill_places()
        await waiting.done

    def _fill_places(self) -> None:
        for _ in range(min(self._places - len(self._serving), len(self._waiting))):
            self._serving.add(asyncio.create_task(self._serve(), name="commit"))

    async def _serve(self) -> None:
        try:
            while some := self._next():
                await self._commit(some)
        finally:
            # Here and not in a callback, which would come later than the next batch of those who were just told.
            self._serving.discard(asyncio.current_task())

    def _next(self) -> list[_Waiting]:
        """The batch that has waited longest, and if it is small the other small ones, as many as go together."""
        while self._waiting and self._waiting[0].done.done():
            self._waiting.popleft()  # its cluster has ended
        if not self._waiting:
            return []
        first = self._waiting.popleft()
        if first.alone:
            return [first]
        some, others = [first], deque[_Waiting]()
        size, size_bytes = len(first.entry.batch), first.entry.batch.bytes
        clusters = {first.entry.writer.cluster}  # two parts of one cluster go one after the other
        while self._waiting and size < TOGETHER and size_bytes < TOGETHER_BYTES:
            one = self._waiting.popleft()
            if one.alone or one.entry.writer.cluster in clusters:
                others.append(one)
            elif not one.done.done():
                some.append(one)
                clusters.add(one.entry.writer.cluster)
                size += len(one.entry.batch)
                size_bytes += one.entry.batch.bytes
        self._waiting.extendleft(reversed(others))
        return some

    async def _commit(self, some: list[_Waiting]) -> None:
        self.transactions += 1
        entries = [one.entry for one in some]
        try:
            await self._measured(entries, WRITE_SECONDS if len(some) == 1 else TOGETHER_SECONDS)
        except Fenced as error:
            for one in some:
                if one.entry.writer.shard in error.clusters:
                    one.end(Fenced(taken_over(one.entry.writer), error.clusters))
            self._put_back(one for one in some if one.entry.writer.shard not in error.clusters)
        except (StatementRefused, GraphTimeout) as error:
            if len(some) == 1:
                self._apart.add(entries[0].writer.shard)
                some[0].end(error)
                return
            log.info("batches are written apart", clusters=len(some), why=str(error))
            for one in some:
                one.alone = True
            self._put_back(some)
        except Exception as error:  # noqa: BLE001 - each cluster decides for itself what to make of it
            for one in some:
                one.end(error)
        else:
            if len(some) == 1:
                self._apart.discard(entries[0].writer.shard)
            for one in some:
                one.end()

    async def _measured(self, entries: list[Entry], seconds: float) -> None:
        """Write them, and count what came of it: some ten numbers a transaction, however many rows it has."""
        began = time.perf_counter()
        changes = sum(len(entry.batch) for entry in entries)
        causes = [cause for entry in entries for cause in entry.batch.causes]
        outcome = "failed"
        with self._tracing.after("write to the graph", {"kgraph.changes": changes}, causes):
            try:
                await write_together(entries, seconds)
                outcome = "committed"
            except Exception as error:
                outcome = _OUTCOMES.get(type(error), outcome)
                raise
            finally:
                self._tries.labels(outcome).inc()
                self._seconds.observe(time.perf_counter() - began)
        self._changes.observe(changes)

    def _put_back(self, some: Iterable[_Waiting]) -> None:
        """Their turn comes at once: they had waited."""
        self._waiting.extendleft(reversed(tuple(some)))
        self._fill_places()


def _is_large(batch: Batch) -> bool:
    return len(batch) > SMALL or batch.bytes > SMALL_BYTES
