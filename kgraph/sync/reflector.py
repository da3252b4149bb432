"""One kind of one cluster, kept in step: list, then watch, for ever.

A reflector decides nothing about the graph. It tells its sink that a list begins, what it holds, that it is whole,
and then what changes. Why a list starts again: the resourceVersion has expired (410: etcd has compacted what came
after it), or the resync period is over. Everything else resumes the watch where it broke off.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

import msgspec
import structlog

from kgraph.kube.connection import Connection
from kgraph.kube.discovery import ApiResource
from kgraph.kube.errors import Expired, KubeError, TooManyRequests, WatchListUnsupported
from kgraph.kube.listing import pages
from kgraph.kube.watching import WatchEvent, watch

log = structlog.get_logger(__name__)

EventLists = AsyncGenerator[list[WatchEvent], None]

RETRY_FIRST_SECONDS = 0.5
# As client-go's reflector: an apiserver that comes back is not met by every watch at once, yet within half a minute.
RETRY_MOST_SECONDS = 30.0


class Sink(Protocol):
    """What a reflector tells of one kind."""

    async def begin(self, resource: ApiResource) -> None:
        """A list begins; whatever of the kind it does not name is gone."""

    async def listed(self, resource: ApiResource, objects: Sequence[msgspec.Raw]) -> None:
        """Some of the list's objects."""

    async def complete(self, resource: ApiResource, resource_version: str) -> None:
        """The list was whole, as of this resourceVersion."""

    async def changed(self, resource: ApiResource, events: Sequence[WatchEvent]) -> None:
        """What the watch delivered in one go, in its order."""

    async def failed(self, resource: ApiResource, error: KubeError) -> None:
        """The kind can't be read now; it is tried again."""


class Backoff:
    """Waiting times that double, with jitter, until something went well."""

    def __init__(self) -> None:
        self._next = RETRY_FIRST_SECONDS

    def reset(self) -> None:
        """Something went well."""
        self._next = RETRY_FIRST_SECONDS

    def seconds(self, error: KubeError) -> float:
        """How long to wait now; a server that says so itself (Retry-After) is believed."""
        delay, self._next = self._next, min(self._next * 2, RETRY_MOST_SECONDS)
        delay *= random.uniform(0.5, 1.5)  # noqa: S311 - jitter, no secret
        if isinstance(error, TooManyRequests) and error.retry_after:
            delay = max(delay, error.retry_after)
        return delay


class Reflector:
    """Keeps a sink in step with one kind."""

    def __init__(
        self,
        connection: Connection,
        resource: ApiResource,
        sink: Sink,
        *,
        lists: asyncio.Semaphore,
        resync_seconds: float,
    ) -> None:
        self._connection = connection
        self._resource = resource
        self._sink = sink
        self._lists = lists  # how many kinds may be listed at once: a first sync must not flood the apiserver
        self._resync_seconds = resync_seconds
        self._watch_list = True
        self._version = ""  # where to resume the watch; "" means list first
        self._backoff = Backoff()

    async def run(self) -> None:
        """List and watch for ever."""
        while True:
            try:
                await self.follow()
            except KubeError as error:
                await self._sink.failed(self._resource, error)
                await asyncio.sleep(self._backoff.seconds(error))

    async def follow(self) -> None:
        """List where there is nothing to resume, then watch until the resync is due; KubeError where it breaks off."""
        listed_now = not self._version
        # Spread over the period, or every kind would be listed again in the same second.
        due = self._resync_seconds * random.uniform(0.8, 1.2) or None  # noqa: S311 - jitter, no secret
        try:
            async with asyncio.timeout(due):
                if listed_now and self._watch_list:
                    try:
                        await self._watch_from_list()
                    except WatchListUnsupported:
                        self._watch_list = False
                if not self._version:
                    await self._list_pages()
                while True:
                    await self._watch()
        except TimeoutError:
            self._version = ""
        except Expired:
            log.info("a list starts again", cluster=self._connection.cluster, kind=self._resource.plural)
            self._version = ""

    async def _list_pages(self) -> None:
        async with self._lists:
            await self._sink.begin(self._resource)
            version = ""
            async for page in pages(self._connection, self._resource):
                await self._sink.listed(self._resource, page.items)
                version = page.resource_version
            await self._sink.complete(self._resource, version)
        self._version = version
        self._backoff.reset()

    async def _watch_from_list(self) -> None:
        """A WatchList: the server sends the list as events, a bookmark that ends it, and then what changes."""
        events = watch(self._connection, self._resource, "", initial_events=True)
        try:
            async with self._lists:
                await self._sink.begin(self._resource)
                if not await self._until_complete(events):
                    return
            await self._pass_on(events)
        finally:
            await events.aclose()

    async def _until_complete(self, events: EventLists) -> bool:
        """Pass the initial events on; False where the stream ended before its list was whole."""
        async for some in events:
            for position, event in enumerate(some):
                if event.initial_events_end:
                    await self._sink.listed(self._resource, [earlier.object for earlier in some[:position]])
                    await self._sink.complete(self._resource, event.resource_version)
                    self._version = event.resource_version
                    self._backoff.reset()
                    await self._changed(some[position + 1 :])
                    return True
            await self._sink.listed(self._resource, [event.object for event in some])
        return False

    async def _watch(self) -> None:
        events = watch(self._connection, self._resource, self._version)
        try:
            await self._pass_on(events)
        finally:
            await events.aclose()

    async def _pass_on(self, events: EventLists) -> None:
        async for some in events:
            await self._changed(some)
            self._backoff.reset()

    async def _changed(self, events: Sequence[WatchEvent]) -> None:
        if not events:
            return
        await self._sink.changed(self._resource, events)
        self._version = events[-1].resource_version
