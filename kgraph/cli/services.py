"""The long-running processes of a deployment: `kgraph worker` and `kgraph serve`, over a Neo4j of the user's own."""

import asyncio
from collections.abc import Iterable

import structlog

from kgraph.api.settings import ApiSettings
from kgraph.cli.configuration import Configuration
from kgraph.cli.errors import BadConfiguration, CliError
from kgraph.cli.graphs import Named, opened, own_graph
from kgraph.cli.running import Running, announced
from kgraph.cli.serving import address_of, listening, served
from kgraph.cli.sources import configured
from kgraph.cli.workers import Workers
from kgraph.graphdb.store import GraphSettings
from kgraph.kube.settings import ClusterSettings
from kgraph.sync.options import SyncOptions

log = structlog.get_logger(__name__)


def sync_options(configuration: Configuration, clusters: Iterable[ClusterSettings]) -> SyncOptions:
    """What the configuration says of all clusters, and what these are called by each other."""
    return SyncOptions(
        watch_resources=configuration.watch_resources,
        resync_seconds=configuration.resync_period,
        default_namespace=configuration.default_namespace,
        clusters=cluster_names(clusters),
        homes=dict(each.split("=", 1) for each in configuration.controller_namespaces),
    )


def cluster_names(clusters: Iterable[ClusterSettings]) -> dict[str, str]:
    """What the clusters are called by others, and the ids that are meant: ids before names and addresses."""
    found: dict[str, str] = {}
    ids: dict[str, str] = {}
    for cluster in clusters:
        ids[cluster.id] = cluster.id
        for name in (cluster.api_server_url.rstrip("/"), cluster.name):
            if name:
                found.setdefault(name, cluster.id)
    return {**found, **ids}


async def work(config: str, named: Named) -> None:
    """Sync until told to end, or until no cluster is left to sync; CliError where one of them failed."""
    configuration = configured(config)
    if not configuration.clusters:
        raise BadConfiguration("no cluster is configured: name them under `clusters:` in --config or CLUSTERS_CONFIG")
    async with opened(_graph(named, configuration)) as store:
        workers = Workers(store, configuration.clusters, sync_options(configuration, configuration.clusters))
        log.info("workers start", clusters=[cluster.id for cluster in configuration.clusters])
        try:
            await workers.run()
        except asyncio.CancelledError:
            _accept_end()
            return
        if workers.failed:
            raise CliError("; ".join(f"{cluster}: {why}" for cluster, why in workers.failed.items()))


async def serve(config: str, named: Named, host: str, port: int) -> None:
    """Serve until told to end."""
    configuration = configured(config)
    graph = _graph(named, configuration)
    with listening(host, port) as listener:
        api = address_of(listener)
        async with opened(graph) as store:
            settings = ApiSettings(default_namespace=configuration.default_namespace)
            async with served(store, settings, listener) as serving:
                with announced(Running(api=api)):
                    log.info("the API listens", address=api)
                    try:
                        await asyncio.shield(serving)
                    except asyncio.CancelledError:
                        _accept_end()
                        return
    raise CliError("the API ended by itself")


def _graph(named: Named, configuration: Configuration) -> GraphSettings:
    graph = own_graph(named, configuration)
    if graph is None:
        raise BadConfiguration("which Neo4j? name it with --neo4j-uri or NEO4J_URI; `kgraph up` brings its own")
    return graph


def _accept_end() -> None:
    """Being told to end is how a service ends well."""
    if task := asyncio.current_task():
        task.uncancel()
    log.info("ended when told to")
