"""How hard one cluster is asked: a token bucket with client-go's `qps` and `burst`."""

import asyncio
import time
from collections.abc import Awaitable, Callable


class Throttle:
    """At most `burst` requests at once and `qps` a second over time, in the order of their asking.

    As `flowcontrol.NewTokenBucketRateLimiter` (golang.org/x/time/rate) has it: the bucket starts full, and each
    request reserves its token, so that none overtakes another. A watch counts once, when it is opened.
    """

    def __init__(
        self,
        qps: float,
        burst: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._qps = qps
        self._burst = max(burst, 1)
        self._clock = clock
        self._sleep = sleep
        self._tokens = float(self._burst)
        self._filled_at = clock()

    async def acquire(self) -> None:
        """Wait for this request's turn; qps 0 never waits. A waiter that is cancelled gives its token back."""
        if self._qps <= 0:
            return
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._qps)
        self._filled_at = now
        self._tokens -= 1
        if self._tokens >= 0:
            return
        try:
            await self._sleep(-self._tokens / self._qps)
        except asyncio.CancelledError:
            self._tokens += 1
            raise
