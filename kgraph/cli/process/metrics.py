"""Where a process is looked at: /metrics for Prometheus, /health/live and /health/ready, on a port of their own."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import msgspec
import structlog
from aiohttp import web
from prometheus_client.exposition import choose_encoder

from kgraph.cli.defaults import METRICS_PORT
from kgraph.cli.errors import BadConfiguration
from kgraph.cli.places import url_of
from kgraph.telemetry.meter import Meter

# A graph that does not answer must not keep the metrics away that say so: Prometheus waits for ten seconds.
BEFORE_SECONDS = 1.0

log = structlog.get_logger(__name__)


class Ready(msgspec.Struct, frozen=True):
    """Whether a process does what it is for, and in words."""

    ready: bool
    message: str


class Watched(msgspec.Struct, frozen=True):
    """What can be asked of a process; `before` is begun before its metrics are read."""

    meter: Meter
    ready: Callable[[], Coroutine[Any, Any, Ready]]
    before: Callable[[], Coroutine[Any, Any, object]] | None = None


@asynccontextmanager
async def looked_at(watched: Watched, host: str, port: int) -> AsyncIterator[str]:
    """Answer while the block runs; gives the address, "" where `port` is 0.

    Where the usual port is taken it is any free one: several processes of one machine. BadConfiguration where another
    one is.
    """
    if port == 0:
        yield ""
        return
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(watched.meter.looking_at_the_loop())
        runner = web.AppRunner(_app(watched), access_log=None, handle_signals=False, shutdown_timeout=1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        found = await _listen(runner, host, port)
        log.info("metrics are at", address=found)
        yield found


async def _listen(runner: web.AppRunner, host: str, port: int) -> str:
    for wanted in (port, 0) if port == METRICS_PORT else (port,):
        site = web.TCPSite(runner, host, wanted)
        try:
            await site.start()
        except OSError as cause:
            error = cause
        else:
            return f"{url_of(*runner.addresses[0][:2])}/metrics"
    raise BadConfiguration(
        f"cannot listen on {host} port {port} for metrics: {error.strerror}; choose another with metrics_port, or 0 "
        "for none"
    )


def _app(watched: Watched) -> web.Application:
    before: set[asyncio.Future[object]] = set()

    async def metrics(request: web.Request) -> web.Response:
        if watched.before is not None and not before:
            asking = asyncio.ensure_future(watched.before())
            before.add(asking)
            asking.add_done_callback(before.discard)
        if before:
            await asyncio.wait(before, timeout=BEFORE_SECONDS)
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(watched.meter.registry), headers={"Content-Type": content_type})

    async def live(_: web.Request) -> web.Response:
        return _json({"status": "live"})

    async def ready(_: web.Request) -> web.Response:
        found = await watched.ready()
        return _json(found, 200 if found.ready else 503)

    app = web.Application()
    app.add_routes([web.get("/metrics", metrics), web.get("/health/live", live), web.get("/health/ready", ready)])
    return app


def _json(answer: object, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(answer), status=status, content_type="application/json")
