"""A child process that cannot outlive us; see `guard`, which stands between."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import msgspec
import structlog

from kgraph.stack import guard
from kgraph.stack.errors import ProcessError, ServerDied

log = structlog.get_logger(__name__)

# After the guard has had its grace period and used SIGKILL, only the kernel's own work is left.
REAP_SECONDS = 15.0


class Command(msgspec.Struct, frozen=True):
    """How a process is started: what is run, where its words go, how long it may take to end.

    `log` is appended to. After `grace_seconds` from the request to end, SIGKILL follows SIGTERM.
    `held_files` are file descriptors which stay open until it has ended, even if we end first: locks.
    """

    name: str
    argv: tuple[str, ...]
    log: Path
    env: Mapping[str, str] = {}
    grace_seconds: float = 30.0
    held_files: tuple[int, ...] = ()
    cwd: Path | None = None


class Process:
    """A started process. It ends when `stop` is called, or when we end, whichever comes first."""

    def __init__(self, command: Command, guard_process: asyncio.subprocess.Process, pid: int, log_start: int) -> None:
        self.command = command
        self.pid = pid
        self.log_start = log_start
        self.returncode: int | None = None
        self._guard = guard_process
        self._watching = asyncio.create_task(self._watch(), name=f"watch {command.name} {pid}")

    @classmethod
    async def start(cls, command: Command) -> Self:
        """Start it; it runs when this returns. Raises ServerDied where it cannot be executed."""
        command.log.parent.mkdir(parents=True, exist_ok=True)
        with command.log.open("ab") as output:
            log_start = output.tell()
            guard_process = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-S", guard.__file__, str(command.grace_seconds), *command.argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=output,
                env={**os.environ, **command.env},
                cwd=command.cwd,
                pass_fds=command.held_files,
                start_new_session=True,  # Ctrl-C in the terminal is for us: we drain, then stop the servers
            )  # fmt: skip
        assert guard_process.stdout is not None
        word, _, rest = (await guard_process.stdout.readline()).decode().strip().partition(" ")
        if word != "started":
            await guard_process.wait()
            raise ServerDied(
                f"{command.name} could not be started: {rest or 'its guard died'}", log=command.log, since=log_start
            )
        log.debug("process started", name=command.name, pid=int(rest), log=str(command.log))
        return cls(command, guard_process, int(rest), log_start)

    @property
    def is_running(self) -> bool:
        """Whether it has not ended, as far as its guard has told; a paused process runs."""
        return self.returncode is None

    async def wait(self) -> int:
        """Wait until it has ended; its exit code (negative: the signal that ended it)."""
        await asyncio.shield(self._watching)
        assert self.returncode is not None
        return self.returncode

    async def ended_within(self, seconds: float) -> bool:
        """Wait for its end, at most that long; whether it has ended."""
        await asyncio.wait({self._watching}, timeout=seconds)
        return not self.is_running

    async def stop(self) -> int:
        """Ask it to end, and end it after the grace period; its exit code."""
        assert self._guard.stdin is not None
        self._guard.stdin.close()
        try:
            return await asyncio.wait_for(self.wait(), self.command.grace_seconds + REAP_SECONDS)
        except TimeoutError:
            raise self.error("did not end, not even by SIGKILL") from None

    async def kill(self) -> int:
        """End it without a warning, as `kill -9` or the out-of-memory killer would; its exit code."""
        self.signal(signal.SIGKILL)
        return await self.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal (SIGSTOP and SIGCONT make a real hang); nothing happens where it has ended."""
        if self.is_running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def error(self, what: str, kind: type[ProcessError] = ProcessError) -> ProcessError:
        """An error which says what this process did, with what it said last."""
        name = f"{self.command.name} (process {self.pid}, {self.command.argv[0]})"
        return kind(f"{name} {what}", log=self.command.log, since=self.log_start)

    async def _watch(self) -> None:
        assert self._guard.stdout is not None
        assert self._guard.stdin is not None
        word, _, rest = (await self._guard.stdout.readline()).decode().strip().partition(" ")
        # A guard that was killed says nothing, and takes the server with it (PR_SET_PDEATHSIG).
        self.returncode = int(rest) if word == "exited" else -signal.SIGKILL
        self._guard.stdin.close()
        await self._guard.wait()
        log.debug("process ended", name=self.command.name, pid=self.pid, returncode=self.returncode)
