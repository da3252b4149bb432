"""`python -m tests.load.client`: the clients of a load, in a process of their own; a Load on stdin, a Heard on stdout.

Closed: each client asks its next question as soon as it has its answer: how much can be had. Open: questions come at
their own times, whoever is still waiting, and each one's time counts from the moment at which it was meant to be asked:
what people wait for. A closed model alone hides every standstill, because nobody asks while nothing is answered.
"""

import asyncio
import random
import sys
import time

import aiohttp
import msgspec
import uvloop

from tests.asking import Asked, Asker, open_stream
from tests.load.mix import World, questions


class Load(msgspec.Struct, frozen=True):
    """What to do: `rate` questions a second (open), or 0: `clients` that wait for their answers (closed)."""

    urls: list[str]
    world: World
    clients: int
    rate: float
    seconds: float
    seed: int


class Heard(msgspec.Struct, frozen=True):
    """What became of all questions, and how much processor time it took to ask."""

    asked: list[Asked]
    seconds: float
    cpu_seconds: float


async def offered(load: Load) -> Heard:
    """Offer a load until its time is over and all answers are there."""
    # In the open model they share so many connections: a question that finds none free waits, and its time runs.
    connector = aiohttp.TCPConnector(limit=load.clients)
    make = questions(load.world)
    async with aiohttp.ClientSession(connector=connector) as http:
        asker = Asker(http, load.urls)
        began_at = time.monotonic()
        if load.rate:
            over = asyncio.Event()
            asyncio.get_running_loop().call_later(load.seconds, over.set)
            await open_stream(asker, make, rate=load.rate, seed=load.seed, ends=over)
        else:

            async def client(number: int) -> None:
                dice = random.Random(load.seed * 1000 + number)
                while time.monotonic() - began_at < load.seconds:
                    await asker.ask(make(dice))

            async with asyncio.TaskGroup() as clients:
                for number in range(load.clients):
                    clients.create_task(client(number), name=f"client {number}")
    return Heard(asker.asked, time.monotonic() - began_at, time.process_time())


if __name__ == "__main__":
    sys.stdout.buffer.write(
        msgspec.json.encode(uvloop.run(offered(msgspec.json.decode(sys.stdin.buffer.read(), type=Load))))
    )
