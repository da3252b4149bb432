"""A server: a process with ports, which is ready once it has answered a question."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Self, TypeAlias

import msgspec
import structlog

from kgraph.stack.errors import PortTaken, ServerDied, ServerNotReady, last_lines
from kgraph.stack.ports import free_ports, is_free
from kgraph.stack.process import Command, Process

log = structlog.get_logger(__name__)

Ports: TypeAlias = Mapping[str, int]

# Between our look for a free port and the server's bind, another process may have taken it.
PORT_ATTEMPTS = 4
PORT_TAKEN = re.compile(r"address already in use|failed to bind|BindException", re.IGNORECASE)
LOG_LINES_SEARCHED = 400

FIRST_POLL_SECONDS = 0.02
LONGEST_POLL_SECONDS = 0.25
# Whoever has taken our port may accept connections and say nothing, while our server is long dead.
LONGEST_PROBE_SECONDS = 10.0


class NotYet(Exception):
    """What a probe raises while its server does not answer as it should; the message says what it did."""


class Plan(msgspec.Struct, frozen=True):
    """All that is particular to one kind of server.

    `ports` names the ports that it listens on; a number other than 0 is wanted exactly, 0 is any free one.
    `command` gets the numbers by name, writes what configuration it needs, and says what to run.
    `probe` gets them too, asks the server, and returns once it is ready or raises `NotYet`.
    """

    name: str
    ports: Mapping[str, int]
    command: Callable[[Ports], Command]
    probe: Callable[[Ports], Awaitable[None]]
    deadline_seconds: float = 180.0


class Server:
    """A started server. Its ports stay the same for its life, restarts included."""

    def __init__(self, plan: Plan, ports: Ports, process: Process) -> None:
        self.plan = plan
        self.ports = ports
        self._process = process

    @classmethod
    @asynccontextmanager
    async def run(cls, plan: Plan) -> AsyncIterator[Self]:
        """Start it, wait until it is ready, and stop it in the end. Raises what `start` raises."""
        server = await cls.start(plan)
        try:
            yield server
        finally:
            await server.stop()

    @classmethod
    async def start(cls, plan: Plan) -> Self:
        """Start it and wait until it is ready.

        Raises PortTaken, ServerDied or ServerNotReady, the last two with the end of its log, and StackError
        without free ports.
        """
        wants_free = [name for name, number in plan.ports.items() if number == 0]
        attempts_left = PORT_ATTEMPTS
        while True:
            attempts_left -= 1
            for number in plan.ports.values():
                if number != 0 and not is_free(number):
                    raise PortTaken(plan.name, number)
            ports = {**plan.ports, **dict(zip(wants_free, free_ports(len(wants_free)), strict=True))}
            process = await Process.start(plan.command(ports))
            server = cls(plan, ports, process)
            try:
                await server.until_ready()
            except ServerDied:
                said = "\n".join(last_lines(process.command.log, LOG_LINES_SEARCHED, since=process.log_start))
                if not (attempts_left and wants_free and PORT_TAKEN.search(said)):
                    raise
                log.info("port was taken, trying others", server=plan.name, ports=ports)
            except BaseException:
                await process.kill()
                raise
            else:
                return server

    @property
    def pid(self) -> int:
        """The process id of the server itself, not of its guard."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether its process has not ended."""
        return self._process.is_running

    async def stop(self) -> int:
        """End it in good order, by force after its grace period; its exit code."""
        return await self._process.stop()

    async def kill(self) -> int:
        """End it as `kill -9` does; its exit code."""
        return await self._process.kill()

    async def start_again(self) -> None:
        """Start it after its end, on the same ports, and wait until it is ready. Raises as `start` does."""
        if self.is_running:
            await self.stop()
        self._process = await Process.start(self.plan.command(self.ports))
        try:
            await self.until_ready()
        except BaseException:
            await self._process.kill()
            raise

    async def restart(self) -> None:
        """Stop it in good order and start it on the same ports."""
        await self.stop()
        await self.start_again()

    def pause(self) -> None:
        """Stop its process's clock (SIGSTOP): connections stay open, and nothing answers."""
        self._process.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused process go on (SIGCONT)."""
        self._process.signal(signal.SIGCONT)

    async def until_ready(self) -> None:
        """Ask it until it is ready. Raises ServerDied, or ServerNotReady after the plan's deadline."""
        why, pause_seconds = "nothing was asked", FIRST_POLL_SECONDS
        loop = asyncio.get_running_loop()
        started_at = loop.time()
        while True:
            left_seconds = started_at + self.plan.deadline_seconds - loop.time()
            if not self.is_running:
                raise self._process.error(f"ended by itself with code {self._process.returncode}", ServerDied)
            if left_seconds <= 0:
                late = f"was not ready in {self.plan.deadline_seconds:g} s: {why}"
                raise self._process.error(late, ServerNotReady)
            try:
                await asyncio.wait_for(self.plan.probe(self.ports), min(left_seconds, LONGEST_PROBE_SECONDS))
            except NotYet as not_yet:
                why = str(not_yet)
            except TimeoutError:
                why = "it took the question and did not answer"
            else:
                log.debug("server ready", server=self.plan.name, seconds=round(loop.time() - started_at, 2))
                return
            await self._process.ended_within(pause_seconds)
            pause_seconds = min(pause_seconds * 1.5, LONGEST_POLL_SECONDS)
