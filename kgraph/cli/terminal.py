"""Where commands write: answers to standard output, everything else to standard error."""

import os
import sys
from typing import TextIO

from rich.console import Console

# An answer that goes into a file or another program is not folded: a line there is one thing.
UNFOLDED_COLUMNS = 10_000


def answers() -> Console:
    """Standard output."""
    return _console(sys.stdout)


def remarks() -> Console:
    """Standard error: progress, warnings, errors."""
    return _console(sys.stderr)


def _console(stream: TextIO) -> Console:
    # Rich knows a terminal's width and NO_COLOR; COLUMNS wins over both a terminal and a pipe.
    folded = stream.isatty() or bool(os.environ.get("COLUMNS"))
    return Console(file=stream, width=None if folded else UNFOLDED_COLUMNS, highlight=False, emoji=False, markup=False)
