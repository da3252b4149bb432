"""What `kgraph up` runs: Neo4j, the workers and the API, started in this order and ended in the other."""

import asyncio
import math
import os
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec
from rich.console import Console

from kgraph.api.events.hub import Hub
from kgraph.api.http.health import ReadinessProbe
from kgraph.cli.configuration.authentication import check_reviewers
from kgraph.cli.configuration.tenants import check_tenants_clusters
from kgraph.cli.defaults import API_HOST, API_PORT, BOLT_PORT, BROWSER_PORT
from kgraph.cli.errors import CliError
from kgraph.cli.graphs import Named, opened, own_graph
from kgraph.cli.process.cluster_metrics import measure
from kgraph.cli.process.feeding import fed
from kgraph.cli.process.garbage import search_seldom
from kgraph.cli.process.identity import worker_identity
from kgraph.cli.process.limits import raise_file_limit
from kgraph.cli.process.metrics import looked_at
from kgraph.cli.process.serving import address_of, listening, served
from kgraph.cli.process.shards import Keeper
from kgraph.cli.process.telemetry import telling
from kgraph.cli.process.workers import Workers
from kgraph.cli.running import Running, announced
from kgraph.cli.services import api_settings, patience, tls_of, watched
from kgraph.cli.sources import Asked, choose_source, configured
from kgraph.cli.sync_progress import show_first_sync
from kgraph.cli.terminal import remarks
from kgraph.cli.welcome import print_example, print_ready
from kgraph.cli.working import sync_options
from kgraph.feed.bus import Bus
from kgraph.graphdb.shards import LEASE_SECONDS, LOOK_SECONDS
from kgraph.graphdb.store import GraphSettings
from kgraph.kube.sealing import Sealer
from kgraph.stack.neo4j import Neo4jServer
from kgraph.stack.neo4j_config import Neo4jOptions
from kgraph.stack.ports import is_free

# How often the embedded Neo4j is looked at: its end is seen at once by whoever asks it, this is for an idle graph.
ALIVE_POLL_SECONDS = 1.0


class UpOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked `up` for; `port` None is the usual one, or a free one where it is taken."""

    asked: Asked = Asked()
    neo4j: Named = Named()
    data: Path | None = None
    port: int | None = None
    once: bool = False


async def up(wanted: UpOptions) -> None:
    """Run until cancelled, or with `once` until an example was shown."""
    console = remarks()
    configuration = configured(wanted.asked.config)
    sealer = Sealer.of()
    raise_file_limit()
    search_seldom()
    settings = own_graph(wanted.neo4j, configuration)
    source = await choose_source(wanted.asked, configuration)
    check_reviewers(configuration.authentication.token_review, source.clusters, registry=sealer.is_able)
    check_tenants_clusters(configuration.tenants, source.clusters, registry=sealer.is_able)
    tls = tls_of(configuration)
    console.print(source.why)
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(listening(API_HOST, wanted.port or API_PORT, free=wanted.port is None))
        server: Neo4jServer | None = None
        if settings is None:
            server = await stack.enter_async_context(embedded(wanted.data))
            settings = GraphSettings(uri=server.bolt_uri, user=server.user, password=server.password)
        telemetry = await stack.enter_async_context(telling(os.environ))
        store = await stack.enter_async_context(opened(settings, telemetry))
        feed = await stack.enter_async_context(fed(store, configuration, telemetry, bus := Bus()))
        workers = Workers(store, source.clusters, sync_options(configuration, source.clusters), feed)
        measure(workers, telemetry.meter)
        name = worker_identity(configuration, os.environ).name
        keeper = await stack.enter_async_context(Keeper(store, workers, sealer, name, registered=not wanted.once))
        await take_all(keeper, console)
        api = api_settings(configuration, server.browser_uri if server else "")
        probe = ReadinessProbe(store, api.ready_max_lag, telemetry.meter)
        metrics = await stack.enter_async_context(
            looked_at(watched(telemetry, probe), API_HOST, configuration.metrics_port)
        )
        serving = await stack.enter_async_context(
            served(
                store,
                api,
                sealer,
                listener,
                source.clusters,
                hub=Hub(bus),
                probe=probe,
                telemetry=telemetry,
                tls=tls,
                patience=patience(configuration),
            )
        )
        search_seldom()  # in what the API has made, too
        running = Running(
            api=address_of(listener, tls=tls is not None),
            metrics=metrics,
            clusters=tuple(cluster.id for cluster in source.clusters),
            source=source.again,
            neo4j_uri=server.bolt_uri if server else "",
            neo4j_user=server.user if server else "",
            neo4j_password_file=str(server.password_file) if server else "",
            neo4j_browser=server.browser_uri if server else "",
        )
        stack.enter_context(announced(running))
        keeping = asyncio.create_task(keeper.run(), name="follow the shards")
        stack.push_async_callback(_ended, keeping)
        await show_first_sync(workers, console)
        if set(workers.configured) <= set(workers.failed):
            raise CliError("; ".join(workers.failed.values()))
        print_ready(console, workers, running, seconds=time.monotonic() - began)
        await asyncio.to_thread(print_example, running)
        if wanted.once:
            return
        console.print("Ctrl-C ends it.", style="dim")
        try:
            await _until_something_ends(server, serving, keeping)
        except asyncio.CancelledError:
            # Being told to end is how this ends well; what was started is now stopped in good order.
            if task := asyncio.current_task():
                task.uncancel()
            console.print("Stopping …", style="dim")


@asynccontextmanager
async def embedded(data: Path | None) -> AsyncIterator[Neo4jServer]:
    """The embedded Neo4j, on its usual ports where they are free, with its download's and start's progress shown."""
    options = Neo4jOptions(
        bolt_port=BOLT_PORT if is_free(BOLT_PORT) else 0,
        http_port=BROWSER_PORT if is_free(BROWSER_PORT) else 0,
    )
    remarks().print("Starting Neo4j …", style="dim")
    async with Neo4jServer.start(data, options) as server:
        yield server


async def take_all(keeper: Keeper, console: Console) -> None:
    """Take all clusters; CliError where another process that lives has some of them in the same graph."""
    for turn in range(1 + math.ceil(LEASE_SECONDS / LOOK_SECONDS)):
        pause = await keeper.look()
        if not keeper.elsewhere:
            return
        clusters, names = ", ".join(keeper.elsewhere), ", ".join(sorted(set(keeper.elsewhere.values())))
        if turn == 0:
            console.print(f"{clusters}: {names} syncs it into this graph. Waiting in case it has ended …", style="dim")
        await asyncio.sleep(pause)
    raise CliError(
        f"{names} syncs {clusters} into this graph already: end it first (`kgraph cluster list` shows who syncs what), "
        "or take another Neo4j, or other clusters"
    )


async def _until_something_ends(
    server: Neo4jServer | None, serving: asyncio.Task[None], keeping: asyncio.Task[None]
) -> None:
    """Wait for ever; CliError where a part ends that should not."""
    while server is None or server.is_running:
        await asyncio.wait({serving, keeping}, timeout=ALIVE_POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if keeping.done():
            keeping.result()
        if serving.done():
            serving.result()
            raise CliError("the API ended by itself")
    raise CliError(f"Neo4j ended by itself; its log is {server.log}")


async def _ended(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
