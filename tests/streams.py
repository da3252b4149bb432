"""Those who follow the change feed, as browsers and programs do: server-sent events, and GraphQL over a WebSocket."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self

import aiohttp

from kgraph.api.app import create_app
from kgraph.api.events.hub import Hub
from kgraph.api.settings import ApiSettings
from kgraph.cli.process.serving import address_of, listening, running
from kgraph.feed.bus import Source
from kgraph.graphdb.store import Store
from kgraph.kube.sealing import Sealer
from kgraph.kube.settings import ClusterSettings

PROTOCOL = "graphql-transport-ws"
PATH = "/api/v1/events/stream"
HEAR_SECONDS = 90.0


@asynccontextmanager
async def served(
    store: Store, source: Source | None, clusters: Iterable[ClusterSettings] = (), *, back: float = 0.0, **settings: Any
) -> AsyncIterator[tuple[str, Hub | None]]:
    """The API over a graph and a feed, on a port of its own: its address, and its hub."""
    hub = Hub(source, reaches_back=back) if source is not None else None
    if hub is not None:
        hub.start()
    app = create_app(store, ApiSettings(**settings), Sealer.of({}), clusters, hub)
    with listening("127.0.0.1", 0) as listener:
        async with running(app, listener, 1_000_000, closing=hub):
            yield address_of(listener), hub


class Sent:
    """One server-sent event: its fields, and its data as JSON."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.id = fields.get("id")
        self.name = fields.get("event", "")
        self.data: Any = json.loads(fields["data"]) if "data" in fields else None

    @property
    def key(self) -> str:
        """The namespace and name of what it is about."""
        resource = self.data["resource"]
        return f"{resource['namespace']}/{resource['name']}"


class Stream:
    """A stream of server-sent events that is open."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer
        self.last: str | None = None  # the id to come back with

    @classmethod
    @asynccontextmanager
    async def open(
        cls, address: str, *, token: str = "", last: str | None = None, **asked: str | list[str]
    ) -> AsyncIterator[Self]:
        """Open it, and read its beginning."""
        headers = {"Accept": "text/event-stream"} | ({"Authorization": f"Bearer {token}"} if token else {})
        headers |= {"Last-Event-ID": last} if last is not None else {}
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as http,
            http.get(f"{address}{PATH}", params=asked, headers=headers) as answer,
        ):
            stream = cls(answer)
            if answer.status == 200:
                assert answer.content_type == "text/event-stream"
                first = await stream.block()
                if first.id is not None and first.name == "":
                    stream.last = first.id
                else:
                    stream._first = first
            yield stream

    _first: Sent | None = None

    async def block(self) -> Sent:
        """The next block, be it a sign of life alone; EOFError at the end."""
        if self._first is not None:
            first, self._first = self._first, None
            return first
        lines: dict[str, str] = {}
        while True:
            line = (await self.answer.content.readline()).decode()
            if not line:
                raise EOFError
            if line == "\n":
                return Sent(lines)
            name, _, value = line.rstrip("\n").partition(":")
            lines[name] = value.removeprefix(" ")

    async def next(self) -> Sent:
        """The next event."""
        async with asyncio.timeout(HEAR_SECONDS):
            while True:
                found = await self.block()
                if found.id is not None:
                    self.last = found.id
                if found.name:
                    return found


class Socket:
    """A GraphQL client over a WebSocket, which has said who it is."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws

    @classmethod
    @asynccontextmanager
    async def open(cls, address: str, token: str = "", **headers: str) -> AsyncIterator[Self]:
        """Open one."""
        payload = {"authorization": f"Bearer {token}"} if token else {}
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{address}/graphql", protocols=[PROTOCOL], headers=headers) as ws,
        ):
            await ws.send_json({"type": "connection_init", "payload": payload})
            assert json.loads((await ws.receive(timeout=HEAR_SECONDS)).data) == {"type": "connection_ack"}
            yield cls(ws)

    async def subscribe(self, query: str, id_: str = "1", **variables: Any) -> None:
        """Begin a subscription."""
        payload = {"query": query, "variables": variables}
        await self.ws.send_json({"id": id_, "type": "subscribe", "payload": payload})

    async def hear(self) -> Any:
        """The next message; the code and reason where the connection is closed."""
        message = await self.ws.receive(timeout=HEAR_SECONDS)
        return json.loads(message.data) if message.type == aiohttp.WSMsgType.TEXT else (message.data, message.extra)

    async def next(self) -> Any:
        """The data of the next event."""
        message = await self.hear()
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        return message["payload"]["data"]
