"""Prometheus as a child process, and promtool: the machine's own, else Debian's package, unpacked into the cache.

`python -m kgraph.stack.prometheus fetch` fetches it ahead of its first use.
"""

import json
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import httpx
import msgspec

from kgraph.stack.data_server import DataServer, log_of
from kgraph.stack.debian import unpacked
from kgraph.stack.folders import HeldFolder, held_folder
from kgraph.stack.health_page import ask
from kgraph.stack.ports import LOOPBACK
from kgraph.stack.process import Command
from kgraph.stack.progress import Report, ahead_of_use, told
from kgraph.stack.server import Plan, Ports, Server

QUERY_TIMEOUT_SECONDS = 3.0


class PrometheusPrograms(msgspec.Struct, frozen=True):
    """Prometheus and its tool."""

    prometheus: Path
    promtool: Path


async def prometheus_programs(report: Report) -> PrometheusPrograms:
    """The machine's own, else the cache's, fetched where they are missing. Raises as `debian.unpacked` does."""
    own = shutil.which("prometheus"), shutil.which("promtool")
    if own[0] and own[1]:
        return PrometheusPrograms(Path(own[0]), Path(own[1]))
    # Its programs need nothing but libc; what the package wants beside is for its pages.
    folder = await unpacked("prometheus", report, alone=True)
    return PrometheusPrograms(folder / "usr" / "bin" / "prometheus", folder / "usr" / "bin" / "promtool")


class PrometheusOptions(msgspec.Struct, frozen=True):
    """What it scrapes, addresses as `127.0.0.1:9090`, how often, and with which files of rules; port 0 is any."""

    targets: Sequence[str] = ()
    rules: Sequence[Path] = ()
    scrape_seconds: int = 1
    port: int = 0
    deadline_seconds: float = 60.0
    grace_seconds: float = 10.0


class PrometheusServer(DataServer):
    """A running Prometheus of our own."""

    @classmethod
    @asynccontextmanager
    async def start(
        cls, data_dir: Path, options: PrometheusOptions, *, report: Report | None = None
    ) -> AsyncIterator[Self]:
        """Fetch it if need be, start it on its data folder, and stop it in the end. Raises as other servers do."""
        with told(report) as heard:
            programs = await prometheus_programs(heard)
        async with held_folder(data_dir) as held, Server.run(_plan(programs, held, options)) as server:
            yield cls(server, held.path)

    @property
    def url(self) -> str:
        """For clients of its API."""
        return f"http://{LOOPBACK}:{self._server.ports['http']}"

    async def query(self, expression: str) -> list[dict[str, Any]]:
        """What an expression of PromQL gives now: `{metric: labels, value: [time, text]}` each."""
        async with httpx.AsyncClient(timeout=QUERY_TIMEOUT_SECONDS, trust_env=False) as http:
            answer = await http.get(f"{self.url}/api/v1/query", params={"query": expression})
            found: list[dict[str, Any]] = answer.raise_for_status().json()["data"]["result"]
            return found


def _plan(programs: PrometheusPrograms, held: HeldFolder, options: PrometheusOptions) -> Plan:
    home = held.path

    def command(ports: Ports) -> Command:
        every = f"{options.scrape_seconds}s"
        settings = {
            "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
            "rule_files": [str(file) for file in options.rules],
            "scrape_configs": [{"job_name": "kgraph", "static_configs": [{"targets": list(options.targets)}]}],
        }
        file = home / "prometheus.yml"
        file.write_text(json.dumps(settings), encoding="utf-8")  # which YAML is, too
        argv = (
            str(programs.prometheus),
            f"--config.file={file}",
            f"--storage.tsdb.path={home / 'data'}",
            f"--web.listen-address={LOOPBACK}:{ports['http']}",
        )
        return Command(
            "prometheus", argv, log_of(home), grace_seconds=options.grace_seconds, held_files=(held.lock,)
        )  # fmt: skip

    async def probe(ports: Ports) -> None:
        await ask(f"http://{LOOPBACK}:{ports['http']}/-/ready")

    return Plan("Prometheus", {"http": options.port}, command, probe, options.deadline_seconds)


if __name__ == "__main__":
    ahead_of_use("kgraph.stack.prometheus", "fetch", prometheus_programs)
