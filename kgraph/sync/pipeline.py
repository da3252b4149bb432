"""The queue before the writer: what came in while the last transaction ran becomes the next one.

So there is no waiting when a cluster is quiet, and large transactions when it is busy. The queue is bounded: a slow
Neo4j slows the watch, not the process's heap. When Neo4j is away the batch waits for it; nothing is dropped.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import structlog

from kgraph.backoff import Backoff
from kgraph.graphdb.errors import GraphTimeout, GraphUnavailable, StatementRefused
from kgraph.sync.batch import Batch
from kgraph.telemetry.tracing import current

log = structlog.get_logger(__name__)

# How many nodes and edges may wait. A transaction of this size takes Neo4j about a second and 100 MB of its heap.
BATCH_LIMIT = 5000
# How much JSON may wait: etcd takes objects of 1.5 MB, of which 5,000 would be neither Neo4j's size nor ours.
BATCH_BYTES = 32 * 1024 * 1024
RETRY_FIRST_SECONDS = 0.2
RETRY_MOST_SECONDS = 15.0

# What another cluster's worker may cause by taking away, or making, an image or a host that both refer to.
MET_ANOTHER = ("Neo.ClientError.Statement.EntityNotFound", "Neo.ClientError.Schema.ConstraintValidationFailed")
# So often in a row two workers do not meet by chance.
MEETINGS = 5
# So often in a row a batch is out of time before it is taken for too large.
TIMEOUTS = 2


class Pipeline:
    """Collects changes into the pending batch and hands it to `write`, one transaction at a time."""

    def __init__(
        self,
        cluster: str,
        write: Callable[[Batch], Awaitable[None]],
        limit: int = BATCH_LIMIT,
        on_refused: Callable[[str, str], None] = lambda _key, _why: None,
    ) -> None:
        self.pending = Batch()
        self.refused: dict[str, str] = {}  # key of what Neo4j would not take the last time -> why
        self.transactions = 0
        self.changed_at: datetime | None = None  # when the last change was delivered
        self.lag_seconds = 0.0  # from the delivery of the last batch's first change to its commit
        self._delivered_at: float | None = None  # what is put just now came with this
        self._oldest: float | None = None  # when the first change in `pending` was delivered
        self._writing: float | None = None  # the same of the batch that is being written
        self._cluster = cluster
        self._write = write
        self._limit = limit
        self._on_refused = on_refused
        self._work = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._put = 0  # how often `changed` was called, and what of it is committed
        self._committed = 0
        self._advanced = asyncio.Condition()

    @contextmanager
    def delivery(self, at: float) -> Iterator[None]:
        """What is put within came from the cluster at this time of the monotonic clock, and may have waited since."""
        self._delivered_at = at
        try:
            yield
        finally:
            self._delivered_at = None

    @property
    def age_seconds(self) -> float:
        """How long ago the oldest change was delivered that is not committed; 0 where all are."""
        oldest = [at for at in (self._oldest, self._writing) if at is not None]
        return time.monotonic() - min(oldest) if oldest else 0.0

    def changed(self) -> None:
        """Say that `pending` has something new in it."""
        self._put += 1
        if (span := current()) is not None:
            self.pending.caused_by(span)
        if self._delivered_at is not None:
            self.changed_at = datetime.now(UTC)
        if self._oldest is None:
            self._oldest = self._delivered_at or time.monotonic()
        self._work.set()
        if len(self.pending) >= self._limit or self.pending.bytes >= BATCH_BYTES:
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
        self._writing, self._oldest = self._oldest, None
        self._room.set()
        if batch:
            await self._write_surely(batch)
        if self._writing is not None:
            self.lag_seconds = time.monotonic() - self._writing
            self._writing = None
        async with self._advanced:
            self._committed = put
            self._advanced.notify_all()

    async def _write_surely(self, batch: Batch) -> None:
        """Write a batch, in parts where Neo4j refuses the whole or never ends it in time.

        Only what it refuses alone is left out.
        """
        refusal = await self._write_patiently(batch)
        if refusal is None:
            if self.refused:
                for key in batch.names():
                    self.refused.pop(key, None)
        elif batch.is_single:
            for key in batch.names():
                self.refused[key] = refusal
                self._on_refused(key, refusal)
                log.error("Neo4j refuses a resource", cluster=self._cluster, key=key, why=refusal)
        else:
            for half in batch.halves():
                await self._write_surely(half)

    async def _write_patiently(self, batch: Batch) -> str | None:
        """Write a batch as soon as Neo4j can; why it does not take what is in it, or not at once, else None."""
        backoff, meetings, timeouts = Backoff(RETRY_FIRST_SECONDS, RETRY_MOST_SECONDS), 0, 0
        in_doubt = False
        while True:
            gives_up = False
            try:
                await self._write(batch)
            except GraphUnavailable as error:
                why, in_doubt = str(error), True
            except GraphTimeout as error:
                why = str(error)
                timeouts += 1
                # What may be committed is known by the whole batch's token: its parts would have others.
                gives_up = timeouts >= TIMEOUTS and not (in_doubt or batch.is_single)
            except StatementRefused as error:
                why = str(error)
                meetings += error.code in MET_ANOTHER
                met_by_chance = error.code in MET_ANOTHER and meetings <= MEETINGS
                gives_up = _is_about_the_data(error.code) and not met_by_chance
            else:
                self.transactions += 1
                return None
            # Whether the transaction was committed is unknown: the next try assumes nothing about the graph.
            batch.distrust()
            if gives_up:
                return why
            log.warning("the graph waits for Neo4j", cluster=self._cluster, changes=len(batch), why=why)
            await asyncio.sleep(backoff.seconds())


def _is_about_the_data(code: str) -> bool:
    """Whether a refusal is about what was written; a full disk or a read-only database is not, and may pass."""
    return not code or any(part in code for part in (".Statement.", ".Schema.", ".Request.", "Memory"))
