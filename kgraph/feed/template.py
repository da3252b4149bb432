"""Templates of configured feeds: another object made of an event, by paths and texts alone; nothing is computed.

A template is a map whose values are, as kubectl's `-o jsonpath` has them:

- a path into the event as its JSON is: `.resource.name`, `$.diff['status.phase'].new`, `{.cluster_id}`. It gives what
  stands there, null where nothing does; with `[*]`, `..` or a slice, the list of all;
- a text with paths in braces, which becomes one text: `{.resource.namespace}/{.resource.name} is {.event_type}`;
- any other text, number, truth or null, which stays as it is;
- a map of such.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from kgraph.kube import jsonpath

_BRACES = re.compile(r"\{([^{}]*)\}")
# Deeper than any message needs, and short of where Python gives up.
_DEEPEST = 20


class Constant(msgspec.Struct, frozen=True):
    """What is the same in every message: a text, a number, a truth, null."""

    value: str | int | float | bool | None


class Lookup(msgspec.Struct, frozen=True):
    """What stands at a path: a list of all where `every`."""

    read: Callable[[Mapping[str, Any]], Any]
    every: bool


class Words(msgspec.Struct, frozen=True):
    """A text put together of texts and of what stands at paths."""

    parts: tuple[Constant | Lookup, ...]


class Section(msgspec.Struct, frozen=True):
    """A map: by name what makes its values."""

    parts: Mapping[str, "Part"]


Part = Constant | Lookup | Words | Section


def parse(written: Any) -> Section:
    """The template that a user has written; ValueError says where it is none, and what may stand there."""
    if not isinstance(written, dict) or not written:
        raise ValueError("a map of names and paths, such as `pod: .resource.name`")
    return _section(written, "", 0)


def made(part: Part, event: Mapping[str, Any]) -> Any:
    """What a template, or a part of one, makes of an event's decoded JSON."""
    match part:
        case Constant():
            return part.value
        case Lookup():
            return part.read(event)
        case Words():
            return "".join(text_of(made(each, event)) for each in part.parts)
        case Section():
            return {name: made(each, event) for name, each in part.parts.items()}


def text_of(value: Any) -> str:
    """A value within a text: nothing for null, and JSON for what is no text."""
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _section(written: Mapping[Any, Any], place: str, depth: int) -> Section:
    if depth > _DEEPEST:
        raise ValueError(f"maps of {_DEEPEST} levels at most")
    for name in written:
        if not isinstance(name, str) or not name:
            raise ValueError(f"texts as names; {place or 'the template'} has {name!r}")
    return Section(
        {name: _part(value, f"{place}.{name}" if place else name, depth + 1) for name, value in written.items()}
    )


def _part(written: Any, place: str, depth: int) -> Part:
    if isinstance(written, dict):
        return _section(written, place, depth)
    if not isinstance(written, str):
        if written is None or isinstance(written, bool | int | float):
            return Constant(written)
        raise ValueError(f"paths, texts, numbers, true, false, null and maps of them; {place} has {written!r:.80}")
    try:
        return _text(written)
    except ValueError as error:
        raise ValueError(
            f"paths such as `.resource.name` and texts such as `in {{.cluster_id}}`; {place} has "
            f"{written!r:.80} ({error})"
        ) from None


def _text(written: str) -> Part:
    whole = written.strip()
    if whole.startswith((".", jsonpath.ROOT)) or _BRACES.fullmatch(whole):
        return _lookup(whole)
    parts: list[Constant | Lookup] = []
    at = 0
    for match in _BRACES.finditer(written):
        parts += [_constant(written[at : match.start()]), _lookup(match[1])]
        at = match.end()
    parts.append(_constant(written[at:]))
    return Words(tuple(part for part in parts if part != Constant(""))) if at else parts[0]


def _lookup(path: str) -> Lookup:
    if path.strip("{ }") in ("", "."):
        raise ValueError("a path is missing")
    normal = jsonpath.normalised(path)
    return Lookup(jsonpath.reader(normal), jsonpath.finds_many(normal))


def _constant(text: str) -> Constant:
    if "{" in text or "}" in text:
        raise ValueError("a brace has no partner")
    return Constant(text)
