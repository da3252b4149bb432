"""A caller's own Cypher: only what reads, and only the graph.

Three things together keep it so, none of them alone: Neo4j says what kind of statement it is before it runs; the
plan and the words of the statement are searched for what reads elsewhere (files and addresses by LOAD CSV, other
databases by USE, procedures and functions beyond Cypher's own, what the server shows of its other users); and it runs
in READ mode with a time limit and a limit of rows.
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from kgraph.api.errors import BadUserInput
from kgraph.api.nodes import plain
from kgraph.graphdb.errors import StatementRefused
from kgraph.graphdb.store import Store

# What only reads the graph's own description and indexes.
PROCEDURES = frozenset(
    {
        "db.labels", "db.propertykeys", "db.relationshiptypes", "db.schema.nodetypeproperties",
        "db.schema.reltypeproperties", "db.schema.visualization", "db.index.fulltext.querynodes",
        "db.index.fulltext.queryrelationships",
    }
)  # fmt: skip
# Namespaces of Cypher's own functions: `duration.between`, `point.distance`.
FUNCTIONS = frozenset({"date", "datetime", "duration", "localdatetime", "localtime", "point", "time", "vector"})
STATEMENT_CHARACTERS = 20_000

# Comments, texts, and names in backticks: what begins in one of them does not begin in another.
_HIDDEN = re.compile(r"//[^\n]*|/\*.*?\*/|'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|`((?:``|[^`])*)`", re.DOTALL)
# Cypher 5 reads such a sign before anything else: the quote that it stands for ends a text. Whether a backslash before
# it takes its meaning away is for each version to say: both readings are looked at.
_UNICODE = (re.compile(r"\\u+([0-9A-Fa-f]{4})"), re.compile(r"\\(?:u+([0-9A-Fa-f]{4})|.)", re.DOTALL))
# What Cypher takes for space, and Python does not.
_SPACES = re.compile(r"[\x1c-\x1f\u180e\u200b\u2060\ufeff]")
_CALLED = re.compile(r"((?:\w+\s*\.\s*)+\w+)\s*\(")
_USE = re.compile(r"(?:^|[{;]|\bUNION(?:\s+ALL)?|\bCYPHER\b[^\n]*?)\s*USE\s+\S", re.IGNORECASE)
_ELSEWHERE = re.compile(r"Show|Terminate|LoadCSV|Transaction|Administration|System|Database", re.IGNORECASE)


class Answer(msgspec.Struct, frozen=True):
    """Rows as JSON; `truncated` when there were more."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    truncated: bool


async def run(store: Store, text: str, parameters: Mapping[str, Any], *, rows: int, timeout: float) -> Answer:
    """The statement's rows; BadUserInput with Neo4j's own words where it is refused, GraphTimeout where it is slow."""
    if len(text) > STATEMENT_CHARACTERS:
        raise BadUserInput(f"the statement has {len(text):,} characters; {STATEMENT_CHARACTERS:,} are allowed")
    refuse_words(text)
    try:
        kind = await store.explain(text, parameters)
        if kind != "r":
            raise BadUserInput("the statement does more than read; only reading is allowed here")
        refuse_plan(await store.plan(text, parameters))
        found = await store.read_text(text, parameters, timeout=timeout, max_records=rows + 1)
    except StatementRefused as cause:
        raise BadUserInput(str(cause)) from cause
    columns = tuple(found[0]) if found else ()
    return Answer(
        columns=columns,
        rows=tuple(tuple(as_json(value) for value in record.values()) for record in found[:rows]),
        truncated=len(found) > rows,
    )


def refuse_words(text: str) -> None:
    """Raise BadUserInput for words that lead elsewhere, whatever Neo4j would say of them."""
    # As Cypher 25 has it outside of texts, and with what escapes stand for, as Cypher 5 has it.
    for read in dict.fromkeys((text, *(escape.sub(_meant, text) for escape in _UNICODE))):
        _refuse_words(_SPACES.sub(" ", _HIDDEN.sub(_name, read)))


def _meant(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16)) if escape[1] else escape[0]


def _name(hidden: re.Match[str]) -> str:
    """What is left of what says nothing: of a name in backticks the name, without the signs that mean something."""
    return " " if hidden[1] is None else re.sub(r"[^\w.]", "_", hidden[1])


def _refuse_words(bare: str) -> None:
    if re.search(r"\bLOAD\s+CSV\b", bare, re.IGNORECASE):
        raise BadUserInput("LOAD CSV reads files and addresses; only the graph can be read here")
    if _USE.search(bare):
        raise BadUserInput("USE reads another database; only this graph can be read here")
    for match in _CALLED.finditer(bare):
        name = re.sub(r"\s", "", match.group(1)).lower()
        if name not in PROCEDURES and name.partition(".")[0] not in FUNCTIONS:
            raise BadUserInput(f"{name} cannot be called here; procedures: {', '.join(sorted(PROCEDURES))}")


def refuse_plan(plan: Mapping[str, Any]) -> None:
    """Raise BadUserInput if a step of the plan calls what is not on the list, or leaves the graph."""
    for step in _steps(plan):
        operator = str(step.get("operatorType", "")).partition("@")[0]
        details = str((step.get("args") or {}).get("Details", ""))
        if operator == "ProcedureCall":
            name = re.split(r"[\s(]", details.replace("`", ""), maxsplit=1)[0].lower()
            if name not in PROCEDURES:
                raise BadUserInput(f"{name} cannot be called here; procedures: {', '.join(sorted(PROCEDURES))}")
        elif _ELSEWHERE.search(operator):
            raise BadUserInput(f"{operator} leaves the graph; only the graph can be read here")


def as_json(value: Any) -> Any:
    """A value of Neo4j as JSON: nodes, edges and paths as objects, times as ISO 8601, points by their coordinates.

    The driver's types are told by what they have: only the store knows the driver.
    """
    match value:
        case dict():
            return {str(name): as_json(item) for name, item in value.items()}
        case list():
            return [as_json(item) for item in value]
        case bytes() | bytearray():
            return list(value)
        case float() if not math.isfinite(value):
            return None  # JSON has no such numbers
    if hasattr(value, "relationships"):
        return {
            "nodes": [as_json(node) for node in value.nodes],
            "edges": [as_json(edge) for edge in value.relationships],
        }
    if hasattr(value, "labels"):
        return {"labels": sorted(value.labels), "properties": as_json(dict(value))}
    if hasattr(value, "nodes"):
        start, end = (None if node is None else node.get("key") for node in value.nodes)
        return {"type": value.type, "start": start, "end": end, "properties": as_json(dict(value))}
    if hasattr(value, "srid"):
        return {"srid": value.srid, "coordinates": list(value)}
    return plain(value)


def _steps(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for child in plan.get("children") or ():
        yield from _steps(child)
