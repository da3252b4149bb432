"""A client asks again where it may, gives up in the end, and counts its time from when it meant to ask."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from kgraph.stack.ports import LOOPBACK
from tests.asking import Asker, Question, graphql, open_stream

QUESTION = graphql("pods", "{ pods }")
REST = Question("REST list", "/api/v1/pods")


@asynccontextmanager
async def answering(answers: Iterator[web.Response]) -> AsyncIterator[str]:
    """A server that gives one answer after the other; its address."""

    async def answer(_: web.Request) -> web.Response:
        return next(answers)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, 0).start()
        yield f"http://{LOOPBACK}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def refused(code: str) -> web.Response:
    """GraphQL's answer with an error."""
    return web.json_response({"data": None, "errors": [{"message": "no", "extensions": {"code": code}}]})


def fine() -> web.Response:
    """GraphQL's answer without one."""
    return web.json_response({"data": {"pods": []}})


@pytest.mark.parametrize(
    ("question", "first", "stumbled"),
    [
        (QUESTION, lambda: web.Response(status=503), "status 503"),
        (QUESTION, lambda: web.Response(status=429), "status 429"),
        (QUESTION, lambda: refused("INTERNAL"), "INTERNAL"),
        (QUESTION, lambda: refused("NOT_FOUND"), ""),
        (REST, lambda: web.Response(status=404), ""),
        (REST, lambda: web.Response(status=403), "status 403"),
    ],
    ids=["503", "429", "an error", "not there", "404", "403"],
)
async def test_what_is_asked_again(question: Question, first: object, stumbled: str) -> None:
    """What no healthy API says is asked again, and has not failed where the second answer is right."""
    assert callable(first)
    async with (
        answering(iter([first(), fine()])) as url,
        aiohttp.ClientSession() as http,
    ):
        found = await Asker(http, [url]).ask(question)
    assert (found.stumbled, found.failed, found.tries) == (stumbled, "", 2 if stumbled else 1)


async def test_giving_up() -> None:
    """A client whose patience ends has a question that has failed, and says why."""

    def always() -> Iterator[web.Response]:
        while True:
            yield web.Response(status=500)

    async with answering(always()) as url, aiohttp.ClientSession() as http:
        found = await Asker(http, [url], patience=0.3).ask(QUESTION)
    assert found.failed == "status 500"
    assert found.tries > 1


async def test_the_next_replica_is_asked() -> None:
    """A replica that nobody listens at costs one try, not the answer."""
    async with answering(iter([fine()])) as url, aiohttp.ClientSession() as http:
        found = await Asker(http, [f"http://{LOOPBACK}:1", url]).ask(QUESTION)
    assert (found.failed, found.tries) == ("", 2)


async def test_time_counts_from_when_it_was_meant() -> None:
    """A question that comes to be asked late has waited for as long."""
    async with answering(iter([fine()])) as url, aiohttp.ClientSession() as http:
        found = await Asker(http, [url]).ask(QUESTION, time.monotonic() - 5)
    assert found.seconds >= 5


async def test_an_open_stream_waits_for_nobody() -> None:
    """Questions go on being asked while none is answered, and all have their answers in the end."""
    arrived, going, over = 0, asyncio.Event(), asyncio.Event()

    async def answer(_: web.Request) -> web.Response:
        nonlocal arrived
        arrived += 1
        if arrived == 10:
            over.set()
            going.set()
        await going.wait()
        return fine()

    app = web.Application()
    app.router.add_post("/graphql", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0).start()
    async with aiohttp.ClientSession() as http:
        asker = Asker(http, [f"http://{LOOPBACK}:{runner.addresses[0][1]}"])

        def make(_: random.Random) -> Question:
            return QUESTION

        await open_stream(asker, make, rate=200, seed=1, ends=over)
    await runner.cleanup()
    assert len(asker.asked) >= 10
    assert not [one for one in asker.asked if one.failed]
