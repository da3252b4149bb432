"""How often a caller may ask: a token bucket each, for users by who they are, and by address for who is not known yet.

A bucket is one number, the time at which it will be full again (the generic cell rate algorithm, as ATM's networks
have it): a bucket that is full is as one that was never there, and is forgotten. What is kept is bounded. Where there
are more callers at once than are kept, the new ones have one bucket together: nobody who is kept loses theirs, and
nobody gets a fresh one by making others be forgotten.
"""

import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import msgspec

from kgraph.api.callers.addresses import place
from kgraph.api.callers.caller import Caller
from kgraph.api.errors import Busy

Part = TypeVar("Part", str, bytes)

# A bucket takes some 300 bytes: 15 MB at most, of users and of addresses each.
CALLERS_MOST = 50_000
_REASON = {"reason": "TooManyRequests"}  # as Kubernetes' own APIs have it
STREAM_RETRY_SECONDS = 30


class RateSettings(msgspec.Struct, frozen=True):
    """How many requests a second, how many at once after a pause, how many streams; 0: any number."""

    per_second: float = 0.0
    burst: int = 1
    streams: int = 0


class Buckets:
    """One bucket for each key, `most` of them."""

    def __init__(
        self, per_second: float, burst: int, *, most: int = CALLERS_MOST, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._interval = 1 / per_second
        self._depth = burst * self._interval
        self._most = most
        self._clock = clock
        self._full_at: dict[Hashable, float] = {}  # the one that was used longest ago first
        self._others_full_at = 0.0

    def __len__(self) -> int:
        """How many buckets are not known to be full."""
        return len(self._full_at)

    def take(self, key: Hashable) -> float:
        """Take one; 0, or where the bucket is empty, the seconds until there is one. That takes nothing."""
        now = self._clock()
        known = self._full_at.get(key)
        if known is None and not self._has_room(now):
            wait, self._others_full_at = self._taken(self._others_full_at, now)
            return wait
        wait, full_at = self._taken(known or 0.0, now)
        if known is not None:
            del self._full_at[key]  # it is put in again as the latest
        self._full_at[key] = full_at
        return wait

    def wait(self, key: Hashable) -> float:
        """The seconds until there is one, without taking it."""
        return self._taken(self._full_at.get(key, 0.0), self._clock())[0]

    def _taken(self, full_at: float, now: float) -> tuple[float, float]:
        after = max(full_at, now) + self._interval
        # A billionth part of a second is what sums of intervals may be off by.
        wait = after - now - self._depth
        return (0.0, after) if wait <= 1e-9 else (wait, full_at)

    def _has_room(self, now: float) -> bool:
        """Forget full buckets from the one that was used longest ago on; whether there is room for another."""
        while self._full_at:
            oldest = next(iter(self._full_at))
            if self._full_at[oldest] > now:
                break
            del self._full_at[oldest]
        return len(self._full_at) < self._most


class Rates:
    """The limits of all callers of this process."""

    def __init__(
        self, settings: RateSettings, *, most: int = CALLERS_MOST, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        limited = settings.per_second > 0
        self._users = Buckets(settings.per_second, settings.burst, most=most, clock=clock) if limited else None
        self._addresses = Buckets(settings.per_second, settings.burst, most=most, clock=clock) if limited else None
        self._streams: Counter[Hashable] = Counter()

    def ask(self, caller: Caller) -> None:
        """One more request of a known caller; Busy says when to come again. Who impersonates pays for it themselves."""
        if self._users is not None and caller.is_known:
            self._spend(self._users.take(caller.sender.identity), "you send more requests than you may")

    def knock(self, address: str) -> None:
        """Somebody of an address asks, or has failed to say who they are; Busy where they have done it too often."""
        if self._addresses is not None:
            self._spend(self._addresses.take(place(address)), "more requests come from your address than may")

    def look(self, address: str) -> None:
        """Busy where an address has knocked too often; without this being another time."""
        if self._addresses is not None:
            self._spend(self._addresses.wait(place(address)), "more requests come from your address than may")

    def look_at_streams(self, caller: Caller) -> None:
        """Busy where a caller has all the streams open that they may."""
        most = self._settings.streams
        if most and caller.is_known and self._streams.get(caller.sender.identity, 0) >= most:
            raise Busy(
                f"you have {most:,} streams open on this server, which is all that one caller may: close some, or "
                "share them",
                _REASON,
                retry_after=STREAM_RETRY_SECONDS,
            )

    @contextmanager
    def stream(self, caller: Caller) -> Iterator[None]:
        """A stream that is open while the block runs; Busy where they have too many."""
        self.look_at_streams(caller)
        who = caller.sender.identity
        self._streams[who] += 1
        try:
            yield
        finally:
            self._streams[who] -= 1
            if not self._streams[who]:
                del self._streams[who]

    def _spend(self, wait: float, what: str) -> None:
        if wait > 0:
            each = f"{self._settings.per_second:g} a second, {self._settings.burst:,} at once"
            raise Busy(f"{what} ({each}); wait a little, and ask for more at a time", _REASON, retry_after=wait)


async def counted(rates: Rates, caller: Caller, parts: AsyncIterator[Part]) -> AsyncGenerator[Part, None]:
    """The parts of a stream that counts as one of the caller's while they come."""
    try:
        with rates.stream(caller):
            async for part in parts:
                yield part
    finally:
        if isinstance(parts, AsyncGenerator):
            await parts.aclose()
