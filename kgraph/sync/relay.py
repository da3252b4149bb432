"""The relay: from the outbox to where the change feed goes, in order, at least once.

Each cluster that this process writes has its rows sent in their order, many of them under way at once, and taken away
once they are acknowledged. What this process commits itself comes from memory; what an earlier one left, what was too
much for memory, and what failed, is read from the graph. Killed at any point, it leaves rows that are sent again, in
the same bytes. Where the sink is away the outbox grows, up to a limit, at which the cluster's writer waits.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

import structlog
from opentelemetry.trace import SpanContext, SpanKind

from kgraph.backoff import Backoff
from kgraph.feed.message import Message, unpacked
from kgraph.feed.sink import Sink, SinkUnavailable
from kgraph.graphdb.errors import GraphError
from kgraph.graphdb.store import Store
from kgraph.sync.batch import Recorded
from kgraph.sync.outbox import Outbox
from kgraph.sync.patience import patiently
from kgraph.telemetry.meter import Sample
from kgraph.telemetry.telemetry import Telemetry
from kgraph.telemetry.tracing import LINKS_MOST, parsed

log = structlog.get_logger(__name__)

# Rows of one cluster that are sent and not yet acknowledged: some fifth of a second's, where a row is one change.
FLYING_MOST = 500
# What is committed and not yet sent is kept in memory up to this size of JSON, for all clusters; beyond, the graph has
# it: a Kafka that is away costs no memory.
MEMORY_BYTES = 64 * 1024 * 1024
# Rows are read from the graph some at a time: as many as are a megabyte or two of what is packed.
PAGE_BYTES = 2 * 1024 * 1024
PAGE_MOST = 1000
# Acknowledged rows are taken away together: a transaction of one costs nearly what one of a hundred does. When no more
# come for a moment, or there are many, or the first has waited for long: each time some changes wait for Neo4j.
TAKE_MOST = 500
QUIET_SECONDS = 0.25
TAKE_SECONDS = 2.0
RETRY_FIRST_SECONDS = 0.2
RETRY_MOST_SECONDS = 10.0
# How long a cluster that is let go may take to have its last rows sent; whoever has it next sends what is left.
DRAIN_SECONDS = 5.0


class Row(NamedTuple):
    """One transaction's events of one cluster."""

    seq: int
    messages: Sequence[Message]
    memory: int  # bytes of the messages, where they were not read from the graph


class Sent(NamedTuple):
    """A row that was handed to the sink, and what ends when it is safe there."""

    row: Row
    delivered: Awaitable[None]
    began: float  # on the monotonic clock


