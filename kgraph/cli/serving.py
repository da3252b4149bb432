"""The API in this process, beside whatever else runs in it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn

from kgraph.api.app import create_app
from kgraph.api.loopback import ensure_loopback
from kgraph.api.settings import ApiSettings
from kgraph.cli.errors import BadConfiguration
from kgraph.graphdb.store import Store
from kgraph.kube.sealing import Sealer

BACKLOG = 2048  # uvicorn's own
# How long open streams and running statements may take to end after SIGTERM; Kubernetes kills after 30.
GRACEFUL_SECONDS = 10
STARTED_POLL_SECONDS = 0.02


class _Server(uvicorn.Server):
    """Uvicorn without its signal handlers: the command decides when it ends."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listening(host: str, port: int, *, free: bool = False) -> socket.socket:
    """A socket that listens, on any free port where that one is taken and `free` allows it.

    Raises BadConfiguration where it is taken, and ListensElsewhere for an address that others can reach.
    """
    ensure_loopback(host)
    for wanted in (port, 0) if free else (port,):
        try:
            return socket.create_server(
                (host, wanted), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=BACKLOG
            )
        except OSError as cause:
            error = cause
    raise BadConfiguration(f"cannot listen on {host} port {port}: {error.strerror}; choose another with --port")


def address_of(listener: socket.socket) -> str:
    """The URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@asynccontextmanager
async def served(
    store: Store, settings: ApiSettings, sealer: Sealer, listener: socket.socket
) -> AsyncIterator[asyncio.Task[None]]:
    """The API answers while the block runs; its task ends early only where the server fails."""
    config = uvicorn.Config(
        create_app(store, settings, sealer),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        lifespan="on",
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve([listener]), name="api")
    try:
        while not server.started and not task.done():
            await asyncio.wait({task}, timeout=STARTED_POLL_SECONDS)
        yield task
    finally:
        server.should_exit = True
        await task
