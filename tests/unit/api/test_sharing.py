"""Answers about events: made once for all who ask the same, and for nobody else."""

import asyncio
from types import SimpleNamespace
from typing import Any

import msgspec
from graphql import DocumentNode, ExecutionResult, build_schema, parse
from graphql.execution import Executor

from kgraph.api.callers.caller import Caller
from kgraph.api.events.positions import Position
from kgraph.api.events.told import Told
from kgraph.api.graphql import sharing
from kgraph.api.graphql.sharing import Answers
from tests.unit.feed.events import event

SCHEMA = build_schema("type Query { name(of: String): String }")
ASKED = parse("query($of: String) { name(of: $of) }")


def told() -> Told:
    """An event."""
    return Told(event({}), Position(1, "r"))


def executor(document: DocumentNode = ASKED, user: str = "jane", **variables: Any) -> Executor[Any]:
    """What executes an operation of a caller."""
    context = SimpleNamespace(caller=Caller(user, method="oidc"))
    built = Executor.build(SCHEMA, document, None, context, variables)
    assert isinstance(built, Executor)
    return built


def test_the_same_question_about_the_same_event_is_answered_once() -> None:
    """Another event, another document, other variables, another caller: each of them is another question."""
    answers, one = Answers(), told()

    def run() -> ExecutionResult:
        return ExecutionResult({"name": str(answers.made)}, None)

    first = answers.of(executor(of="a"), one, run)
    assert answers.of(executor(of="a"), one, run) is first
    assert answers.made == 1
    for other in (
        (executor(of="b"), one),
        (executor(user="joan", of="a"), one),
        (executor(parse("query($of: String) { name(of: $of) }"), of="a"), one),
        (executor(of="a"), told()),
        (executor(of="a"), one.narrowed),
    ):
        assert answers.of(*other, run) is not first
    assert answers.made == 6


async def test_one_who_goes_away_does_not_take_the_answer_with_them() -> None:
    """An answer that takes time is made for all who wait for it, whoever began it."""
    answers, one, begun, go = Answers(), told(), asyncio.Event(), asyncio.Event()

    async def slow() -> ExecutionResult:
        begun.set()
        await go.wait()
        return ExecutionResult({"name": "a"}, None)

    async def ask() -> Any:
        return await answers.of(executor(of="a"), one, slow)  # type: ignore[misc]  # it takes time here

    first, second = asyncio.create_task(ask()), asyncio.create_task(ask())
    await begun.wait()
    first.cancel()
    go.set()
    result = await second
    assert answers.made == 1
    assert msgspec.json.encode({"data": result.data}) == b'{"data":{"name":"a"}}'


def test_old_answers_make_room(monkeypatch: Any) -> None:
    """However many events there are, so many answers are kept."""
    monkeypatch.setattr(sharing, "ANSWERS_MOST", 3)
    answers = Answers()
    for _ in range(5):
        answers.of(executor(of="a"), told(), lambda: ExecutionResult({}, None))
    assert len(answers._kept) == 3