class Relay:
    """Sends the outboxes of the clusters that this process owns."""

    def __init__(self, store: Store, sink: Sink, limit_bytes: int, telemetry: Telemetry | None = None) -> None:
        self._telemetry = telemetry or Telemetry()
        meter = self._telemetry.meter
        self._published = meter.counter("kgraph_feed_published")
        self._seconds = meter.histogram("kgraph_feed_publish_seconds")
        for name, read in _READ.items():
            meter.reads(name, self._reading(read))
        self._store = store
        self._sink = sink
        self._limit_bytes = limit_bytes
        self._shards: dict[str, _Shard] = {}
        self._memory = 0
        self._acknowledged: list[tuple[_Shard, int]] = []
        self._something = asyncio.Event()
        self._many = asyncio.Event()
        self._taking = asyncio.Lock()

    @classmethod
    @asynccontextmanager
    async def running(
        cls, store: Store, sink: Sink, limit_bytes: int, telemetry: Telemetry | None = None
    ) -> AsyncIterator["Relay"]:
        """A relay; at the end what is left is sent, as far as that takes seconds only."""
        relay = cls(store, sink, limit_bytes, telemetry)
        for cluster in (await patiently(lambda: store.read_one("read/outboxes_of_nobody")))["shards"]:
            await relay.own(cluster)
            await relay.leave(cluster)
        taking = asyncio.create_task(relay._take_for_ever(), name="take rows from the outbox")
        try:
            yield relay
        finally:
            await asyncio.gather(*(relay.disown(cluster) for cluster in tuple(relay._shards)))
            taking.cancel()
            await asyncio.wait({taking})
            await sink.close()

    async def own(self, cluster: str) -> None:
        """Send a cluster's rows from now on, those first that others have left."""
        if cluster in self._shards:
            return
        outbox = await Outbox.read(self._store, cluster, self._limit_bytes)
        self._shards[cluster] = shard = _Shard(cluster, outbox)
        shard.task = asyncio.create_task(self._relay_for_ever(shard), name=f"relay {cluster}")

    async def leave(self, cluster: str) -> None:
        """Let a cluster go as soon as its rows are sent, however long that takes; nobody else will send them."""
        shard = self._shards.get(cluster)
        if shard is not None:
            shard.leaving = True
            if shard.outbox.empty.is_set():
                await self.disown(cluster)

    async def disown(self, cluster: str) -> None:
        """Let a cluster go once its rows are sent, or after DRAIN_SECONDS: its next owner sends what is left."""
        shard = self._shards.get(cluster)
        if shard is None:
            return
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                await shard.outbox.empty.wait()
        except TimeoutError:
            log.warning("events are left in the outbox", cluster=cluster, events=shard.outbox.events)
        finally:
            self._shards.pop(cluster, None)
            self._forget_memory(shard)
            assert shard.task is not None
            shard.task.cancel()
            await asyncio.wait({shard.task})
        # Before the cluster is owned again, here or elsewhere: what is left in the graph is then what is to be sent.
        with suppress(GraphError):
            await self._take()

    def put(self, cluster: str, recorded: Recorded) -> None:
        """A transaction is committed: its row is in the graph, and need not be read there."""
        shard = self._shards.get(cluster)
        if shard is None:
            return
        shard.outbox.grow(recorded.sequence, len(recorded.messages), recorded.bytes)
        memory = sum(len(message.value) for message in recorded.messages)
        if shard.behind or self._memory + memory > MEMORY_BYTES:
            shard.behind = True
            # Of two transactions that end together the later may be told first: then the earlier is looked for again.
            shard.after = min(shard.after, recorded.sequence - 1)
        else:
            shard.queue.append(Row(recorded.sequence, recorded.messages, memory))
            self._memory += memory
        shard.latest = max(shard.latest or 0, recorded.sequence)
        shard.work.set()

    async def room(self, cluster: str) -> None:
        """Wait while the cluster's outbox is full."""
        if shard := self._shards.get(cluster):
            await shard.outbox.room.wait()

    def problem(self, cluster: str) -> str | None:
        """What is wrong with the cluster's feed, for people."""
        shard = self._shards.get(cluster)
        return shard.outbox.problem(shard.failure) if shard else None

    # One cluster

    async def _relay_for_ever(self, shard: "_Shard") -> None:
        backoff = Backoff(RETRY_FIRST_SECONDS, RETRY_MOST_SECONDS)
        while True:
            try:
                await self._relay(shard)
            except* SinkUnavailable as errors:
                failure = str(_first(errors))
                if failure != shard.failure:
                    log.warning("the change feed waits", cluster=shard.cluster, why=failure)
            except* Exception as errors:
                failure = f"the outbox cannot be sent: {_first(errors)}"
                log.exception("the outbox cannot be sent", cluster=shard.cluster)
            if shard.advanced:
                backoff.reset()
            shard.failure = failure
            self._forget_memory(shard)
            shard.start_over()
            await asyncio.sleep(backoff.seconds())

    async def _relay(self, shard: "_Shard") -> None:
        """Send until something fails."""
        flying: asyncio.Queue[Sent] = asyncio.Queue(FLYING_MOST)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._acknowledge(shard, flying), name=f"acknowledge {shard.cluster}")
            while True:
                for row in await self._next(shard):
                    began = time.monotonic()
                    delivered = await self._sink.send(row.messages)
                    await flying.put(Sent(row, delivered, began))

    async def _acknowledge(self, shard: "_Shard", flying: asyncio.Queue[Sent]) -> None:
        while True:
            sent = await flying.get()
            await sent.delivered
            self._measure(shard.cluster, sent)
            shard.acknowledged(sent.row.seq)
            self._acknowledged.append((shard, sent.row.seq))
            self._something.set()
            if len(self._acknowledged) >= TAKE_MOST:
                self._many.set()

    def _measure(self, cluster: str, sent: Sent) -> None:
        """A row is acknowledged: how long that took, and a span of it in the trace that its events came with."""
        seconds, messages = time.monotonic() - sent.began, sent.row.messages
        self._published.inc(len(messages))
        self._seconds.observe(seconds)
        if self._telemetry.tracing.exports:
            attributes: dict[str, str | int] = {
                "k8s.cluster.name": cluster,
                "messaging.batch.message_count": len(messages),
            }
            began_ns = time.time_ns() - int(seconds * 1e9)
            self._telemetry.tracing.was(
                "publish events", attributes, _traces(sent.row), began_ns, kind=SpanKind.PRODUCER
            )

    def _reading(self, read: "Callable[[_Shard], float]") -> Callable[[], Iterable[Sample]]:
        return lambda: [((cluster,), read(shard)) for cluster, shard in self._shards.items()]

    async def _next(self, shard: "_Shard") -> Sequence[Row]:
        """The rows that come next: the one that has waited longest in memory, or what the graph has."""
        while True:
            if shard.queue:
                row = shard.queue.popleft()
                self._memory -= row.memory
                shard.after = max(shard.after, row.seq)
                return (row,)
            if shard.behind:
                if rows := await self._read(shard):
                    return rows
                continue
            shard.work.clear()
            await shard.work.wait()

    async def _read(self, shard: "_Shard") -> Sequence[Row]:
        """Some rows from the graph, up to what was committed when the reading began: later ones may lack earlier."""
        upto, most = shard.latest, shard.outbox.rows_of(PAGE_BYTES, PAGE_MOST)
        asked = {"shard": shard.cluster, "after": shard.after, "upto": upto or 2**62, "most": most}
        rows = (await patiently(lambda: self._store.read_one("read/outbox", asked)))["rows"]
        for seq, _, events, size in rows:
            shard.outbox.found(seq, events, size)
            shard.after = seq
        if len(rows) < most and shard.latest == upto:
            shard.behind = False
            shard.outbox.all_found()
        return [Row(seq, unpacked(events), 0) for seq, events, _, _ in rows if seq not in shard.done]

    def _forget_memory(self, shard: "_Shard") -> None:
        self._memory -= sum(row.memory for row in shard.queue)
        shard.queue.clear()

    # Rows that are safe

    async def _take_for_ever(self) -> None:
        while True:
            await self._something.wait()
            await self._worth_a_transaction()
            self._something.clear()
            self._many.clear()
            try:
                await self._take()
            except Exception as error:  # noqa: BLE001 - rows that stay are sent again; nobody else takes them away
                log.warning("rows of the outbox cannot be taken away", why=str(error) or type(error).__name__)
                await asyncio.sleep(RETRY_MOST_SECONDS)
                self._something.set()

    async def _worth_a_transaction(self) -> None:
        """Wait until no more rows come just now, or they are many, or the first one has waited long enough."""
        ends_at, count = time.monotonic() + TAKE_SECONDS, -1
        while count != (count := len(self._acknowledged)) and time.monotonic() < ends_at:
            with suppress(TimeoutError):
                async with asyncio.timeout(QUIET_SECONDS):
                    await self._many.wait()
                    return

    async def _take(self) -> None:
        """Take rows away that are acknowledged; where that fails they stay for the next time."""
        async with self._taking:
            some = self._acknowledged[:]
            rows = [[shard.cluster, seq] for shard, seq in some]
            if rows:
                await self._store.write_one("write/take_outbox", {"rows": rows})
            del self._acknowledged[: len(some)]
        for shard, seq in some:
            shard.done.discard(seq)
            shard.outbox.shrink(seq)
        for shard in {shard for shard, _ in some if shard.leaving and shard.outbox.empty.is_set()}:
            await self.disown(shard.cluster)


