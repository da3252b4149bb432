"""One measured figure, and what it must reach."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from tests.figures import percentile


class Bar(msgspec.Struct, frozen=True):
    """What a figure must not pass: its ratio to the floor, or itself in the row's unit."""

    of: Literal["ratio", "ours"]
    limit: float

    def is_met(self, row: "Row") -> bool:
        """Whether the row reaches it."""
        value = row.ratio if self.of == "ratio" else row.ours
        return value is not None and (value <= self.limit if self.of == "ratio" else value < self.limit)

    @classmethod
    def read(cls, text: str) -> "Bar | None":
        """The bar that was shown as `text`; None of an empty one."""
        words = text.split()
        return cls("ratio" if words[0] == "≤" else "ours", float(words[1])) if words else None

    def shown(self, unit: str) -> str:
        """The bar as text: `≤ 1.5 x`, `< 25 ms`."""
        return f"≤ {self.limit:g} x" if self.of == "ratio" else f"< {self.limit:g} {unit}"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One figure as docs/benchmarks.json keeps it; `data` says what it was measured on and how."""

    name: str
    ours: float
    floor: float | None = None
    ratio: float | None = None
    unit: str
    bar: str = ""
    data: str
    machine: str = ""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A measurement's answer: a row, and the bar that it is held against."""

    row: Row
    bar: Bar | None = None

    @property
    def is_met(self) -> bool | None:
        """Whether the bar is reached; None where there is none."""
        return None if self.bar is None else self.bar.is_met(self.row)


def figure(
    name: str, ours: float, unit: str, data: str, *, floor: float | None = None, bar: Bar | None = None
) -> Figure:
    """A figure with its ratio to the floor."""
    row = Row(
        name=name,
        ours=_rounded(ours),
        floor=None if floor is None else _rounded(floor),
        ratio=round(ours / floor, 2) if floor else None,
        unit=unit,
        bar=bar.shown(unit) if bar else "",
        data=data,
    )
    return Figure(row=row, bar=bar)


def percentiles(
    name: str, seconds: Sequence[float], floors: Sequence[Sequence[float]], data: str, bars: Mapping[int, Bar]
) -> list[Figure]:
    """A figure in ms for each percentile that has a bar, of seconds in ascending order; the floors' are added up."""
    return [
        figure(
            f"{name}, p{rank}",
            percentile(seconds, rank) * 1000,
            "ms",
            data,
            floor=sum(percentile(each, rank) for each in floors) * 1000,
            bar=bar,
        )
        for rank, bar in bars.items()
    ]


def _rounded(value: float) -> float:
    """Three digits, which is more than two runs have in common."""
    return float(f"{value:.3g}") if abs(value) < 1000 else float(round(value))
