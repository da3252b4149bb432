"""What differs between two objects, as flat paths: for people, for the change feed, for drift.

Items of lists are compared with their like, by `kgraph.kube.merge_keys`; a list without such is compared item by item
where both are of one length, and as a whole where not. Values are compared by what they mean (`same_value`): `1` and
`1000m` of CPU are one amount, `80` and `"80"` one port, null and absent one thing.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from kgraph.kube.field_paths import Path, Step, write
from kgraph.kube.merge_keys import SETS, identities
from kgraph.kube.quantities import Quantity, QuantityError

# Below these keys stand quantities, whatever they are called.
_AMOUNTS = frozenset(
    {
        "allocatable", "capacity", "default", "defaultRequest", "hard", "limits", "max", "min", "overhead", "requests",
        "used",
    }
)  # fmt: skip
_AMOUNT_FIELDS = frozenset({"averageValue", "divisor", "sizeLimit", "storage"})
_WHOLE = re.compile(r"-?\d{1,18}")
# How an object of this depth is still told apart; deeper than any of Kubernetes', and short of Python's own limit.
DEPTH_MOST = 100


class Difference(msgspec.Struct, frozen=True):
    """One place where two objects differ: what stands there in the one and the other, None where nothing does."""

    path: Path
    old: Any
    new: Any

    @property
    def where(self) -> str:
        """The path as text: `spec.template.spec.containers[name=web].image`."""
        return write(self.path)


def diff(old: Any, new: Any) -> tuple[Difference, ...]:
    """All places where the two differ, in the order of their paths; empty where they say the same."""
    found = [Difference(path, before, after) for path, before, after in _differences((), old, new)]
    return tuple(sorted(found, key=lambda each: each.where))


def same(old: Any, new: Any) -> bool:
    """Whether two values say the same."""
    return next(_differences((), old, new), None) is None


def same_value(path: Sequence[Step], old: Any, new: Any) -> bool:
    """Whether two scalars at a path mean the same."""
    if old == new and (type(old) is bool) == (type(new) is bool):
        return True
    kinds = (type(old), type(new))
    if bool in kinds or not all(kind in (str, int, float) for kind in kinds):
        return False
    if str in kinds and kinds != (str, str):
        text, number = (old, new) if type(old) is str else (new, old)
        if type(number) is int and _WHOLE.fullmatch(text):
            return int(text) == number
    return is_amount(path) and _same_amount(old, new)


def is_amount(path: Sequence[Step]) -> bool:
    """Whether a quantity stands at a path: a container's `limits`, a quota's `hard`, a volume's `storage`."""
    if not path:
        return False
    return path[-1] in _AMOUNT_FIELDS or (len(path) > 1 and path[-2] in _AMOUNTS)


def _same_amount(old: Any, new: Any) -> bool:
    try:
        return Quantity.parse(old).amount == Quantity.parse(new).amount
    except QuantityError:
        return False


def _differences(path: Path, old: Any, new: Any) -> Iterator[tuple[Path, Any, Any]]:
    if _is_nothing(old) and _is_nothing(new):
        return
    if old == new and _is_written_alike(old, new):
        return
    if type(old) is dict and type(new) is dict and len(path) < DEPTH_MOST:
        for key in old.keys() | new.keys():
            yield from _differences((*path, _key(key)), old.get(key), new.get(key))
    elif type(old) is list and type(new) is list and len(path) < DEPTH_MOST:
        yield from _of_lists(path, old, new)
    elif not same_value(path, old, new):
        yield path, old, new


def _is_written_alike(old: Any, new: Any) -> bool:
    """Whether equal values are also the same JSON: Python's `1` is its `True`, which no reader of an object means.

    Most of two states is alike, and is found so ten times as fast as by going through it.
    """
    try:
        return _encoder.encode(old) == _encoder.encode(new)
    except (TypeError, UnicodeError):  # YAML has keys and texts that JSON does not know
        return False


_encoder = msgspec.json.Encoder()


def _of_lists(path: Path, old: list[Any], new: list[Any]) -> Iterator[tuple[Path, Any, Any]]:
    field = field_of(path)
    named = identities(field, old, new) if old or new else None
    if named is not None:
        befores, afters = (dict(zip(names, items, strict=True)) for names, items in zip(named, (old, new), strict=True))
        for name in befores.keys() | afters.keys():
            yield from _differences((*path, name), befores.get(name), afters.get(name))
    elif field in SETS and same_set(old, new):
        return
    elif len(old) == len(new) and any(type(item) in (dict, list) for item in (*old, *new)):
        for at, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _differences((*path, at), before, after)
    elif not (len(old) == len(new) and all(same(*pair) for pair in zip(old, new, strict=True))):
        yield path, old, new


def same_set(old: Sequence[Any], new: Sequence[Any]) -> bool:
    """Whether two lists of texts hold the same, whatever their order."""
    return all(type(item) is str for item in (*old, *new)) and set(old) == set(new)


def field_of(path: Sequence[Step]) -> str:
    """The last key of a path: what a list is called."""
    return next((step for step in reversed(path) if isinstance(step, str)), "")


def _is_nothing(value: Any) -> bool:
    """Whether a value says as much as none: Go's `omitempty` makes no difference of null, `{}`, `[]` and absent."""
    return value is None or (type(value) in (dict, list) and not value)


def _key(key: Any) -> str:
    """A key of an object; YAML may have others than texts."""
    return key if isinstance(key, str) else str(key)
