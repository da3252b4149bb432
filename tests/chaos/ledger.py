"""What happened, against what was told: changes that a watch delivered, and events that the topics have.

All is pure, and says what is wrong in words, a line each; nothing wrong is an empty list.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, pairwise

import msgspec

from kgraph.sync.history import compared
from kgraph.sync.manifest import Without

# What the storm's kinds change of themselves while nothing happens.
_NOISE: Without = {"metadata": {"annotations": {"endpoints.kubernetes.io/last-change-trigger-time": None}}}
# The words are for people; what they name is looked up in the topics.
SHOWN_MOST = 20


class Seen(msgspec.Struct, frozen=True):
    """A change that a watch of the test's own delivered at `at`, a monotonic time; noise is no change.

    `version` is the resourceVersion, of which etcd makes one number for the whole cluster.
    """

    key: str
    uid: str
    version: int
    gone: bool
    at: float

    def __str__(self) -> str:
        return f"{self.key} {'deleted at' if self.gone else 'at'} {self.version}, uid {self.uid}, told at {self.at:.1f}"


class Told(msgspec.Struct, frozen=True):
    """An event as a topic has it: where, in which order, and from which state to which, None where it was not there.

    A state is the object's JSON. `uid` and `version` are those of the object after the change, or before it where it is
    gone.
    """

    place: tuple[str, int, int]
    id: str
    key: str
    sequence: int
    uid: str
    version: int
    old: bytes | None
    new: bytes | None

    @property
    def gone(self) -> bool:
        """Whether the resource is gone with it."""
        return self.new is None

    def __str__(self) -> str:
        topic, partition, offset = self.place
        return f"{self.key} at {self.version}, sequence {self.sequence}, {topic}/{partition}/{offset}"


class Window(msgspec.Struct, frozen=True):
    """A while, in monotonic time, in which nobody may have watched the cluster for the graph.

    `part` is what the keys have in common that it is about.
    """

    begin: float
    end: float
    part: str = ""

    def has(self, one: Seen) -> bool:
        """Whether a change came in it."""
        return self.begin <= one.at <= self.end and self.part in one.key


def first_tellings(told: Iterable[Told]) -> list[Told]:
    """Each event once, where a partition has it first: whoever reads at least once skips the ids that it knows."""
    known: dict[str, Told] = {}
    for one in sorted(told, key=lambda one: one.place):
        known.setdefault(one.id, one)
    return list(known.values())


def disorder(told: Iterable[Told]) -> list[str]:
    """Partitions in which a resource's later event comes first."""

    def line(one: Told) -> tuple[str, int, str]:
        return one.place[0], one.place[1], one.key

    ordered = sorted(first_tellings(told), key=lambda one: (line(one), one.place))
    return [
        f"{later} comes after {earlier}"
        for _, some in groupby(ordered, key=line)
        for earlier, later in pairwise(some)
        if later.sequence <= earlier.sequence
    ]


def lives(told: Iterable[Told]) -> dict[str, list[Told]]:
    """The events of each resource, in their order."""
    found: dict[str, list[Told]] = {}
    for one in sorted(first_tellings(told), key=lambda one: one.sequence):
        found.setdefault(one.key, []).append(one)
    return found


def gaps(told: Iterable[Told]) -> list[str]:
    """Events which do not begin where the one before them has ended, or go back to an earlier version."""
    found = []
    for life in lives(told).values():
        if life[0].old is not None:
            found.append(f"{life[0]} begins with a state that was never told")
        for earlier, later in pairwise(life):
            if not _is_one_state(earlier.new, later.old):
                found.append(f"{later} begins otherwise than {earlier} has ended")
            if not later.gone and later.version <= earlier.version:
                found.append(f"{later} goes back behind {earlier}")
    return found


def _is_one_state(one: bytes | None, other: bytes | None) -> bool:
    """Whether two are one state but for noise, of which the graph has the latest and nobody is told."""
    if one == other:
        return True
    if one is None or other is None:
        return False
    uids = {msgspec.json.decode(each)["metadata"]["uid"] for each in (one, other)}
    return len(uids) == 1 and not compared(one.decode(), other.decode(), _NOISE)


def replayed(told: Iterable[Told]) -> dict[str, Told]:
    """What is there in the end for a reader who began with nothing: the last event of each resource."""
    return {key: life[-1] for key, life in lives(told).items() if not life[-1].gone}


class Missed(msgspec.Struct, frozen=True):
    """Changes that the topics do not have; `excused` are those that nobody can have known of."""

    lost: Sequence[Seen]
    excused: Sequence[Seen]


def missed(seen: Iterable[Seen], told: Sequence[Told], blind: Sequence[Window] = ()) -> Missed:
    """The changes that a watch delivered and the topics do not have.

    A worker that comes back lists, and tells the difference: of what came while nobody watched, that is all that can be
    known, and that it is right, `gaps` and a replay show. A deletion is part of the difference, unless of what was also
    made meanwhile.
    """
    versions = {(one.key, one.uid, one.version) for one in told if not one.gone}
    gone = {(one.key, one.uid) for one in told if one.gone}
    known = {(one.key, one.uid) for one in told}
    lost: list[Seen] = []
    excused: list[Seen] = []
    for one in seen:
        incarnation = one.key, one.uid
        if incarnation in gone if one.gone else (*incarnation, one.version) in versions:
            continue
        in_the_dark = any(window.has(one) for window in blind)
        (excused if in_the_dark and not (one.gone and incarnation in known) else lost).append(one)
    return Missed(lost, excused)


def differences(there: Mapping[str, bytes], replay: Mapping[str, bytes]) -> list[str]:
    """How a replay differs from what is there, both as each key's state."""
    found = [f"{key} is there, and is not in the replay" for key in sorted(there.keys() - replay.keys())]
    found += [f"{key} is in the replay, and is not there" for key in sorted(replay.keys() - there.keys())]
    both = sorted(there.keys() & replay.keys())
    return found + [f"{key} is otherwise in the replay" for key in both if there[key] != replay[key]]


def shown(problems: Sequence[object]) -> str:
    """The first of some problems, for an assertion's message."""
    lines = [str(each) for each in problems[:SHOWN_MOST]]
    return "\n".join([f"{len(problems)}:", *lines])
