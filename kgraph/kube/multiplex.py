"""Watches over HTTP/2, many on one connection, as client-go has them.

A watch that is idle costs a connection over TLS some 90 KB here, and a cluster has sixty: over HTTP/2 it costs a few.
Lists stay with HTTP/1.1, whose chunks are parsed in C: an apiserver sends each event of a list as a frame of its own.
Where HTTP/2 cannot be had (a proxy, a server or a middleman that does not offer it) the caller takes HTTP/1.1.

The one module that knows h2; `streams` are its answers. Its errors, and the network's, are OSErrors here;
`transport` gives them their words.
"""

import asyncio
import ssl
from collections.abc import Iterable
from typing import cast

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    Event,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from h2.exceptions import H2Error
from yarl import URL

from kgraph.kube.sockets import CONNECT_SECONDS, watch_over
from kgraph.kube.streams import Stream

PROTOCOL = "h2"
# For all streams of a connection together: one that is not read must not hold the others up.
CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024
# As Go's client where the server does not say how many it takes (golang.org/x/net/http2, initialMaxConcurrentStreams).
STREAMS_MOST = 100
# As client-go (golang.org/x/net/http2, ReadIdleTimeout and PingTimeout as apimachinery sets them): where nothing has
# come for so long the server is asked whether it is there; one that does not answer is given up, with all watches.
SILENCE_SECONDS = 30.0
PING_SECONDS = 15.0
FRAME_HEAD_BYTES = 9  # RFC 9113, 4.1: three bytes of length, type, flags, four bytes of stream
GOAWAY = 7
PING = b"kgraph \0"  # the eight bytes that come back
_OWN_HEADERS = frozenset({"host", "connection", "accept-encoding"})


class NotMultiplexed(Exception):
    """The server, or what stands before it, does not speak HTTP/2."""


class NotConnected(Exception):
    """There is no connection over HTTP/2 now, and nothing was sent; the cause says why."""


