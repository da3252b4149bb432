"""How much of the server's patience one connection has, and how many connections there may be.

Uvicorn waits for ever for a request whose headers come a byte at a time, and takes headers of any length; with a
thousand such connections anybody could keep everybody else out. What is refused here is refused before the
application is asked, and is told as the application tells it.
"""

import asyncio
import ipaddress
from collections import Counter
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, ClassVar

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from kgraph.api.callers.addresses import place, plain
from kgraph.api.errors import BadUserInput, Busy
from kgraph.api.http.failures import PROBLEM
from kgraph.api.http.security_headers import ALWAYS, CACHE_CONTROL, NOT_KEPT

# A bearer token may have 32 KiB, and there are cookies of other applications on the same host.
HEADER_BYTES = 65_536
RETRY_SECONDS = 5
_END_OF_HEADERS = b"\r\n\r\n"


class Patience(msgspec.Struct, frozen=True):
    """The limits of a listener; 0 `per_address` is any number. `proxies` are addresses and networks."""

    connections: int = 4096
    per_address: int = 512
    header_seconds: float = 10.0
    body_seconds: float = 30.0
    proxies: tuple[str, ...] = ()


class Doors:
    """How many connections each address has."""

    def __init__(self, most: int, proxies: Iterable[str]) -> None:
        self._most = most
        self._proxies = tuple(ipaddress.ip_network(proxy, strict=False) for proxy in proxies)
        self._open: Counter[str] = Counter()

    def __len__(self) -> int:
        """How many addresses are known just now."""
        return len(self._open)

    def enter(self, address: str) -> bool:
        """Whether one more connection from there may come; it is counted then, until it leaves."""
        group = self._group(address)
        if group is None:
            return True
        if self._open[group] >= self._most:
            return False
        self._open[group] += 1
        return True

    def leave(self, address: str) -> None:
        """One that was let in has ended."""
        group = self._group(address)
        if group is not None and group in self._open:
            self._open[group] -= 1
            if not self._open[group]:
                del self._open[group]

    def _group(self, address: str) -> str | None:
        """Whose connections are counted together; None where they are not counted."""
        if not self._most or not address:
            return None
        found = plain(address)
        if found.is_loopback or any(found in proxy for proxy in self._proxies):
            return None
        return place(address)


def protocols(patience: Patience) -> tuple[type[HttpToolsProtocol], type[WebSocketsSansIOProtocol]]:
    """Uvicorn's protocols with these limits: HTTP's, and that of the WebSockets which connections become."""
    doors = Doors(patience.per_address, patience.proxies)
    http = type("LimitedHttp", (_Http,), {"patience": patience, "doors": doors})
    return http, type("LimitedWebSocket", (_WebSocket,), {"doors": doors})


class _WebSocket(WebSocketsSansIOProtocol):
    """It leaves by the door that it came in by as HTTP."""

    doors: ClassVar[Doors]

    def connection_lost(self, exc: Exception | None) -> None:
        self.doors.leave(_address(self.client))
        super().connection_lost(exc)


class _Http(HttpToolsProtocol):
    """A connection that is closed where it takes too long, or too much."""

    patience: ClassVar[Patience]
    doors: ClassVar[Doors]

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._timer: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._in_headers = True
        self._header_bytes = 0
        self._let_in = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._let_in = self.doors.enter(_address(self.client))
        if not self._let_in:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, Busy.code, "your address has too many connections open")
            return
        self._wait(self.patience.header_seconds, "the headers of a request")

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel()
        self._read_on()
        if self._let_in:
            self.doors.leave(_address(self.client))
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._in_headers:
            if self._timer is None:
                self._wait(self.patience.header_seconds, "the headers of a request")
            end = data.find(_END_OF_HEADERS)
            self._header_bytes += len(data) if end < 0 else end
            if self._header_bytes > HEADER_BYTES:
                self._refuse(
                    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
                    BadUserInput.code,
                    f"the headers are longer than {HEADER_BYTES:,} bytes",
                )
                return
        super().data_received(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        # What comes after the body as a trailer is no header: uvicorn would take it for one.
        if self._in_headers:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_headers, self._header_bytes = False, 0
        self._wait(self.patience.body_seconds, "the body of a request")
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_headers = True
        self._cancel()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self._cancel()
        super().handle_websocket_upgrade()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._read_on()
        self._stalled = self.loop.call_later(self.patience.body_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._read_on()

    def _read_on(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _wait(self, seconds: float, what: str) -> None:
        self._cancel()
        self._timer = self.loop.call_later(seconds, self._give_up, f"{what} did not come within {seconds:g} s")

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self, why: str) -> None:
        self._timer = None
        if self.transport.is_closing():
            return
        begun = self.cycle is not None and not self.cycle.response_complete and self.cycle.response_started
        # A connection on which nothing was sent is one that a browser keeps in store: it is closed without a word.
        if begun or (self._in_headers and not self._header_bytes):
            self.transport.close()
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, BadUserInput.code, why)

    def _refuse(self, status: HTTPStatus, code: str, why: str) -> None:
        """Answer, and close the connection."""
        self._cancel()
        problem = {"title": status.phrase, "status": status.value, "detail": why, "code": code}
        body = msgspec.json.encode(problem)
        retry = f"retry-after: {RETRY_SECONDS}\r\n" if status is HTTPStatus.SERVICE_UNAVAILABLE else ""
        always = "".join(f"{name}: {value}\r\n" for name, value in {**ALWAYS, CACHE_CONTROL: NOT_KEPT}.items())
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: {PROBLEM}\r\ncontent-length: {len(body)}\r\n"
            f"{retry}connection: close\r\n{always}\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()


def _address(client: tuple[str, int] | None) -> str:
    return client[0] if client else ""