class _Shard:
    """How far one cluster's outbox is sent."""

    def __init__(self, cluster: str, outbox: Outbox) -> None:
        self.cluster = cluster
        self.outbox = outbox
        self.task: asyncio.Task[None] | None = None
        self.queue: deque[Row] = deque()  # committed by this process, and not yet sent
        self.work = asyncio.Event()
        self.leaving = False  # whether it is to be let go once it is empty
        self.failure = ""  # why nothing was sent the last time
        self.behind = outbox.rows > 0  # whether the graph has rows that come after what is in memory
        self.after = 0  # the last row that was read or sent
        self.latest: int | None = None  # the last row that this process has committed
        self.done: set[int] = set()  # rows that are acknowledged and still in the graph
        self.advanced = False  # whether anything was acknowledged since it last started over

    def acknowledged(self, seq: int) -> None:
        """A row is safe."""
        self.done.add(seq)
        self.advanced, self.failure = True, ""

    def start_over(self) -> None:
        """Whatever is not acknowledged is to be read again, and sent again."""
        self.behind, self.after, self.advanced = True, 0, False


# What is read of each cluster's outbox, by the metric's name.
_READ: dict[str, Callable[[_Shard], float]] = {
    "kgraph_outbox_rows": lambda shard: shard.outbox.rows,
    "kgraph_outbox_events": lambda shard: shard.outbox.events,
    "kgraph_outbox_fill_ratio": lambda shard: shard.outbox.share,
    "kgraph_outbox_age_seconds": lambda shard: shard.outbox.age_seconds,
    "kgraph_feed_failing": lambda shard: bool(shard.failure),
}


def _traces(row: Row) -> Iterator[SpanContext]:
    """Where a row's events come from, as far as somebody gets that."""
    for traceparent in list(dict.fromkeys(message.traceparent for message in row.messages))[:LINKS_MOST]:
        if (span := parsed(traceparent)) is not None:
            yield span


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
