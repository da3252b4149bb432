"""Log lines: a constant message and key-values, on standard error; the libraries' own lines have the same form.

One line is one line whatever stands in it: as JSON by JSON's own escapes, for people by `visible`.
"""

import logging
import sys
from collections.abc import Mapping
from functools import partial
from typing import TextIO

import structlog
from opentelemetry.trace import get_current_span
from rich.traceback import Traceback
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import ExcInfo

from kgraph.cli.errors import BadConfiguration
from kgraph.cli.settings.variables import VARIABLES
from kgraph.cli.terminal import PlainConsole
from kgraph.cli.visible import one_line

# Tracebacks without the values of variables: among those are callers' tokens, and what they send.
_TRACEBACKS = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
_ROWS = {row.name: row for row in VARIABLES}


def set_up(environ: Mapping[str, str], *, level: str) -> None:
    """Follow LOG_LEVEL and LOG_FORMAT; `level` is the command's own where LOG_LEVEL says nothing."""
    level = _chosen("LOG_LEVEL", environ, level)
    form = _chosen("LOG_FORMAT", environ, "" if sys.stderr.isatty() else "json")
    number = logging.getLevelNamesMapping()[level.upper()]
    colors = sys.stderr.isatty() and "NO_COLOR" not in environ
    written: list[structlog.typing.Processor] = (
        [_TRACEBACKS, structlog.processors.JSONRenderer()]
        if form == "json"
        else [
            structlog.processors.StackInfoRenderer(),
            _visible,
            structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=partial(_traceback, colors=colors)),
        ]
    )
    said: list[structlog.typing.Processor] = [
        _in_its_trace,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *said, *written],
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
    theirs = logging.StreamHandler(sys.stderr)
    theirs.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *said],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *written],
        )
    )
    logging.basicConfig(handlers=[theirs], level=max(number, logging.WARNING))


def _visible(_: object, __: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The line for a terminal: no text in it moves the cursor or begins a line of its own."""
    for name, value in line.items():
        if name not in ("exc_info", "exception", "stack"):
            line[name] = one_line(value) if isinstance(value, str) else value
    return line


def _traceback(stream: TextIO, failure: ExcInfo, *, colors: bool) -> None:
    """The traceback for a person; what an error quotes is shown, not obeyed."""
    console = PlainConsole(
        file=stream, color_system="truecolor" if colors else None, highlight=False, emoji=False, markup=False
    )
    stream.write("\n")
    console.print(Traceback.from_exception(*failure, show_locals=False))


def _in_its_trace(_: object, __: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The line with the ids of the span that it was written in, if it was in one."""
    span = get_current_span().get_span_context()
    if span.is_valid:
        line.setdefault("trace_id", f"{span.trace_id:032x}")
        line.setdefault("span_id", f"{span.span_id:016x}")
    return line


def _chosen(variable: str, environ: Mapping[str, str], otherwise: str) -> str:
    row = _ROWS[variable]
    value = environ.get(variable, "").lower() or otherwise or row.default
    if value not in row.choices:
        raise BadConfiguration(f"{variable} is {environ[variable]!r}; allowed is one of {', '.join(row.choices)}")
    return value
