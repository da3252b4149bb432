"""/graphql: JSON by POST, streams by server-sent events and WebSocket, and GraphiQL for a browser that comes by GET."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar

import msgspec
from litestar import MediaType, Request, Response
from litestar.di import Provide
from litestar.types import ExceptionHandlersMap, Guard, Scope
from strawberry.litestar import make_graphql_controller
from strawberry.litestar.controller import GraphQLController
from strawberry.schema.base import BaseSchema
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL

from kgraph.api.callers.admission import Admission
from kgraph.api.callers.authentication import caller_of, headers_of
from kgraph.api.callers.caller import Caller
from kgraph.api.callers.rates import counted
from kgraph.api.callers.sessions import until_ended, while_known
from kgraph.api.errors import ApiError, Unauthenticated
from kgraph.api.graphql.context import Context
from kgraph.api.graphql.sockets import socket_handler
from kgraph.api.http.failures import graphql_answer, graphql_error
from kgraph.api.settings import Limits
from kgraph.telemetry.tracing import Tracing

GRAPHIQL = Path(__file__).parent.parent / "static" / "graphiql" / "index.html"
SOME = msgspec.Meta(min_length=1)
# Whoever opens a WebSocket and does not say who they are holds it for no longer.
INIT_SECONDS = 10


def graphql_controller(
    schema: BaseSchema,
    make_context: Callable[[Caller], Context],
    admission: Admission,
    limits: Limits,
    tracing: Tracing,
) -> type[GraphQLController[Any, Any]]:
    """The controller of this schema; `make_context` makes the context of a request of one caller."""

    async def context(scope: Scope) -> Context:
        return make_context(caller_of(scope))

    # One after the other: Litestar resolves those that need nothing of each other in a group of tasks, which took a
    # sixth of the time of an answer that was kept.
    async def root_value(custom_context: Any) -> None:
        del custom_context

    async def response(root_value: Any) -> Response[Any]:
        del root_value
        return Response({})

    base = make_graphql_controller(
        schema,
        path="/graphql",
        # A GET with a query is a question that any page could ask by a link: questions come by POST alone.
        allow_queries_via_get=False,
        context_getter=context,
        # Left out: the legacy graphql-ws.
        subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL),
        connection_init_wait_timeout=timedelta(seconds=INIT_SECONDS),
        max_subscriptions_per_connection=limits.operations_per_socket,
    )

    class Controller(base):  # type: ignore[misc, valid-type]  # Strawberry makes the class
        """Strawberry's controller with msgspec for JSON, and GraphiQL from this server."""

        # Strawberry makes the response in a thread of its own, which costs more than the response.
        dependencies: ClassVar[dict[str, Any]] = {
            **base.dependencies,
            "root_value": Provide(root_value),
            "response": Provide(response),
        }
        request_max_body_size = limits.body_bytes
        include_in_schema = False
        guards: ClassVar[list[Guard]] = [admission]
        exception_handlers: ClassVar[ExceptionHandlersMap] = {ApiError: graphql_answer}
        graphql_transport_ws_handler_class = socket_handler(admission, make_context, tracing)

        def encode_json(self, data: object) -> bytes:
            """JSON; what GraphQL does not know (a decimal) is written as text."""
            return msgspec.json.encode(data, enc_hook=str)

        def decode_json(self, data: str | bytes) -> object:
            """An operation or several, with the error that Strawberry expects where it is neither."""
            try:
                return msgspec.json.decode(data, type=dict[str, Any] | Annotated[list[dict[str, Any]], SOME])
            except (msgspec.DecodeError, RecursionError) as cause:  # the latter: a list in a list in a list …
                raise json.JSONDecodeError(str(cause), "", 0) from cause

        async def create_streaming_response(
            self,
            request: Request[Any, Any, Any],
            stream: Callable[[], AsyncIterator[str]],
            sub_response: Response[Any],
            headers: Mapping[str, str],
        ) -> Response[Any]:
            """A stream that ends with the token that asked for it, and says so."""
            headers_sent, caller = headers_of(request.scope), caller_of(request.scope)
            admission.rates.look_at_streams(caller)
            end = graphql_error(Unauthenticated("the session is over: its token is not good any more; ask again"))
            last = f"event: next\r\ndata: {self.encode_json(end).decode()}\r\n\r\nevent: complete\r\ndata: \r\n\r\n"

            async def ended() -> str:
                return await until_ended(admission.authentication, headers_sent, caller)

            whole: Response[Any] = await super().create_streaming_response(
                request,
                lambda: counted(admission.rates, caller, while_known(stream(), ended, last)),
                sub_response,
                headers,
            )
            return whole

        async def render_graphql_ide(self, request: Request[Any, Any, Any]) -> Response[str]:  # noqa: ARG002 - Strawberry's signature
            """GraphiQL as it was built; nothing of it comes from elsewhere."""
            if not GRAPHIQL.is_file():
                return Response("GraphiQL was not built: make graphiql", media_type=MediaType.TEXT, status_code=404)
            return Response(GRAPHIQL.read_text("utf-8"), media_type=MediaType.HTML)

    return Controller
