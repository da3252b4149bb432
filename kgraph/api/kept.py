"""Answers that are kept for a moment: each question is asked once at a time, and its answer remembered."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

Q = TypeVar("Q", bound=Hashable)
A = TypeVar("A")


class Kept(Generic[Q, A]):
    """The latest `most` answers, each for as long as `seconds` says of it; an error is no answer, and not kept."""

    def __init__(self, most: int, seconds: Callable[[A], float]) -> None:
        self._most = most
        self._seconds = seconds
        self._kept: OrderedDict[Q, tuple[float, A]] = OrderedDict()  # with the time when each ends
        self._asking: dict[Q, asyncio.Task[A]] = {}

    async def of(self, question: Q, ask: Callable[[], Awaitable[A]], name: str) -> A:
        """The answer that is kept, or that `ask` gives, or that another has just asked for; `name` is the task's."""
        kept = self._kept.get(question)
        if kept is not None and time.monotonic() < kept[0]:
            return kept[1]
        task = self._asking.get(question)
        if task is None:
            task = asyncio.create_task(_awaited(ask), name=name)
            self._asking[question] = task
            task.add_done_callback(lambda done: self._answered(question, done))
        # Others may wait for the same answer: one who goes away does not take it with them.
        return await asyncio.shield(task)

    def _answered(self, question: Q, task: asyncio.Task[A]) -> None:
        del self._asking[question]
        if task.cancelled() or task.exception() is not None:
            return
        answer = task.result()
        self._kept[question] = (time.monotonic() + self._seconds(answer), answer)
        self._kept.move_to_end(question)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)


async def _awaited(ask: Callable[[], Awaitable[A]]) -> A:
    return await ask()
