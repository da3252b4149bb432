"""All of /api/v1 together: its guard, its paths, its words for errors."""

from collections.abc import Callable
from typing import Any

from litestar import Router
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from kgraph.api.callers.admission import Admission
from kgraph.api.callers.authentication import headers_of
from kgraph.api.callers.caller import Caller
from kgraph.api.http.failures import any_problem
from kgraph.api.http.loopback import own_pages_only
from kgraph.api.rest.change_routes import change_routes
from kgraph.api.rest.cluster_routes import CLUSTER_CHANGES, CLUSTER_ROUTES
from kgraph.api.rest.collections import COLLECTIONS
from kgraph.api.rest.event_route import event_route
from kgraph.api.rest.graph_route import graph
from kgraph.api.rest.log_route import log_route
from kgraph.api.rest.requests import Asked, put
from kgraph.api.rest.resource_routes import collection_routes

PREFIX = "/api/v1"


def rest_router(make_asked: Callable[[Caller], Asked], admission: Admission, *, mutations: bool) -> Router:
    """The router; every request of it is somebody's. Without `mutations` there are no paths that change anything."""

    async def know(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        put(connection.scope, make_asked(await admission.caller(connection.scope, headers_of(connection.scope))))

    changes = [*CLUSTER_CHANGES, *(route for collection in COLLECTIONS for route in change_routes(collection))]
    # Who has to show a token is safe from pages that have none.
    writing = Router("", route_handlers=changes, guards=[] if admission.authentication.is_needed else [own_pages_only])
    return Router(
        PREFIX,
        route_handlers=[
            *CLUSTER_ROUTES,
            *(route for collection in COLLECTIONS for route in collection_routes(collection)),
            graph,
            log_route(admission),
            event_route(admission),
            *([writing] if mutations else []),
        ],
        guards=[know],
        exception_handlers={Exception: any_problem},
    )
