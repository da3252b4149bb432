"""Events as lines of a terminal: when, what happened, how bad, to what, and what changed of it."""

from datetime import datetime
from typing import Any

import msgspec
from rich.text import Text

from kgraph.cli.answers.event_stream import INITIAL, Line
from kgraph.feed.event import Event, EventType, FieldChange, Severity
from kgraph.kube.field_paths import parse, write

# A line names so many changes; `-o wide` names all.
CHANGES_SHOWN = 3
_STEPS_SHOWN = 2
_CHARACTERS_SHOWN = 40
# Below so many columns, a severity is a letter.
_NARROW_COLUMNS = 100
_TYPES = {"CREATED": "green", "UPDATED": "yellow", "DELETED": "red", INITIAL: "dim"}
_SEVERITIES = {Severity.INFO: "dim", Severity.WARNING: "yellow", Severity.ERROR: "bold red"}
COLUMNS = ("TIME", "TYPE", "SEVERITY", "CLUSTER", "KIND", "NAMESPACE", "NAME", "CHANGES")


def line_text(line: Line, width: int, *, wide: bool, cluster: bool) -> Text:
    """One event for a person, in their own time; `cluster` is whether its cluster needs to be said."""
    event = line.event
    time = datetime.fromisoformat(event.timestamp).astimezone()
    type_ = INITIAL if line.initial else event.event_type.value
    text = Text(f"{time:%H:%M:%S}  ", style="dim")
    text.append(f"{type_.removeprefix('CLUSTER_'):<9}", style=_TYPES.get(type_, "magenta"))
    severity = event.metadata.severity
    word = severity.value if width >= _NARROW_COLUMNS else severity.value[0].upper()
    text.append(f"{word:<{9 if width >= _NARROW_COLUMNS else 3}}", style=_SEVERITIES[severity])
    text.append(*_subject(event))
    if event.resource is not None:
        place = f"{event.resource.namespace}/" if event.resource.namespace else ""
        text.append(f"{place}{event.resource.name}")
        if cluster:
            text.append(f" in {event.cluster_id}", style="dim")
    if what := changes(line, wide=wide):
        text.append(f"  {what}", style="dim" if event.metadata.severity is Severity.INFO else "")
    return text


def line_cells(line: Line, *, wide: bool) -> tuple[str, ...]:
    """One event for another program: a cell for each of COLUMNS."""
    event = line.event
    resource = event.resource
    return (
        event.timestamp,
        INITIAL if line.initial else event.event_type.value,
        event.metadata.severity.value,
        event.cluster_id,
        resource.group_version_kind.kind if resource else "Cluster",
        resource.namespace if resource else "",
        resource.name if resource else event.cluster_id,
        changes(line, wide=wide),
    )


def changes(line: Line, *, wide: bool) -> str:
    """What changed, or is said of it: `status.phase Pending → Running`."""
    event = line.event
    said = _said(event, initial=line.initial)
    if line.initial or not event.diff:
        return _flat(said)
    found = sorted(event.diff.items(), key=lambda change: _rank(change[0]))
    shown = found if wide else found[:CHANGES_SHOWN]
    words = [_change(path, change, wide=wide) for path, change in shown]
    more = f"{len(found) - len(shown)} more" if len(found) > len(shown) else ""
    return _flat(", ".join(filter(None, (*words, more, said))))


def _subject(event: Event) -> tuple[str, str]:
    if event.resource is None:
        return f"Cluster {event.cluster_id}", "cyan"
    return f"{event.resource.group_version_kind.kind} ", "cyan"


def _said(event: Event, *, initial: bool) -> str:
    """The reason and the message, unless they repeat the line; the initial state has a Kubernetes Event's in itself."""
    reason, message = event.metadata.reason, event.metadata.message
    if initial and event.resource is not None and event.resource.group_version_kind.kind == "Event":
        told = msgspec.json.decode(event.object)
        reason, message = (str(told.get(name) or "") for name in ("reason", "message"))
    if reason.upper() == event.event_type.value:
        return "" if event.diff or event.event_type is not EventType.UPDATED else message
    return ": ".join(filter(None, (reason, message)))


def _rank(path: str) -> tuple[bool, bool]:
    """What a person looks for first: what is wanted and how it is, then times, then what the server counts."""
    return path.startswith("metadata."), path.endswith("Time")


def _change(path: str, change: FieldChange, *, wide: bool) -> str:
    old, new = (_value(msgspec.json.decode(each), wide=wide) for each in (change.old, change.new))
    where = path if wide else short(path)
    if not old:
        return f"{where} = {new}"
    return f"{where} {old} → {new or 'none'}"


def short(path: str) -> str:
    """The end of a path, which says the most: `…containers[name=web].image`."""
    try:
        steps = parse(path)
    except ValueError:
        return path
    # An item of a list says little without the list.
    most = _STEPS_SHOWN + sum(not isinstance(step, str) for step in steps[-_STEPS_SHOWN - 1 :])
    return path if len(steps) <= most + 1 else f"…{write(steps[-most:])}"


def _value(value: Any, *, wide: bool) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    if wide or len(text) <= _CHARACTERS_SHOWN:
        return text or '""'
    return f"{text[: _CHARACTERS_SHOWN - 1]}…"


def _flat(text: str) -> str:
    return " ".join(text.split())
