"""`kgraph` as a user has it: a command, in processes of its own."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from kgraph.cli.running import find_running
from kgraph.stack.neo4j_fetch import prepare
from kgraph.stack.progress import silent

EXAMPLES = Path(__file__).parents[2] / "examples"
READY = "Ctrl-C ends it."
UP_SECONDS = 400.0  # seven is usual; this is for a machine that others keep busy
STOP_SECONDS = 90.0
POLL_SECONDS = 0.1


class Home:
    """A user's folders, and the commands run in them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.environ = {
            **{name: value for name, value in os.environ.items() if name not in FOREIGN},
            "XDG_RUNTIME_DIR": str(folder),
            "KGRAPH_DATA": str(self.data),
            "KUBECONFIG": str(folder / "no-kubeconfig"),
            "COLUMNS": "60",
        }

    def run(self, *words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "kgraph.cli.main", *words],
            env=self.environ,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=UP_SECONDS,
            check=False,
        )

    def run_example(self, name: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a script of examples/ against the API that runs here."""
        running = find_running(self.environ)
        assert running is not None
        return subprocess.run(
            [sys.executable, EXAMPLES / f"{name}.py", *words],
            env={**self.environ, "KGRAPH_API": running.api},
            capture_output=True,
            text=True,
            timeout=UP_SECONDS,
            check=False,
        )

    @contextmanager
    def up(self, *words: str) -> Iterator["Up"]:
        """`kgraph up`, ready; killed in the end where the test has not ended it."""
        log = self.folder / "up.log"
        with (
            log.open("w") as output,
            subprocess.Popen(
                [sys.executable, "-m", "kgraph.cli.main", "up", *words],
                env=self.environ,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ) as process,
        ):
            running = Up(process, log)
            try:
                wait_until(lambda: READY in running.said or process.poll() is not None, UP_SECONDS, "it is up")
                assert process.poll() is None, running.said
                yield running
            finally:
                running.kill()


class Up:
    """A running `kgraph up`."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def said(self) -> str:
        """All that it wrote."""
        return self._log.read_text("utf-8")

    def family(self) -> list[psutil.Process]:
        """Its process and all that it started."""
        itself = psutil.Process(self._process.pid)
        return [itself, *itself.children(recursive=True)]

    def signal(self, number: signal.Signals) -> int:
        """Send it a signal and wait for its end; its exit code."""
        self._process.send_signal(number)
        return self._process.wait(STOP_SECONDS)

    def kill(self) -> None:
        """End it as the out-of-memory killer would."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(STOP_SECONDS)


FOREIGN = frozenset({
    "CLUSTERS_CONFIG", "KGRAPH_API", "NEO4J_URI", "NEO4J_USER", "NEO4J_PASSWORD", "NEO4J_DATABASE", "LOG_LEVEL",
    "LOG_FORMAT", "KUBECONFIG", "CLUSTERS", "AUTHENTICATION", "KGRAPH_TOKEN", "KGRAPH_TOKEN_FILE",
})  # fmt: skip


def wait_until(holds: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait for a condition, and fail with its name where it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain until {what}"
        time.sleep(POLL_SECONDS)


def gone(family: list[psutil.Process]) -> bool:
    """Whether all of these processes have ended."""
    return not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in family)


@pytest.fixture(scope="session")
def installed_neo4j() -> None:
    """Neo4j is in the cache, so that no test's time is spent on fetching it."""
    asyncio.run(prepare(report=silent))


@pytest.fixture
def home(installed_neo4j: None, tmp_path: Path) -> Home:
    """Folders of a user who never ran the command."""
    return Home(tmp_path)


@pytest.fixture(scope="module")
def home_of_module(installed_neo4j: None, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The same, for a module whose tests share one running `kgraph up`."""
    return Home(tmp_path_factory.mktemp("home"))
