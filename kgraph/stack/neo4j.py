"""The embedded Neo4j: the graph's database as a child process, its data kept between runs.

`python -m kgraph.stack.neo4j_fetch` fetches it ahead of its first use and prepares a quick start.
"""

import os
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

import neo4j
from neo4j.exceptions import AuthError, DriverError, Neo4jError

from kgraph.stack.data_server import DataServer, log_of
from kgraph.stack.errors import StackError
from kgraph.stack.files import write_private
from kgraph.stack.folders import HeldFolder, held_folder
from kgraph.stack.health_page import ask
from kgraph.stack.neo4j_config import FOLDERS, Neo4jOptions, command_line, configuration
from kgraph.stack.neo4j_install import ADMIN_CLASS, Installation, install
from kgraph.stack.ports import LOOPBACK
from kgraph.stack.process import Command, Process
from kgraph.stack.progress import Report, told
from kgraph.stack.server import NotYet, Plan, Server

USER = "neo4j"
DATABASE = "neo4j"
PASSWORD_BYTES = 24  # of randomness
PROBE_TIMEOUT_SECONDS = 5.0
ADMIN_SECONDS = 120.0


def default_data_dir() -> Path:
    """$KGRAPH_DATA, else `dictamesh/neo4j` in $XDG_DATA_HOME, else in ~/.local/share."""
    if named := os.environ.get("KGRAPH_DATA"):
        return Path(named).expanduser().absolute()
    return Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser().absolute() / "dictamesh" / "neo4j"


class Neo4jServer(DataServer):
    """A running Neo4j of our own; its own logs lie beside what its process wrote."""

    def __init__(self, server: Server, data_dir: Path, password: str) -> None:
        super().__init__(server, data_dir)
        self.user = USER
        self.password = password

    @classmethod
    @asynccontextmanager
    async def start(
        cls, data_dir: Path | None = None, options: Neo4jOptions | None = None, *, report: Report | None = None
    ) -> AsyncIterator[Self]:
        """Fetch it if need be, start it on its data folder, and stop it in the end.

        Raises DataFolderInUse, FetchError, PortTaken, ServerDied, ServerNotReady, and StackError for whatever
        else prevents it.
        """
        options = options or Neo4jOptions()
        with told(report) as heard:
            installation = await install(options.version, heard)
        async with held_folder(data_dir or default_data_dir()) as held:
            password = await _prepare(held.path, installation)
            async with Server.run(_plan(installation, held, options, password)) as server:
                yield cls(server, held.path, password)

    @property
    def bolt_uri(self) -> str:
        """For drivers. It names this one server, so no routing."""
        return f"bolt://{LOOPBACK}:{self._server.ports['bolt']}"

    @property
    def http_uri(self) -> str:
        """For the HTTP API; without a slash at its end."""
        return f"http://{LOOPBACK}:{self._server.ports['http']}"

    @property
    def browser_uri(self) -> str:
        """The page of Neo4j Browser."""
        return f"{self.http_uri}/browser/"

    @property
    def password_file(self) -> Path:
        """The file that keeps the password."""
        return self.data_dir / "password"


def _plan(installation: Installation, held: HeldFolder, options: Neo4jOptions, password: str) -> Plan:
    home = held.path

    def command(ports: Mapping[str, int]) -> Command:
        (home / "conf" / "neo4j.conf").write_text(configuration(options, ports), encoding="utf-8")
        argv = command_line(installation, home, options)
        return Command("neo4j", argv, log_of(home), grace_seconds=options.grace_seconds, held_files=(held.lock,))

    async def probe(ports: Mapping[str, int]) -> None:
        await _ask_bolt(ports["bolt"], password, home)
        await ask(f"http://{LOOPBACK}:{ports['http']}/", timeout=PROBE_TIMEOUT_SECONDS)

    ports = {"bolt": options.bolt_port, "http": options.http_port}
    return Plan(f"Neo4j {installation.version}", ports, command, probe, options.deadline_seconds)


async def _ask_bolt(port: int, password: str, home: Path) -> None:
    async with neo4j.AsyncGraphDatabase.driver(
        f"bolt://{LOOPBACK}:{port}",
        auth=(USER, password),
        connection_timeout=PROBE_TIMEOUT_SECONDS,
        connection_acquisition_timeout=PROBE_TIMEOUT_SECONDS,
        max_transaction_retry_time=0,
        telemetry_disabled=True,
    ) as driver:
        try:
            await driver.execute_query("RETURN 1", database_=DATABASE)
        except AuthError as error:
            raise StackError(
                f"the password in {home / 'password'} is not that of the data beside it: put back the right one"
            ) from error
        except (DriverError, Neo4jError, OSError) as error:
            raise NotYet(f"Bolt on port {port}: {error}") from error


async def _prepare(home: Path, installation: Installation) -> str:
    """Make the folders and, before the first start, the password; the password."""
    _make_folders(home)
    file = home / "password"
    has_data = (home / "data" / "databases" / "system").exists()
    if has_data and not file.exists():
        raise StackError(f"{home} has data, but its file `password` is gone: put it back, or choose another folder")
    if not has_data:
        # Not in base64: neo4j-admin takes a password that begins with a hyphen for an option.
        password = secrets.token_hex(PASSWORD_BYTES)
        write_private(file, password)
        await _set_initial_password(home, installation, password)
    return file.read_text("ascii").strip()


def _make_folders(home: Path) -> None:
    for name in FOLDERS:
        (home / name).mkdir(exist_ok=True)


async def _set_initial_password(home: Path, installation: Installation, password: str) -> None:
    (home / "conf" / "neo4j.conf").touch()
    java = installation.java
    # Through a file: a command line can be read by every user of the machine.
    arguments = home / "run" / "arguments"
    write_private(arguments, f"{ADMIN_CLASS} dbms set-initial-password {password}\n")
    argv = java.command(installation.folder, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
    env = {"NEO4J_HOME": str(home), "NEO4J_CONF": str(home / "conf")}
    try:
        process = await Process.start(Command("neo4j-admin", (*argv, f"@{arguments}"), log_of(home), env))
        if not await process.ended_within(ADMIN_SECONDS) or process.returncode != 0:
            await process.kill()
            raise process.error(f"could not set the initial password, code {process.returncode}")
    finally:
        arguments.unlink()
