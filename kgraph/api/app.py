"""The application: routes, guards, headers."""

import warnings
from pathlib import Path

from litestar import Litestar
from litestar.datastructures import ResponseHeader
from litestar.exceptions import LitestarDeprecationWarning
from litestar.static_files import create_static_files_router

from kgraph.api.graphql.context import Context
from kgraph.api.graphql.controller import graphql_controller
from kgraph.api.graphql.loaders import Loaders
from kgraph.api.graphql.schema import make_schema
from kgraph.api.health import ReadinessProbe, health_routes
from kgraph.api.kinds import KindReader
from kgraph.api.loopback import allow_hosts
from kgraph.api.pages import landing_page
from kgraph.api.settings import ApiSettings
from kgraph.graphdb.store import Store
from kgraph.kube.sealing import Sealer

STATIC = Path(__file__).parent / "static"

# GraphiQL brings its scripts, styles, fonts and workers itself: nothing else may be loaded, and nobody may frame it.
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; worker-src 'self' blob:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def create_app(store: Store, settings: ApiSettings, sealer: Sealer) -> Litestar:
    """The API over `store`; it holds nothing that is not in its arguments."""
    kinds = KindReader(store)

    def make_context() -> Context:
        loaders = Loaders(store, settings.limits.statement_seconds)
        return Context(store=store, kinds=kinds, settings=settings, loaders=loaders, sealer=sealer)

    with warnings.catch_warnings():
        # Strawberry's controller infers its dependencies, which Litestar 2 warns of and Litestar 3 will refuse.
        warnings.filterwarnings("ignore", "(?s).*Inferred dependency field", LitestarDeprecationWarning)
        return Litestar(
            route_handlers=[
                landing_page(settings.neo4j_browser),
                *health_routes(ReadinessProbe(store)),
                graphql_controller(
                    make_schema(settings.limits, mutations=settings.mutations), make_context, settings.limits
                ),
                create_static_files_router(path="/static", directories=[STATIC], include_in_schema=False),
            ],
            guards=[allow_hosts(settings.allowed_hosts)],
            response_headers=[ResponseHeader(name=name, value=value) for name, value in _HEADERS.items()],
            openapi_config=None,
            logging_config=None,  # the process decides how it logs; Litestar would turn every library's INFO on
            request_max_body_size=settings.limits.body_bytes,
        )
