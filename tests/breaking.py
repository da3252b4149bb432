"""Whether the schemas still answer what clients ask today: part of `python -m tests.lint`.

Each is compared with that of the last release, else with what the main branch had where this one began, else with the
last commit's. A change that breaks clients on purpose is a line in docs/reference/schema-breaks.txt, with the reason
above it, and a line in the changelog.
"""

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from graphql import build_schema
from graphql.utilities import find_breaking_changes

ROOT = Path(__file__).parent.parent
ACCEPTED = ROOT / "docs" / "reference" / "schema-breaks.txt"
MAIN = ("origin/main", "main")


def breaking_changes(before: str, now: str) -> list[str]:
    """What a client of the GraphQL schema before may ask that is not answered now, or otherwise, one line each."""
    # The federation's directives are defined by the gateway's specification, not in the text.
    old, new = (build_schema(text, assume_valid_sdl=True) for text in (before, now))
    return sorted(f"{change.type.name}: {change.description}" for change in find_breaking_changes(old, new))


def breaking_event_changes(before: str, now: str) -> list[str]:
    """What a consumer of events as the JSON Schema before has them may rely on that does not hold now."""
    old, new = json.loads(before), json.loads(now)
    return sorted(f"{place or 'event'}: {fault}" for place, fault in _lost("", old, new, old, new))


def _lost(
    place: str, old: Mapping[str, Any], new: Mapping[str, Any], olds: Mapping[str, Any], news: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """What an old consumer is not ready for: a field that may be absent, and values that it has never been told of."""
    old, new = _resolved(old, olds), _resolved(new, news)
    for key in ("type", "enum"):
        before, after = _listed(old, key), _listed(new, key)
        if before and not after:
            yield place, f"its {key} is no longer said"
        for value in after if before else ():
            if value not in before:
                yield place, f"{value} is a new {key}"
    for key in ("format", "pattern", "minimum"):
        if key in old and old[key] != new.get(key):
            yield place, f"its {key} was {old[key]} and is {new.get(key)}"
    for name in old.get("required", ()):
        if name not in new.get("required", ()):
            yield f"{place}.{name}".lstrip("."), "may be absent"
    for name, field in old.get("properties", {}).items():
        if name in new.get("properties", {}):
            yield from _lost(f"{place}.{name}".lstrip("."), field, new["properties"][name], olds, news)
        else:
            yield f"{place}.{name}".lstrip("."), "is no longer described"
    for key, step in (("items", "[]"), ("additionalProperties", ".*")):
        if isinstance(old.get(key), dict):
            yield from _lost(f"{place}{step}", old[key], new.get(key) or {}, olds, news)


def _resolved(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema with what it refers to; of a choice between one and null, the one that may be null too."""
    if "anyOf" in schema:
        ways = [_resolved(way, root) for way in schema["anyOf"]]
        return {**ways[0], "type": [type_ for way in ways for type_ in _listed(way, "type")]}
    reference = schema.get("$ref", "")
    return root["$defs"][reference.rpartition("/")[2]] if reference else schema


def _listed(schema: Mapping[str, Any], key: str) -> list[Any]:
    value = schema.get(key, [])
    return value if isinstance(value, list) else [value]


SCHEMAS: Mapping[str, Callable[[str, str], list[str]]] = {
    "docs/reference/schema.graphql": breaking_changes,
    "docs/reference/events.schema.json": breaking_event_changes,
}


def accepted() -> frozenset[str]:
    """The breaks that are meant."""
    lines = ACCEPTED.read_text("utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def unaccepted_breaks() -> list[str]:
    """The changes since the last release that break clients, and that nobody has accepted."""
    bases = [_git("describe", "--tags", "--abbrev=0"), *(_git("merge-base", "HEAD", main) for main in MAIN), "HEAD"]
    return [line for schema in SCHEMAS for line in _breaks(schema, [base for base in bases if base])]


def _breaks(schema: str, bases: list[str]) -> list[str]:
    for base in bases:
        before = _git("show", f"{base}:{schema}")
        if before is not None:
            changes = SCHEMAS[schema](before, (ROOT / schema).read_text("utf-8"))
            return [f"{line} (since {base})" for line in changes if line not in accepted()]
    return [f"{schema} cannot be compared: no commit has it"]


def _git(*arguments: str) -> str | None:
    found = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return found.stdout.strip() if found.returncode == 0 else None
