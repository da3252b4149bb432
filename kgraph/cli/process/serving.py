"""The API in this process, beside whatever else runs in it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from litestar import Litestar

from kgraph.api.app import create_app
from kgraph.api.events.hub import Hub
from kgraph.api.http.health import ReadinessProbe
from kgraph.api.http.loopback import ListensElsewhere, ensure_loopback
from kgraph.api.settings import ApiSettings
from kgraph.cli.errors import BadConfiguration
from kgraph.cli.places import url_of
from kgraph.cli.process.patience import Patience, protocols
from kgraph.cli.process.tls import Tls
from kgraph.graphdb.store import Store
from kgraph.kube.sealing import Sealer
from kgraph.kube.settings import ClusterSettings
from kgraph.telemetry.telemetry import Telemetry

BACKLOG = 2048  # uvicorn's own
# How long open streams and running statements may take to end after SIGTERM; Kubernetes kills after 30.
GRACEFUL_SECONDS = 10
STARTED_POLL_SECONDS = 0.02
PATIENT = Patience()


class _Server(uvicorn.Server):
    """Uvicorn without its signal handlers: the command decides when it ends."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listening(host: str, port: int, *, free: bool = False, authenticated: bool = False) -> socket.socket:
    """A socket that listens, on any free port where that one is taken and `free` allows it.

    Raises BadConfiguration where it is taken, and for an address that others can reach unless callers are
    `authenticated`.
    """
    if not authenticated:
        try:
            ensure_loopback(host)
        except ListensElsewhere as cause:
            raise BadConfiguration(str(cause)) from cause
    for wanted in (port, 0) if free else (port,):
        try:
            return socket.create_server(
                (host, wanted), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=BACKLOG
            )
        except OSError as cause:
            error = cause
    raise BadConfiguration(f"cannot listen on {host} port {port}: {error.strerror}; choose another with --port")


def address_of(listener: socket.socket, *, tls: bool = False) -> str:
    """The URL of a listening socket, as programs on this machine reach it."""
    return url_of(*listener.getsockname()[:2], tls=tls)


@asynccontextmanager
async def served(
    store: Store,
    settings: ApiSettings,
    sealer: Sealer,
    listener: socket.socket,
    clusters: Iterable[ClusterSettings] = (),
    *,
    hub: Hub | None = None,
    probe: ReadinessProbe | None = None,
    telemetry: Telemetry | None = None,
    tls: Tls | None = None,
    patience: Patience = PATIENT,
) -> AsyncIterator[asyncio.Task[None]]:
    """The API answers while the block runs; its task ends early only where the server fails.

    `clusters` are those of the configuration, which it asks who callers are and what they may see; `hub` reads the
    change feed for who subscribes; `probe` is asked by others too; `tls` has the certificate, which is followed.
    """
    app = create_app(store, settings, sealer, clusters, hub, probe=probe, telemetry=telemetry)
    async with running(app, listener, settings.limits.body_bytes, closing=hub, tls=tls, patience=patience) as task:
        yield task


@asynccontextmanager
async def running(
    app: Litestar,
    listener: socket.socket,
    message_bytes: int,
    closing: Hub | None = None,
    *,
    tls: Tls | None = None,
    patience: Patience = PATIENT,
) -> AsyncIterator[asyncio.Task[None]]:
    """An application that answers while the block runs; a WebSocket's message has `message_bytes` at most.

    In the end a hub that is `closing` sends its subscribers elsewhere, before the server waits for open streams.
    """
    http, websocket = protocols(patience)
    config = uvicorn.Config(
        app,
        log_config=None,
        http=http,
        ws=websocket,
        ws_max_size=message_bytes,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        lifespan="on",
        limit_concurrency=patience.connections,
        # Else anybody on this machine could say where they come from.
        proxy_headers=bool(patience.proxies),
        forwarded_allow_ips=list(patience.proxies),
        ssl_context_factory=(lambda *_: tls.context) if tls else None,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve([listener]), name="api")
    following = asyncio.create_task(tls.follow(), name="follow the certificate") if tls else None
    try:
        while not server.started and not task.done():
            await asyncio.wait({task}, timeout=STARTED_POLL_SECONDS)
        yield task
    finally:
        if closing is not None:
            await closing.close()
        if following is not None:
            following.cancel()
            await asyncio.wait({following})
        server.should_exit = True
        await task
