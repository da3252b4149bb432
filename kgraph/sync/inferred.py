"""References by convention: where a custom kind's schema has fields that are called as Kubernetes calls references.

The conventions are rows of the edge table (`EdgeRow.convention`); from a schema come the places of their fields,
and from these rows of the kind's own. Without a schema there is nothing to go by, and nothing is guessed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from kgraph.graphdb.catalogue import Catalogue
from kgraph.graphdb.edges import EDGE_ROWS
from kgraph.graphdb.edges.row import EdgeRow
from kgraph.graphdb.model import GroupKind
from kgraph.lenient import mapping
from kgraph.sync.paths import EACH, Path, write
from kgraph.sync.start import group_of, text

# Schemas that embed a Pod template are some 2,000 fields deep to 20 levels; what goes far beyond is a mistake or an
# attack, and is read as far as this. YAML anchors can make a snapshot's schema endless.
MAX_DEPTH = 40
MAX_FIELDS = 50_000
MAX_PLACES = 1_000

# API conventions, "Object references": a field that ends in Ref, or Refs for a list, is an object with a name.
_REFERENCE = re.compile(r"(?P<stem>.+)Refs?")
_CAPITAL = re.compile(r"[A-Z]")
_ANY_REFERENCE = "*Ref"
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_./-]+")  # others would mean something else in a path
_GROUP_FIELDS = ("group", "apiGroup", "apiVersion")


class Place(msgspec.Struct, frozen=True):
    """A field of a schema that a convention is about: its path, its name, and for an object what its fields are.

    `fixed` are the values of `kind`, `group`, `apiGroup` and `apiVersion` that the schema gives: a default, or the only
    one allowed.
    """

    path: str
    field: str
    fields: frozenset[str] = frozenset()
    fixed: Mapping[str, str] = {}


def conventions(rows: Sequence[EdgeRow] = EDGE_ROWS) -> Mapping[str, EdgeRow]:
    """The rows of the edge table that are conventions, by what a field is called."""
    return {row.convention: row for row in rows if row.convention}


_TEXTS = frozenset(conventions()) - {_ANY_REFERENCE}


def places_in(schema: Any) -> tuple[Place, ...]:
    """The fields in the spec part of an `openAPIV3Schema` that conventions are about, in its order."""
    found = []
    for place in _Schema().places(_properties(schema).get("spec"), ("spec",)):
        found.append(place)
        if len(found) == MAX_PLACES:
            break
    return tuple(found)


class _Schema:
    """One walk over a schema; it ends when it has seen enough."""

    def __init__(self) -> None:
        self._left = MAX_FIELDS

    def places(self, schema: Any, path: Path) -> Iterator[Place]:
        if len(path) > MAX_DEPTH or type(schema) is not dict:
            return
        yield from self.places(schema.get("items"), (*path, EACH))
        for key, below in _properties(schema).items():
            self._left -= 1
            if self._left < 0:
                return
            if type(key) is str and type(below) is dict and _PLAIN_KEY.fullmatch(key):
                yield from _place(key, below, (*path, key))
                yield from self.places(below, (*path, key))


def _place(field: str, schema: Mapping[str, Any], path: Path) -> Iterator[Place]:
    if type(items := schema.get("items")) is dict:
        schema, path = items, (*path, EACH)
    if field in _TEXTS:
        if schema.get("type") == "string":
            yield Place(write(path), field)
    elif _REFERENCE.fullmatch(field):
        properties = _properties(schema)
        name = properties.get("name")
        if type(name) is dict and name.get("type") == "string":
            fixed = {each: _fixed(properties.get(each)) for each in ("kind", *_GROUP_FIELDS)}
            fields = frozenset(key for key in properties if type(key) is str)
            yield Place(write(path), field, fields, {each: value for each, value in fixed.items() if value})


def rows_at(
    kind: GroupKind, places: Sequence[Place], catalogue: Catalogue, rows: Sequence[EdgeRow] = EDGE_ROWS
) -> tuple[EdgeRow, ...]:
    """The rows of a custom kind for the places of its schema; none for a kind of which the edge table has rows.

    A reference that names no kind means the one that the schema gives, or that its field is called after, in the own
    group, else in core: `databaseRef`, `primaryDatabaseRef`; where there is neither, it means nothing.
    """
    table = conventions(rows)
    if has_rows(kind, catalogue, rows):
        return ()
    alike: dict[tuple[str, ...], tuple[EdgeRow, list[str]]] = {}
    for place in places:
        row = table.get(place.field)
        if place.field not in _TEXTS and (convention := table.get(_ANY_REFERENCE)):
            row = _reference_row(convention, kind, place, catalogue)
        if row is not None:
            alike.setdefault((row.convention, row.default, row.group), (row, []))[1].append(place.path)
    return tuple(
        msgspec.structs.replace(row, start=(str(kind),), convention="", at=tuple(at)).saying_itself()
        for row, at in alike.values()
    )


def has_rows(kind: GroupKind, catalogue: Catalogue, rows: Sequence[EdgeRow] = EDGE_ROWS) -> bool:
    """Whether the edge table knows the kind: by a row of its own, or as a template of Pods."""
    known = catalogue.get(*kind)
    return bool(known and known.pod_spec) or any(str(kind) in row.start for row in rows)


def _reference_row(row: EdgeRow, kind: GroupKind, place: Place, catalogue: Catalogue) -> EdgeRow | None:
    default = _default(kind, place, catalogue)
    if default is None and "kind" not in place.fields:
        return None
    return msgspec.structs.replace(
        row,
        default=str(default) if default else "",
        group=".apiGroup" if "apiGroup" in place.fields and "group" not in place.fields else row.group,
    )


def _default(kind: GroupKind, place: Place, catalogue: Catalogue) -> GroupKind | None:
    """The kind that is meant where the reference names none."""
    group = place.fixed.get("group") or place.fixed.get("apiGroup") or group_of(place.fixed.get("apiVersion", ""))
    if said := place.fixed.get("kind"):
        return GroupKind(group, said) if group else catalogue.named(said, kind.group) or GroupKind("", said)
    match = _REFERENCE.fullmatch(place.field)
    assert match is not None
    for spelling in (*_endings(match["stem"]), *_endings(match["stem"].removesuffix("Key"))):
        for among in (group,) if group else (kind.group, ""):
            if named := catalogue.called(spelling, among):
                return named
    return None


def _endings(stem: str) -> Iterator[str]:
    """What a field may be called after, the longest first: `couponSecret`, `Secret`."""
    yield stem
    yield from (stem[match.start() :] for match in _CAPITAL.finditer(stem) if match.start())


def _properties(schema: Any) -> Mapping[Any, Any]:
    return mapping(mapping(schema).get("properties"))


def _fixed(schema: Any) -> str:
    """The value that a schema gives a text: its default, or the only one that it allows; "" where it gives none."""
    if type(schema) is not dict:
        return ""
    allowed = schema.get("enum")
    only = allowed[0] if type(allowed) is list and len(allowed) == 1 else ""
    return text(schema.get("default")) or text(only)
