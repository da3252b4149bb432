"""Figures: bars, ratios, and the file that several benchmarks write."""

from pathlib import Path

import msgspec
import pytest

from tests.bench.report import merged, page, write
from tests.bench.rows import Bar, Row, figure


@pytest.mark.parametrize(
    ("bar", "ours", "floor", "is_met"),
    [
        pytest.param(Bar("ratio", 1.5), 15.0, 10.0, True, id="at the bar"),
        pytest.param(Bar("ratio", 1.5), 15.2, 10.0, False, id="above the bar"),
        pytest.param(Bar("ratio", 1.5), 1.0, None, False, id="no floor"),
        pytest.param(Bar("ours", 25), 24.9, None, True, id="below the limit"),
        pytest.param(Bar("ours", 25), 25.0, None, False, id="at the limit"),
        pytest.param(None, 25.0, None, None, id="no bar"),
    ],
)
def test_a_bar_is_met_or_missed(bar: Bar | None, ours: float, floor: float | None, is_met: object) -> None:
    """A ratio may be as large as its bar says; a figure with a limit stays below it."""
    assert figure("some figure", ours, "s", "", floor=floor, bar=bar).is_met is is_met


def test_rows_of_other_benchmarks_stay(tmp_path: Path) -> None:
    """Writing replaces the rows of the same name, and leaves the others where they were."""
    file = tmp_path / "build" / "bench.json"
    write([_row("sync", 1.0), _row("feed", 2.0)], file)
    write([_row("sync", 3.0), _row("walk", 4.0)], file)
    rows = msgspec.json.decode(file.read_bytes(), type=list[Row])
    assert [(row.name, row.ours) for row in rows] == [("sync", 3.0), ("feed", 2.0), ("walk", 4.0)]


def test_nothing_known_is_merged_as_it_is() -> None:
    """The first rows of a file are the new ones."""
    assert merged([], [_row("sync", 1.0)]) == [_row("sync", 1.0)]


def _row(name: str, ours: float) -> Row:
    return Row(name=name, ours=ours, unit="s", data="some data")


@pytest.mark.parametrize(("ours", "verdict"), [(1.0, "reached"), (9.0, "**missed**")])
def test_the_page_says_which_bars_are_reached(ours: float, verdict: str) -> None:
    """Each figure stands there with its floor and its bar, and one that misses it says so."""
    made = figure("first sync", ours, "s", "on little data", floor=1.0, bar=Bar("ratio", 1.5)).row
    text = page([made, figure("idle", 1, "%", "on nothing").row])
    assert f"| first sync | {ours:g} s | 1 s | {ours:.2f} x | ≤ 1.5 x | {verdict} |" in text
    assert "| idle | 1 % |  |  |  |  |" in text
    assert "- **first sync**: on little data." in text
