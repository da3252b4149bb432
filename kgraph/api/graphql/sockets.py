"""GraphQL over WebSocket (graphql-transport-ws), for those who say who they are.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md. The first message is `connection_init`: its payload
may have `authorization`, and the Impersonate-… headers, as keys, for a browser's WebSocket can send no header. Whoever
is not known is closed with 4403, whoever asks before that with 4401; a session whose token ends, with 4403 too, after
which clients may come again with another. Where it cannot be found out who they are: 1013, try again later.
"""

import asyncio
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from typing import Any

from graphql import GraphQLError
from opentelemetry.trace import SpanKind
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler, Operation
from strawberry.subscriptions.protocols.graphql_transport_ws.types import ConnectionInitMessage

from kgraph.api.callers.admission import Admission
from kgraph.api.callers.authentication import Headers, headers_of, said
from kgraph.api.callers.caller import NOBODY, Caller
from kgraph.api.callers.sessions import until_ended
from kgraph.api.errors import ApiError, BadUserInput, Busy, IdentityUnavailable
from kgraph.api.graphql.context import Context
from kgraph.api.http.observed import trace_of
from kgraph.telemetry.tracing import Tracing

FORBIDDEN = 4403
EVENTS_LOST = 4410  # after HTTP's Gone
TRY_AGAIN_LATER = 1013  # RFC 6455's registry
REASON_BYTES = 123  # that fit into a closing frame


def socket_handler(
    admission: Admission, make_context: Callable[[Caller], Context], tracing: Tracing
) -> type[BaseGraphQLTransportWSHandler[Any, Any]]:
    """The handler of one WebSocket; `make_context` makes an operation's context, `tracing` a span of each operation."""

    class Handler(BaseGraphQLTransportWSHandler[Any, Any]):
        """Strawberry's, which lets operations in only once it is known who asks, and for as long as that holds."""

        caller = NOBODY
        _ending: asyncio.Task[None] | None = None

        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self._seat = ExitStack()

        async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
            """Find out who asks; what is wrong with the message otherwise is Strawberry's to say."""
            payload = message.get("payload", {})
            if self.connection_init_received or self.connection_timed_out or not isinstance(payload, dict):
                await super().handle_connection_init(message)
                return
            try:
                headers = (*headers_of(self.context.websocket.scope), *said(_pairs(payload)))
                self.caller = await admission.caller(self.context.websocket.scope, headers)
                self._seat.enter_context(admission.rates.stream(self.caller))
            except ApiError as error:
                code = TRY_AGAIN_LATER if isinstance(error, IdentityUnavailable | Busy) else FORBIDDEN
                await self.websocket.close(code, _reason(str(error)))
                return
            self._ending = asyncio.create_task(self._end(headers), name="end of a session")
            await super().handle_connection_init(message)

        async def run_operation(self, operation: Operation[Any, Any]) -> None:
            """Run it with a context of its own: what one operation learns of what may be seen is not the next one's."""
            try:
                admission.rates.ask(self.caller)
            except Busy as error:
                extensions = {"code": error.code, **error.extensions, "retryAfter": math.ceil(error.retry_after)}
                await operation.send_initial_errors([GraphQLError(str(error), extensions=extensions)])
                return
            websocket = self.context.websocket
            # Strawberry takes it from `self` before it waits for anything.
            context = self.context = make_context(self.caller)
            context.websocket = websocket
            # What opened the socket may be in a trace; an operation's message has no place for one.
            with tracing.began("WebSocket /graphql", {}, kind=SpanKind.SERVER, headers=trace_of(websocket.scope)):
                await super().run_operation(operation)
            if context.lost is not None:
                with suppress(RuntimeError):
                    await self.websocket.close(EVENTS_LOST, _reason(str(context.lost)))

        async def shutdown(self) -> None:
            """The connection is over."""
            self._seat.close()
            if self._ending is not None and self._ending is not asyncio.current_task():
                self._ending.cancel()
                await asyncio.wait({self._ending})
            await super().shutdown()

        async def _end(self, headers: Headers) -> None:
            reason = await until_ended(admission.authentication, headers, self.caller)
            for operation in list(self.operations):
                await self.cleanup_operation(operation)
            with suppress(RuntimeError):  # uvicorn's, where the client goes at the same moment
                await self.websocket.close(FORBIDDEN, _reason(reason))

    return Handler


def _pairs(payload: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The payload's keys and values as headers; a list is a header that is repeated."""
    for name, value in payload.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str):
                yield name, one
            elif said([(name, "")]):
                raise BadUserInput(f"{name.lower()} in the payload is no text")


def _reason(text: str) -> str:
    return text.encode()[:REASON_BYTES].decode(errors="ignore")
