"""An apiserver that has too much to do, or has broken: it takes each request, and refuses it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Self

from aiohttp import web

from kgraph.stack.ports import LOOPBACK
from tests.certificates import serving_context


class Refusing:
    """Answers everything with `status`; `ca_file` has the authority of its certificate."""

    def __init__(self, ca_file: Path) -> None:
        self.status = HTTPStatus.SERVICE_UNAVAILABLE
        self.refused = 0
        self.ca_file = ca_file
        self.port = 0

    @classmethod
    @asynccontextmanager
    async def running(cls, folder: Path) -> AsyncIterator[Self]:
        """One on a free port, until the end of the block."""
        ca_file, tls = await serving_context(folder, "refusing")
        server = cls(ca_file)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", server._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, LOOPBACK, 0, ssl_context=tls).start()
            server.port = runner.addresses[0][1]
            yield server
        finally:
            await runner.cleanup()

    async def _answer(self, _: web.Request) -> web.StreamResponse:
        self.refused += 1
        body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "refused by the storm"}
        headers = {"Retry-After": "1"} if self.status == HTTPStatus.TOO_MANY_REQUESTS else {}
        return web.json_response({**body, "code": int(self.status)}, status=self.status, headers=headers)
