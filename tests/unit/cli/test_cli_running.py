"""How the other commands find what `kgraph up` runs."""

import os
from pathlib import Path

import msgspec
import psutil

from kgraph.cli.running import Running, announced, find_running, state_file
from kgraph.cli.sources import Asked

OURS = Running(api="http://127.0.0.1:8080", clusters=("demo",), source=Asked(snapshots=("/dump",)))


def environ(folder: Path) -> dict[str, str]:
    """An environment with a runtime folder of its own."""
    return {"XDG_RUNTIME_DIR": str(folder)}


def test_what_runs_is_found_and_then_not_any_more(tmp_path: Path) -> None:
    """While it runs its address is found; afterwards there is no trace of it."""
    with announced(OURS, environ(tmp_path)):
        found = find_running(environ(tmp_path))
        assert found is not None
        assert (found.pid, found.api, found.clusters, found.source) == (os.getpid(), OURS.api, ("demo",), OURS.source)
    assert find_running(environ(tmp_path)) is None
    assert list(tmp_path.iterdir()) == []


def test_what_was_killed_is_not_found(tmp_path: Path) -> None:
    """The file of a process that was killed names nobody, even when another process has its pid now."""
    state_file(environ(tmp_path)).write_bytes(
        msgspec.json.encode(
            msgspec.structs.replace(OURS, pid=os.getpid(), started=psutil.Process().create_time() - 1000)
        )
    )
    assert find_running(environ(tmp_path)) is None


def test_a_later_one_is_not_forgotten_by_an_earlier_ones_end(tmp_path: Path) -> None:
    """Of two the last is found, and the end of the first leaves it so."""
    file = state_file(environ(tmp_path))
    with announced(OURS, environ(tmp_path)):
        later = msgspec.json.encode(
            msgspec.structs.replace(OURS, pid=1, started=psutil.Process(1).create_time(), api="http://127.0.0.1:9")
        )
        file.write_bytes(later)
    assert file.read_bytes() == later


def test_a_broken_file_is_no_crash(tmp_path: Path) -> None:
    """Whatever stands in the file, the command goes on without it."""
    state_file(environ(tmp_path)).write_text("{")
    assert find_running(environ(tmp_path)) is None


def test_where_nothing_can_be_written_the_process_runs_all_the_same(tmp_path: Path) -> None:
    """A folder that cannot be made, as on a read-only root, keeps no process from its work."""
    file = tmp_path / "file"
    file.touch()
    worked = False
    with announced(OURS, environ(file / "below")):
        worked = True
    assert worked
    assert find_running(environ(file / "below")) is None
