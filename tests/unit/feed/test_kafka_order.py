"""Events of many partitions, told in the order of their resources."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgraph.feed.bus import Lagged
from kgraph.feed.kafka_order import CAREFUL_SECONDS, HOLD_SECONDS, OLD_FOR_SECONDS, Arrival, Order
from tests.unit.feed.events import event


def arrival(name: str, sequence: int, *, sent: int | None = None, came: float = 0.0, age: float = 0.0) -> Arrival:
    """An event as it came; it was sent when it was numbered, unless told."""
    return Arrival(event({}, name=name, sequence=sequence), sequence if sent is None else sent, came, age)


def told(order: Order, now: float, behind: tuple[str, ...] = ()) -> list[int]:
    """The sequences of what can be told."""
    return [one.metadata.sequence for one in order.ready(now, behind)]


def test_what_has_come_is_held_for_a_moment() -> None:
    """Nothing is told before the hold is over, and all of it afterwards, in the order of the sequences."""
    order = Order()
    order.put("updated", [arrival("a", 2)])
    assert told(order, HOLD_SECONDS / 2) == []
    order.put("created", [arrival("a", 1, came=HOLD_SECONDS / 2), arrival("b", 3, came=HOLD_SECONDS / 2)])
    assert order.wait(HOLD_SECONDS / 2) == HOLD_SECONDS / 2
    assert told(order, HOLD_SECONDS) == [1, 2], "who has waited takes along what belongs before"
    assert told(order, HOLD_SECONDS * 2) == [3]
    assert order.wait(0.0) is None


def test_after_an_outage_what_was_sent_together_is_waited_for() -> None:
    """Events older than usual come seconds apart: all are held for longer, until none is old any more."""
    order = Order()
    order.put("updated", [arrival("a", 1, age=100.0)])  # the clocks differ by so much
    assert told(order, HOLD_SECONDS) == [1]
    order.put("updated", [arrival("a", 3, came=1.0, age=105.0)])
    assert told(order, 1.0 + CAREFUL_SECONDS / 2) == []
    order.put("deleted", [arrival("a", 2, came=1.0 + CAREFUL_SECONDS / 2, age=105.0)])
    assert told(order, 1.0 + CAREFUL_SECONDS) == [2, 3]
    later = 2.0 + CAREFUL_SECONDS + OLD_FOR_SECONDS
    order.put("updated", [arrival("a", 4, came=later, age=100.2)])
    assert told(order, later + HOLD_SECONDS) == [4]


def test_what_was_sent_after_a_partition_that_is_behind_waits_for_it() -> None:
    """A backlog is merged: however far one partition is ahead, what is to come of another is told before it."""
    order = Order()
    order.put("updated", [arrival("a", 20), arrival("b", 40)])
    assert told(order, 99.0, ("created",)) == []
    order.put("created", [arrival("a", 10), arrival("c", 30)])
    assert told(order, 99.0, ("created",)) == [10, 20]
    assert order.is_ahead("updated", ("created",))
    assert not order.is_ahead("created", ("created",))
    order.put("created", [arrival("b", 35)])
    assert told(order, 99.0) == [30, 35, 40]


def test_repeated_messages_are_told_once() -> None:
    """A relay that died before it forgot what it had sent sends it again: to who has it that is no news."""
    order = Order()
    for at in (0, 100):
        order.put("updated", [arrival("a", 1, sent=at + 1), arrival("a", 2, sent=at + 2)])
    assert told(order, 99.0) == [1, 2]
    order.put("updated", [arrival("a", 1, sent=300)])
    assert told(order, 99.0) == []


def test_an_order_that_cannot_be_put_right_is_said() -> None:
    """An event that comes after a later one of its resource was told is no duplicate: whoever listens begins anew."""
    order = Order()
    order.put("updated", [arrival("a", 2)])
    assert told(order, 99.0) == [2]
    order.put("created", [arrival("b", 1), arrival("a", 1)])
    with pytest.raises(Lagged, match="prod/core/Pod/shop/a"):
        order.ready(99.0, ())


@st.composite
def deliveries(draw: Any) -> list[tuple[str, list[int]]]:
    """Events 0, 1, …, each in one of some partitions, which are read piece by piece in any order."""
    partitions: dict[str, list[int]] = {}
    for sequence in range(draw(st.integers(1, 30))):
        partitions.setdefault(draw(st.sampled_from(["created", "updated", "deleted"])), []).append(sequence)
    pieces = []
    while partitions:
        name = draw(st.sampled_from(sorted(partitions)))
        size = draw(st.integers(1, len(partitions[name])))
        pieces.append((name, partitions[name][:size]))
        partitions[name] = partitions[name][size:]
        if not partitions[name]:
            del partitions[name]
    return pieces


@given(pieces=deliveries())
def test_any_reading_of_a_backlog_gives_its_order(pieces: list[tuple[str, list[int]]]) -> None:
    """However partitions are read, each event is told once, in the order of the sequences."""
    order, got = Order(), list[int]()
    for at, (name, sequences) in enumerate(pieces):
        order.put(name, [arrival(f"pod-{one % 3}", one) for one in sequences])
        behind = tuple({later for later, _ in pieces[at + 1 :]})
        got += told(order, 99.0, behind)
    assert got == list(range(sum(len(some) for _, some in pieces)))


def test_what_reaches_too_far_back_is_left_out() -> None:
    """Of a start with more than is held the oldest goes."""
    order = Order()
    order.put("updated", [arrival("a", 1), arrival("a", 2), arrival("a", 3)])
    order.forget_first(2)
    assert len(order) == 1
    assert told(order, 99.0) == [3]
