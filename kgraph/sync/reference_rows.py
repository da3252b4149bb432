"""Rows of the edge table that say where a reference stands, compiled: from a place in an object to what it names."""

from collections.abc import Mapping
from typing import Any

from kgraph.graphdb.edges.row import ANY, HOST, EdgeRow, Property
from kgraph.graphdb.model import GroupKind, host_key
from kgraph.sync.paths import EACH, Path, Trie, dig, parse, parse_one
from kgraph.sync.queries import NO_PROPERTIES
from kgraph.sync.references import Found
from kgraph.sync.start import Start, group_of, is_name, text


class Place:
    """Where, seen from a reference, something stands: on the way to it, or in it.

    `depth` counts the steps from the object; None starts at the reference.
    """

    __slots__ = ("depth", "key", "path")  # read for every reference: `key` is `path` where that is one step

    def __init__(self, written: str, at: Path) -> None:
        self.depth: int | None = None
        self.key = ""
        if written.startswith("."):
            self.path = parse_one(written[1:]) if written != "." else ()
            if len(self.path) == 1:
                self.key = str(self.path[0])
            return
        path = parse_one(written)
        # Shared up to the last list item that both go through: there the indices are those of the reference.
        shared = max(
            (depth + 1 for depth, step in enumerate(path) if step == EACH and path[: depth + 1] == at[: depth + 1]),
            default=0,
        )
        if EACH in path[shared:]:
            # The reference is elsewhere in the object, so nothing there belongs to it.
            self.depth, self.path = -1, ()
            return
        self.depth, self.path = (None if shared == len(at) else shared), path[shared:]
        if self.depth is None and len(self.path) == 1:
            self.key = str(self.path[0])

    def value(self, reference: Any, way: list[Any]) -> Any:
        """What stands there, given the reference and the values on the way to it."""
        if self.key:
            return reference.get(self.key) if type(reference) is dict else None
        if self.depth is None:
            return dig(reference, self.path) if self.path else reference
        return dig(way[self.depth], self.path) if self.depth >= 0 else None


class Conditions:
    """A row's `when` and `unless`, compiled."""

    __slots__ = ("_unless", "_when")

    def __init__(self, row: EdgeRow) -> None:
        self._when = tuple((parse_one(path), value) for path, value in row.when.items())
        self._unless = tuple((parse_one(path), value) for path, value in row.unless.items())

    def hold(self, obj: Mapping[str, Any]) -> bool:
        """Whether the row is for this object."""
        for path, value in self._when:
            if dig(obj, path) != value:
                return False
        for path, value in self._unless:  # noqa: SIM110 - a generator costs more than the comparison
            if dig(obj, path) == value:
                return False
        return True


class ReferenceRow:
    """One row at one of its paths."""

    __slots__ = (
        "_api_version",
        "_conditions",
        "_default",
        "_end",
        "_group",
        "_kind",
        "_kind_decides",
        "_name",
        "_namespaces",
        "_optional",
        "_properties",
        "_uid",
        "row",
    )

    def __init__(self, row: EdgeRow, at: Path) -> None:
        self.row = row
        self._conditions = Conditions(row) if row.when or row.unless else None
        self._end = None if row.end in (ANY, HOST) else GroupKind.parse(row.end)
        self._name = Place(row.name, at)
        self._namespaces = tuple(Place(written, at) for written in row.namespace)
        self._default = GroupKind.parse(row.default) if row.default else None
        self._kind = Place(row.kind, at) if row.kind else None
        self._kind_decides = row.kind_decides
        self._group = Place(row.group, at) if row.group else None
        self._api_version = Place(row.api_version, at) if row.api_version else None
        self._uid = Place(row.uid, at) if row.uid else None
        self._optional = Place(row.optional, at) if isinstance(row.optional, str) else None
        self._properties = tuple((prop, tuple(Place(path, at) for path in prop.paths)) for prop in row.properties)

    def read(
        self, start: Start, value: Any, way: list[Any], place: Trie[Any], indices: tuple[int, ...]
    ) -> Found | str | None:
        """What the reference in `value` names; None where it names nothing, a text where it is malformed."""
        row = self.row
        if self._conditions and not self._conditions.hold(start.object):
            return None
        if self._name.key and type(value) is not dict:
            return f"{place.where(indices)} is {value!r} where a map was expected"
        name = self._name.value(value, way)
        if name is None or name == "":
            return None
        if type(name) is not str:
            return f"{place.where(indices)} names {name!r}, which is no text"
        if row.skip and name.startswith(row.skip):
            return None
        if row.end == HOST:
            end = host_of(name)
        elif "/" in name:
            return f"{place.where(indices)} names {name!r}, which can be no name"
        else:
            end = self._end_of(start, value, way, name)
        if end is None:
            return None
        return Found(
            end,
            place.where(indices),
            row.optional is True if self._optional is None else self._optional.value(value, way) is True,
            row.inferred,
            text(self._uid.value(value, way)) if self._uid else "",
            self._values(value, way) if self._properties else NO_PROPERTIES,
        )

    def _end_of(self, start: Start, value: Any, way: list[Any], name: str) -> str | None:
        namespace = ""
        for place in self._namespaces:
            namespace = text(place.value(value, way))
            if namespace:
                if "/" in namespace:
                    return None
                break
        if self.row.home and not (namespace or start.namespace):
            namespace = start.keys.home(self.row.home)
        if self._end is not None and self._kind is None:
            return start.keys.end(start.namespace, self._end.group, self._end.kind, namespace, name)
        kind = text(self._kind.value(value, way)) if self._kind else ""
        if not kind and self._default:
            kind = self._default.kind
        if not is_name(kind):
            return None
        group = self._group_of(start, value, way, kind)
        if self._end not in (None, (group, kind)):
            return None
        return start.end(group, kind, namespace, name)

    def _group_of(self, start: Start, value: Any, way: list[Any], kind: str) -> str:
        """The group that a reference says, else the default's, else that of the built-in kind of the name.

        "" says the core group where there is a default that it could be meant to differ from.
        """
        said = self._group.value(value, way) if self._group else None
        if type(said) is str and (said or self._default):
            return said
        if self._api_version and (said := text(self._api_version.value(value, way))):
            return group_of(said)
        if self._default and (kind == self._default.kind or not self._kind_decides):
            return self._default.group
        named = start.catalogue.named(kind, start.group_kind.group)
        return named.group if named else ""

    def _values(self, value: Any, way: list[Any]) -> dict[str, Any]:
        return {prop.name: _first(prop, places, value, way) for prop, places in self._properties}


def _first(prop: Property, places: tuple[Place, ...], value: Any, way: list[Any]) -> Any:
    for place in places:
        found = place.value(value, way)
        if found is None:
            continue
        if type(found) is type(prop.default):
            return found
        if type(prop.default) is str and type(found) in (int, float):
            return str(found)
    return prop.default


def host_of(name: str) -> str | None:
    """The key of a host name; None of what is none."""
    stripped = name.strip().rstrip(".")
    return host_key(stripped) if stripped and not any(character in stripped for character in "/ \t\n") else None


def paths_of(row: EdgeRow, pod_path: str) -> list[Path]:
    """The paths of a row for a kind whose Pod spec is at `pod_path`."""
    return [path for pattern in row.at for path in parse(pattern.replace("{pod}", pod_path))]
