"""The queue before the writer: what came in while the last transaction ran becomes the next one.

So there is no waiting when a cluster is quiet, and large transactions when it is busy. The queue is bounded: a slow
Neo4j slows the watch, not the process's heap. When Neo4j is away the batch waits for it; nothing is dropped.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable

import structlog

from kgraph.graphdb.errors import GraphTimeout, GraphUnavailable, StatementRefused
from kgraph.sync.batch import Batch

log = structlog.get_logger(__name__)

# How many nodes and edges may wait. A transaction of this size takes Neo4j about a second and 100 MB of its heap.
BATCH_LIMIT = 5000
RETRY_FIRST_SECONDS = 0.2
RETRY_MOST_SECONDS = 15.0


class Pipeline:
    """Collects changes into the pending batch and hands it to `write`, one transaction at a time."""

    def __init__(self, cluster: str, write: Callable[[Batch], Awaitable[None]], limit: int = BATCH_LIMIT) -> None:
        self.pending = Batch()
        self.refused: dict[str, str] = {}  # key of a resource that Neo4j would not take -> why
        self.transactions = 0
        self._cluster = cluster
        self._write = write
        self._limit = limit
        self._work = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._put = 0  # how often `changed` was called, and what of it is committed
        self._committed = 0
        self._advanced = asyncio.Condition()

    def changed(self) -> None:
        """Say that `pending` has something new in it."""
        self._put += 1
        self._work.set()
        if len(self.pending) >= self._limit:
            self._room.clear()

    async def room(self) -> None:
        """Wait until the pending batch has room for more."""
        await self._room.wait()

    async def flush(self) -> None:
        """Wait until all that was put so far is committed."""
        target = self._put
        async with self._advanced:
            await self._advanced.wait_for(lambda: self._committed >= target)

    async def run(self) -> None:
        """Write batches for ever; only Fenced, or what nobody foresaw, ends it."""
        while True:
            await self._work.wait()
            await self.write_pending()

    async def write_pending(self) -> None:
        """Write what is pending now, however often Neo4j has to be asked."""
        self._work.clear()
        batch, self.pending = self.pending, Batch()
        put = self._put
        self._room.set()
        if batch:
            await self._write_surely(batch)
        async with self._advanced:
            self._committed = put
            self._advanced.notify_all()

    async def _write_surely(self, batch: Batch) -> None:
        delay = RETRY_FIRST_SECONDS
        while True:
            try:
                await self._write(batch)
            except (GraphUnavailable, GraphTimeout) as error:
                # Whether the transaction was committed is unknown: the next try assumes nothing about the graph.
                batch.distrust()
                log.warning("the graph waits for Neo4j", cluster=self._cluster, changes=len(batch), why=str(error))
                await asyncio.sleep(delay * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, no secret
                delay = min(delay * 2, RETRY_MOST_SECONDS)
            except StatementRefused as error:
                batch.distrust()
                if len(batch) > 1:
                    first, second = batch.halves()
                    await self._write_surely(first)
                    await self._write_surely(second)
                else:
                    for key in [*batch.upserts, *batch.removals, *(start for start, _, _ in batch.matched)]:
                        self.refused[key] = str(error)
                        log.error("Neo4j refuses a resource", cluster=self._cluster, key=key, why=str(error))  # noqa: TRY400 - the trace says nothing more
                return
            else:
                self.transactions += 1
                return
