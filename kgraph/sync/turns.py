"""Long work in turns, between which other tasks have theirs."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

# How many objects are worked through before other tasks get their turn: some 10 ms.
TURN = 100


def turns(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """The items, TURN at a time."""
    return (items[start : start + TURN] for start in range(0, len(items), TURN))
