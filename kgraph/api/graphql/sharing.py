"""What many subscribers ask of one event is answered once: the same document and variables, by the same caller.

An answer is kept as JSON already, and for as long as the event's turn takes: some thousand of them.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, cast

import msgspec
from graphql import ExecutionResult
from graphql.execution import Executor
from graphql.pyutils import AwaitableOrValue

from kgraph.api.events.told import Told

ANSWERS_MOST = 2_000

Answer = ExecutionResult | asyncio.Task[ExecutionResult]


class Payload:
    """What a subscription's field is given of an event; `told` is None of what nobody else is told."""

    told: Told | None = None


class Answers:
    """The latest answers of this process."""

    def __init__(self) -> None:
        # With what they are about: the ids of these are theirs while they live.
        self._kept: OrderedDict[tuple[Any, ...], tuple[Told, object, Answer]] = OrderedDict()
        self.made = 0  # how many were not there yet: tests count by it

    def of(
        self, executor: Executor[Any], told: Told, run: Callable[[], AwaitableOrValue[Any]]
    ) -> AwaitableOrValue[ExecutionResult]:
        """The answer to an operation about an event, which `run` makes where nobody has asked before."""
        operation = executor.operation
        variables = msgspec.json.encode(executor.variable_values.coerced, enc_hook=str, order="deterministic")
        question = (id(told), id(operation), variables, executor.context_value.caller.who)
        kept = self._kept.get(question)
        if kept is None:
            self.made += 1
            kept = self._kept[question] = (told, operation, _answer(executor, run()))
            while len(self._kept) > ANSWERS_MOST:
                self._kept.popitem(last=False)
        answer = kept[2]
        # Others may wait for the same answer: one who goes away does not take it with them.
        return asyncio.shield(answer) if isinstance(answer, asyncio.Task) else answer


def _answer(executor: Executor[Any], result: AwaitableOrValue[Any]) -> Answer:
    if executor.is_awaitable(result):
        return asyncio.create_task(_awaited(result), name="answer about an event")
    return _encoded(cast("ExecutionResult", result))


async def _awaited(result: Any) -> ExecutionResult:
    return _encoded(await result)


def _encoded(result: ExecutionResult) -> ExecutionResult:
    """The same with its data as JSON, which goes into each message as it is."""
    data: Any = msgspec.Raw(msgspec.json.encode(result.data, enc_hook=str))
    return ExecutionResult(data, result.errors)
