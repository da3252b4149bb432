"""The token bucket, on a clock of its own."""

import asyncio

import pytest

from kgraph.kube.throttle import Throttle


class Clock:
    """Time that passes only when someone sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.now += seconds


async def test_a_burst_passes_at_once_and_then_the_rate_holds() -> None:
    """As many as `burst` pass without waiting, and `qps` a second after that."""
    clock = Clock()
    throttle = Throttle(10, 3, clock=clock, sleep=clock.sleep)
    for _ in range(5):
        await throttle.acquire()
    assert clock.slept == pytest.approx([0.1, 0.1])


async def test_the_bucket_fills_again_to_the_burst_and_no_further() -> None:
    """Idle time gives no more than one burst."""
    clock = Clock()
    throttle = Throttle(10, 3, clock=clock, sleep=clock.sleep)
    clock.now += 3600
    for _ in range(4):
        await throttle.acquire()
    assert clock.slept == pytest.approx([0.1])


async def test_qps_0_never_waits() -> None:
    """A cluster without a limit is asked as fast as it answers."""
    clock = Clock()
    throttle = Throttle(0, 1, clock=clock, sleep=clock.sleep)
    for _ in range(100):
        await throttle.acquire()
    assert clock.slept == []


async def test_those_who_wait_go_in_their_order_and_a_cancelled_one_gives_its_token_back() -> None:
    """Each waiter reserves its own time; a waiter that is cancelled makes room for the next."""
    clock = Clock()
    waits: list[float] = []
    let_go = asyncio.Event()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        await let_go.wait()

    throttle = Throttle(10, 1, clock=clock, sleep=sleep)
    await throttle.acquire()
    waiting = [asyncio.create_task(throttle.acquire()) for _ in range(3)]
    await asyncio.sleep(0)
    assert waits == pytest.approx([0.1, 0.2, 0.3])
    waiting[2].cancel()
    await asyncio.gather(waiting[2], return_exceptions=True)
    another = asyncio.create_task(throttle.acquire())
    await asyncio.sleep(0)
    assert waits[-1] == pytest.approx(0.3)
    let_go.set()
    await asyncio.gather(*waiting[:2], another)
