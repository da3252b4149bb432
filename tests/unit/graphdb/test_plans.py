"""A statement that Neo4j has not planned is sent once, however many ask."""

import asyncio

import pytest

from kgraph.graphdb.errors import GraphTimeout
from kgraph.graphdb.plans import PLANNED_AT_ONCE, Plans


class Neo4j:
    """Answers when it is let, and knows which statements it was sent."""

    def __init__(self) -> None:
        self.plans = Plans()
        self.sent: list[str] = []
        self.failing = 0
        self.answers = asyncio.Event()

    async def ask(self, text: str, timeout: float | None = None) -> None:
        """Send a statement, as the store does."""
        if text not in self.plans and await self.plans.first(
            text, lambda: self._first(text), what="a statement", timeout=timeout
        ):
            return
        self.sent.append(text)

    async def _first(self, text: str) -> bool:
        self.sent.append(text)
        await self.answers.wait()
        if self.failing:
            self.failing -= 1
            raise ConnectionError
        return True


async def settled() -> None:
    """Let every task go as far as it can."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_one_goes_first_and_the_others_follow_at_once() -> None:
    """While the first of many has no answer no other is sent; then all of them are."""
    neo4j = Neo4j()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(20):
            tasks.create_task(neo4j.ask("a"))
        await settled()
        assert neo4j.sent == ["a"]
        neo4j.answers.set()
    assert neo4j.sent == ["a"] * 20


async def test_the_next_is_the_first_where_the_first_fails() -> None:
    """An error is its own caller's; the statement is still sent by one at a time until it is answered."""
    neo4j = Neo4j()
    neo4j.failing = 2
    neo4j.answers.set()
    outcomes = await asyncio.gather(*(neo4j.ask("a") for _ in range(5)), return_exceptions=True)
    assert [type(one) for one in outcomes] == [ConnectionError, ConnectionError, type(None), type(None), type(None)]


async def test_only_some_statements_are_planned_at_once() -> None:
    """Many statements that are new do not share a processor until none of them is in time."""
    neo4j = Neo4j()
    async with asyncio.TaskGroup() as tasks:
        for number in range(10):
            tasks.create_task(neo4j.ask(str(number)))
        await settled()
        assert len(neo4j.sent) == PLANNED_AT_ONCE
        neo4j.answers.set()
    assert sorted(neo4j.sent) == sorted(map(str, range(10)))


async def test_another_neo4j_has_no_plans() -> None:
    """After it was lost, each statement is sent by one first again."""
    neo4j = Neo4j()
    neo4j.answers.set()
    await neo4j.ask("a")
    neo4j.plans.forget()
    neo4j.answers.clear()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(5):
            tasks.create_task(neo4j.ask("a"))
        await settled()
        assert len(neo4j.sent) == 2
        neo4j.answers.set()


async def test_a_callers_time_is_not_the_plans() -> None:
    """Whoever may wait a moment only is told so, first or not; what they began goes on, and nobody begins it again."""
    neo4j = Neo4j()
    for _ in range(3):
        with pytest.raises(GraphTimeout, match="not planned"):
            await neo4j.ask("a", timeout=0.01)
    assert neo4j.sent == ["a"]
    neo4j.answers.set()
    await neo4j.ask("a")
    assert neo4j.sent == ["a", "a"]


async def test_a_caller_who_goes_takes_nothing_with_them() -> None:
    """A request that is cancelled leaves the planning to those who wait for it."""
    neo4j = Neo4j()
    first = asyncio.create_task(neo4j.ask("a"))
    await settled()
    second = asyncio.create_task(neo4j.ask("a"))
    await settled()
    first.cancel()
    await settled()
    neo4j.answers.set()
    await second
    assert neo4j.sent == ["a", "a"]


async def test_closing_leaves_nothing_behind() -> None:
    """What is being planned when a store is closed ends with it."""
    neo4j = Neo4j()
    with pytest.raises(GraphTimeout):
        await neo4j.ask("a", timeout=0.01)
    await neo4j.plans.aclose()
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("planning")]
