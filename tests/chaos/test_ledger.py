"""The storm's judge: it finds what is lost, out of order, torn or told wrongly, and nothing else."""

from itertools import pairwise

import msgspec
import pytest

from tests.chaos.ledger import Seen, Told, Window, differences, disorder, gaps, lives, missed, replayed

A = "storm/core/ConfigMap/ns/a"


def seen(version: int, *, uid: str = "u1", gone: bool = False, at: float = 0) -> Seen:
    """A change of the resource A."""
    return Seen(A, uid, version, gone, at)


def state(version: int, triggered: str = "10:00") -> bytes:
    """The object of A as of a version; when it was triggered is noise."""
    annotations = {"endpoints.kubernetes.io/last-change-trigger-time": triggered}
    return msgspec.json.encode({"metadata": {"uid": "u1", "annotations": annotations}, "data": version})


def told(*versions: int | None, uid: str = "u1", sequence: int = 1, offset: int = 0) -> list[Told]:
    """The events of A which lead from the first version to the last, None where it is not there."""
    return [
        Told(
            place=("kubernetes.resource", 0, offset + at),
            id=f"{uid}-{old}-{new}",
            key=A,
            sequence=sequence + at,
            uid=uid,
            version=new or old or 0,
            old=None if old is None else state(old),
            new=None if new is None else state(new),
        )
        for at, (old, new) in enumerate(pairwise(versions))
    ]


WHOLE = told(None, 1, 2, 3, None)


def test_a_whole_life_is_right() -> None:
    """A resource whose every change was told, some of them twice, gives no problem."""
    again = [msgspec.structs.replace(one, place=("kubernetes.resource", 0, 10 + at)) for at, one in enumerate(WHOLE)]
    all_of_it = [*WHOLE, *again]
    assert missed([seen(1), seen(2), seen(3), seen(9, gone=True)], all_of_it).lost == []
    assert disorder(all_of_it) == []
    assert gaps(all_of_it) == []
    assert replayed(all_of_it) == {}
    assert [one.sequence for one in lives(all_of_it)[A]] == [1, 2, 3, 4]


def test_a_lost_change_is_found() -> None:
    """A change which no event has is lost, whatever came after it by a watch; the events around it do not meet."""
    without = [one for one in WHOLE if one.version != 2]
    assert missed([seen(2)], without).lost == [seen(2)]
    assert gaps(without)


def test_noise_between_two_events_is_no_gap() -> None:
    """What is written and not told, because nothing but noise has changed, is no state that was never told."""
    first, *rest = told(1, 2, 3)
    later = [msgspec.structs.replace(rest[0], old=state(2, "10:05"))]
    assert gaps([*told(None, 1), first, *later]) == gaps([*told(None, 1), first, *rest])


def test_a_lost_deletion_is_found() -> None:
    """A deletion that was not told is lost, and a replay has what is gone."""
    without = WHOLE[:-1]
    deletion = seen(9, gone=True)
    assert missed([deletion], without, [Window(0, 10)]).lost == [deletion], "not even the dark excuses it"
    assert differences({}, {key: one.new or b"" for key, one in replayed(without).items()}) == [
        f"{A} is in the replay, and is not there"
    ]


def test_changes_in_the_dark_are_excused() -> None:
    """Of what came while nobody watched only the difference can be told; a change in the light is lost without it."""
    events = [*told(None, 1), *told(1, 5, sequence=2, offset=1)]
    found = missed([seen(1), seen(2, at=5), seen(3, at=20), seen(5)], events, [Window(1, 10)])
    assert found.excused == [seen(2, at=5)]
    assert found.lost == [seen(3, at=20)]


@pytest.mark.parametrize(("at", "is_excused"), [(5.0, True), (20.0, False)], ids=["in the dark", "in the light"])
def test_a_short_life_is_excused_in_the_dark_only(at: float, *, is_excused: bool) -> None:
    """What was made and deleted while nobody watched cannot be told; while somebody watched it must be."""
    life = [seen(11, uid="u2", at=at), seen(12, uid="u2", gone=True, at=at)]
    found = missed(life, WHOLE, [Window(1, 10)])
    assert (found.excused, found.lost) == ((life, []) if is_excused else ([], life))


def test_disorder_is_found() -> None:
    """An event which comes before an earlier one of its resource is out of order."""
    first, second, *rest = WHOLE
    swapped = [
        msgspec.structs.replace(first, place=second.place),
        msgspec.structs.replace(second, place=first.place),
        *rest,
    ]
    assert len(disorder(swapped)) == 1
    assert disorder(WHOLE) == []


def test_two_writers_are_found() -> None:
    """Two events which both go on from one state come of two writers, and one that goes back of a sleeper."""
    assert len(gaps([*WHOLE[:3], *told(2, 4, sequence=4, offset=9)])) == 1
    assert len(gaps([*WHOLE[:3], *told(3, 2, sequence=4, offset=9)])) == 1


def test_a_replay_that_differs_is_told() -> None:
    """A replay has the state of each resource's last event, and each difference is named."""
    last = {key: one.new or b"" for key, one in replayed(WHOLE[:2]).items()}
    assert last == {A: state(2)}
    assert differences({A: state(2)}, last) == []
    assert differences({A: state(3)}, last) == [f"{A} is otherwise in the replay"]
    assert differences({A: state(2), "other": b""}, last) == ["other is there, and is not in the replay"]
