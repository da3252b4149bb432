"""`kgraph up` from its start to its end, whichever way it ends."""

import signal

import psutil
import pytest

from kgraph.stack.folders import held_folder
from tests.e2e.conftest import STOP_SECONDS, Home, gone, wait_until

pytestmark = [pytest.mark.neo4j, pytest.mark.timeout(1200)]


async def is_free(home: Home) -> bool:
    """Whether the data folder can be held by another process."""
    async with held_folder(home.data):
        return True


def test_once_ends_with_the_demos_answer(home: Home) -> None:
    """On a machine without a cluster it says that it shows the demo and why, answers a question, and ends with 0."""
    ended = home.run("up", "--once")
    assert ended.returncode == 0, ended.stderr
    assert "Showing the bundled demo: no kubeconfig" in ended.stderr
    assert "GraphiQL       http://127.0.0.1:" in ended.stderr
    lines = ended.stdout.splitlines()
    assert lines[0] == "Deployment shop/web in demo"
    assert "│   ├── ConfigMap web-theme  USES_CONFIGMAP" in lines
    assert all(len(line) <= 60 for line in lines)
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
async def test_a_signal_leaves_no_process_and_no_damage(home: Home, number: signal.Signals) -> None:
    """After Ctrl-C, or a SIGTERM, nothing runs any more, and the data folder is free."""
    with home.up() as up:
        family = up.family()
        assert any("java" in process.name() for process in family)
        assert up.signal(number) == 0, up.said
        wait_until(lambda: gone(family), STOP_SECONDS, "all processes have ended")
    assert "Traceback" not in up.said
    assert await is_free(home)


async def test_kill_9_leaves_no_neo4j(home: Home) -> None:
    """Even when nothing of ours can clean up, Neo4j ends, the folder becomes free, and the next start is whole."""
    with home.up() as up:
        family = up.family()
        up.kill()
        wait_until(lambda: gone(family), STOP_SECONDS, "Neo4j has ended")
    assert await is_free(home)
    again = home.run("up", "--once")
    assert again.returncode == 0, again.stderr
    assert again.stdout.startswith("Deployment shop/web in demo")


def test_ctrl_c_while_it_starts_leaves_no_process(home: Home) -> None:
    """An impatient Ctrl-C, before anything is up, ends all as well, with the code of an interruption."""
    import subprocess
    import sys

    log = home.folder / "starting.log"
    with (
        log.open("w") as output,
        subprocess.Popen(
            [sys.executable, "-m", "kgraph.cli.main", "up"], env=home.environ, stdout=output, stderr=output
        ) as process,
    ):
        try:
            itself = psutil.Process(process.pid)
            wait_until(lambda: bool(itself.children(recursive=True)), STOP_SECONDS, "Neo4j is being started")
            family = [itself, *itself.children(recursive=True)]
            process.send_signal(signal.SIGINT)
            assert process.wait(STOP_SECONDS) == 128 + signal.SIGINT
            wait_until(lambda: gone(family), STOP_SECONDS, "all processes have ended")
        finally:
            if process.poll() is None:
                process.kill()
    assert "Traceback" not in log.read_text("utf-8")
