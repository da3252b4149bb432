"""A child process ends with us, whatever ends us, and can be asked to end before that."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from kgraph.stack.errors import ServerDied
from kgraph.stack.process import Command, Process

# A server that is slow to end: it says when it is asked to, and ends when SIGUSR1 lets it.
SLOW_TO_END = """
import signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
def end(*_):
    print("asked to end", flush=True); signal.sigwait([signal.SIGUSR1]); print("ended well", flush=True); sys.exit(7)
signal.signal(signal.SIGTERM, end)
print("running", flush=True)
while True: signal.pause()
"""

DEAF = """
import signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
print("child", child.pid, flush=True)
while True: signal.pause()
"""

# A parent as ours may be: it starts a server, says its process id and waits to be killed, or for our own end.
PARENT = """
import asyncio, sys
from pathlib import Path
import structlog
from kgraph.stack.process import Command, Process
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
async def main():
    log, grace_seconds, *argv = sys.argv[1:]
    process = await Process.start(Command("server", tuple(argv), Path(log), grace_seconds=float(grace_seconds)))
    print(process.pid, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await process.stop()
asyncio.run(main())
"""


async def until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - nobody tells us of the end of a stranger's child
            await asyncio.sleep(0.02)


def said(log: Path, words: str) -> Callable[[], bool]:
    """Whether a log has these words."""
    return lambda: log.exists() and words in log.read_text()


async def let_end(pid: int, log: Path) -> None:
    """Once a server that is slow to end has been asked to, let it."""
    await until(said(log, "asked to end"))
    os.kill(pid, signal.SIGUSR1)


def ended(pid: int) -> bool:
    """Whether a process is gone, or waits only to be reaped by a parent that is not ours."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def parent_of_server(log: Path, program: str, grace_seconds: float) -> tuple[asyncio.subprocess.Process, int]:
    """A parent process, and the process id of the server that it has started."""
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT, str(log), str(grace_seconds), sys.executable, "-c", program),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert parent.stdout is not None
    return parent, int(await parent.stdout.readline())


async def test_parent_killed_server_is_asked_to_end(tmp_path: Path) -> None:
    """A server whose parent is killed with -9 is asked to end and gets the time to do it well."""
    log = tmp_path / "log"
    parent, server = await parent_of_server(log, SLOW_TO_END, grace_seconds=20)
    await until(said(log, "running"))
    parent.kill()
    await parent.wait()
    await let_end(server, log)
    await until(lambda: ended(server))
    assert "ended well" in log.read_text()


async def test_parent_killed_deaf_server_is_killed(tmp_path: Path) -> None:
    """A server that ignores the request ends by force after its grace period, its own children included."""
    log = tmp_path / "log"
    parent, server = await parent_of_server(log, DEAF, grace_seconds=0.3)
    await until(said(log, "child"))
    child = int(log.read_text().split()[1])
    parent.kill()
    await parent.wait()
    await until(lambda: ended(server) and ended(child))


async def test_guard_killed_server_ends(tmp_path: Path) -> None:
    """A server does not outlive its guard either, and we see its end."""
    process = await Process.start(Command("server", (sys.executable, "-c", DEAF), tmp_path / "log"))
    os.kill(psutil.Process(process.pid).ppid(), signal.SIGKILL)
    await asyncio.wait_for(process.wait(), 20)
    await until(lambda: ended(process.pid))


async def test_stop_returns_exit_code(tmp_path: Path) -> None:
    """A server that is stopped ends in its own way, with its own code."""
    log = tmp_path / "log"
    process = await Process.start(Command("server", (sys.executable, "-c", SLOW_TO_END), log))
    await until(said(log, "running"))
    code, _ = await asyncio.gather(process.stop(), let_end(process.pid, log))
    assert code == 7
    assert not process.is_running


async def test_paused_server_can_be_stopped(tmp_path: Path) -> None:
    """A server that hangs in SIGSTOP is woken to end in good order."""
    log = tmp_path / "log"
    process = await Process.start(Command("server", (sys.executable, "-c", SLOW_TO_END), log))
    await until(said(log, "running"))
    process.signal(signal.SIGSTOP)
    await until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED)
    code, _ = await asyncio.gather(process.stop(), let_end(process.pid, log))
    assert code == 7


async def test_interrupt_of_our_terminal_spares_server(tmp_path: Path) -> None:
    """A server is in another session than we, so that Ctrl-C reaches us alone and we can drain first."""
    process = await Process.start(Command("server", (sys.executable, "-c", SLOW_TO_END), tmp_path / "log"))
    try:
        assert os.getsid(process.pid) == process.pid
    finally:
        await process.kill()


async def test_held_file_stays_open_while_server_lives(tmp_path: Path) -> None:
    """A lock that is handed to a server is held by its guard, and not by the server, whose code is not ours."""
    read_end, write_end = os.pipe()
    command = Command("server", (sys.executable, "-c", SLOW_TO_END), tmp_path / "log", held_files=(write_end,))
    process = await Process.start(command)
    os.close(write_end)
    os.set_blocking(read_end, False)
    with pytest.raises(BlockingIOError):
        os.read(read_end, 1)
    await process.kill()
    assert os.read(read_end, 1) == b""
    os.close(read_end)


async def test_missing_program_is_named(tmp_path: Path) -> None:
    """A program that is not there gives an error which says so, at once."""
    before = time.monotonic()
    with pytest.raises(ServerDied, match="no-such-program: No such file"):
        await Process.start(Command("server", ("/no-such-program",), tmp_path / "log"))
    assert time.monotonic() - before < 10
