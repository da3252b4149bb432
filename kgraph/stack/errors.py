"""What can go wrong with a server of our own.

StackError
├── FetchError            a jar could not be fetched
│   └── WrongHash         what came is not what the lock file pins; nothing of it is kept
├── CommandFailed         a short command ended with an error, or is missing on this machine
├── DataFolderInUse       another process holds the data folder
├── PortTaken             a port that was asked for by number is in use
└── ProcessError          a process that has a log file failed; the message shows its end
    ├── BuildError        a build from source failed
    └── ServerError       a server did not do what it was started for
        ├── ServerDied        it ended by itself
        └── ServerNotReady    it lives, and did not answer in time
"""

from pathlib import Path

LOG_LINES_SHOWN = 15  # enough for a Java exception's first causes, and still one screen
LOG_BYTES_READ = 32 * 1024  # a log may be large, and only its end is shown


class StackError(Exception):
    """The root of everything that `kgraph.stack` raises on purpose."""


class FetchError(StackError):
    """A file could not be fetched from its repository."""


class WrongHash(FetchError):
    """A fetched file is not the one that the lock file pins."""


class CommandFailed(StackError):
    """A command ended with an error; `said` is what it wrote to its standard error."""

    def __init__(self, command: str, returncode: int, said: str) -> None:
        self.returncode, self.said = returncode, said
        super().__init__(f"{command} ended with code {returncode}: {said.strip()}")


class DataFolderInUse(StackError):
    """A data folder is held by another process; `pid` is that process, or None where it cannot be told."""

    def __init__(self, folder: Path, pid: int | None) -> None:
        self.folder, self.pid = folder, pid
        holder = f"process {pid}" if pid else "another process"
        super().__init__(f"{folder} is in use by {holder}: stop that one, or choose another data folder")


class PortTaken(StackError):
    """A port that was asked for by number is in use; `port` is that number."""

    def __init__(self, server: str, port: int) -> None:
        self.port = port
        super().__init__(f"{server} cannot listen on port {port}: it is in use; choose another, or 0 for any free one")


class ProcessError(StackError):
    """A process failed; the message ends with its last log lines and where the rest of them is.

    `since` is the size in bytes that the log had when the server was started: what is older was said by another.
    """

    def __init__(self, what: str, *, log: Path, since: int = 0) -> None:
        self.log = log
        lines = last_lines(log, since=since)
        said = "\n".join(f"    {line}" for line in lines) if lines else "    (it wrote nothing)"
        super().__init__(f"{what}\n  its last log lines:\n{said}\n  its whole log: {log}")


class BuildError(ProcessError):
    """A program could not be built from source."""


class ServerError(ProcessError):
    """A server did not do what it was started for."""


class ServerDied(ServerError):
    """A server ended although nobody asked it to."""


class ServerNotReady(ServerError):
    """A server did not answer before its deadline."""


def last_lines(log: Path, count: int = LOG_LINES_SHOWN, *, since: int = 0) -> list[str]:
    """The last `count` lines of a log file after its byte `since`; empty where there is no such file."""
    try:
        with log.open("rb") as file:
            file.seek(max(since, log.stat().st_size - LOG_BYTES_READ))
            return file.read().decode("utf-8", "replace").splitlines()[-count:]
    except OSError:
        return []
