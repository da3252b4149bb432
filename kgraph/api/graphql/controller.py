"""/graphql over HTTP: JSON by POST, and GraphiQL for a browser that comes by GET."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ClassVar

import msgspec
from litestar import MediaType, Request, Response
from litestar.di import Provide
from litestar.types import Guard, Scope
from strawberry.litestar import make_graphql_controller
from strawberry.litestar.controller import GraphQLController
from strawberry.schema.base import BaseSchema
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from kgraph.api.authentication import Authentication, caller_of
from kgraph.api.callers import Caller
from kgraph.api.graphql.context import Context
from kgraph.api.settings import Limits

GRAPHIQL = Path(__file__).parent.parent / "static" / "graphiql" / "index.html"
SOME = msgspec.Meta(min_length=1)


def graphql_controller(
    schema: BaseSchema,
    make_context: Callable[[Caller], Context],
    authentication: Authentication,
    limits: Limits,
) -> type[GraphQLController[Any, Any]]:
    """The controller of this schema; `make_context` makes the context of a request of one caller."""

    async def context(scope: Scope) -> Context:
        return make_context(caller_of(scope))

    async def response() -> Response[Any]:
        return Response({})

    base = make_graphql_controller(
        schema,
        path="/graphql",
        # A GET with a query is a question that any page could ask by a link: questions come by POST alone.
        allow_queries_via_get=False,
        context_getter=context,
        # Left out: the legacy graphql-ws.
        subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
    )

    class Controller(base):  # type: ignore[misc, valid-type]  # Strawberry makes the class
        """Strawberry's controller with msgspec for JSON, and GraphiQL from this server."""

        # Strawberry makes the response in a thread of its own, which costs more than the response.
        dependencies: ClassVar[dict[str, Any]] = {**base.dependencies, "response": Provide(response)}
        request_max_body_size = limits.body_bytes
        guards: ClassVar[list[Guard]] = [authentication]

        def encode_json(self, data: object) -> bytes:
            """JSON; what GraphQL does not know (a decimal) is written as text."""
            return msgspec.json.encode(data, enc_hook=str)

        def decode_json(self, data: str | bytes) -> object:
            """An operation or several, with the error that Strawberry expects where it is neither."""
            try:
                return msgspec.json.decode(data, type=dict[str, Any] | Annotated[list[dict[str, Any]], SOME])
            except msgspec.DecodeError as cause:
                raise json.JSONDecodeError(str(cause), "", 0) from cause

        async def render_graphql_ide(self, request: Request[Any, Any, Any]) -> Response[str]:  # noqa: ARG002 - Strawberry's signature
            """GraphiQL as it was built; nothing of it comes from elsewhere."""
            if not GRAPHIQL.is_file():
                return Response("GraphiQL was not built: make graphiql", media_type=MediaType.TEXT, status_code=404)
            return Response(GRAPHIQL.read_text("utf-8"), media_type=MediaType.HTML)

    return Controller
