"""`kgraph serve`: the API over a Neo4j of the user's own."""

import asyncio
import os

import structlog

from kgraph.api.callers.rates import RateSettings
from kgraph.api.http.health import ReadinessProbe
from kgraph.api.settings import ApiSettings
from kgraph.cli.configuration.authentication import check_reviewers
from kgraph.cli.configuration.reading import Configuration
from kgraph.cli.configuration.tenants import check_tenants_clusters
from kgraph.cli.errors import CliError
from kgraph.cli.graphs import Named, needed_graph, opened
from kgraph.cli.process.garbage import search_seldom
from kgraph.cli.process.interrupts import accept_end
from kgraph.cli.process.metrics import Ready, Watched, looked_at
from kgraph.cli.process.patience import Patience
from kgraph.cli.process.serving import address_of, listening, served
from kgraph.cli.process.subscribing import followed
from kgraph.cli.process.telemetry import telling
from kgraph.cli.process.tls import Tls, TlsFiles
from kgraph.cli.running import Running, announced
from kgraph.cli.sources import configured
from kgraph.kube.sealing import Sealer
from kgraph.telemetry.telemetry import Telemetry

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
        ready_max_lag=configuration.ready_max_lag,
        rates=RateSettings(configuration.rate_limit, configuration.rate_burst, configuration.streams_per_caller),
    )


def tls_of(configuration: Configuration) -> Tls | None:
    """The certificate that the API shows, if there is to be one; BadConfiguration says what is wrong with its files."""
    if not configuration.tls_cert_file:
        return None
    return Tls(TlsFiles(configuration.tls_cert_file, configuration.tls_key_file, configuration.tls_client_ca_file))


def patience(configuration: Configuration) -> Patience:
    """How much of the listener one connection may take, and how many there may be."""
    return Patience(
        connections=configuration.connections_limit,
        per_address=configuration.connections_per_address,
        header_seconds=configuration.header_timeout,
        body_seconds=configuration.body_timeout,
        proxies=configuration.trusted_proxies,
    )


def watched(telemetry: Telemetry, probe: ReadinessProbe) -> Watched:
    """What can be asked of a process with an API beside its own port: the graph is asked before its metrics are."""

    async def ready() -> Ready:
        found = await probe.ask()
        return Ready(found.ready, found.message)

    return Watched(telemetry.meter, ready, probe.ask)


async def serve(config: str, named: Named, host: str, port: int) -> None:
    """Serve until told to end."""
    configuration = configured(config)
    sealer = Sealer.of()
    graph, settings = needed_graph(named, configuration), api_settings(configuration)
    check_reviewers(settings.token_reviews, configuration.clusters, registry=sealer.is_able)
    check_tenants_clusters(settings.tenants, configuration.clusters, registry=sealer.is_able)
    tls = tls_of(configuration)
    with listening(host, port, authenticated=settings.authenticates) as listener:
        api = address_of(listener, tls=tls is not None)
        async with (
            telling(os.environ) as telemetry,
            opened(graph, telemetry) as store,
            looked_at(
                watched(telemetry, probe := ReadinessProbe(store, settings.ready_max_lag, telemetry.meter)),
                configuration.metrics_host,
                configuration.metrics_port,
            ),
            served(
                store,
                settings,
                sealer,
                listener,
                configuration.clusters,
                hub=followed(configuration),
                probe=probe,
                telemetry=telemetry,
                tls=tls,
                patience=patience(configuration),
            ) as serving,
        ):
            search_seldom()  # the schema's objects are there by now
            with announced(Running(api=api)):
                log.info("the API listens", address=api)
                try:
                    await asyncio.shield(serving)
                except asyncio.CancelledError:
                    accept_end()
                    return
    raise CliError("the API ended by itself")
