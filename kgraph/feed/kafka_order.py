"""Events of many partitions in the order of their clusters.

A resource is created, changed and deleted in three topics, and each partition is in order by itself only. Its writer
numbers all events of a cluster (`metadata.sequence`), and Kafka gives each message the time at which it was sent. So:

- while a partition is known to have messages that have not come yet, nothing is told that was sent after the last one
  that has come of it: what is to come of it may belong before;
- what has come of all is told after `HOLD_SECONDS`, for two topics are written to at once, and read one after the
  other; it is told in the order of the sequences;
- after Kafka was away, the leaders of partitions are found one after the other, and what was sent together comes
  seconds apart. Events are old then, by the time that they say themselves: while some are, and for a while after, all
  are held for `CAREFUL_SECONDS`;
- an event of a resource that comes after a later one of it all the same, because a broker hangs while others go on, is
  no duplicate that could be left out: whoever listens has to begin anew (`Lagged`).
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterable

import msgspec

from kgraph.feed.bus import Lagged
from kgraph.feed.event import Event

HOLD_SECONDS = 0.05
CAREFUL_SECONDS = 3.0
# How much older than usual for its cluster an event is for all to be held for longer, and for how long that is so.
OLD_SECONDS = 1.0
OLD_FOR_SECONDS = 10.0
# What is usual is the least that was seen: clocks differ. It grows by so much a second, for clocks are set.
_USUAL_GROWS = 0.01
REMEMBERED_MOST = 100_000  # resources of which the last sequences are known; some 150 bytes each


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """An event as it came: when it was sent, in milliseconds of the sender's clock, and when it came, in seconds.

    `age` is how old it was then, in seconds by its own time, whatever the clocks' difference.
    """

    event: Event
    sent: int
    came: float
    age: float = 0.0


class Order:
    """Holds what may not be told yet. `Hashable`s are partitions."""

    def __init__(self) -> None:
        self._careful_until = 0.0
        self._usual: dict[str, tuple[float, float]] = {}  # by cluster how old an event is usually, and as of when
        self._held: list[Arrival] = []  # as they came
        self._last: OrderedDict[str, int] = OrderedDict()  # by key the sequence of the last event that was told
        self._told: OrderedDict[str, None] = OrderedDict()  # the ids of the last events
        self._frontier: dict[Hashable, int] = {}  # by partition when the last one that has come of it was sent

    def __len__(self) -> int:
        return len(self._held)

    def put(self, partition: Hashable, arrivals: Iterable[Arrival]) -> None:
        """What has come of a partition, in its order."""
        for arrival in arrivals:
            self._frontier[partition] = max(arrival.sent, self._frontier.get(partition, 0))
            self._held.append(arrival)
            if self._is_old(arrival):
                self._careful_until = arrival.came + OLD_FOR_SECONDS

    def ready(self, now: float, behind: Iterable[Hashable]) -> list[Event]:
        """What can be told; `behind` are the partitions that are known to have more. Raises Lagged."""
        bound = min((self._frontier.get(one, 0) for one in behind), default=None)
        # Of each cluster up to which sequence: who has been held for long enough takes along what belongs before.
        until: dict[str, int] = {}
        hold = self._hold(now)
        for one in self._held:
            if one.came + hold <= now and (bound is None or one.sent < bound):
                cluster, sequence = one.event.cluster_id, one.event.metadata.sequence
                until[cluster] = max(sequence, until.get(cluster, sequence))
        if not until:
            return []
        some: list[Event] = []
        left: list[Arrival] = []
        for one in self._held:
            is_ready = one.event.metadata.sequence <= until.get(one.event.cluster_id, -1)
            if is_ready and (bound is None or one.sent < bound):
                some.append(one.event)
            else:
                left.append(one)
        self._held = left
        some.sort(key=lambda event: (event.cluster_id, event.metadata.sequence))
        return [event for event in some if self._is_next(event)]

    def wait(self, now: float) -> float | None:
        """After how many seconds something can be told that can't yet; None where nothing waits."""
        return max(self._held[0].came + self._hold(now) - now, 0.0) if self._held else None

    def is_ahead(self, partition: Hashable, behind: Iterable[Hashable]) -> bool:
        """Whether a partition's last message was sent after those that are still behind."""
        bound = min((self._frontier.get(one, 0) for one in behind), default=None)
        return bound is not None and self._frontier.get(partition, 0) > bound

    def forget_first(self, many: int) -> None:
        """Leave out the oldest of what was never told: of a start that reaches too far back."""
        self._held = sorted(self._held, key=lambda one: one.sent)[many:]

    def _hold(self, now: float) -> float:
        return CAREFUL_SECONDS if now < self._careful_until else HOLD_SECONDS

    def _is_old(self, arrival: Arrival) -> bool:
        """Whether it is much older than its cluster's events are usually when they come."""
        cluster = arrival.event.cluster_id
        usual, since = self._usual.get(cluster, (arrival.age, arrival.came))
        usual += (arrival.came - since) * _USUAL_GROWS
        self._usual[cluster] = (min(usual, arrival.age), arrival.came)
        return arrival.age - usual > OLD_SECONDS

    def _is_next(self, event: Event) -> bool:
        """Whether it is told now; not where the same was told before."""
        if event.event_id in self._told:
            return False
        key, sequence = event.key, event.metadata.sequence
        last = self._last.get(key)
        if last is not None and last > sequence:
            raise Lagged(f"an event of {key} came after a later one: a part of Kafka is far behind the others")
        self._last[key] = sequence
        self._last.move_to_end(key)
        self._told[event.event_id] = None
        for kept in (self._last, self._told):
            while len(kept) > REMEMBERED_MOST:
                kept.popitem(last=False)
        return True
