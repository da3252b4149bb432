"""Every request, as operators see it: how many of which route, how they ended, how long they took, in which trace.

What is labelled is what this program knows: the route's template and not the path, methods that HTTP has.
"""

import time
from collections.abc import Mapping
from typing import Any

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from opentelemetry.trace import Span, SpanKind

from kgraph.telemetry.telemetry import Telemetry
from kgraph.telemetry.tracing import failed

log = structlog.get_logger(__name__)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NONE, OTHER = "none", "other"
# What those who answer leave in the scope: the code of the error that was told, and what GraphQL was asked for.
CODE, OPERATION = "kgraph.code", "kgraph.operation"
_PROPAGATED = (b"traceparent", b"tracestate")
_STREAM = b"text/event-stream"


class Observed:
    """An application whose requests are counted, measured, traced and logged, but a WebSocket's operations."""

    def __init__(self, app: ASGIApp, telemetry: Telemetry) -> None:
        meter = telemetry.meter
        self._app = app
        self._tracing = telemetry.tracing
        self._requests = meter.counter("kgraph_http_requests")
        self._seconds = meter.histogram("kgraph_http_request_seconds")
        self._errors = meter.counter("kgraph_errors")
        self._in_flight = 0
        meter.reads("kgraph_http_requests_in_flight", lambda: [((), self._in_flight)])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        found = scope["method"]
        method = str(found) if found in METHODS else OTHER
        status, streams, began = 500, False, time.perf_counter()

        async def sent(message: Message) -> None:
            nonlocal status, streams
            if message["type"] == "http.response.start":
                status = message["status"]
                streams = any(
                    name.lower() == b"content-type" and value.startswith(_STREAM) for name, value in message["headers"]
                )
            await send(message)

        self._in_flight += 1
        attributes = {"http.request.method": method}
        with self._tracing.began(method, attributes, kind=SpanKind.SERVER, headers=trace_of(scope)) as span:
            try:
                await self._app(scope, receive, sent)
            finally:
                self._in_flight -= 1
                self._over(scope, method, status, None if streams else time.perf_counter() - began, span)

    def _over(self, scope: Scope, method: str, status: int, seconds: float | None, span: Span) -> None:
        known: Mapping[str, Any] = scope
        route = known.get("path_template") or NONE
        self._requests.labels(method, route, str(status)).inc()
        if seconds is not None:
            self._seconds.labels(method, route).observe(seconds)
        code, operation = known.get(CODE), known.get(OPERATION)
        if code is not None:
            self._errors.labels("graphql" if route == "/graphql" else "rest", code).inc()
        if span.is_recording():
            span.update_name(f"{method} {route}")
            span.set_attributes({"http.route": route, "http.response.status_code": status})
            if status >= 500:
                failed(span, code or str(status))
        log.debug("request", method=method, route=route, status=status, code=code, operation=operation, seconds=seconds)


def trace_of(scope: Scope) -> dict[str, str]:
    """What of W3C's trace context the connection's headers have."""
    return {name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in _PROPAGATED}
