"""Between the state that somebody begins with and the events that follow: neither gap nor duplicate."""

import time
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgraph.api.events import state as state_module
from kgraph.api.events.positions import Position
from kgraph.api.events.state import Settling
from kgraph.api.events.told import Mark, MarkKind, Told
from kgraph.feed.event import Event, EventType
from tests.unit.feed.events import event

KEYS = ("a", "b", "c")


class State(NamedTuple):
    """An incarnation of a resource, and its version."""

    uid: str
    version: int


def changed(name: str, old: State | None, new: State | None) -> Event:
    """The event of one change; a deletion has the last version that the graph knew."""
    objects = [
        None if one is None else {"metadata": {"name": name, "resourceVersion": str(one.version)}} for one in (new, old)
    ]
    one = event(*objects, name=name)
    which = new or old
    assert one.resource is not None
    assert which is not None
    return msgspec.structs.replace(one, resource=msgspec.structs.replace(one.resource, uid=which.uid))


@st.composite
def histories(draw: Any) -> tuple[list[tuple[str, State | None, State | None]], int, int]:
    """Changes of some resources in a cluster's order; after how many somebody joins, and after how many they read."""
    now: dict[str, State] = {}
    changes: list[tuple[str, State | None, State | None]] = []
    for version in range(1, draw(st.integers(1, 25)) + 1):
        name = draw(st.sampled_from(KEYS))
        old = now.get(name)
        if old is not None and draw(st.integers(0, 2)) == 0:
            del now[name]
            changes.append((name, old, None))
        else:
            now[name] = State(old.uid if old else f"{name}-{version}", version)
            changes.append((name, old, now[name]))
    joined = draw(st.integers(0, len(changes)))
    return changes, joined, draw(st.integers(joined, len(changes)))


@given(history=histories())
def test_the_state_and_what_follows_give_the_cluster(
    history: tuple[list[tuple[str, State | None, State | None]], int, int],
) -> None:
    """Whenever somebody joins and reads: each later change is told once, none that the state has is, and it adds up."""
    changes, joined, read = history
    there: dict[str, State] = {}
    for name, _, new in changes[:read]:
        if new is None:
            there.pop(name, None)
        else:
            there[name] = new
    settling = Settling()
    for name, state in there.items():
        settling.has(Told(changed(name, None, state), None))
    settling.complete()
    client = dict(there)
    queue = [Told(changed(*each), Position(at + 1, "r")) for at, each in enumerate(changes)][joined:]
    told = [item for item in settling.news(queue) if isinstance(item, Told)]
    for one in told:
        at = one.position.stamp - 1 if one.position else 0
        name, _, new = changes[at]
        if new is None:
            assert client.pop(name, None) is not None, "a deletion of what was never told"
        else:
            assert client.get(name) != new, "told twice"
            client[name] = new
    now: dict[str, State] = {}
    for name, _, new in changes:
        if new is None:
            now.pop(name, None)
        else:
            now[name] = new
    assert client == now
    assert [one for one in told if one in queue[read - joined :]] == queue[read - joined :]


def test_versions_that_are_no_numbers_are_told_again() -> None:
    """Some servers' resourceVersions cannot be compared: the same one is known, any other is told."""
    settling = Settling()

    def told(version: str) -> Told:
        return Told(event({"metadata": {"resourceVersion": version}}), Position(1, "r"))

    settling.has(told("abc"))
    settling.complete()
    assert settling.news([told("abc")]) == []
    assert len(settling.news([told("abd")])) == 1


def test_marks_pass_and_it_is_over_some_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signs of life are no events; when nothing can be on its way any more, nothing is remembered."""
    settling, mark = Settling(), Mark(MarkKind.ALIVE, Position(1, "r"))
    before = settling.is_over
    settling.complete()
    assert settling.news([mark]) == [mark]
    assert (before, settling.is_over) == (True, False)
    later = time.monotonic() + state_module.SETTLING_SECONDS + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert settling.is_over


def test_events_of_clusters_have_no_state() -> None:
    """What happens to a cluster itself is news whenever it comes."""
    settling = Settling()
    settling.complete()
    lost = msgspec.structs.replace(event({}), resource=None, event_type=EventType.CLUSTER_LOST)
    assert len(settling.news([Told(lost, Position(1, "r"))])) == 1
