"""`kgraph` as a process of its own, which a test can pause, end and kill."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

# How long one may take to end in good order on a slow machine.
END_SECONDS = 150.0
# What no program in Python ends with, unless something below it has a fault.
CRASHES = frozenset(-each for each in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE))


class OwnProcess:
    """One that can be started again and again; what it says is appended to its log."""

    def __init__(
        self, log: Path, words: Sequence[str], environ: Mapping[str, str], program: Sequence[str] = ("kgraph.cli.main",)
    ) -> None:
        self.log = log
        self.began_at = 0  # where in the log it was started last
        self._words = (*program, *words)
        self._environ = environ
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it, or start it again."""
        with self.log.open("ab") as output:
            self.began_at = output.tell()
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", *self._words, stdout=output, stderr=output, env={**os.environ, **self._environ}
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process is not None and self._process.returncode is None

    def said(self, text: str) -> int:
        """How often its log has this text so far."""
        return self.log.read_text().count(text)

    def pause(self) -> None:
        """Stop its clock."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    async def stop(self) -> int:
        """Ask it to end, and wait until it has; its exit code."""
        os.kill(self.pid, signal.SIGTERM)
        return await self.ended()

    async def ended(self) -> int:
        """Wait for its end; its exit code."""
        assert self._process is not None
        async with asyncio.timeout(END_SECONDS):
            return await self._process.wait()

    async def kill(self) -> None:
        """End it as `kill -9` does, where it was started. AssertionError where it had crashed by itself."""
        if self._process is None:
            return
        if self.is_running:
            os.kill(self.pid, signal.SIGKILL)
        code = await self._process.wait()
        assert code not in CRASHES, f"it crashed ({signal.Signals(-code).name}): {self.log}"
