"""A drift and a comparison as people read them: a line a resource, and below it a line a field."""

from typing import Any

import msgspec
from rich.text import Text

from kgraph.cli.answers.drift import DriftAnswer, Drifted, Field
from kgraph.cli.terminal import answers, remarks

SHOWN_CHARACTERS = 160  # of a value: a line of a terminal or two
_SIGNS = {
    "ADDED": ("+", "green", "is not desired"),
    "MISSING": ("-", "red", "is not there"),
    "CHANGED": ("~", "yellow", ""),
    "OWNED": ("=", "dim", ""),
}


def print_drift(answer: DriftAnswer) -> None:
    """Print every resource and field, and what was compared."""
    console = answers()
    for one in answer.resources:
        console.print(_head(one))
        for field in one.fields:
            console.print(value_line(field.path, field.desired, field.actual))
        for field in one.owned:
            console.print(_owned(field))
    for kind in answer.unread:
        remarks().print(Text(f"not compared: {kind}", style="yellow"))
    counts = [one.change for one in answer.resources if one.change != "OWNED"]
    more = " at least" if answer.truncated else ""
    words = f"{answer.compared:,} desired resources compared: {len(counts):,}{more} are not as desired"
    remarks().print(
        Text(words if counts else f"{answer.compared:,} desired resources compared, no drift", style="bold")
    )


def value_line(path: str, before: Any, after: Any) -> Text:
    """A field with both its values: `  spec.replicas: 2 → 5`."""
    line = Text(f"    {path}: ")
    line.append(shown(before), style="red").append(" → ", style="dim")
    return line.append(shown(after), style="green")


def shown(value: Any) -> str:
    """A value as JSON, cut where it is long; nothing is `-`."""
    if value is None:
        return "-"
    text = value if isinstance(value, str) and value else msgspec.json.encode(value).decode()
    text = text.replace("\n", "⏎")
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"


def _head(one: Drifted) -> Text:
    sign, style, words = _SIGNS[one.change]
    name = f"{one.namespace}/{one.name}" if one.namespace else one.name
    return Text(f"{sign} {one.kind} {name}", style=style).append(f"  {words}" if words else "", style="dim")


def _owned(field: Field) -> Text:
    line = value_line(field.path, field.desired, field.actual)
    line.append(f"  owned by {field.manager}")
    line.stylize("dim")
    return line
