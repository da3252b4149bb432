"""One kind of one cluster, kept in step: list, then watch, for ever.

A reflector decides nothing about the graph. It tells its sink that a list begins, what it holds, that it is whole,
and then what changes. Why a list starts again: the resourceVersion has expired (410: etcd has compacted what came
after it), the server's resourceVersions have gone back (etcd was restored from a backup), or the resync period is over.
Everything else resumes the watch where it broke off.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from enum import StrEnum
from typing import Protocol

import msgspec
import structlog

from kgraph.backoff import Backoff
from kgraph.kube.connection import Connection
from kgraph.kube.discovery import ApiResource
from kgraph.kube.errors import Expired, KubeError, WatchListUnsupported, WentBack
from kgraph.kube.history import current_version, is_before
from kgraph.kube.listing import pages
from kgraph.kube.watching import WatchEvent, watch

log = structlog.get_logger(__name__)

EventLists = AsyncGenerator[list[WatchEvent], None]

RETRY_FIRST_SECONDS = 0.5
# As client-go's reflector: an apiserver that comes back is not met by every watch at once, yet within half a minute.
RETRY_MOST_SECONDS = 30.0
# As client-go's reflector: a watch that ends so soon and without an event is no watch that ran its time, and is not
# opened again at once.
SHORT_WATCH_SECONDS = 1.0
# How long a server that has taken a WatchList may be silent before the list is whole. One that takes the parameters
# and knows nothing of them would never end the list, and hold up those of other kinds.
INITIAL_SILENCE_SECONDS = 60.0


class Why(StrEnum):
    """Why a list begins."""

    START = "start"
    RESYNC = "resync"
    EXPIRED = "expired"


class Sink(Protocol):
    """What a reflector tells of one kind."""

    async def begin(self, resource: ApiResource, *, anew: bool) -> None:
        """A list begins; whatever of the kind it does not name is gone.

        With `anew` the resourceVersions that were told earlier mean nothing any more.
        """

    async def listed(self, resource: ApiResource, objects: Sequence[msgspec.Raw]) -> None:
        """Some of the list's objects."""

    async def complete(self, resource: ApiResource, resource_version: str) -> None:
        """The list was whole, as of this resourceVersion; WentBack where it should begin again, anew."""

    async def changed(self, resource: ApiResource, events: Sequence[WatchEvent]) -> None:
        """What the watch delivered in one go, in its order."""

    async def following(self, resource: ApiResource) -> None:
        """The server has taken the watch; it may be long before something changes."""

    async def failed(self, resource: ApiResource, error: KubeError) -> None:
        """The kind can't be read now; it is tried again."""


