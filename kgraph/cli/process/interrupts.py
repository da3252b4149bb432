"""Ctrl-C and SIGTERM: the work is cancelled once, and what it has begun it ends in good order."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

from kgraph.cli.terminal import remarks

T = TypeVar("T")


class Interrupted(BaseException):
    """A signal ended the work before it was done; all of it is cleaned up."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run the work on an event loop; Interrupted where a signal has ended it."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_interruptible(work))


async def _interruptible(work: Coroutine[Any, Any, T]) -> T:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    heard: list[int] = []

    def hear(number: int) -> None:
        heard.append(number)
        if len(heard) == 1:
            task.cancel()
        else:
            remarks().print("Still stopping: what is running writes its data down first.")

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, hear, number)
    try:
        return await task
    except asyncio.CancelledError:
        if heard:
            raise Interrupted(heard[0]) from None
        raise
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def accept_end() -> None:
    """Being told to end is how a service ends well."""
    import structlog

    if task := asyncio.current_task():
        task.uncancel()
    structlog.get_logger(__name__).info("ended when told to")
