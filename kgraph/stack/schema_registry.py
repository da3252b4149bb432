"""A schema registry as a child process: Apicurio, which speaks the API of Confluent's.

`python -m kgraph.stack.schema_registry fetch` fetches it ahead of its first use.
"""

import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

import msgspec

from kgraph.stack.data_server import DataServer, log_of
from kgraph.stack.folders import HeldFolder, held_folder
from kgraph.stack.health_page import ask
from kgraph.stack.jars import installed
from kgraph.stack.java import Java, java_runtime
from kgraph.stack.ports import LOOPBACK
from kgraph.stack.process import Command
from kgraph.stack.progress import Report, ahead_of_use, told
from kgraph.stack.server import Plan, Ports, Server

VERSION = "3.3.3"  # pinned in `apicurio-VERSION.jars.lock`
JAVA_RELEASES = range(17, 26)
# The main class of its one jar, which names all others.
MAIN_CLASS = "io.quarkus.bootstrap.runner.QuarkusEntryPoint"
CONFLUENT_API = "/apis/ccompat/v7"


class SchemaRegistryOptions(msgspec.Struct, frozen=True):
    """How a schema registry is set up; port 0 is any free one."""

    heap_mib: int = 256
    port: int = 0
    deadline_seconds: float = 120.0
    grace_seconds: float = 10.0


class SchemaRegistryServer(DataServer):
    """A running schema registry of our own. It has no login: every user of the machine can change what is in it."""

    @classmethod
    @asynccontextmanager
    async def start(
        cls, data_dir: Path, options: SchemaRegistryOptions | None = None, *, report: Report | None = None
    ) -> AsyncIterator[Self]:
        """Fetch it if need be, start it on its data folder, and stop it in the end.

        Raises DataFolderInUse, FetchError, PortTaken, ServerDied, ServerNotReady, and StackError for whatever else
        prevents it.
        """
        with told(report) as heard:
            program = await schema_registry_program(heard)
        java = java_runtime(JAVA_RELEASES)
        async with (
            held_folder(data_dir) as held,
            Server.run(_plan(program, java, held, options or SchemaRegistryOptions())) as server,
        ):
            yield cls(server, held.path)

    @property
    def url(self) -> str:
        """For clients of Confluent's API."""
        return f"http://{LOOPBACK}:{self._server.ports['http']}{CONFLUENT_API}"


async def schema_registry_program(report: Report) -> Path:
    """The folder of the program, fetched where it is missing. Raises FetchError."""
    return await installed("Apicurio", VERSION, report, then=_unpack)


def _unpack(folder: Path) -> None:
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    archive.unlink()


def _plan(program: Path, java: Java, held: HeldFolder, options: SchemaRegistryOptions) -> Plan:
    home = held.path

    def command(ports: Ports) -> Command:
        settings = {
            "quarkus.http.host": LOOPBACK,
            "quarkus.http.port": ports["http"],
            "quarkus.management.host": LOOPBACK,
            "quarkus.management.port": ports["management"],
            "apicurio.storage.sql.kind": "h2",
            "apicurio.datasource.url": f"jdbc:h2:file:{home}/registry",
        }
        argv = (
            *java.command(
                program,
                f"-Xmx{options.heap_mib}m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",  # for few requests, soon
                *(f"-D{name}={value}" for name, value in settings.items()),
            ),
            MAIN_CLASS,
        )
        return Command("apicurio", argv, log_of(home), grace_seconds=options.grace_seconds, held_files=(held.lock,))

    async def probe(ports: Ports) -> None:
        await ask(f"http://{LOOPBACK}:{ports['http']}{CONFLUENT_API}/subjects")

    ports = {"http": options.port, "management": 0}
    return Plan(f"Apicurio {VERSION}", ports, command, probe, options.deadline_seconds)


if __name__ == "__main__":
    ahead_of_use("kgraph.stack.schema_registry", "fetch", schema_registry_program)
