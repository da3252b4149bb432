"""Where an object is not as its manifest says, field by field.

A field that the manifest does not state is no drift: the apiserver fills in defaults. An item of a list that it does
not state is, and so is a key of a ConfigMap or Secret. A field that belongs to another manager is told apart, with its
name (`kgraph.kube.ownership`).
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from kgraph.kube.diff import DEPTH_MOST, field_of, same_set, same_value
from kgraph.kube.field_paths import Path, write
from kgraph.kube.merge_keys import SETS, identities
from kgraph.kube.ownership import Ownership
from kgraph.kube.stated import stated

# Maps without defaults: whoever adds a key to one has changed what the manifest says.
_WHOLE = frozenset({("data",), ("binaryData",)})
_KINDS_OF_DATA = frozenset({"ConfigMap", "Secret"})


class FieldDrift(msgspec.Struct, frozen=True):
    """One field that is not as the manifest says; `manager` is who else owns it, "" where it is nobody else's."""

    path: str
    desired: Any = None
    actual: Any = None
    manager: str = ""


class _Place(msgspec.Struct, frozen=True):
    """A difference; `extra` where an item or a key is there that the manifest does not have."""

    path: Path
    desired: Any
    actual: Any
    extra: bool = False


def field_drift(
    desired: Mapping[str, Any], actual: Mapping[str, Any], ownership: Ownership | None = None
) -> tuple[FieldDrift, ...]:
    """All fields that differ, by path; without `ownership` none is anybody else's."""
    whole = desired.get("kind") in _KINDS_OF_DATA
    found = []
    for place in _differences((), stated(desired), stated(actual), whole=whole):
        manager = ""
        if ownership is not None:
            is_item = place.extra and isinstance(place.path[-1], tuple)
            manager = ownership.manager_of_item(place.path) if is_item else ownership.manager(place.path)
        found.append(FieldDrift(write(place.path), place.desired, place.actual, manager))
    return tuple(sorted(found, key=lambda each: each.path))


def _differences(path: Path, desired: Any, actual: Any, *, whole: bool) -> Iterator[_Place]:
    if desired is None or (actual is None and _is_omitted(desired)):
        return
    if type(desired) is dict and type(actual) is dict and len(path) < DEPTH_MOST:
        for key, value in desired.items():
            yield from _differences((*path, str(key)), value, actual.get(key), whole=whole)
        if whole and path in _WHOLE:
            yield from (_Place((*path, key), None, actual[key], extra=True) for key in actual.keys() - desired.keys())
    elif whole and path in _WHOLE and type(actual) is dict:
        yield from (_Place((*path, key), None, value, extra=True) for key, value in actual.items())
    elif type(desired) is list and type(actual) is list and len(path) < DEPTH_MOST:
        yield from _of_lists(path, desired, actual, whole=whole)
    elif not same_value(path, desired, actual):
        yield _Place(path, desired, actual)


def _of_lists(path: Path, desired: list[Any], actual: list[Any], *, whole: bool) -> Iterator[_Place]:
    field = field_of(path)
    named = identities(field, desired, actual)
    if named is not None:
        wanted, there = (
            dict(zip(names, items, strict=True)) for names, items in zip(named, (desired, actual), strict=True)
        )
        for name, value in wanted.items():
            if name in there:
                yield from _differences((*path, name), value, there[name], whole=whole)
            else:
                yield _Place((*path, name), value, None)
        yield from (_Place((*path, name), None, there[name], extra=True) for name in there.keys() - wanted.keys())
    elif len(desired) == len(actual) and not (field in SETS and same_set(desired, actual)):
        for at, (value, other) in enumerate(zip(desired, actual, strict=True)):
            if type(value) in (dict, list):
                yield from _differences((*path, at), value, other, whole=whole)
            elif not same_value((*path, at), value, other):
                yield _Place(path, desired, actual)  # of plain values the list is read as a whole
                return
    elif len(desired) != len(actual):
        yield _Place(path, desired, actual)


def _is_omitted(value: Any) -> bool:
    """Whether a value is one that Go leaves out of an object that it writes down (`omitempty`)."""
    return value in (None, False, "", 0) or (type(value) in (dict, list) and all(map(_is_omitted, _items(value))))


def _items(value: Any) -> Any:
    return value.values() if type(value) is dict else value
