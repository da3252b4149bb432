"""The long-running processes of a deployment: `kgraph worker` and `kgraph serve`, over a Neo4j of the user's own."""

import asyncio
from collections.abc import Iterable

import structlog

from kgraph.api.settings import ApiSettings
from kgraph.cli.authentication import check_reviewers
from kgraph.cli.configuration import Configuration
from kgraph.cli.errors import BadConfiguration, CliError
from kgraph.cli.feeding import fed
from kgraph.cli.garbage import search_seldom
from kgraph.cli.graphs import Named, opened, own_graph
from kgraph.cli.limits import raise_file_limit
from kgraph.cli.registry import Follower
from kgraph.cli.running import Running, announced
from kgraph.cli.serving import address_of, listening, served
from kgraph.cli.sources import configured
from kgraph.cli.tenants import check_tenants_clusters
from kgraph.cli.workers import Workers
from kgraph.graphdb.store import GraphSettings
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
    )


def api_settings(configuration: Configuration, neo4j_browser: str = "") -> ApiSettings:
    """What the configuration says of the API."""
    return ApiSettings(
        default_namespace=configuration.default_namespace,
        neo4j_browser=neo4j_browser,
        allowed_hosts=configuration.allowed_hosts,
        cache_seconds=configuration.cache_ttl if configuration.enable_cache else 0.0,
        prices=configuration.prices,
        mutations=configuration.enable_mutations,
        rbac=configuration.enable_rbac,
        token_reviews=configuration.authentication.token_review,
        issuers=configuration.authentication.oidc,
        tenants=configuration.tenants,
        audit_retention_seconds=configuration.audit_retention,
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
    sealer = Sealer.of()
    raise_file_limit()
    search_seldom()
    async with opened(_graph(named, configuration)) as store, fed(store, configuration) as feed:
        workers = Workers(store, configuration.clusters, sync_options(configuration, configuration.clusters), feed)
        log.info("workers start", clusters=list(workers.configured))
        try:
            await _work(workers, Follower(store, workers, sealer), configuration)
        except asyncio.CancelledError:
            _accept_end()
            return
        if workers.failed:
            raise CliError("; ".join(f"{cluster}: {why}" for cluster, why in workers.failed.items()))


async def _work(workers: Workers, follower: Follower, configuration: Configuration) -> None:
    """Sync what is configured and what the registry gives; a process that only loads snapshots leaves it to others."""
    clusters = configuration.clusters
    if clusters and all(cluster.auth_method is AuthMethod.SNAPSHOT for cluster in clusters):
        await workers.run()
        return
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(follower.run(), name="follow the registry")
        if clusters:
            await workers.run()
            if not follower.is_busy:
                following.cancel()
        else:
            log.info("no cluster is configured: waiting for such as are added by addCluster or `kgraph cluster add`")


async def serve(config: str, named: Named, host: str, port: int) -> None:
    """Serve until told to end."""
    configuration = configured(config)
    sealer = Sealer.of()
    graph, settings = _graph(named, configuration), api_settings(configuration)
    check_reviewers(settings.token_reviews, configuration.clusters, registry=sealer.is_able)
    check_tenants_clusters(settings.tenants, configuration.clusters, registry=sealer.is_able)
    with listening(host, port, authenticated=settings.authenticates) as listener:
        api = address_of(listener)
        async with (
            opened(graph) as store,
            served(store, settings, sealer, listener, configuration.clusters) as serving,
        ):
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
