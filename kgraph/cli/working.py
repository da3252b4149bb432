"""`kgraph worker`: one of the workers over a Neo4j of the user's own. It knows nothing of the API: it starts sooner."""

import asyncio
import os
from collections.abc import Iterable

import structlog

from kgraph.cli.configuration.reading import Configuration
from kgraph.cli.errors import CliError
from kgraph.cli.graphs import Named, needed_graph, opened
from kgraph.cli.process.cluster_metrics import measure
from kgraph.cli.process.feeding import fed
from kgraph.cli.process.garbage import search_seldom
from kgraph.cli.process.identity import group_settings, worker_identity
from kgraph.cli.process.interrupts import accept_end
from kgraph.cli.process.limits import raise_file_limit
from kgraph.cli.process.metrics import Watched, looked_at
from kgraph.cli.process.readiness import WorkerReadiness
from kgraph.cli.process.shards import Keeper
from kgraph.cli.process.telemetry import telling
from kgraph.cli.process.workers import Workers, cluster_names
from kgraph.cli.sources import configured
from kgraph.graphdb.store import Store
from kgraph.kube.sealing import Sealer
from kgraph.kube.settings import AuthMethod, ClusterSettings
from kgraph.sync.history import HistoryLimits
from kgraph.sync.options import SyncOptions

log = structlog.get_logger(__name__)


def sync_options(configuration: Configuration, clusters: Iterable[ClusterSettings]) -> SyncOptions:
    """What the configuration says of all clusters, and what these are called by each other."""
    return SyncOptions(
        watch_resources=configuration.watch_resources,
        resync_seconds=configuration.resync_period,
        default_namespace=configuration.default_namespace,
        history=HistoryLimits(configuration.history_changes, configuration.history_retention),
        custom_resources=configuration.enable_custom_resources,
        own_kinds=configuration.custom_resource_definitions,
        relationships=configuration.enable_relationships,
        clusters=cluster_names(clusters),
        homes=dict(each.split("=", 1) for each in configuration.controller_namespaces),
        writers=configuration.worker_pool_size,
        usage_seconds=configuration.usage_interval,
        worker=worker_identity(configuration, os.environ).name,
    )


async def work(config: str, named: Named) -> None:
    """Sync until told to end, or until no cluster is left to sync; CliError where one of them failed."""
    configuration = configured(config)
    sealer = Sealer.of()
    raise_file_limit()
    search_seldom()
    async with (
        telling(os.environ) as telemetry,
        opened(needed_graph(named, configuration), telemetry) as store,
        fed(store, configuration, telemetry) as feed,
    ):
        workers = Workers(store, configuration.clusters, sync_options(configuration, configuration.clusters), feed)
        measure(workers, telemetry.meter)
        readiness = WorkerReadiness(store, workers, configuration.ready_max_lag)
        log.info("workers start", clusters=list(workers.configured))
        try:
            async with looked_at(
                Watched(telemetry.meter, readiness.ask), configuration.metrics_host, configuration.metrics_port
            ):
                await _work(store, workers, sealer, configuration)
        except asyncio.CancelledError:
            accept_end()
            return
        if workers.failed:
            raise CliError("; ".join(f"{cluster}: {why}" for cluster, why in workers.failed.items()))


async def _work(store: Store, workers: Workers, sealer: Sealer, configuration: Configuration) -> None:
    """Sync this process's share of what is configured and registered; one that only loads snapshots asks nobody."""
    clusters = configuration.clusters
    if clusters and all(cluster.auth_method is AuthMethod.SNAPSHOT for cluster in clusters):
        await workers.run()
        return
    if not clusters:
        log.info("no cluster is configured: waiting for such as are added by addCluster or `kgraph cluster add`")
    identity = worker_identity(configuration, os.environ)
    group = group_settings(configuration, identity)
    async with Keeper(store, workers, sealer, identity.name, group=group) as keeper:
        await keeper.run()
