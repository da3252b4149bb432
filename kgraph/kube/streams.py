"""Answers over HTTP/2, each a stream of a connection that many share: what `multiplex` gives, and is told of."""

import asyncio
from collections.abc import Iterable
from typing import Protocol

from multidict import CIMultiDict

# Half of what a stream may send before it is read: told to the server in pieces of this size, not with each event.
STREAM_CREDIT_BYTES = 32 * 1024


class Carrier(Protocol):
    """The connection of a stream."""

    def credit(self, number: int, size: int) -> None:
        """Let the server send so many bytes more on the stream of that number."""

    def leave(self, number: int) -> None:
        """Nobody reads that stream any more."""


class Stream:
    """An answer over HTTP/2: its status, its headers, and its body as it comes; close it when done."""

    def __init__(self, number: int, carrier: Carrier) -> None:
        self.number = number
        self.status = 0
        self.headers: CIMultiDict[str] = CIMultiDict()
        self.is_over = False
        self._carrier = carrier
        self._chunks: list[bytes] = []
        self._owed = 0  # bytes that were read and that the server may send anew
        self._error: OSError | None = None
        self._waiting: asyncio.Future[None] | None = None

    async def head(self) -> None:
        """Wait for status and headers."""
        while not self.status and self._error is None:
            await self._news()
        if not self.status and self._error is not None:
            raise self._error

    async def readany(self) -> bytes:
        """What has come since, at least one byte; b"" at the end."""
        while not self._chunks:
            if self._error is not None:
                raise self._error
            if self.is_over:
                return b""
            await self._news()
        some = b"".join(self._chunks)
        self._chunks.clear()
        self._owed += len(some)
        if self._owed >= STREAM_CREDIT_BYTES and not self.is_over:
            self._carrier.credit(self.number, self._owed)
            self._owed = 0
        return some

    def close(self) -> None:
        """Nobody reads it any more."""
        self._carrier.leave(self.number)

    # What the link tells

    def answered(self, headers: Iterable[tuple[str, str]]) -> None:
        """The head is there."""
        for name, value in headers:
            if name == ":status":
                self.status = int(value)
            else:
                self.headers.add(name, value)
        self._tell()

    def feed(self, data: bytes) -> None:
        """More of the body is there."""
        if data:
            self._chunks.append(data)
            self._tell()

    def end(self, error: OSError | None = None) -> None:
        """There is no more."""
        self.is_over = True
        self._error = self._error or error
        self._tell()

    def _tell(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def _news(self) -> None:
        self._waiting = asyncio.get_running_loop().create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None
