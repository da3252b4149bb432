"""`python -m tests.load.client`: the clients of a load, in a process of their own; a Load on stdin, a Heard on stdout.

The Load is one line. The process ends when it has answered, or when its stdin is closed.

Closed: each client asks its next question as soon as it has its answer: how much can be had. Open: questions come at
their own times, whoever is still waiting, and each one's time counts from the moment at which it was meant to be asked:
what people wait for. A closed model alone hides every standstill, because nobody asks while nothing is answered.
"""

import asyncio
import os
import random
import sys
import threading
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


def _end_with_parent() -> None:
    """Wait until nobody holds the other end of stdin, and end: what asks for an hour must not outlive who wanted it."""
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    wanted = msgspec.json.decode(sys.stdin.buffer.readline(), type=Load)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(offered(wanted))))
    sys.stdout.buffer.flush()
    os._exit(0)  # the thread holds stdin, which Python would wait for
