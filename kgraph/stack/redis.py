"""Redis as a child process, its data kept between runs where that is wished.

`python -m kgraph.stack.redis fetch` fetches it ahead of its first use.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from kgraph.stack.data_server import DataServer, log_of
from kgraph.stack.folders import HeldFolder, held_folder
from kgraph.stack.ports import LOOPBACK
from kgraph.stack.process import Command
from kgraph.stack.progress import Report, ahead_of_use, told
from kgraph.stack.redis_fetch import RedisProgram, redis_program
from kgraph.stack.server import NotYet, Plan, Ports, Server

PROBE_TIMEOUT_SECONDS = 3.0


class RedisOptions(msgspec.Struct, frozen=True):
    """How a Redis is set up; port 0 is any free one.

    With `append_only` it keeps its data between runs, what was written in the last second before kill -9
    excepted; else it forgets with its process. `settings` are further lines of redis.conf, and win over ours.
    """

    port: int = 0
    append_only: bool = False
    deadline_seconds: float = 30.0
    grace_seconds: float = 10.0
    settings: Mapping[str, str] = {}


class RedisServer(DataServer):
    """A running Redis of our own. It has no login: every user of the machine can read what is in it."""

    @classmethod
    @asynccontextmanager
    async def start(
        cls, data_dir: Path, options: RedisOptions | None = None, *, report: Report | None = None
    ) -> AsyncIterator[Self]:
        """Fetch it if need be, start it on its data folder, and stop it in the end.

        Raises DataFolderInUse, PortTaken, ServerDied, ServerNotReady, and StackError for whatever else
        prevents it.
        """
        with told(report) as heard:
            program = await redis_program(heard)
        async with (
            held_folder(data_dir) as held,
            Server.run(_plan(program, held, options or RedisOptions())) as server,
        ):
            yield cls(server, held.path)

    @property
    def port(self) -> int:
        """The loopback port that it listens on."""
        return self._server.ports["redis"]

    @property
    def url(self) -> str:
        """For clients: its database 0."""
        return f"redis://{LOOPBACK}:{self.port}/0"


def _plan(program: RedisProgram, held: HeldFolder, options: RedisOptions) -> Plan:
    home = held.path

    def command(ports: Ports) -> Command:
        settings = {
            "bind": LOOPBACK,
            "port": str(ports["redis"]),
            "dir": f'"{home}"',
            "daemonize": "no",
            "save": '""',  # snapshots fork, and nobody here needs them
            "appendonly": "yes" if options.append_only else "no",
            "always-show-logo": "no",
            **options.settings,
        }
        file = home / "redis.conf"
        file.write_text("".join(f"{name} {value}\n" for name, value in settings.items()), encoding="utf-8")
        return Command(
            "redis", (str(program.path), str(file)), log_of(home), program.env,
            grace_seconds=options.grace_seconds, held_files=(held.lock,),
        )  # fmt: skip

    async def probe(ports: Ports) -> None:
        async with Redis(host=LOOPBACK, port=ports["redis"], socket_timeout=PROBE_TIMEOUT_SECONDS) as client:
            try:
                await client.ping()
            except (RedisError, OSError) as error:  # it says so too while it reads its data
                raise NotYet(f"port {ports['redis']}: {error}") from error

    return Plan("Redis", {"redis": options.port}, command, probe, options.deadline_seconds)


if __name__ == "__main__":
    ahead_of_use("kgraph.stack.redis", "fetch", redis_program)
