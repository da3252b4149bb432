"""Figures as a table for people, as docs/benchmarks.json for programs, and as the page docs/benchmarks.md."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Column, Table

from tests.bench.rows import Bar, Figure, Row

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "benchmarks.json"
PAGE = ROOT / "docs" / "benchmarks.md"
_HEAD = """\
# Figures

<!-- Written by `make bench`, from what it measured last. -->

`make bench` measures these on two real servers that it starts itself, an apiserver with its controllers and a Neo4j.
The **floor** is the same work by a client that does nothing else, measured in the same run: what is above it is what
this program costs. The ratio is what to compare; the seconds are the machine's, which was not always as fast: where a
row says how long ten million additions took, 0.5 s is usual. `make bench ARGS="--only walks"`
measures one group, `--small` tries whether it runs. A figure that misses its bar is shown as it is.
"""


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


def write(rows: Sequence[Row], file: Path = FILE) -> list[Row]:
    """Put the rows into the file, where what others have written stays; all that it holds now."""
    known = msgspec.json.decode(file.read_bytes(), type=list[Row]) if file.is_file() else []
    kept = merged(known, rows)
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_bytes(msgspec.json.format(msgspec.json.encode(kept), indent=2) + b"\n")
    unfinished.replace(file)
    return kept


def page(rows: Sequence[Row]) -> str:
    """The page's text: a table, and what each figure was measured on."""
    lines = ["| figure | ours | floor | ratio | must reach | |", "|---|---|---|---|---|---|"]
    for row in rows:
        bar = Bar.read(row.bar)
        verdict = "" if bar is None else "reached" if bar.is_met(row) else "**missed**"
        floor = "" if row.floor is None else f"{row.floor:g} {row.unit}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f} x"
        lines.append(f"| {row.name} | {row.ours:g} {row.unit} | {floor} | {ratio} | {row.bar} | {verdict} |")
    machines = sorted({row.machine for row in rows if row.machine})
    measured = [f"- **{row.name}**: {row.data}." for row in rows]
    return "\n".join([_HEAD, *lines, "", f"Measured on {'; '.join(machines)}.", "", *measured, ""])


def _right(name: str) -> Column:
    return Column(name, justify="right", no_wrap=True)


def _verdict(one: Figure) -> str:
    if one.is_met is None:
        return ""
    return "[green]reached[/]" if one.is_met else "[red]missed[/]"
