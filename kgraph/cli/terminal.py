"""Where commands write: answers to standard output, everything else to standard error."""

import os
import sys
from collections.abc import Iterable
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from kgraph.cli.visible import lines

# An answer that goes into a file or another program is not folded: a line there is one thing.
UNFOLDED_COLUMNS = 10_000


class PlainConsole(Console):
    """A console whose texts are only shown: escape sequences in them are not obeyed, rich's own are."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """What is written, piece by piece; `control` pieces are rich's own."""
        for piece in super().render(renderable, options):
            yield piece if piece.control else Segment(lines(piece.text), piece.style)


def answers() -> Console:
    """Standard output."""
    return _console(sys.stdout)


def remarks() -> Console:
    """Standard error: progress, warnings, errors."""
    return _console(sys.stderr)


def _console(stream: TextIO) -> Console:
    # Rich knows a terminal's width and NO_COLOR; COLUMNS wins over both a terminal and a pipe.
    folded = stream.isatty() or bool(os.environ.get("COLUMNS"))
    return PlainConsole(
        file=stream, width=None if folded else UNFOLDED_COLUMNS, highlight=False, emoji=False, markup=False
    )
