"""Events written as they come: each at once, so that who reads the output reads it as it happens."""

from kgraph.cli.answers.event_lines import COLUMNS, line_cells, line_text
from kgraph.cli.answers.event_stream import Line, Synced
from kgraph.cli.terminal import answers, remarks
from kgraph.cli.visible import one_line


class EventPrinter:
    """Writes to standard output: `table` and `wide` for people and for `cut`, `json` for other programs."""

    def __init__(self, output: str, *, cluster: bool) -> None:
        self._json = output == "json"
        self._wide = output == "wide"
        self._cluster = cluster
        self._console = answers()
        if not self._json and not self._console.is_terminal:
            self._write("\t".join(COLUMNS))

    def print(self, told: Line | Synced) -> None:
        """Write one event; where all that is there has been told, say so to a person."""
        if isinstance(told, Synced):
            if self._console.is_terminal and not self._json:
                remarks().print("That is what is there. What changes follows.", style="dim")
        elif self._json:
            self._write(told.data)
        elif self._console.is_terminal:
            line = line_text(told, self._console.width, wide=self._wide, cluster=self._cluster)
            # Said here, for what a text says of itself is lost when it is printed.
            self._console.print(line, no_wrap=not self._wide, overflow="fold" if self._wide else "ellipsis")
        else:
            self._write("\t".join(map(one_line, line_cells(told, wide=self._wide))))

    def _write(self, line: str) -> None:
        self._console.file.write(f"{line}\n")
        self._console.file.flush()
