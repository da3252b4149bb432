"""What becomes of a request whose client has gone, by what it does."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from kgraph.api.http.abandoned import READS, STATUS, WRITES, Abandoned

BODY = {"type": "http.request", "body": b"{}", "more_body": False}
GONE = {"type": "http.disconnect"}


class Server:
    """A server as ASGI has it: what it is told is put here, what it is to send is noted."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sent: list[Any] = []

    async def receive(self) -> dict[str, Any]:
        """What the client does next."""
        return await self.heard.get()

    async def send(self, message: Any) -> None:
        """What the client gets."""
        self.sent.append(message)


class Application:
    """Reads the body, does what it is to do, and answers once it may."""

    def __init__(self, notes: Iterable[str] = (), *, streams: bool = False) -> None:
        self.began, self.may_end = asyncio.Event(), asyncio.Event()
        self.ended = ""
        self._notes = notes
        self._streams = streams

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request."""
        await receive()
        scope.update(dict.fromkeys(self._notes, True))
        self.began.set()
        try:
            if self._streams:
                await send({"type": "http.response.start", "status": 200, "headers": []})
                assert (await receive()) == GONE
            else:
                await self.may_end.wait()
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body", "body": b"done"})
        except asyncio.CancelledError:
            self.ended = "stopped"
            raise
        self.ended = "finished"


async def left(application: Application, method: str) -> Server:
    """Begin a request, and go; what is not stopped by that may then end."""
    server = Server()
    server.heard.put_nowait(BODY)
    scope: Any = {"type": "http", "method": method}
    wrapped: Any = Abandoned(application)
    request = asyncio.create_task(wrapped(scope, server.receive, server.send))
    await application.began.wait()
    server.heard.put_nowait(GONE)
    while not server.heard.empty():  # noqa: ASYNC110 - who hears is what is tested
        await asyncio.sleep(0)
    application.may_end.set()
    await request
    return server


@pytest.mark.parametrize(
    ("method", "notes", "ended", "status"),
    [
        ("GET", (), "stopped", STATUS),
        ("HEAD", (), "stopped", STATUS),
        ("POST", (READS,), "stopped", STATUS),
        ("POST", (), "finished", 200),
        ("POST", (READS, WRITES), "finished", 200),
        ("DELETE", (), "finished", 200),
    ],
)
async def test_only_what_reads_is_stopped(method: str, notes: tuple[str, ...], ended: str, status: int) -> None:
    """A question whose client has gone ends at once; what may change something goes on, also beside questions."""
    application = Application(notes)
    server = await left(application, method)
    assert application.ended == ended
    assert server.sent[0]["status"] == status
    assert server.sent[-1]["type"] == "http.response.body"


async def test_a_stream_is_told_and_ends_itself() -> None:
    """What has begun to answer hears that its client has gone, and is not cut off."""
    application = Application(streams=True)
    server = await left(application, "GET")
    assert application.ended == "finished"
    assert [message["type"] for message in server.sent] == ["http.response.start"]


async def test_who_stops_a_request_stops_it() -> None:
    """A request that the server itself cancels is cancelled, not taken for one whose client has gone."""
    application, server = Application(), Server()
    server.heard.put_nowait(BODY)
    wrapped: Any = Abandoned(application)
    request = asyncio.create_task(wrapped({"type": "http", "method": "GET"}, server.receive, server.send))
    await application.began.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert server.sent == []
