"""Which statements Neo4j has a plan for: what it has not planned yet is sent once, and whoever else asks waits.

A Neo4j that has just started parses and plans every statement anew, ten times slower than later, again for each caller
that sends it before the first is answered, and from the start for each that runs out of time. With callers who try
again it does nothing else for minutes (measured on two cores, with two APIs and five questions a second: 110 s until
the first answer, and a quarter of the questions failed). So the first that sends a statement has all the time that it
takes, even where its caller has gone; the plan is what counts.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from kgraph.graphdb.errors import GraphTimeout

T = TypeVar("T")

# So many statements may be planned at once: each takes a core of Neo4j's.
PLANNED_AT_ONCE = 2
# How long Neo4j may take for a statement that it has to plan.
PLAN_SECONDS = 60.0


class Plans:
    """What has been answered since Neo4j was last lost, by the statement's text."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._planning: dict[str, asyncio.Task[object]] = {}
        self._room = asyncio.Semaphore(PLANNED_AT_ONCE)

    def __contains__(self, text: str) -> bool:
        """Whether a statement may be sent without more ado."""
        return text in self._known

    def forget(self) -> None:
        """Neo4j may be another one now."""
        self._known.clear()

    async def first(
        self, text: str, run: Callable[[], Awaitable[T]], *, what: str, timeout: float | None
    ) -> tuple[T] | None:
        """What `run` gives where this caller is the first to send a statement; None where another was meanwhile.

        Where that other fails, the next one is the first. Raises what `run` raises, and GraphTimeout after `timeout`
        seconds; `run` goes on then.
        """
        try:
            async with asyncio.timeout(timeout):
                while text not in self._known:
                    if (others := self._planning.get(text)) is None:
                        return (await asyncio.shield(self._begin(text, run)),)
                    await asyncio.wait({others})
        except TimeoutError:
            raise GraphTimeout(f"{what}: took longer than it may; Neo4j has not planned the statement yet") from None
        return None

    async def aclose(self) -> None:
        """Give up what is being planned."""
        for task in (tasks := [*self._planning.values()]):
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _begin(self, text: str, run: Callable[[], Awaitable[T]]) -> asyncio.Task[T]:
        async def planned() -> T:
            async with self._room:
                answer = await run()
                self._known.add(text)
                return answer

        def done(task: asyncio.Task[T]) -> None:
            self._planning.pop(text, None)
            if not task.cancelled():
                task.exception()  # its caller may have gone

        task = asyncio.create_task(planned(), name=f"planning of {text[:60]}")
        self._planning[text] = task
        task.add_done_callback(done)
        return task
