"""Objects decoded only as far as someone looks: ten fields of a Pod are a tenth of the work of all of it."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, TypedDict, cast

import msgspec

Path = tuple[str, ...]
Decode = Callable[[str], Any]

# Decoders that are kept: one for each set of paths, of which the documents of clients have a few hundred.
KEPT_MOST = 1_000


@lru_cache(KEPT_MOST)
def decoder(paths: frozenset[Path]) -> Decode:
    """What decodes an object's JSON, with what is at these paths and nothing else.

    Where another type stands on the way to one of them, the object is decoded as a whole.
    """
    pruned = msgspec.json.Decoder(_shape(paths))

    def decode(text: str) -> Any:
        try:
            return pruned.decode(text)
        except msgspec.ValidationError:
            return msgspec.json.decode(text)

    return decode


def _shape(paths: Iterable[Path]) -> Any:
    """The type of an object that has these paths: msgspec passes over what a TypedDict does not name."""
    below: dict[str, set[Path]] = {}
    for key, *rest in paths:
        below.setdefault(key, set()).add(tuple(rest))
    fields = {key: Any if () in rests else _shape(rests) | None for key, rests in below.items()}
    return cast("Any", TypedDict)("Pruned", fields, total=False)
