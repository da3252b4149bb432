"""The application: routes, guards, headers."""

import asyncio
import warnings
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from litestar import Litestar
from litestar.exceptions import HTTPException, LitestarDeprecationWarning
from litestar.static_files import create_static_files_router

from kgraph.api.callers.admission import Admission
from kgraph.api.callers.authentication import Authentication
from kgraph.api.callers.caller import Caller
from kgraph.api.callers.oidc import OidcTokens
from kgraph.api.callers.rates import Rates
from kgraph.api.callers.tenants import Tenants
from kgraph.api.callers.token_reviews import TokenReviews
from kgraph.api.changing.audit import Audit
from kgraph.api.changing.audit_keeper import keep_for_ever
from kgraph.api.changing.mutations import Mutations
from kgraph.api.connections import Connections
from kgraph.api.errors import ApiError
from kgraph.api.events.hub import Hub
from kgraph.api.events.streams import Streams
from kgraph.api.events.viewer import Viewer
from kgraph.api.figures import measure
from kgraph.api.graphql.context import Context
from kgraph.api.graphql.controller import graphql_controller
from kgraph.api.graphql.loaders import Loaders
from kgraph.api.graphql.schema import make_schema
from kgraph.api.graphql.sharing import Answers
from kgraph.api.http.abandoned import Abandoned
from kgraph.api.http.compression import COMPRESSION, UNCOMPRESSED
from kgraph.api.http.failures import any_problem
from kgraph.api.http.health import ReadinessProbe, health_routes
from kgraph.api.http.loopback import allow_hosts
from kgraph.api.http.observed import Observed
from kgraph.api.http.pages import landing_page
from kgraph.api.http.security_headers import add_security_headers
from kgraph.api.kinds import KindReader
from kgraph.api.pod_logs import PodLogs
from kgraph.api.reading.reader import Reader
from kgraph.api.reading.replicas import Replicas
from kgraph.api.reading.results import Results
from kgraph.api.reading.sight import Sights
from kgraph.api.reading.verdicts import Verdicts
from kgraph.api.rest.openapi import openapi
from kgraph.api.rest.requests import Asked
from kgraph.api.rest.router import rest_router
from kgraph.api.settings import ApiSettings
from kgraph.feed.redis_client import Memory
from kgraph.graphdb.store import Store
from kgraph.kube.sealing import Sealer
from kgraph.kube.settings import ClusterSettings
from kgraph.telemetry.telemetry import Telemetry

# An apiserver takes 3 MiB (apiserver server/config.go, MaxRequestBodyBytes), which JSON in JSON makes longer.
MANIFEST_BYTES = 4 * 1024 * 1024
STATIC = Path(__file__).parent / "static"


def create_app(
    store: Store,
    settings: ApiSettings,
    sealer: Sealer,
    clusters: Iterable[ClusterSettings] = (),
    hub: Hub | None = None,
    *,
    probe: ReadinessProbe | None = None,
    telemetry: Telemetry | None = None,
) -> Litestar:
    """The API over `store`; `clusters` are those of the configuration, that of the registry are found by themselves.

    `hub` reads the change feed for all who subscribe; it is closed with the application. `probe` says whether it is
    ready, to others than its own callers too.
    """
    telemetry = telemetry or Telemetry()
    limits = settings.limits
    if settings.mutations:
        limits = msgspec.structs.replace(limits, body_bytes=max(limits.body_bytes, MANIFEST_BYTES))
    kinds = KindReader(store)
    connections = Connections(store, sealer, clusters)
    memory = Memory(settings.redis_url) if settings.redis_url else None
    replicas = Replicas(memory, store) if memory else None
    verdicts = Verdicts(connections, Tenants(settings.tenants), replicas, telemetry)
    sights = Sights(kinds, verdicts)
    results = Results(store, settings.cache_seconds, replicas) if settings.cache_seconds else None
    issuers = [OidcTokens(one) for one in settings.issuers]
    measure(telemetry.meter, verdicts, results, hub, memory)
    mutations = Mutations(store, connections, verdicts, Audit(store), restricted=settings.rbac, meter=telemetry.meter)
    logs = PodLogs(connections, verdicts, restricted=settings.rbac)
    reviewers = [TokenReviews(connections, one.cluster, one.audiences) for one in settings.token_reviews]
    authentication = Authentication((*issuers, *reviewers), impersonation=settings.rbac)
    admission = Admission(authentication, Rates(settings.rates))

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
        app = Litestar(
            route_handlers=[
                landing_page(settings.neo4j_browser),
                *health_routes(
                    probe or ReadinessProbe(store, settings.ready_max_lag),
                    results.counters if results else None,
                    brief=settings.authenticates,
                ),
                graphql_controller(
                    make_schema(limits, mutations=settings.mutations, meter=telemetry.meter),
                    make_context,
                    admission,
                    limits,
                    telemetry.tracing,
                ),
                rest_router(make_asked, admission, mutations=settings.mutations),
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
            before_send=[add_security_headers],
            compression_config=COMPRESSION,
            openapi_config=openapi(),
            logging_config=None,  # the process decides how it logs; Litestar would turn every library's INFO on
            request_max_body_size=limits.body_bytes,
        )
    # Round everything, so that what there is no route for is counted too.
    app.asgi_handler = Observed(Abandoned(app.asgi_handler), telemetry)
    return app
