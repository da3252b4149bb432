"""Requests whose clients have gone: what only reads is not answered any more, and costs Neo4j nothing more.

A client that gives up asks again. A server that goes on with what nobody waits for has no time left for what somebody
does: each answer then comes too late, and an overload stays when what caused it is over.
"""

import asyncio
from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

# Where an operation notes in its request's scope what it does: one request may have several.
READS, WRITES = "kgraph.reads", "kgraph.writes"
# As other servers count a request that its client has closed; nobody is sent it.
STATUS = 499
_SAFE = frozenset({"GET", "HEAD"})


class Abandoned:
    """An application that is told to stop when its client has gone, unless it changes anything."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        await _Request(scope, receive, send).answered(self._app)


class _Request:
    """One request, and whether its client is still there."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope: Any = scope
        self._receive = receive
        self._send = send
        self._gone = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None
        self._answering: asyncio.Task[Any] | None = None
        self._begun = self._cancelled = False

    async def answered(self, app: ASGIApp) -> None:
        """Have the application answer, or stop it."""
        self._answering = asyncio.current_task()
        try:
            await app(self._scope, self._received, self._sent)
        except asyncio.CancelledError:
            if not self._cancelled or self._answering is None or self._answering.uncancel():
                raise
            await self._send({"type": "http.response.start", "status": STATUS, "headers": []})
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            if self._watching is not None:
                self._watching.cancel()
            self._watching = self._answering = None  # a circle would outlive the request

    async def _received(self) -> Any:
        if self._watching is not None:
            await self._gone.wait()
            return {"type": "http.disconnect"}
        message: Any = await self._receive()
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            self._watching = asyncio.create_task(self._watch(message), name="watch a client")
        return message

    async def _sent(self, message: Message) -> None:
        self._begun = True
        await self._send(message)

    async def _watch(self, message: Any) -> None:
        """Wait until the client has gone: the body was read whole, and nothing else comes from it."""
        while message["type"] != "http.disconnect":
            message = await self._receive()
        self._gone.set()
        if self._begun or self._scope.get(WRITES):
            return  # a stream is told by what it receives
        if (self._scope["method"] in _SAFE or self._scope.get(READS)) and self._answering is not None:
            self._cancelled = True
            self._answering.cancel()
