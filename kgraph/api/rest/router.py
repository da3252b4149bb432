"""All of /api/v1 together: its guard, its paths, its words for errors."""

from collections.abc import Callable
from typing import Any

from litestar import Router
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from kgraph.api.authentication import Authentication, headers_of
from kgraph.api.callers import Caller
from kgraph.api.failures import any_problem
from kgraph.api.rest.cluster_routes import CLUSTER_ROUTES
from kgraph.api.rest.collections import COLLECTIONS
from kgraph.api.rest.graph_route import graph
from kgraph.api.rest.requests import Asked, put
from kgraph.api.rest.resource_routes import collection_routes

PREFIX = "/api/v1"


def rest_router(make_asked: Callable[[Caller], Asked], authentication: Authentication) -> Router:
    """The router; every request of it is somebody's."""

    async def know(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        put(connection.scope, make_asked(await authentication.caller(headers_of(connection.scope))))

    return Router(
        PREFIX,
        route_handlers=[
            *CLUSTER_ROUTES,
            *(route for collection in COLLECTIONS for route in collection_routes(collection)),
            graph,
        ],
        guards=[know],
        exception_handlers={Exception: any_problem},
    )
