"""Redis, as this program uses it: short waits, and nobody waits for one that does not answer.

redis-py's own habits are not ours: it tries a command four times, which makes of a Redis that is away seconds of
waiting for each request, and it ends blocking reads after five seconds. It sends with `asyncio.wait_for`, which until
Python 3.12 loses a cancellation that comes as the sending ends (python/cpython issue 86296): what reads for ever would
then never end.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any, TypeVar

import redis.asyncio
import structlog
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)
T = TypeVar("T")

# Within a data centre an answer takes a millisecond; what takes longer than this is slower than the graph itself.
ANSWER_SECONDS = 0.1
CONNECT_SECONDS = 0.5
# After a failure nobody asks for so long, and for twice as long after each further one.
REST_FIRST_SECONDS = 0.5
REST_MOST_SECONDS = 10.0
CONNECTIONS_MOST = 64
FAILURES = (RedisError, OSError, TimeoutError)


def connect(url: str, answer_seconds: float = ANSWER_SECONDS) -> "redis.asyncio.Redis":
    """A client that tries once, and waits for `answer_seconds`. ValueError where the URL is none of Redis'."""
    client = redis.asyncio.Redis.from_url(
        url,
        socket_timeout=answer_seconds,
        socket_connect_timeout=CONNECT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        max_connections=CONNECTIONS_MOST,
        health_check_interval=0,
    )
    pool = client.connection_pool
    pool.connection_class = _heeding(pool.connection_class)  # type: ignore[arg-type]  # classes can be hashed
    return client


@cache
def _heeding(connection: Any) -> type[AbstractConnection]:
    """The same sort of connection (TCP, TLS, a Unix socket), on which no cancellation is lost."""

    class Heeding(connection):  # type: ignore[misc]  # which one, the URL says
        async def send_packed_command(self, *command: Any, **options: Any) -> None:
            await super().send_packed_command(*command, **options)
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                await self.disconnect(nowait=True)
                raise asyncio.CancelledError

    return Heeding


class Memory:
    """Bytes that processes share for seconds: what cannot be read is not there, what cannot be written is left out."""

    def __init__(self, url: str) -> None:
        self.failures = 0
        self._redis = connect(url)
        self._rest_seconds = 0.0
        self._rests_until = float("-inf")

    @property
    def is_resting(self) -> bool:
        """Whether it did not answer, and has not since."""
        return self._rest_seconds > 0

    async def get(self, key: bytes) -> tuple[bytes, float] | None:
        """What was put there, and for how many seconds it is still to be believed; None where there is nothing."""
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.get(key)
        pipeline.pttl(key)
        found = await self._tried(pipeline.execute)
        if found is None or found[0] is None or found[1] <= 0:
            return None
        return found[0], found[1] / 1000

    async def put(self, key: bytes, value: bytes, seconds: float) -> None:
        """Keep it there for so long."""
        await self._tried(lambda: self._redis.set(key, value, px=max(1, int(seconds * 1000))))

    async def close(self) -> None:
        """Let go of the connections."""
        await self._redis.aclose()

    async def _tried(self, ask: Callable[[], Awaitable[T]]) -> T | None:
        """An answer; None where there is none in time, and while nobody asks."""
        if time.monotonic() < self._rests_until:
            return None
        try:
            answer = await ask()
        except FAILURES as error:
            self.failures += 1
            if not self._rest_seconds:
                log.warning("Redis does not answer: nothing is shared meanwhile", why=str(error))
            self._rest_seconds = min(REST_MOST_SECONDS, max(REST_FIRST_SECONDS, 2 * self._rest_seconds))
            self._rests_until = time.monotonic() + self._rest_seconds
            return None
        if self._rest_seconds:
            log.info("Redis answers again")
            self._rest_seconds = 0.0
        return answer
