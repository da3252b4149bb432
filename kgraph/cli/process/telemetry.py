"""What one process tells of itself, as the environment and the configuration have it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import structlog

from kgraph.cli.errors import BadConfiguration
from kgraph.telemetry.errors import TracesUnsupported
from kgraph.telemetry.telemetry import Telemetry
from kgraph.telemetry.tracing import Tracing

log = structlog.get_logger(__name__)


@asynccontextmanager
async def telling(environ: Mapping[str, str]) -> AsyncIterator[Telemetry]:
    """A meter and a tracer; at the end what is left of the spans is sent."""
    try:
        tracing = Tracing.of(environ)
    except TracesUnsupported as error:
        raise BadConfiguration(str(error)) from error
    if tracing.exports:
        log.info("traces are exported")
    try:
        yield Telemetry(tracing=tracing)
    finally:
        if tracing.exports:
            await asyncio.to_thread(tracing.close)
