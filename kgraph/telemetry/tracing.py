"""The spans of one process: real ones where OTEL_EXPORTER_OTLP_ENDPOINT names a collector, else ids and nothing more.

The variables are OpenTelemetry's own, and its SDK reads them. A span has what was done, to which cluster or by which
statement, and how it ended: no parameter, no object, no caller, and of an error its type alone, for what an error says
may have been sent by somebody.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from opentelemetry.context import Context, attach, detach
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    INVALID_SPAN,
    Link,
    NonRecordingSpan,
    NoOpTracer,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from kgraph import __version__
from kgraph.telemetry.errors import TracesUnsupported

SERVICE = "kubernetes-adapter"
PROTOCOL = "http/protobuf"
ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
# A batch may come of thousands of deliveries: a span names so many of them.
LINKS_MOST = 32

Attributes = Mapping[str, str | int | bool | float]

_ids = RandomIdGenerator()
_propagator = TraceContextTextMapPropagator()


class Tracing:
    """Makes spans. `exports` is whether anybody gets them: what is inside of others is made only then."""

    def __init__(self, provider: TracerProvider | None = None) -> None:
        """Without a provider spans are for their ids, which log lines, events and answers have."""
        self.exports = provider is not None
        self._provider = provider
        self._tracer = provider.get_tracer("kgraph", __version__) if provider else NoOpTracer()

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Tracing":
        """As the environment has it; TracesUnsupported where it asks for what there is not."""
        named = {SERVICE_VERSION: __version__}
        if not environ.get("OTEL_SERVICE_NAME"):
            named[SERVICE_NAME] = SERVICE
        if not any(environ.get(name) for name in ENDPOINTS) or _is_off(environ):
            return cls()
        protocol = environ.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or environ.get("OTEL_EXPORTER_OTLP_PROTOCOL")
        if protocol and protocol != PROTOCOL:
            raise TracesUnsupported(
                f"OTEL_EXPORTER_OTLP_PROTOCOL is {protocol!r}; traces are sent by {PROTOCOL}: leave it out, and give "
                "the collector's port for that, usually 4318"
            )
        # Late, for it brings requests and protobuf, and most processes export nothing.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - see above

        provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        return cls(provider)

    def close(self) -> None:
        """Send what is left; it may take seconds, where the collector is away."""
        if self._provider is not None:
            self._provider.shutdown()

    @contextmanager
    def began(
        self,
        name: str,
        attributes: Attributes,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[Span]:
        """A span where something begins here: it has ids though nobody gets it. `headers` may have a traceparent."""
        context = Context() if not headers else _propagator.extract(dict(headers), Context())
        if not self.exports:
            span = _named(get_current_span(context).get_span_context())
            token = attach(set_span_in_context(span))
            try:
                yield span
            finally:
                detach(token)
            return
        with self._running(name, attributes, kind, context) as span:
            yield span

    @contextmanager
    def inside(self, name: str, attributes: Attributes, *, kind: SpanKind = SpanKind.CLIENT) -> Iterator[Span]:
        """A span in the one that is under way; none where nobody gets it, or nothing is."""
        if not self.exports or not get_current_span().is_recording():
            yield INVALID_SPAN
            return
        with self._running(name, attributes, kind, None) as span:
            yield span

    @contextmanager
    def after(
        self, name: str, attributes: Attributes, causes: Sequence[SpanContext], *, kind: SpanKind = SpanKind.INTERNAL
    ) -> Iterator[Span]:
        """A span in the first of its causes, with links to the others; none where nobody gets it, or nothing caused it.

        In any case what is within is not part of what happened to be under way.
        """
        if not self.exports or not causes:
            yield INVALID_SPAN
            return
        first, *others = causes[:LINKS_MOST]
        context = set_span_in_context(NonRecordingSpan(first), Context())
        with self._running(name, attributes, kind, context, [Link(one) for one in others]) as span:
            yield span

    def was(
        self, name: str, attributes: Attributes, causes: Iterable[SpanContext], began_ns: int, *, kind: SpanKind
    ) -> None:
        """A span of something that is over, and that nothing was inside of; `began_ns` is since the epoch."""
        if not self.exports:
            return
        found = list(causes)[:LINKS_MOST]
        if not found:
            return
        context = set_span_in_context(NonRecordingSpan(found[0]), Context())
        links = [Link(one) for one in found[1:]]
        self._tracer.start_span(name, context, kind, attributes, links, start_time=began_ns).end()

    @contextmanager
    def _running(
        self,
        name: str,
        attributes: Attributes,
        kind: SpanKind,
        context: Context | None,
        links: Sequence[Link] = (),
    ) -> Iterator[Span]:
        with self._tracer.start_as_current_span(
            name,
            context,
            kind,
            attributes,
            links,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield span
            except Exception as error:
                failed(span, type(error).__name__)
                raise


def _named(parent: SpanContext) -> Span:
    """A span that has ids and is nothing: of its parent's trace, if it has one.

    Ids are drawn as OpenTelemetry's own are, without the system's entropy: nobody guards anything by them.
    """
    trace = parent.trace_id if parent.is_valid else _ids.generate_trace_id()
    return NonRecordingSpan(SpanContext(trace, _ids.generate_span_id(), is_remote=False))


def failed(span: Span, what: str) -> None:
    """Say that what the span is about did not succeed: an error's type, or its code."""
    span.set_attribute("error.type", what)
    span.set_status(Status(StatusCode.ERROR))


def current() -> SpanContext | None:
    """Where the span that is under way is, if one is and somebody may get it."""
    span = get_current_span()
    return span.get_span_context() if span.is_recording() else None


def trace_id() -> str:
    """The id of the trace that is under way, W3C's; "" where none is."""
    context = get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else ""


def parsed(traceparent: str) -> SpanContext | None:
    """What a `traceparent` names, if it may have been recorded."""
    found = get_current_span(_propagator.extract({"traceparent": traceparent}, Context())).get_span_context()
    return found if found.is_valid and found.trace_flags & TraceFlags.SAMPLED else None


def _is_off(environ: Mapping[str, str]) -> bool:
    return (
        environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
        or environ.get("OTEL_TRACES_EXPORTER", "").lower() == "none"
    )