class _Link(asyncio.Protocol):
    """One connection and its streams."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self.tls = tls
        self.is_lost = False
        self.is_ending = False  # the server takes no more requests on it
        self.settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self._streams: dict[int, Stream] = {}
        self._transport: asyncio.WriteTransport | None = None
        self._received = 0  # bytes that the connection's window is to be given back
        self._frames = bytearray()  # what has come and is no whole frame yet
        self._heard_at = asyncio.get_running_loop().time()
        self._listening: asyncio.TimerHandle | None = None

    @property
    def has_room(self) -> bool:
        """Whether one more stream may be opened."""
        most = min(self._h2.remote_settings.max_concurrent_streams, STREAMS_MOST)
        return not self.is_lost and not self.is_ending and len(self._streams) < most

    @property
    def is_idle(self) -> bool:
        """Whether nobody uses it."""
        return not self._streams

    def open(self, headers: list[tuple[str, str]]) -> Stream:
        """Send a request without a body."""
        number = self._h2.get_next_available_stream_id()
        self._h2.send_headers(number, headers, end_stream=True)
        stream = self._streams[number] = Stream(number, self)
        self._flush()
        return stream

    def leave(self, number: int) -> None:
        """Nobody reads the stream of that number any more."""
        stream = self._streams.pop(number, None)
        if stream is not None and not stream.is_over and not self.is_lost:
            self._h2.reset_stream(number, ErrorCodes.CANCEL)
            self._flush()

    def credit(self, number: int, size: int) -> None:
        """Let the server send so much more on a stream."""
        if not self.is_lost and number in self._streams:
            self._h2.increment_flow_control_window(size, number)
            self._flush()

    def close(self) -> None:
        """Hang up."""
        self._lose(ConnectionAbortedError("the connection was closed"))

    # What asyncio tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's are none of asyncio's classes
        agreed = transport.get_extra_info("ssl_object")
        if agreed is None or agreed.selected_alpn_protocol() != PROTOCOL:
            self.is_lost = True  # before a byte of HTTP/2, which a server without it would answer with an error
            self.settled.set_exception(NotMultiplexed())
            self._transport.abort()
            return
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(CONNECTION_WINDOW_BYTES)
        self._flush()
        self._listen()

    def data_received(self, data: bytes) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        try:
            for event in self._h2.receive_data(self._without_goaway(data)):
                self._handle(event)
            if self._received >= CONNECTION_WINDOW_BYTES // 2:
                self._h2.increment_flow_control_window(self._received)
                self._received = 0
        except H2Error as error:
            self._lose(ConnectionAbortedError(f"HTTP/2 was not kept to ({type(error).__name__})"))
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lose(exc if isinstance(exc, OSError) else ConnectionResetError("the server closed the connection"))

    def _listen(self) -> None:
        """Ping a connection that is silent, and give up one that stays so: half-open ones say nothing of it."""
        loop = asyncio.get_running_loop()
        silent = loop.time() - self._heard_at
        if self.is_lost:
            return
        if silent >= SILENCE_SECONDS + PING_SECONDS:
            self._lose(ConnectionAbortedError(f"nothing came for {silent:.0f} s, not even the answer to a ping"))
            return
        if silent >= SILENCE_SECONDS:
            self._h2.ping(PING)
            self._flush()
        self._listening = loop.call_later(PING_SECONDS, self._listen)

    def _without_goaway(self, data: bytes) -> bytes:
        """The whole frames that have come, without GOAWAY: what it is about goes on, and h2 would hear of no more.

        An apiserver says it to spread its clients anew (--goaway-chance), when it ends, and with each 401
        (UnauthenticatedHTTP2DOSMitigation); what has begun it still ends (RFC 9113, 6.8).
        """
        self._frames += data
        whole, at = bytearray(), 0
        while len(self._frames) - at >= FRAME_HEAD_BYTES:
            size = FRAME_HEAD_BYTES + int.from_bytes(self._frames[at : at + 3], "big")
            if len(self._frames) - at < size:
                break
            if self._frames[at + 3] == GOAWAY:
                last = int.from_bytes(self._frames[at + FRAME_HEAD_BYTES : at + FRAME_HEAD_BYTES + 4], "big")
                self._go_away(last & 0x7FFFFFFF)
            else:
                whole += self._frames[at : at + size]
            at += size
        del self._frames[:at]
        return bytes(whole)

    def _go_away(self, last: int) -> None:
        self.is_ending = True
        for number, stream in self._streams.items():
            if number > last:
                stream.end(ConnectionResetError("the server asked to connect anew"))

    def _handle(self, event: Event) -> None:
        match event:
            case RemoteSettingsChanged():
                if not self.settled.done():
                    self.settled.set_result(None)
            case DataReceived(stream_id=int(number), flow_controlled_length=int(size)):
                self._received += size
                if stream := self._streams.get(number):
                    stream.feed(event.data or b"")
            case ResponseReceived(stream_id=int(number)):
                if stream := self._streams.get(number):
                    stream.answered((str(name), str(value)) for name, value in event.headers or ())
            case StreamEnded(stream_id=int(number)):
                if stream := self._streams.get(number):
                    stream.end()
            case StreamReset(stream_id=int(number)):
                if stream := self._streams.get(number):
                    stream.end(ConnectionResetError("the server broke off the answer"))

    def _lose(self, error: OSError) -> None:
        if not self.is_lost:
            self.is_lost = True
            if self._listening is not None:
                self._listening.cancel()
            for stream in tuple(self._streams.values()):
                stream.end(error)
            if not self.settled.done():
                self.settled.set_exception(error)
                self.settled.exception()  # seen, whether anybody waits for it or not
        if self._transport is not None:
            self._transport.abort()

    def _flush(self) -> None:
        if self._transport is not None and not self._transport.is_closing() and (data := self._h2.data_to_send()):
            self._transport.write(data)


class Multiplexer:
    """The connections over HTTP/2 to one server: one, and one more for every hundred streams."""

    def __init__(self, server: URL, server_name: str) -> None:
        self._server = server
        self._server_name = server_name
        self._links: list[_Link] = []
        self._connecting: asyncio.Task[None] | None = None

    def close(self) -> None:
        """Hang up all connections."""
        if self._connecting is not None:
            self._connecting.cancel()
        for link in self._links:
            link.close()
        self._links.clear()

    async def ready(self, tls: ssl.SSLContext) -> None:
        """Have a connection with room; NotMultiplexed or NotConnected where there can be none."""
        await self._link(tls)

    async def get(
        self, tls: ssl.SSLContext, url: URL, headers: Iterable[tuple[str, str]], silence_seconds: float
    ) -> Stream:
        """Send a GET and wait for the head of its answer, which is to be closed.

        NotMultiplexed or NotConnected before anything was sent, else OSErrors.
        """
        link = await self._link(tls)
        stream = link.open(
            [
                (":method", "GET"),
                (":scheme", "https"),
                (":authority", url.raw_authority),
                (":path", url.raw_path_qs),
                *((name.lower(), value) for name, value in headers if name.lower() not in _OWN_HEADERS),
            ]
        )
        try:
            async with asyncio.timeout(silence_seconds):
                await stream.head()
        except BaseException:
            stream.close()
            raise
        return stream

    async def _link(self, tls: ssl.SSLContext) -> _Link:
        """A connection with room; those of a login that was replaced are closed when nobody uses them any more."""
        while True:
            for link in tuple(self._links):
                if link.is_lost or (link.is_idle and (link.is_ending or link.tls is not tls)):
                    link.close()
                    self._links.remove(link)
            for link in self._links:
                if link.tls is tls and link.has_room:
                    return link
            if self._connecting is None or self._connecting.done():
                self._connecting = asyncio.create_task(self._connect(tls), name=f"connect to {self._server.host}")
            # All who wait share the attempt and its end: sixty attempts after one another would take half an hour.
            await asyncio.shield(self._connecting)

    async def _connect(self, tls: ssl.SSLContext) -> None:
        """Add a connection."""
        host, port = self._server.raw_host or "", self._server.port or 443
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                transport, link = await loop.create_connection(
                    lambda: _Link(tls), host, port, ssl=tls, server_hostname=self._server_name or host
                )
                if not link.is_lost:
                    watch_over(transport.get_extra_info("socket"))
                await link.settled
        except (OSError, TimeoutError) as error:
            raise NotConnected(str(error) or type(error).__name__) from error
        self._links.append(link)
