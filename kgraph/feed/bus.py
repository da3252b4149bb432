"""Events within one process: from the workers to whoever listens, each listener at its own pace.

It takes Kafka's place where there is none. What nobody listens to is gone, and a listener that falls behind is told so
instead of being waited for: the graph does not wait for its readers.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import Protocol

from kgraph.feed.event import Event

# How many events may wait for one listener: some 100 MB, and a second's worth of a first sync.
BACKLOG_MOST = 20_000


class Lagged(Exception):
    """A listener was too slow: it has lost events, and has to begin anew."""


class Source(Protocol):
    """Where a process gets the events of all clusters from: the bus, Kafka, Redis."""

    def events(self) -> AsyncGenerator[Sequence[Event], None]:
        """Events from now on, as they come, each resource's in their order; one may come twice, none is left out.

        It never ends by itself, and is patient with whoever is away. Raises Lagged where some were lost.
        """
        ...


class Bus:
    """A source, and where the workers of this process put what they have written."""

    def __init__(self, most: int = BACKLOG_MOST) -> None:
        self._most = most
        self._listeners: set[_Listener] = set()

    def publish(self, events: Iterable[Event]) -> None:
        """Tell all listeners; never waits."""
        if self._listeners:
            some = tuple(events)
            for listener in self._listeners:
                listener.put(some)

    @property
    def is_heard(self) -> bool:
        """Whether anybody listens, so that events are worth being made."""
        return bool(self._listeners)

    async def events(self) -> AsyncGenerator[Sequence[Event], None]:
        """See `Source`."""
        listener = _Listener(self._most)
        self._listeners.add(listener)
        try:
            while True:
                yield await listener.take()
        finally:
            self._listeners.discard(listener)


class _Listener:
    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: deque[Event] = deque()
        self._something = asyncio.Event()
        self._lost = 0

    def put(self, events: Sequence[Event]) -> None:
        if len(self._waiting) + len(events) > self._most:
            self._lost += len(self._waiting) + len(events)
            self._waiting.clear()
        else:
            self._waiting.extend(events)
        self._something.set()

    async def take(self) -> Sequence[Event]:
        await self._something.wait()
        self._something.clear()
        if self._lost:
            lost, self._lost = self._lost, 0
            raise Lagged(f"{lost} events came faster than they were taken, and are lost to this listener")
        some = tuple(self._waiting)
        self._waiting.clear()
        return some
