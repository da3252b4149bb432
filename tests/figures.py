"""Figures from samples."""

from collections.abc import Sequence
from pathlib import Path

import msgspec


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The value that so many per cent of the samples, ascending, do not pass."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def written(report: msgspec.Struct, markdown: str, folder: Path, name: str) -> Path:
    """A report in a folder, for people and as JSON; the file for people."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.md"
    file.write_text(markdown, "utf-8")
    file.with_suffix(".json").write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    return file
