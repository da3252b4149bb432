"""`kgraph serve`: the API over a Neo4j of the user's own."""

import asyncio

import structlog

from kgraph.api.settings import ApiSettings
from kgraph.cli.authentication import check_reviewers
from kgraph.cli.configuration import Configuration
from kgraph.cli.errors import CliError
from kgraph.cli.graphs import Named, needed_graph, opened
from kgraph.cli.interrupts import accept_end
from kgraph.cli.running import Running, announced
from kgraph.cli.serving import address_of, listening, served
from kgraph.cli.sources import configured
from kgraph.cli.subscribing import followed
from kgraph.cli.tenants import check_tenants_clusters
from kgraph.kube.sealing import Sealer

log = structlog.get_logger(__name__)


def api_settings(configuration: Configuration, neo4j_browser: str = "") -> ApiSettings:
    """What the configuration says of the API."""
    return ApiSettings(
        default_namespace=configuration.default_namespace,
        neo4j_browser=neo4j_browser,
        allowed_hosts=configuration.allowed_hosts,
        cache_seconds=configuration.cache_ttl if configuration.enable_cache else 0.0,
        redis_url=configuration.redis_url,
        prices=configuration.prices,
        mutations=configuration.enable_mutations,
        rbac=configuration.enable_rbac,
        token_reviews=configuration.authentication.token_review,
        issuers=configuration.authentication.oidc,
        tenants=configuration.tenants,
        audit_retention_seconds=configuration.audit_retention,
    )


async def serve(config: str, named: Named, host: str, port: int) -> None:
    """Serve until told to end."""
    configuration = configured(config)
    sealer = Sealer.of()
    graph, settings = needed_graph(named, configuration), api_settings(configuration)
    check_reviewers(settings.token_reviews, configuration.clusters, registry=sealer.is_able)
    check_tenants_clusters(settings.tenants, configuration.clusters, registry=sealer.is_able)
    with listening(host, port, authenticated=settings.authenticates) as listener:
        api = address_of(listener)
        async with (
            opened(graph) as store,
            served(store, settings, sealer, listener, configuration.clusters, hub=followed(configuration)) as serving,
        ):
            with announced(Running(api=api)):
                log.info("the API listens", address=api)
                try:
                    await asyncio.shield(serving)
                except asyncio.CancelledError:
                    accept_end()
                    return
    raise CliError("the API ended by itself")
