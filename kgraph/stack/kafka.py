"""Kafka as a child process: one broker that is its own controller (KRaft), its data kept between runs.

`python -m kgraph.stack.kafka fetch` fetches it ahead of its first use.
"""

import asyncio
import base64
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

import msgspec
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from kgraph.stack.data_server import DataServer, log_of
from kgraph.stack.folders import HeldFolder, held_folder
from kgraph.stack.jars import installed
from kgraph.stack.java import Java, java_runtime
from kgraph.stack.kafka_config import VERSION, KafkaOptions, configuration, java_options
from kgraph.stack.ports import LOOPBACK
from kgraph.stack.process import Command, Process
from kgraph.stack.progress import Report, ahead_of_use, told
from kgraph.stack.server import NotYet, Plan, Ports, Server

JAVA_RELEASES = range(17, 26)
MAIN_CLASS = "kafka.Kafka"
STORAGE_TOOL = "kafka.tools.StorageTool"
FORMAT_SECONDS = 120.0
PROBE_TIMEOUT_MS = 3000


class KafkaProgram(msgspec.Struct, frozen=True):
    """A Kafka that can be started: its jars in the cache, its tools among them, and the Java that runs them."""

    jars: Path
    java: Java

    def command(self, main_class: str, *arguments: str, options: tuple[str, ...] = ()) -> tuple[str, ...]:
        """The command line of one of its programs."""
        return (*self.java.command(self.jars, *options), main_class, *arguments)


async def kafka_program(report: Report) -> KafkaProgram:
    """Kafka's jars, fetched where they are missing. Raises FetchError, and StackError where no Java fits."""
    return KafkaProgram(await installed("Kafka", VERSION, report), java_runtime(JAVA_RELEASES))


class KafkaServer(DataServer):
    """A running Kafka of our own. It has no login: every user of the machine can read what is in it."""

    def __init__(self, server: Server, data_dir: Path, options: KafkaOptions) -> None:
        super().__init__(server, data_dir)
        self._advertised_port = options.advertised_port

    @classmethod
    @asynccontextmanager
    async def start(
        cls, data_dir: Path, options: KafkaOptions | None = None, *, report: Report | None = None
    ) -> AsyncIterator[Self]:
        """Fetch it if need be, start it on its data folder, and stop it in the end.

        Raises DataFolderInUse, FetchError, PortTaken, ServerDied, ServerNotReady, and StackError for whatever
        else prevents it.
        """
        options = options or KafkaOptions()
        with told(report) as heard:
            program = await kafka_program(heard)
        async with held_folder(data_dir) as held:
            await _format(program, held.path, options)
            async with Server.run(_plan(program, held, options)) as server:
                yield cls(server, held.path, options)

    @property
    def bootstrap_servers(self) -> str:
        """For clients; where another port is advertised, that one."""
        return f"{LOOPBACK}:{self._advertised_port or self._server.ports['client']}"

    @property
    def direct_servers(self) -> str:
        """For clients that are to reach it whatever becomes of a proxy at the advertised port."""
        return f"{LOOPBACK}:{self._server.ports['direct']}"


def _plan(program: KafkaProgram, held: HeldFolder, options: KafkaOptions) -> Plan:
    home = held.path

    def command(ports: Ports) -> Command:
        file = home / "server.properties"
        file.write_text(configuration(options, home, ports), encoding="utf-8")
        argv = program.command(MAIN_CLASS, str(file), options=java_options(options))
        return Command("kafka", argv, log_of(home), grace_seconds=options.grace_seconds, held_files=(held.lock,))

    async def probe(ports: Ports) -> None:
        await ask(f"{LOOPBACK}:{ports['direct']}")

    ports = {"client": options.port, "direct": 0, "controller": 0}
    return Plan(f"Kafka {VERSION}", ports, command, probe, options.deadline_seconds)


async def ask(servers: str) -> None:
    """Ask a Kafka whether it serves. Raises NotYet unless its broker is in its cluster."""
    host, _, port = servers.rpartition(":")
    admin = AIOKafkaAdminClient(bootstrap_servers=servers, request_timeout_ms=PROBE_TIMEOUT_MS)
    try:
        # The client logs it as an error when nobody listens yet.
        _, writer = await asyncio.open_connection(host, int(port))
        writer.close()
        await admin.start()
        described = await admin.describe_cluster()
    except (KafkaError, OSError) as error:
        raise NotYet(f"{servers}: {error!r}") from error
    finally:
        await admin.close()
    if not described["brokers"]:
        raise NotYet(f"{servers} answers, and its broker is not in its cluster yet")


async def _format(program: KafkaProgram, home: Path, options: KafkaOptions) -> None:
    """Give the folder of a first start its cluster's id; one that has it is left alone."""
    if (home / "data" / "meta.properties").exists():
        return
    file = home / "format.properties"
    # No port is kept in what is written, so that each start can have others.
    file.write_text(configuration(options, home, {"client": 1, "direct": 2, "controller": 3}), encoding="utf-8")
    # Before the second part, so that the id cannot begin with the hyphen of an option.
    cluster = "k" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[:21]
    argv = program.command(
        *(STORAGE_TOOL, "format", "--cluster-id", cluster, "--config", str(file), "--ignore-formatted"),
        options=("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"),
    )
    process = await Process.start(Command("kafka-storage", argv, log_of(home)))
    if not await process.ended_within(FORMAT_SECONDS) or process.returncode != 0:
        await process.kill()
        raise process.error(f"could not prepare the data folder, code {process.returncode}")


if __name__ == "__main__":
    ahead_of_use("kgraph.stack.kafka", "fetch", kafka_program)
