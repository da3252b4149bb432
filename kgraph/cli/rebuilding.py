"""`kgraph rebuild`: have clusters rebuilt by the workers that have them, and by this process where none does."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec
from rich.text import Text

from kgraph.cli.checking import check_clusters
from kgraph.cli.configuration.reading import Configuration
from kgraph.cli.errors import BadConfiguration, CliError
from kgraph.cli.graphs import Named, graph_at_work, opened
from kgraph.cli.process.feeding import fed
from kgraph.cli.process.shards import Keeper
from kgraph.cli.process.workers import Workers
from kgraph.cli.sources import Asked, choose_source, configured
from kgraph.cli.terminal import remarks
from kgraph.cli.working import sync_options
from kgraph.graphdb import registry
from kgraph.graphdb.rebuilds import Rebuild, ask, rebuilds
from kgraph.graphdb.store import Store
from kgraph.kube.given import joined
from kgraph.kube.sealing import Sealer
from kgraph.kube.settings import ClusterSettings
from kgraph.sync.check import Report
from kgraph.telemetry.telemetry import Telemetry

LOOK_SECONDS = 0.5
NAME = "kgraph rebuild"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked for: these clusters, or `every` one in the graph; `seconds` is how long it may take."""

    clusters: tuple[str, ...]
    every: bool
    asked: Asked
    neo4j: Named
    seconds: float | None = None


async def compare(wanted: Wanted) -> list[Report]:
    """What a rebuild would put right, believing no fingerprint; nothing is written."""
    return await check_clusters(wanted.asked, wanted.neo4j, wanted.clusters, deep=True)


async def rebuild(wanted: Wanted) -> tuple[Rebuild, ...]:
    """Rebuild and wait until it is done; CliError where it was not in time, or where nobody can do it."""
    configuration = configured(wanted.asked.config)
    async with opened(graph_at_work(wanted.neo4j, configuration)) as store:
        chosen = await _chosen(store, wanted)
        stamp, _ = await ask(store, chosen)
        remarks().print(f"Rebuilding {', '.join(chosen)} …", style="dim")
        try:
            async with asyncio.timeout(wanted.seconds):
                return await _until_done(store, chosen, stamp, wanted, configuration)
        except TimeoutError:
            left = [one.cluster for one in await rebuilds(store, chosen) if one.done != stamp]
            raise CliError(
                f"rebuilding {', '.join(left)}: not done after {wanted.seconds:g} s. It stays asked for, and is "
                "done by whichever worker has the cluster next; `kgraph cluster list` says how the clusters are"
            ) from None


async def _chosen(store: Store, wanted: Wanted) -> tuple[str, ...]:
    known = [one.cluster for one in await rebuilds(store)]
    if not wanted.clusters and not wanted.every:
        raise BadConfiguration(f"rebuild which cluster? name one, or all with --all; the graph has {_listed(known)}")
    if wanted.clusters and wanted.every:
        raise BadConfiguration("--all and the name of a cluster exclude each other")
    if unknown := [name for name in wanted.clusters if name not in known]:
        raise BadConfiguration(f"there is no cluster {unknown[0]} in the graph; it has {_listed(known)}")
    if not known:
        raise BadConfiguration("there is no cluster in the graph: nothing to rebuild")
    return tuple(dict.fromkeys(wanted.clusters)) or tuple(known)


def _listed(clusters: Sequence[str]) -> str:
    return ", ".join(clusters) or "none"


async def _until_done(
    store: Store, chosen: Sequence[str], stamp: str, wanted: Wanted, configuration: Configuration
) -> tuple[Rebuild, ...]:
    told: dict[str, str] = {}
    ours: set[str] = set()
    async with AsyncExitStack() as stack:
        while True:
            found = await rebuilds(store, chosen)
            _tell(found, stamp, told)
            left = [one for one in found if one.done != stamp]
            if not left:
                return found
            if orphans := tuple(one.cluster for one in left if not one.held and one.cluster not in ours):
                clusters = await _settings(store, orphans, wanted.asked, configuration)
                await stack.enter_async_context(_working(store, clusters, configuration))
                ours.update(orphans)
            await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def _working(
    store: Store, clusters: Sequence[ClusterSettings], configuration: Configuration
) -> AsyncIterator[None]:
    """Sync clusters as a worker does, under their shards' leases."""
    async with fed(store, configuration, Telemetry()) as feed:
        workers = Workers(store, clusters, sync_options(configuration, configuration.clusters or clusters), feed)
        async with Keeper(store, workers, Sealer.of(), NAME, registered=False) as keeper:
            task = asyncio.create_task(keeper.run(), name=NAME)
            try:
                yield
            finally:
                task.cancel()
                await asyncio.wait([task])


async def _settings(
    store: Store, clusters: Sequence[str], asked: Asked, configuration: Configuration
) -> list[ClusterSettings]:
    """How to reach clusters that no worker has: what the configuration or the registry says."""
    known = {one.id: one for one in configuration.clusters}
    if asked.snapshots or asked.context or asked.kubeconfig:
        known = {one.id: one for one in (await choose_source(asked, configuration)).clusters}
    found = []
    for cluster in clusters:
        settings = known.get(cluster) or await _registered(store, cluster)
        if settings is None:
            raise CliError(
                f"rebuilding {cluster}: no worker has it, and neither the configuration nor the registry says how to "
                "reach it. Name its configuration with --config, or start its worker, which then does it"
            )
        found.append(settings)
    return found


async def _registered(store: Store, cluster: str) -> ClusterSettings | None:
    registered = await registry.registration(store, cluster)
    if not registered.stamp or registered.removing:
        return None
    return joined(registered.settings, Sealer.of().open(cluster, registered.sealed))


def _tell(found: Sequence[Rebuild], stamp: str, told: dict[str, str]) -> None:
    """Say how far each is, where that is news."""
    for one in found:
        if one.done == stamp:
            words = f"{one.cluster}: rebuilt"
        else:
            words = f"{one.cluster}: {one.listed} of {one.kinds} kinds" + (f" ({one.problem})" if one.problem else "")
        if told.get(one.cluster) != words:
            told[one.cluster] = words
            remarks().print(Text(words, style="dim"))
