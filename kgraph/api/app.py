"""The application: routes, guards, headers."""

import asyncio
import warnings
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from litestar import Litestar
from litestar.datastructures import ResponseHeader
from litestar.exceptions import HTTPException, LitestarDeprecationWarning
from litestar.static_files import create_static_files_router

from kgraph.api.audit import Audit
from kgraph.api.audit_keeper import keep_for_ever
from kgraph.api.authentication import Authentication
from kgraph.api.callers import Caller
from kgraph.api.compression import COMPRESSION, UNCOMPRESSED
from kgraph.api.connections import Connections
from kgraph.api.errors import ApiError
from kgraph.api.events.hub import Hub
from kgraph.api.events.streams import Streams
from kgraph.api.events.viewer import Viewer
from kgraph.api.failures import any_problem
from kgraph.api.graphql.context import Context
from kgraph.api.graphql.controller import graphql_controller
from kgraph.api.graphql.loaders import Loaders
from kgraph.api.graphql.schema import make_schema
from kgraph.api.graphql.sharing import Answers
from kgraph.api.health import ReadinessProbe, health_routes
from kgraph.api.kinds import KindReader
from kgraph.api.loopback import allow_hosts
from kgraph.api.mutations import Mutations
from kgraph.api.oidc import OidcTokens
from kgraph.api.pages import landing_page
from kgraph.api.pod_logs import PodLogs
from kgraph.api.reader import Reader
from kgraph.api.replicas import Replicas
from kgraph.api.rest.openapi import openapi
from kgraph.api.rest.requests import Asked
from kgraph.api.rest.router import rest_router
from kgraph.api.results import Results
from kgraph.api.settings import ApiSettings
from kgraph.api.sight import Sights
from kgraph.api.tenants import Tenants
from kgraph.api.token_reviews import TokenReviews
from kgraph.api.verdicts import Verdicts
from kgraph.feed.redis_client import Memory
from kgraph.graphdb.store import Store
from kgraph.kube.sealing import Sealer
from kgraph.kube.settings import ClusterSettings

# An apiserver takes 3 MiB (apiserver server/config.go, MaxRequestBodyBytes), which JSON in JSON makes longer.
MANIFEST_BYTES = 4 * 1024 * 1024
STATIC = Path(__file__).parent / "static"

# GraphiQL brings its scripts, styles, fonts and workers itself: nothing else may be loaded, and nobody may frame it.
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; worker-src 'self' blob:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def create_app(
    store: Store,
    settings: ApiSettings,
    sealer: Sealer,
    clusters: Iterable[ClusterSettings] = (),
    hub: Hub | None = None,
) -> Litestar:
    """The API over `store`; `clusters` are those of the configuration, that of the registry are found by themselves.

    `hub` reads the change feed for all who subscribe; it is closed with the application.
    """
    limits = settings.limits
    if settings.mutations:
        limits = msgspec.structs.replace(limits, body_bytes=max(limits.body_bytes, MANIFEST_BYTES))
    kinds = KindReader(store)
    connections = Connections(store, sealer, clusters)
    replicas = Replicas(Memory(settings.redis_url), store) if settings.redis_url else None
    verdicts = Verdicts(connections, Tenants(settings.tenants), replicas)
    sights = Sights(kinds, verdicts)
    results = Results(store, settings.cache_seconds, replicas) if settings.cache_seconds else None
    issuers = [OidcTokens(one) for one in settings.issuers]
    mutations = Mutations(store, connections, verdicts, Audit(store), restricted=settings.rbac)
    logs = PodLogs(connections, verdicts, restricted=settings.rbac)
    reviewers = [TokenReviews(connections, one.cluster, one.audiences) for one in settings.token_reviews]
    authentication = Authentication((*issuers, *reviewers), impersonation=settings.rbac)

    def is_restricted(caller: Caller) -> bool:
        return caller.is_known and (settings.rbac or not caller.user)

    def reader_of(caller: Caller) -> Reader:
        return Reader(store, sights.of(caller) if is_restricted(caller) else None, results)

    def viewer_of(caller: Caller) -> Viewer | None:
        return Viewer(sights, caller) if is_restricted(caller) else None

    streams, answers = Streams(hub, kinds, reader_of, viewer_of), Answers()

    def make_asked(caller: Caller) -> Asked:
        return Asked(caller, reader_of(caller), kinds, settings, mutations, logs, streams, sealer)

    @asynccontextmanager
    async def keeping_the_audit(_: Litestar) -> AsyncIterator[None]:
        keeper = asyncio.create_task(keep_for_ever(store, settings.audit_retention_seconds), name="audit keeper")
        try:
            yield
        finally:
            keeper.cancel()
            await asyncio.wait({keeper})

    def make_context(caller: Caller) -> Context:
        reader = reader_of(caller)
        loaders = Loaders(reader, settings.limits)
        return Context(
            caller=caller,
            reader=reader,
            kinds=kinds,
            settings=settings,
            loaders=loaders,
            sealer=sealer,
            mutations=mutations,
            streams=streams,
            answers=answers,
            make_reader=lambda: reader_of(caller),
        )

    with warnings.catch_warnings():
        # Strawberry's controller infers its dependencies, which Litestar 2 warns of and Litestar 3 will refuse.
        warnings.filterwarnings("ignore", "(?s).*Inferred dependency field", LitestarDeprecationWarning)
        return Litestar(
            route_handlers=[
                landing_page(settings.neo4j_browser),
                *health_routes(
                    ReadinessProbe(store), results.counters if results else None, brief=settings.authenticates
                ),
                graphql_controller(
                    make_schema(limits, mutations=settings.mutations),
                    make_context,
                    authentication,
                    limits,
                ),
                rest_router(make_asked, authentication, mutations=settings.mutations),
                create_static_files_router(
                    path="/static", directories=[STATIC], include_in_schema=False, opt={UNCOMPRESSED: True}
                ),
            ],
            lifespan=[keeping_the_audit],
            on_shutdown=[
                *streams.closing,
                mutations.drain,
                connections.close,
                *(issuer.close for issuer in issuers),
                *([replicas.close] if replicas else []),
            ],
            guards=[allow_hosts(settings.allowed_hosts, addresses=settings.authenticates)],
            exception_handlers={ApiError: any_problem, HTTPException: any_problem},
            response_headers=[ResponseHeader(name=name, value=value) for name, value in _HEADERS.items()],
            compression_config=COMPRESSION,
            openapi_config=openapi(),
            logging_config=None,  # the process decides how it logs; Litestar would turn every library's INFO on
            request_max_body_size=limits.body_bytes,
        )
