"""What happens to the objects of a kind, as it happens."""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Literal

import msgspec

from kgraph.kube import nesting
from kgraph.kube.connection import Connection
from kgraph.kube.discovery import ApiResource
from kgraph.kube.errors import (
    Attempt,
    BadAnswer,
    Invalid,
    KubeError,
    Status,
    Unavailable,
    WatchListUnsupported,
    from_status,
    read_status,
    shown,
)
from kgraph.kube.objects import head

# As client-go's reflector: each watch ends by itself after five to ten minutes, so that watches spread over the
# apiservers behind a load balancer, and not all at once (tools/cache/reflector.go, minWatchTimeout).
MIN_WATCH_SECONDS = 300
# How long after its last byte a watch that sends bookmarks is taken for dead. They come each minute (apiserver
# storage/cacher, defaultBookmarkFrequency; measured 60 to 62 s). What has no watch cache (Events, some aggregated
# servers) sends none, however quiet it is: there the keepalives of the socket and the watch's end have to do.
IDLE_SECONDS = 150
# A server answers a watch's end itself; this much later the connection is dead, bookmarks or not.
END_GRACE_SECONDS = 30
# etcd takes objects of 1.5 MB; what is forty times as long is no line of a watch.
MAX_LINE_BYTES = 64 * 1024 * 1024

INITIAL_EVENTS_END = "k8s.io/initial-events-end"


class WatchEvent(msgspec.Struct, frozen=True, gc=False):
    """One event; the object is still JSON, and shares the bytes of the events that came with it.

    A BOOKMARK's object has a resourceVersion and nothing else.
    """

    type: Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"]
    object: msgspec.Raw

    @property
    def resource_version(self) -> str:
        """The version that a watch can go on from after this event; it is read from the object each time.

        BadAnswer where the object is none.
        """
        return head(self.object).metadata.resource_version

    @property
    def initial_events_end(self) -> bool:
        """Whether this is the bookmark after the last initial event."""
        if self.type != "BOOKMARK":
            return False
        annotations = head(self.object).metadata.annotations
        return annotations is not None and annotations.get(INITIAL_EVENTS_END) == "true"


_events = msgspec.json.Decoder(WatchEvent)


async def watch(
    conn: Connection,
    resource: ApiResource,
    resource_version: str,
    *,
    initial_events: bool = False,
    namespace: str | None = None,
    label_selector: str = "",
    idle_timeout: float = IDLE_SECONDS,
    accepted: Callable[[], Awaitable[None]] | None = None,
) -> AsyncGenerator[list[WatchEvent], None]:
    """The events after `resource_version`, those that came together in one list, until the server ends the watch.

    With `initial_events` the server first sends all objects as ADDED, then a bookmark (`initial_events_end`);
    WatchListUnsupported where it cannot. Expired where the version is too old. Unavailable where the connection
    breaks, or is silent for `idle_timeout` seconds though bookmarks had come. ERROR events are raised, never given.
    `accepted` is called once the server has taken the watch, which may then be silent for a minute.
    Close the generator (`aclose`) when done with it early.
    """
    seconds = int(MIN_WATCH_SECONDS * random.uniform(1, 2))  # noqa: S311 - jitter, no secret
    params = {
        "watch": "1",
        "allowWatchBookmarks": "true",
        "timeoutSeconds": str(seconds),
        "resourceVersion": resource_version,
    }
    if initial_events:
        params |= {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
    if label_selector:
        params["labelSelector"] = label_selector
    path = resource.path(namespace)
    attempt = Attempt("WATCH", path, conn.cluster, conn.server)
    lines = _Lines(attempt)
    try:
        # A list comes faster over a connection of its own.
        async with conn.stream(
            path, params, read_timeout_seconds=seconds + END_GRACE_SECONDS, multiplexed=not initial_events
        ) as chunks:
            if accepted:
                await accepted()
            while (chunk := await _next(chunks, attempt, idle_timeout if lines.bookmarked else None)) is not None:
                if events := lines.feed(chunk):
                    yield events
                if lines.error:
                    raise lines.error
            lines.end()
    except Invalid as error:
        if initial_events:
            raise WatchListUnsupported(error.problem, attempt=attempt, status=error.status) from error
        raise


async def _next(chunks: AsyncIterator[bytes], attempt: Attempt, seconds: float | None) -> bytes | None:
    """The next chunk, None at the end."""
    try:
        async with asyncio.timeout(seconds):
            return await anext(chunks, None)
    except TimeoutError:
        raise Unavailable(
            f"no bytes for {seconds:g} s, though bookmarks come each minute",
            attempt=attempt,
            advice="the connection is dead; try again",
        ) from None


class _Lines:
    """Chunks that end anywhere into the events that are whole; nothing waits for a next chunk.

    Three million small events a second; over a loopback connection, two.
    """

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt
        self._parts: list[bytes] = []  # the beginning of a line that goes on; joined once, however many there are
        self._size = 0
        self.bookmarked = False  # whether a bookmark has come, so that silence means something
        self.error: KubeError | None = None  # what the server ended the watch with, after the events before it

    def feed(self, chunk: bytes) -> list[WatchEvent]:
        """The events that the chunk completes, up to an ERROR, which becomes `error`."""
        end = chunk.rfind(b"\n") + 1
        if not end:
            self._keep(chunk)
            return []
        whole = b"".join((*self._parts, chunk[:end])) if self._parts or end < len(chunk) else chunk
        self._parts, self._size = [], 0
        if end < len(chunk):
            self._keep(chunk[end:])
        try:
            events = nesting.decoded(_events.decode_lines, whole)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            said = shown(whole)
            raise BadAnswer(f"a line that is no watch event: {said}", attempt=self._attempt) from error
        for position, event in enumerate(events):
            if event.type == "ERROR":
                status = read_status(event.object) or Status(message="an ERROR event without a Status")
                self.error = from_status(status, self._attempt)
                return events[:position]
            if event.type == "BOOKMARK" and not event.initial_events_end:
                self.bookmarked = True
        return events

    def end(self) -> None:
        """The stream has ended; in the middle of an event, it has broken off."""
        if self._parts:
            raise Unavailable("the watch broke off in the middle of an event", attempt=self._attempt)

    def _keep(self, part: bytes) -> None:
        self._parts.append(part)
        self._size += len(part)
        if self._size > MAX_LINE_BYTES:
            raise BadAnswer(f"an event of more than {MAX_LINE_BYTES} bytes", attempt=self._attempt)
