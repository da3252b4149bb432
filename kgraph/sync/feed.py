"""What a process's workers tell of what they write, and whom: an outbox's relay, and listeners in the same process.

With a relay each transaction has an outbox row; without one, events are made only where somebody listens once the
transaction is committed. Whoever listens before a commit is told of it, whoever reads the graph after it sees it.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any

from kgraph.feed.bus import Bus
from kgraph.feed.event import EventType, Severity, written_time
from kgraph.sync.batch import Batch
from kgraph.sync.drafts import Happening, Told
from kgraph.sync.events import made
from kgraph.sync.relay import Relay
from kgraph.telemetry.telemetry import Telemetry


class Feed:
    """Shared by all clusters of one process; without relay and bus it asks for nothing and costs nothing."""

    def __init__(
        self, telemetry: Telemetry | None = None, *, relay: Relay | None = None, bus: Bus | None = None
    ) -> None:
        self.relay = relay
        self.telemetry = telemetry or Telemetry()
        self._bus = bus

    @property
    def is_on(self) -> bool:
        """Whether what the graph holds before a change may be asked for."""
        return self.relay is not None or self._bus is not None

    @property
    def is_wanted(self) -> bool:
        """Whether each change is to be kept for it."""
        return self.relay is not None or (self._bus is not None and self._bus.is_heard)

    @contextmanager
    def delivery(self, cluster: str, kind: str, changes: int, *, snapshot: bool) -> Iterator[Told | None]:
        """A span around what one delivery of a cluster causes, and what its changes are told with; None for nothing."""
        if not self.is_wanted and not self.telemetry.tracing.exports:
            yield None
            return
        name = "list delivery" if snapshot else "watch delivery"
        attributes: dict[str, str | int] = {
            "k8s.cluster.name": cluster,
            "k8s.resource.kind": kind,
            "kgraph.changes": changes,
        }
        with self.telemetry.tracing.began(name, attributes) as span:
            context = span.get_span_context()
            if not self.is_wanted:
                yield None
                return
            sampled = context.trace_flags.sampled or not self.telemetry.tracing.exports
            now = written_time(datetime.now(UTC))
            yield Told(now, f"{context.trace_id:032x}", f"{context.span_id:016x}", snapshot, sampled)

    def happening(
        self,
        type_: EventType,
        cluster: str,
        reason: str,
        message: str,
        severity: Severity = Severity.INFO,
        **changed: tuple[Any, Any],
    ) -> tuple[Happening, ...]:
        """One thing that happened to a cluster, to be told with what is written of it; nothing where nobody asks."""
        with self.delivery(cluster, "Cluster", 1, snapshot=False) as told:
            return () if told is None else (Happening(type_, told, reason, message, severity, changed),)

    @asynccontextmanager
    async def owned(self, shard: str) -> AsyncIterator[None]:
        """Relay a shard's outbox while its worker runs; that of a snapshot as long as the process does."""
        if self.relay is None:
            yield
            return
        await self.relay.own(shard)
        try:
            yield
        except BaseException:
            await self.relay.disown(shard)
            raise

    async def left(self, cluster: str) -> None:
        """A cluster is no more: relay what is left of it, and nothing after it."""
        if self.relay is not None:
            await self.relay.leave(cluster)

    async def room(self, shard: str) -> None:
        """Wait while the shard's outbox is full."""
        if self.relay is not None:
            await self.relay.room(shard)

    def committed(self, shard: str, cluster: str, batch: Batch) -> None:
        """A batch is in the graph: tell those who want to know."""
        recorded = batch.recorded
        if recorded is None:
            return
        if self.relay is not None and recorded.bytes:
            self.relay.put(shard, recorded)
        if self._bus is not None and self._bus.is_heard:
            events = recorded.events
            if events is None:
                with self.delivery(cluster, "", len(batch), snapshot=False) as late:
                    events = made(cluster, batch, recorded.before, recorded.sequence, late).events
            self._bus.publish(events)