def backoff() -> Backoff:
    """How long a cluster that does not answer is left alone."""
    return Backoff(RETRY_FIRST_SECONDS, RETRY_MOST_SECONDS)


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
        on_list: Callable[[Why], None] = lambda _: None,
    ) -> None:
        self._connection = connection
        self._resource = resource
        self._sink = sink
        self._lists = lists  # how many kinds may be listed at once: a first sync must not flood the apiserver
        self._resync_seconds = resync_seconds
        self._on_list = on_list
        self._why = Why.START
        self._watch_list = True
        self._version = ""  # where to resume the watch; "" means list first
        self._anew = False  # whether the next list is to be believed, and no resourceVersion from before it
        self._just_listed = False
        self._events: EventLists | None = None  # the watch that is open
        self._list_again_at: float | None = None  # on the loop's clock; None is never
        self._backoff = backoff()

    async def run(self) -> None:
        """List and watch for ever."""
        while True:
            try:
                await self.follow()
            except KubeError as error:
                await self._sink.failed(self._resource, error)
                await asyncio.sleep(self._backoff.seconds(error.retry_after))

    async def follow(self) -> None:
        """List where there is nothing to resume, then watch until the resync is due; KubeError where it breaks off."""
        try:
            if not self._version:
                await self._list()
            await self._watch_until_resync()
        except Expired as error:
            cluster, kind = self._connection.cluster, self._resource.plural
            log.info("a list starts again", cluster=cluster, kind=kind, why=error.problem)
            self._anew = self._anew or isinstance(error, WentBack)
            self._version, self._why = "", Why.EXPIRED
            # Where every list is too old for its own watch, the server is not asked for one list after the other.
            await asyncio.sleep(self._backoff.seconds())
        finally:
            await self._close()

    # The list

    async def _list(self) -> None:
        """As one page where that holds all; what is more as a WatchList where the server has it, else in pages.

        A WatchList is easier on the server, but ends its connection where the watch goes on over another. Most kinds
        have few objects: sixty pages share the connections of a few, where sixty WatchLists had one each.
        """
        self._on_list(self._why)
        await self._list_pages(one=self._watch_list)
        if not self._version and self._watch_list:
            await self._list_as_watch()
        if not self._version:
            await self._list_pages()

    async def _list_pages(self, *, one: bool = False) -> None:
        """List all pages; with `one` nothing is told where there is more than one of them."""
        async with self._lists, aclosing(pages(self._connection, self._resource)) as listed:
            page = await anext(listed)
            if page.more and one:
                return
            await self._sink.begin(self._resource, anew=self._anew)
            await self._sink.listed(self._resource, page.items)
            async for page in listed:
                await self._sink.listed(self._resource, page.items)
            await self._complete(page.resource_version)
        self._just_listed = True

    async def _list_as_watch(self) -> None:
        """A WatchList: the server sends the list as events, a bookmark that ends it, and then what changes."""
        taken = asyncio.Event()

        async def accepted() -> None:
            taken.set()

        self._events = events = watch(self._connection, self._resource, "", initial_events=True, accepted=accepted)
        try:
            async with self._lists:
                await self._sink.begin(self._resource, anew=self._anew)
                while (some := await self._next_initial(events, taken)) is not None:
                    end = next((at for at, event in enumerate(some) if event.initial_events_end), len(some))
                    await self._initial(some[:end])
                    if end < len(some):
                        await self._complete(some[end].resource_version)
                        await self._changed(some[end + 1 :])
                        if await self._connection.multiplexes():
                            # The watch goes on over the connection that all watches share.
                            await self._close()
                            self._just_listed = True
                        return
        except WatchListUnsupported:
            self._watch_list = False
        await self._close()  # its list never became whole

    async def _next_initial(self, events: EventLists, taken: asyncio.Event) -> list[WatchEvent] | None:
        """The next initial events; None where the stream has ended, or where its end can't be waited for."""
        try:
            async with asyncio.timeout(INITIAL_SILENCE_SECONDS):
                return await anext(events, None)
        except TimeoutError:
            if taken.is_set():
                log.info("a WatchList does not end", cluster=self._connection.cluster, kind=self._resource.plural)
                self._watch_list = False
            return None

    async def _initial(self, events: Sequence[WatchEvent]) -> None:
        """Pass on what comes before the list is whole: what was there, and what happened to it meanwhile."""
        there: list[msgspec.Raw] = []
        for event in events:
            if event.type == "DELETED":
                await self._sink.listed(self._resource, there)
                there = []
                await self._sink.changed(self._resource, [event])
            elif event.type != "BOOKMARK":
                there.append(event.object)
        await self._sink.listed(self._resource, there)

    async def _complete(self, version: str) -> None:
        await self._sink.complete(self._resource, version)
        self._version, self._anew = version, False
        # Spread over the period, or every kind would be listed again in the same second.
        period = self._resync_seconds * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, no secret
        self._list_again_at = asyncio.get_running_loop().time() + period if period else None

    # The watch

    async def _watch_until_resync(self) -> None:
        try:
            async with asyncio.timeout_at(self._list_again_at):
                while True:
                    await self._watch()
        except TimeoutError:
            self._version, self._why = "", Why.RESYNC

    async def _watch(self) -> None:
        """Pass on what one watch delivers, until the server ends it."""
        if self._events is None:
            if not self._just_listed:
                await self._expect_no_other_history()
            self._just_listed = False
            self._events = watch(self._connection, self._resource, self._version, accepted=self._following)
        began_at, delivered = asyncio.get_running_loop().time(), False
        async for some in self._events:
            await self._changed(some)
            self._backoff.reset()
            delivered = True
        await self._close()
        if not delivered and asyncio.get_running_loop().time() - began_at < SHORT_WATCH_SECONDS:
            await asyncio.sleep(self._backoff.seconds())

    async def _expect_no_other_history(self) -> None:
        """WentBack where the server has not come as far as we have; the watch itself would be silent about it."""
        current = await current_version(self._connection, self._resource)
        if is_before(current, self._version):
            raise WentBack(f"the server is at resourceVersion {current}, and was at {self._version}")

    async def _following(self) -> None:
        await self._sink.following(self._resource)

    async def _changed(self, events: Sequence[WatchEvent]) -> None:
        if events:
            await self._sink.changed(self._resource, events)
            self._version = events[-1].resource_version

    async def _close(self) -> None:
        events, self._events = self._events, None
        if events is not None:
            await events.aclose()
