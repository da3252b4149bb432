"""A receiver of OpenTelemetry's traces: the Collector's own, which appends what it gets to a file, as a child process.

`python -m kgraph.stack.otlp_receiver build` builds it ahead of its first use.
"""

import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import msgspec

from kgraph.stack.data_server import DataServer, log_of
from kgraph.stack.folders import HeldFolder, held_folder
from kgraph.stack.gobuild import GoModule, build
from kgraph.stack.ports import LOOPBACK
from kgraph.stack.process import Command
from kgraph.stack.progress import Report, ahead_of_use, told
from kgraph.stack.server import NotYet, Plan, Ports, Server

RECEIVER = GoModule(
    name="otlp-receiver",
    version="0.165.0",
    source="go.opentelemetry.io/collector/receiver/otlpreceiver",
    packages=(".",),
)


class OtlpOptions(msgspec.Struct, frozen=True):
    """How it is set up; port 0 is any free one."""

    port: int = 0
    deadline_seconds: float = 30.0
    grace_seconds: float = 10.0


async def receiver_program(report: Report) -> Path:
    """The program, built where it is missing. Raises as `gobuild.build` does."""
    return await build(RECEIVER, report) / RECEIVER.name


class OtlpReceiver(DataServer):
    """A running receiver of our own."""

    @classmethod
    @asynccontextmanager
    async def start(
        cls, data_dir: Path, options: OtlpOptions | None = None, *, report: Report | None = None
    ) -> AsyncIterator[Self]:
        """Build it if need be, start it, and stop it in the end. Raises as other servers do."""
        with told(report) as heard:
            program = await receiver_program(heard)
        async with (
            held_folder(data_dir) as held,
            Server.run(_plan(program, held, options or OtlpOptions())) as server,
        ):
            yield cls(server, held.path)

    @property
    def endpoint(self) -> str:
        """For OTEL_EXPORTER_OTLP_ENDPOINT."""
        return f"http://{LOOPBACK}:{self._server.ports['http']}"

    def spans(self) -> Iterator[dict[str, Any]]:
        """The spans so far, as OTLP's JSON has them, each with its process's attributes as `resource`."""
        file = _file(self.data_dir)
        for line in file.read_text("utf-8").splitlines() if file.exists() else ():
            for group in json.loads(line)["resourceSpans"]:
                for scope in group["scopeSpans"]:
                    yield from ({**span, "resource": group["resource"]} for span in scope["spans"])


def _file(home: Path) -> Path:
    return home / "traces.jsonl"


def _plan(program: Path, held: HeldFolder, options: OtlpOptions) -> Plan:
    home = held.path

    def command(ports: Ports) -> Command:
        argv = (str(program), f"-address={LOOPBACK}:{ports['http']}", f"-file={_file(home)}")
        return Command(
            "otlp-receiver", argv, log_of(home), grace_seconds=options.grace_seconds, held_files=(held.lock,)
        )  # fmt: skip

    async def probe(ports: Ports) -> None:
        try:
            socket.create_connection((LOOPBACK, ports["http"]), timeout=1).close()
        except OSError as error:
            raise NotYet(f"port {ports['http']}: {error}") from error

    return Plan("the OTLP receiver", {"http": options.port}, command, probe, options.deadline_seconds)


if __name__ == "__main__":
    ahead_of_use("kgraph.stack.otlp_receiver", "build", receiver_program)
