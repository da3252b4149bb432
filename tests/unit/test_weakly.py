"""Methods that do not keep their objects alive."""

import gc
import weakref

import pytest

from kgraph.weakly import weakly


class Kept:
    """What keeps a method of its own."""

    def __init__(self) -> None:
        self.method = weakly(self.own)

    def own(self, number: int, *, more: int = 0) -> int:
        """A method."""
        return number + more


def test_an_object_that_keeps_its_own_method_goes_by_its_reference_count() -> None:
    """Nothing waits for Python's search for circles; whoever calls the method after that is told so."""
    gc.disable()
    try:
        kept = Kept()
        method, found = kept.method, weakref.ref(kept)
        assert method(1, more=2) == 3
        del kept
        assert found() is None
    finally:
        gc.enable()
    with pytest.raises(ReferenceError):
        method(1)
