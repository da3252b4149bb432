"""Log lines: a constant message and key-values, on standard error."""

import logging
import sys
from collections.abc import Mapping

import structlog
from structlog.tracebacks import ExceptionDictTransformer

from kgraph.cli.errors import BadConfiguration
from kgraph.cli.variables import VARIABLES

# Tracebacks without the values of variables: among those are callers' tokens, and what they send.
_TRACEBACKS = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
_ROWS = {row.name: row for row in VARIABLES}


def set_up(environ: Mapping[str, str], *, level: str) -> None:
    """Follow LOG_LEVEL and LOG_FORMAT; `level` is the command's own where LOG_LEVEL says nothing."""
    level = _chosen("LOG_LEVEL", environ, level)
    form = _chosen("LOG_FORMAT", environ, "" if sys.stderr.isatty() else "json")
    number = logging.getLevelNamesMapping()[level.upper()]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty() and "NO_COLOR" not in environ,
            exception_formatter=structlog.dev.RichTracebackFormatter(show_locals=False),
        )
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _TRACEBACKS if form == "json" else structlog.processors.StackInfoRenderer(),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        # Looked up at each line, so that a progress display may stand between.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    # The libraries' own lines: what they warn of is ours to hear, what they tell is not.
    for name in ("uvicorn", "uvicorn.error", "litestar"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # What it says of Kafka's absence, each time it tries again, the relay says once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    logging.basicConfig(
        stream=sys.stderr, level=max(number, logging.WARNING), format="%(levelname)s %(name)s %(message)s"
    )


def _chosen(variable: str, environ: Mapping[str, str], otherwise: str) -> str:
    row = _ROWS[variable]
    value = environ.get(variable, "").lower() or otherwise or row.default
    if value not in row.choices:
        raise BadConfiguration(f"{variable} is {environ[variable]!r}; allowed is one of {', '.join(row.choices)}")
    return value
