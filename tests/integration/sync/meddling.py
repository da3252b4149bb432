"""Proxies of the tests between a worker and the real apiserver: one reads HTTP and meddles, one only carries bytes."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Self

import aiohttp
from aiohttp import web

from tests.certificates import serving_context
from tests.servers import Cluster

Forward = Callable[[], Awaitable[web.StreamResponse]]
Rule = Callable[[web.Request, Forward], Awaitable[web.StreamResponse | None]]
_HOP_BY_HOP = {"transfer-encoding", "connection", "content-length", "content-encoding"}


def is_watch(request: web.Request) -> bool:
    """Whether a request is a watch."""
    return request.query.get("watch") in ("1", "true")


def status(code: int, reason: str, message: str = "", **metadata: str) -> web.Response:
    """An answer as the apiserver would give it."""
    body = {"kind": "Status", "apiVersion": "v1", "metadata": metadata, "status": "Failure", "code": code}
    return web.json_response({**body, "reason": reason, "message": message or reason}, status=code)


class Meddler:
    """Passes on to the apiserver what no rule answers itself; `asked` is every request, method and path with query."""

    def __init__(self, cluster: Cluster, session: aiohttp.ClientSession) -> None:
        self.rule: Rule | None = None
        self.asked: list[str] = []
        self.url = ""
        self.ca_file = cluster.ca_file
        self._cluster = cluster
        self._session = session
        self._open: set[asyncio.Transport] = set()

    @classmethod
    @asynccontextmanager
    async def before(cls, cluster: Cluster, folder: Path) -> AsyncIterator[Self]:
        """A proxy before a cluster, with a certificate of its own: a login is never sent over plain HTTP."""
        ca_file, own_tls = await serving_context(folder, "meddler")
        tls = ssl.create_default_context(cafile=cluster.ca_file)
        timeout = aiohttp.ClientTimeout(total=None)
        connector = aiohttp.TCPConnector(ssl=tls, limit=0)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=True) as session:
            meddler = cls(cluster, session)
            meddler.ca_file = ca_file
            app = web.Application()
            app.router.add_route("*", "/{path:.*}", meddler._answer)
            runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=own_tls)
            await site.start()
            meddler.url = f"https://127.0.0.1:{runner.addresses[0][1]}"
            try:
                yield meddler
            finally:
                await runner.cleanup()

    def watches_of(self, plural: str) -> int:
        """How many watches of a kind were asked for so far."""
        return sum(f"/{plural}?" in each and "watch=1" in each for each in self.asked)

    def cut(self) -> None:
        """Break every connection off."""
        for transport in self._open:
            transport.abort()
        self._open.clear()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.rel_url}")
        if request.transport is not None:
            self._open.add(request.transport)

        async def forward() -> web.StreamResponse:
            return await self.forward(request)

        if self.rule is not None and (answer := await self.rule(request, forward)) is not None:
            return answer
        return await forward()

    async def forward(
        self,
        request: web.Request,
        meddle: Callable[[bytes], bytes | None] = lambda chunk: chunk,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> web.StreamResponse:
        """Ask the apiserver, with another query where one is given, and pass on what it says, with these headers too.

        It passes on chunk by chunk as `meddle` leaves them; None is kept back.
        """
        sent = {name: request.headers[name] for name in ("Authorization", "Accept") if name in request.headers}
        url = f"{self._cluster.server}{request.path}"
        async with self._session.request(
            request.method, url, params={**request.query, **(query or {})}, headers=sent
        ) as answer:
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP}
            response = web.StreamResponse(status=answer.status, headers={**kept, **(headers or {})})
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                if (passed := meddle(chunk)) is not None:
                    await response.write(passed)
            await response.write_eof()
            return response


class Wire:
    """Carries bytes to the apiserver and back until it is frozen; connections made after that are carried again."""

    def __init__(self, host: str, port: int) -> None:
        self.url = ""
        self.ca_file: Path | None = None  # the apiserver's own
        self._target = host, port
        self._frozen = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    @asynccontextmanager
    async def before(cls, cluster: Cluster) -> AsyncIterator[Self]:
        """A wire to a cluster; TLS goes through it untouched."""
        host, _, port = cluster.server.removeprefix("https://").partition(":")
        wire = cls(host, int(port))
        server = await asyncio.start_server(wire._carry, "127.0.0.1", 0)
        wire.url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield wire
        finally:
            server.close()
            for task in wire._tasks:
                task.cancel()
            await asyncio.gather(*wire._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Break every connection off."""
        for task in self._tasks:
            task.cancel()

    def freeze(self) -> None:
        """Let nothing through any more on the connections that there are, and leave them open."""
        self._frozen.set()
        self._frozen = asyncio.Event()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        frozen = self._frozen
        back, forth = await asyncio.open_connection(*self._target)

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            with suppress(OSError):
                while chunk := await source.read(65536):
                    if frozen.is_set():
                        await asyncio.Event().wait()
                    sink.write(chunk)
                    await sink.drain()

        pumps = {asyncio.create_task(pump(reader, forth)), asyncio.create_task(pump(back, writer))}
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in pumps:
                each.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for end in (writer, forth):
                end.close()
                with suppress(OSError, ssl.SSLError):
                    await end.wait_closed()
            self._tasks.discard(task)
