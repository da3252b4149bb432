"""A steady stream of questions to an API, asked as a client in production asks: with a deadline, again where it may.

Open model: each question has a moment at which it is meant to be asked, and is asked then, however many are still
waiting; its time counts from that moment, so that a server that stands still is seen by all who come meanwhile.

A question has failed when its answer is not what a healthy server would give: no answer, a status from 500 on or 429,
an error other than "there is no such thing". The ordinary client asks again after a while, of the next replica, as a
Service would send it, for PATIENCE_SECONDS at most: what has failed then has failed.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import aiohttp
import msgspec

from kgraph.backoff import Backoff

TRY_SECONDS = 10.0
PATIENCE_SECONDS = 60.0
# Between two tries: doubled each time, with jitter.
BACK_OFF_SECONDS = (0.1, 5.0)
# What a healthy server says too: a name that is not there, a change that has come first.
_FINE = frozenset({"NOT_FOUND", "CONFLICT"})


class Question(msgspec.Struct, frozen=True):
    """One request: a path, and a body for GraphQL or a change, by somebody."""

    operation: str
    path: str
    body: Mapping[str, Any] | None = None
    token: str = ""


class Asked(msgspec.Struct, frozen=True):
    """What became of a question; times are monotonic, and count from when it was meant to be asked.

    `stumbled` is why the first try failed, `failed` why the last one did; both empty where all was well.
    """

    operation: str
    at: float
    seconds: float
    tries: int
    stumbled: str = ""
    failed: str = ""


def graphql(operation: str, query: str, token: str = "", **variables: Any) -> Question:
    """A question in GraphQL."""
    return Question(operation, "/graphql", {"query": query, "variables": variables}, token)


class Asker:
    """Asks the replicas of an API, each connection of which is kept."""

    def __init__(
        self, http: aiohttp.ClientSession, replicas: Sequence[str], *, patience: float = PATIENCE_SECONDS
    ) -> None:
        self.asked: list[Asked] = []
        self._http = http
        self._replicas = replicas
        self._patience = patience
        self._next = 0

    async def ask(self, question: Question, meant_at: float | None = None) -> Asked:
        """Ask until it is answered or patience ends."""
        began_at = time.monotonic() if meant_at is None else meant_at
        tries, stumbled, backoff = 0, "", Backoff(*BACK_OFF_SECONDS)
        while True:
            tries += 1
            problem = await self._try(question)
            now = time.monotonic()
            stumbled = stumbled or problem
            pause = backoff.seconds()
            if not problem or now + pause - began_at > self._patience:
                break
            await asyncio.sleep(pause)
        found = Asked(question.operation, began_at, now - began_at, tries, stumbled, problem)
        self.asked.append(found)
        return found

    async def _try(self, question: Question) -> str:
        """Why it failed, in a few words that are the same for the same cause; empty where it did not."""
        base = self._replicas[self._next % len(self._replicas)]
        self._next += 1
        headers = {"Authorization": f"Bearer {question.token}"} if question.token else {}
        method = "GET" if question.body is None else "POST"
        try:
            async with self._http.request(
                method,
                base + question.path,
                json=question.body,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=TRY_SECONDS),
            ) as answer:
                body = await answer.read()
        except TimeoutError:
            return f"no answer within {TRY_SECONDS:g} s"
        except aiohttp.ClientError as error:
            return type(error).__name__
        if answer.status >= 500 or answer.status == 429:
            return f"status {answer.status}"
        return _graphql_problem(body) if question.path == "/graphql" else _rest_problem(answer.status)


def _rest_problem(status: int) -> str:
    return "" if status < 400 or status == 404 else f"status {status}"


def _graphql_problem(body: bytes) -> str:
    try:
        answer = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return "an answer that is no JSON"
    codes = {error["extensions"]["code"] for error in answer.get("errors", ())} - _FINE
    return ", ".join(sorted(codes))


async def open_stream(
    asker: Asker, make: Callable[[random.Random], Question], *, rate: float, seed: int, ends: asyncio.Event
) -> None:
    """Ask `rate` questions a second, at random moments (a Poisson process), until `ends`; then wait for all answers."""
    dice = random.Random(seed)
    began_at, offset = time.monotonic(), 0.0
    async with asyncio.TaskGroup() as waiting:
        while not ends.is_set():
            offset += dice.expovariate(rate)
            await asyncio.sleep(began_at + offset - time.monotonic())
            waiting.create_task(asker.ask(make(dice), began_at + offset))


def failures(asked: Iterable[Asked]) -> dict[str, int]:
    """Why first tries failed, and how often."""
    return dict(Counter(one.stumbled for one in asked if one.stumbled).most_common())
