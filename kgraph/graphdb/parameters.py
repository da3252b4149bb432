"""Parameters of statements, as the driver is given them."""

from collections.abc import Mapping
from typing import Any


class _List(list[Any]):
    """A list that does not write itself out."""

    def __repr__(self) -> str:
        return f"<{len(self)} items>"


class _Map(dict[str, Any]):
    """A map that does not write itself out."""

    def __repr__(self) -> str:
        return f"<{len(self)} entries>"


def quiet(parameters: Mapping[str, Any] | None) -> dict[str, Any]:
    """The parameters as the driver packs them, without their contents in its log.

    Driver 6 makes the text of its debug line whether anybody wants it or not: for a batch of 2,000 objects that
    takes as long as packing them.
    """
    made = _Map()
    for name, value in (parameters or {}).items():
        match value:
            case list() | tuple():
                made[name] = _List(value)
            case dict():
                made[name] = _Map(value)
            case _:
                made[name] = value
    return made
