"""What `kgraph up` and `kgraph serve` leave for the other commands: where their API and graph are, while they run."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psutil
import structlog

from kgraph.cli.defaults import API_HOST, API_PORT
from kgraph.cli.sources import Asked

log = structlog.get_logger(__name__)

DEFAULT_API = f"http://{API_HOST}:{API_PORT}"


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A running process: its API's address, the clusters it syncs, its Neo4j. No secret: files' names at most.

    `started` is the process's start in seconds since the epoch, because pids are used again. The fields `neo4j_…`
    are filled only for the embedded one.
    """

    pid: int = 0
    started: float = 0.0
    api: str
    metrics: str = ""
    clusters: tuple[str, ...] = ()
    source: Asked = Asked()
    neo4j_uri: str = ""
    neo4j_user: str = ""
    neo4j_password_file: str = ""
    neo4j_browser: str = ""


def state_file(environ: Mapping[str, str]) -> Path:
    """In $XDG_RUNTIME_DIR, which goes with the login; else beside the data of `up`."""
    if folder := environ.get("XDG_RUNTIME_DIR"):
        return Path(folder) / "kgraph.json"
    return Path(environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser() / "dictamesh" / "running.json"


@contextmanager
def announced(running: Running, environ: Mapping[str, str] = os.environ) -> Iterator[None]:
    """Say so for as long as the block runs; the last process to say it is the one that is found.

    Where that cannot be written down (a container's root is read-only) the process runs all the same: other commands
    are then told where it is.
    """
    file = state_file(environ)
    ours = msgspec.structs.replace(running, pid=os.getpid(), started=psutil.Process().create_time())
    try:
        _write(file, ours)
    except OSError as error:
        log.info("other commands will not find this process by themselves", file=str(file), why=error.strerror)
    try:
        yield
    finally:
        if _read(file) == ours:
            file.unlink(missing_ok=True)


def find_running(environ: Mapping[str, str] = os.environ) -> Running | None:
    """What runs here, as far as is known."""
    found = _read(state_file(environ))
    try:
        lives = found is not None and abs(psutil.Process(found.pid).create_time() - found.started) < 1
    except psutil.Error:
        lives = False
    return found if lives else None


def _write(file: Path, running: Running) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.{running.pid}")
    unfinished.write_bytes(msgspec.json.encode(running))
    unfinished.replace(file)


def _read(file: Path) -> Running | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Running)
    except (OSError, msgspec.MsgspecError):
        return None
