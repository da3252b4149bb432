"""How seldom the long-running processes search for reference cycles."""

import gc
from collections.abc import Iterator

import pytest

from kgraph.cli.process.garbage import YOUNG_OBJECTS, search_seldom


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """Leave the collector to the other tests as they have it."""
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_what_is_there_already_is_not_searched() -> None:
    """Modules and tables, which stay, cost no search anything; what comes later is still searched."""
    search_seldom()
    assert gc.get_freeze_count() > YOUNG_OBJECTS
    assert len(gc.get_objects()) < gc.get_freeze_count()

    cycle: list[object] = []
    cycle.append(cycle)
    del cycle
    assert gc.collect() >= 1
