"""How full an outbox is, and what follows from it."""

from hypothesis import given
from hypothesis import strategies as st

from kgraph.sync.outbox import Outbox


def test_at_the_limit_the_writer_waits_and_below_it_goes_on() -> None:
    """There is room until the limit, and again as soon as rows are taken away."""
    outbox = Outbox("c", 1000)
    outbox.grow(1, 10, 600)
    assert outbox.room.is_set()
    outbox.grow(2, 10, 400)
    assert not outbox.room.is_set()
    outbox.shrink(1)
    assert outbox.room.is_set()


def test_people_are_told_before_it_is_full() -> None:
    """At four fifths there is a problem with how much waits, at the limit also what it means."""
    outbox = Outbox("c", 1000)
    outbox.grow(1, 10, 700)
    assert outbox.problem("") is None
    outbox.grow(2, 5, 100)
    assert outbox.problem("") == (
        "events are sent slower than they come; 15 events wait in the outbox, 80 % of outbox_limit"
    )
    outbox.grow(3, 5, 200)
    assert (outbox.problem("Kafka is away") or "").endswith("the graph stands still until events can be sent")


def test_why_nothing_is_sent_is_told_at_once() -> None:
    """However little waits."""
    outbox = Outbox("c", 1000)
    assert outbox.problem("Kafka is away") == ("Kafka is away; 0 events wait in the outbox, 0 % of outbox_limit")


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 5000)), max_size=10), st.integers(0, 10))
def test_when_all_rows_are_gone_it_is_empty(rows: list[tuple[int, int]], inherited: int) -> None:
    """Rows that others have left are counted from the start, found as they are read, and gone as they are sent."""
    others, own = rows[:inherited], rows[inherited:]
    outbox = Outbox("c", 1000, rows=len(others), events=sum(r[0] for r in others), size=sum(r[1] for r in others))
    for at, (events, size) in enumerate(own):
        outbox.grow(1000 + at, events, size)
    assert (outbox.rows, outbox.events, outbox.bytes) == (len(rows), sum(r[0] for r in rows), sum(r[1] for r in rows))
    for at, (events, size) in enumerate(rows):
        outbox.found(at if at < inherited else 1000 + at - len(others), events, size)
    outbox.all_found()
    for at in range(len(rows)):
        assert not outbox.empty.is_set()
        outbox.shrink(at if at < inherited else 1000 + at - len(others))
    assert (outbox.rows, outbox.events, outbox.bytes) == (0, 0, 0)
    assert outbox.empty.is_set()
    assert outbox.room.is_set()


def test_a_row_counts_once_however_often_it_is_told() -> None:
    """Read from the graph before its writer was told of the commit, and sent twice, it comes and goes once."""
    outbox = Outbox("c", 1000)
    outbox.found(1, 10, 400)
    outbox.grow(1, 10, 400)
    outbox.all_found()
    assert (outbox.rows, outbox.events, outbox.bytes) == (1, 10, 400)
    outbox.shrink(1)
    outbox.shrink(1)
    assert (outbox.rows, outbox.events, outbox.bytes) == (0, 0, 0)


def test_rows_that_their_sender_takes_away_late_are_not_waited_for() -> None:
    """A worker that is frozen after it has sent takes rows away that the next one has counted: they are not there."""
    outbox = Outbox("c", 1000, rows=2, events=20, size=900)
    outbox.found(1, 10, 400)
    outbox.all_found()
    assert (outbox.rows, outbox.events, outbox.bytes) == (1, 10, 400)
