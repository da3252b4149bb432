"""Figures as a table for people and as build/bench.json for programs."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Column, Table

from tests.bench.rows import Figure, Row

FILE = Path(__file__).parents[2] / "build" / "bench.json"


def show(figures: Sequence[Figure], console: Console, *, enforced: bool) -> None:
    """Print the table, and below it what each figure was measured on."""
    table = Table("figure", *(_right(name) for name in ("ours", "floor", "ratio", "must reach")), "", box=None)
    for one in figures:
        row = one.row
        table.add_row(
            row.name,
            f"{row.ours:g} {row.unit}",
            "" if row.floor is None else f"{row.floor:g} {row.unit}",
            "" if row.ratio is None else f"{row.ratio:.2f} x",
            row.bar,
            _verdict(one) if enforced else "",
        )
    console.print(table)
    for one in figures:
        console.print(f"{one.row.name}: {one.row.data}", style="dim", highlight=False)


def merged(known: Sequence[Row], new: Sequence[Row]) -> list[Row]:
    """The known rows with the new ones in the place of those of the same name, and the others after them."""
    by_name = {row.name: row for row in known}
    by_name |= {row.name: row for row in new}
    return list(by_name.values())


def write(rows: Sequence[Row], file: Path = FILE) -> None:
    """Put the rows into the file; what others have written there stays."""
    known = msgspec.json.decode(file.read_bytes(), type=list[Row]) if file.is_file() else []
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_bytes(msgspec.json.format(msgspec.json.encode(merged(known, rows)), indent=2) + b"\n")
    unfinished.replace(file)


def _right(name: str) -> Column:
    return Column(name, justify="right", no_wrap=True)


def _verdict(one: Figure) -> str:
    if one.is_met is None:
        return ""
    return "[green]reached[/]" if one.is_met else "[red]missed[/]"
