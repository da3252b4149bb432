"""Rows of a query as a table that fits the terminal, or as tab-separated lines where there is none."""

from collections.abc import Sequence
from typing import Any

import msgspec
from rich.table import Column, Table

from kgraph.cli.terminal import answers, remarks
from kgraph.cli.visible import one_line


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, more: bool) -> None:
    """Print the rows; `more` says that the API left some out."""
    console = answers()
    if not console.is_terminal:
        for row in (columns, *rows):
            console.file.write("\t".join(_cell(value) for value in row) + "\n")
    else:
        # Folded, never cut: half a name is no name.
        table = Table(
            *(Column(name, overflow="fold") for name in columns), box=None, header_style="bold", pad_edge=False
        )
        for row in rows:
            table.add_row(*(_cell(value) for value in row))
        console.print(table)
    if more:
        remarks().print(f"There are more rows than these {len(rows)}: add LIMIT and SKIP to the query.")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return one_line(value.replace("\t", " ").replace("\n", " "))
    return one_line(msgspec.json.encode(value).decode())
