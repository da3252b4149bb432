"""What one process counts, and what it is asked for when it is scraped.

What happens is counted where it happens, by an addition of less than a microsecond; what is (a queue's length, a lag)
is read when somebody scrapes, and costs nothing otherwise. See docs/decisions/0017-metrics-and-traces.md.
"""

import asyncio
import platform
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeAlias, TypeVar

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, Summary
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from kgraph import __version__
from kgraph.telemetry.metric import Kind
from kgraph.telemetry.metrics import BY_NAME

# The values of a metric's labels, in the table's order, and its own.
Sample: TypeAlias = tuple[tuple[str, ...], float]
Read: TypeAlias = Callable[[], Iterable[Sample]]
M = TypeVar("M", Counter, Histogram, Summary)

LOOK_SECONDS = 0.5


class Meter(Collector):
    """The metrics of one process. Only rows of the table can be made: KeyError for any other name."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._made: dict[str, Counter | Histogram | Summary] = {}
        self._reads: dict[str, Read] = {}
        self.registry.register(self)
        ProcessCollector(registry=self.registry)
        self.reads("kgraph_build_info", lambda: [((__version__, platform.python_version()), 1)])

    def counter(self, name: str) -> Counter:
        """What is counted up."""
        return self._once(name, Counter)

    def histogram(self, name: str) -> Histogram:
        """What is measured, by how many were how large."""
        return self._once(name, Histogram, buckets=BY_NAME[name].buckets)

    def summary(self, name: str) -> Summary:
        """What is measured, by how many there were and what they are together."""
        return self._once(name, Summary)

    def reads(self, name: str, read: Read) -> None:
        """Ask for a metric's values when somebody scrapes; a later `read` of the same name takes the place."""
        if BY_NAME[name].kind not in (Kind.COUNTER, Kind.GAUGE):
            raise KeyError(name)
        self._reads[name] = read

    def collect(self) -> Iterator[Family]:
        """What is read, for Prometheus' client."""
        for name, read in self._reads.items():
            row = BY_NAME[name]
            made = CounterMetricFamily if row.kind is Kind.COUNTER else GaugeMetricFamily
            family = made(row.name, row.meaning, labels=row.labels)
            for labels, value in read():
                family.add_metric(labels, value)
            yield family

    @asynccontextmanager
    async def looking_at_the_loop(self) -> AsyncIterator[None]:
        """Measure how late this thread's event loop runs things, while the block does."""
        task = asyncio.create_task(self._look_at_the_loop(), name="look at the loop")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def _once(self, name: str, kind: type[M], **options: Any) -> M:
        made = self._made.get(name)
        if made is None:
            row = BY_NAME[name]
            made = self._made[name] = kind(row.name, row.meaning, row.labels, registry=self.registry, **options)
        assert isinstance(made, kind)
        return made

    async def _look_at_the_loop(self) -> None:
        late = self.histogram("kgraph_event_loop_late_seconds")
        clock = asyncio.get_running_loop().time
        while True:
            due = clock() + LOOK_SECONDS
            await asyncio.sleep(LOOK_SECONDS)
            late.observe(max(0.0, clock() - due))
