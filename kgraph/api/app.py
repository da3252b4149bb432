"""The application: routes, guards, headers."""

import warnings
from collections.abc import Iterable
from pathlib import Path

from litestar import Litestar
from litestar.datastructures import ResponseHeader
from litestar.exceptions import LitestarDeprecationWarning
from litestar.static_files import create_static_files_router

from kgraph.api.authentication import Authentication
from kgraph.api.callers import Caller
from kgraph.api.connections import Connections
from kgraph.api.graphql.context import Context
from kgraph.api.graphql.controller import graphql_controller
from kgraph.api.graphql.loaders import Loaders
from kgraph.api.graphql.schema import make_schema
from kgraph.api.health import ReadinessProbe, health_routes
from kgraph.api.kinds import KindReader
from kgraph.api.loopback import allow_hosts
from kgraph.api.pages import landing_page
from kgraph.api.reader import Reader
from kgraph.api.settings import ApiSettings
from kgraph.api.sight import Sight
from kgraph.api.token_reviews import TokenReviews
from kgraph.api.verdicts import Verdicts
from kgraph.graphdb.store import Store
from kgraph.kube.sealing import Sealer
from kgraph.kube.settings import ClusterSettings

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
    store: Store, settings: ApiSettings, sealer: Sealer, clusters: Iterable[ClusterSettings] = ()
) -> Litestar:
    """The API over `store`; `clusters` are those of the configuration, that of the registry are found by themselves."""
    kinds = KindReader(store)
    connections = Connections(store, sealer, clusters)
    verdicts = Verdicts(connections)
    reviewers = [TokenReviews(connections, one.cluster, one.audiences) for one in settings.token_reviews]
    authentication = Authentication(reviewers)

    def make_context(caller: Caller) -> Context:
        restricted = settings.rbac and caller.is_known
        reader = Reader(store, Sight(caller, kinds, verdicts) if restricted else None)
        loaders = Loaders(reader, settings.limits.statement_seconds)
        return Context(caller=caller, reader=reader, kinds=kinds, settings=settings, loaders=loaders, sealer=sealer)

    with warnings.catch_warnings():
        # Strawberry's controller infers its dependencies, which Litestar 2 warns of and Litestar 3 will refuse.
        warnings.filterwarnings("ignore", "(?s).*Inferred dependency field", LitestarDeprecationWarning)
        return Litestar(
            route_handlers=[
                landing_page(settings.neo4j_browser),
                *health_routes(ReadinessProbe(store)),
                graphql_controller(
                    make_schema(settings.limits, mutations=settings.mutations),
                    make_context,
                    authentication,
                    settings.limits,
                ),
                create_static_files_router(path="/static", directories=[STATIC], include_in_schema=False),
            ],
            on_shutdown=[connections.close],
            guards=[allow_hosts(settings.allowed_hosts)],
            response_headers=[ResponseHeader(name=name, value=value) for name, value in _HEADERS.items()],
            openapi_config=None,
            logging_config=None,  # the process decides how it logs; Litestar would turn every library's INFO on
            request_max_body_size=settings.limits.body_bytes,
        )
