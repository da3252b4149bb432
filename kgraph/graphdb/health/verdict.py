"""What a rule says of an object, and how it reads one: a value of another type than its API has is `Malformed`."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

Object = Mapping[str, Any]
_NOTHING: Object = {}
# Controllers put whole stack traces into messages; what a person reads is the beginning.
_REASON_CHARACTERS = 300


class Health(StrEnum):
    """Argo CD's terms, from the best to the worst: a roll-up is the worst of its parts."""

    HEALTHY = "HEALTHY"
    SUSPENDED = "SUSPENDED"
    PROGRESSING = "PROGRESSING"
    MISSING = "MISSING"
    DEGRADED = "DEGRADED"
    UNKNOWN = "UNKNOWN"

    @property
    def rank(self) -> int:
        """0 for the best; the higher, the worse."""
        return _RANKS[self]


_RANKS: Mapping[Health, int] = {health: at for at, health in enumerate(Health)}


class Verdict(NamedTuple):
    """A health with its reason, "" for HEALTHY; `image` is the one whose container the reason is about."""

    health: Health
    reason: str = ""
    image: str = ""


Rule = Callable[[Object], Verdict | None]
HEALTHY = Verdict(Health.HEALTHY)


class Malformed(ValueError):
    """A value in an object is not what its API allows there."""


def said(*parts: str) -> str:
    """A reason of several parts, those that say nothing or repeat what was said left out: `Evicted: low on memory`."""
    words: list[str] = []
    for part in parts:
        text = " ".join(part.split())
        if text and text not in words:
            words.append(text)
    reason = ": ".join(words)
    return reason if len(reason) <= _REASON_CHARACTERS else f"{reason[: _REASON_CHARACTERS - 1]}…"


def because(health: Health, *parts: str) -> Verdict:
    """A verdict with its reason."""
    return Verdict(health, said(*parts))


def section(obj: Object, name: str) -> Object:
    """The map below a name; empty where there is none."""
    value = obj.get(name)
    if type(value) is dict:
        return value
    if value is None:
        return _NOTHING
    raise _not(name, "map", value)


def number(obj: Object, name: str, default: int = 0) -> int:
    """The whole number below a name."""
    value = obj.get(name)
    if type(value) is int:
        return value
    if value is None:
        return default
    raise _not(name, "number", value)


def text(obj: Object, name: str, default: str = "") -> str:
    """The text below a name."""
    value = obj.get(name)
    if type(value) is str:
        return value
    if value is None:
        return default
    raise _not(name, "text", value)


def flag(obj: Object, name: str) -> bool:
    """The truth below a name; false where there is none."""
    value = obj.get(name)
    if type(value) is bool:
        return value
    if value is None:
        return False
    raise _not(name, "true or false", value)


def items(obj: Object, name: str) -> Sequence[Object]:
    """The maps in the list below a name; none where there is no list."""
    value = obj.get(name)
    if value is None:
        return ()
    if type(value) is not list:
        raise _not(name, "list", value)
    for item in value:
        if type(item) is not dict:
            raise _not(f"{name}[]", "map", item)
    return value


@cache
def steps(path: str) -> tuple[str, ...]:
    """The names along a path: `status.conditions`."""
    return tuple(path.split("."))


def parent(obj: Object, path: str) -> tuple[Object, str]:
    """The map in which a path ends, and its last name."""
    *way, last = steps(path)
    for name in way:
        obj = section(obj, name)
    return obj, last


def _not(name: str, wanted: str, value: Any) -> Malformed:
    return Malformed(f"{name} is no {wanted} but of type {type(value).__name__}")
