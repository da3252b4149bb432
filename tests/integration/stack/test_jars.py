"""Jars come with the pinned hash or not at all."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path

import pytest

from kgraph.stack.cache import cached
from kgraph.stack.errors import FetchError, WrongHash
from kgraph.stack.jars import Jar, fetch, read_lock
from kgraph.stack.progress import silent


def jar(name: str, content: bytes) -> Jar:
    """The pinned jar of this content."""
    return Jar("org.example", name, "1.0", "jar", "", hashlib.sha256(content).hexdigest())


def contents(folder: Path) -> dict[str, bytes]:
    """The files below a folder, by name."""
    return {file.name: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


class Repository:
    """A Maven repository on the loopback: what it has, and how often it fails before it gives it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.files: dict[str, bytes] = {}
        self.failures: dict[str, int] = {}
        self.asked: list[str] = []


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    """A repository that is set as the one to fetch from."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.removeprefix("/maven/")
            held.asked.append(path)
            fails = held.failures.get(path, 0)
            held.failures[path] = fails - 1
            content = held.files.get(path)
            status = 503 if fails > 0 else 200 if content is not None else 404
            self.send_response(status)
            self.end_headers()
            if status == 200:
                self.wfile.write(content or b"")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        held = Repository(f"http://127.0.0.1:{server.server_port}/maven")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("KGRAPH_MAVEN_REPOSITORY", held.url)
        yield held
        server.shutdown()
        thread.join()


async def test_pinned_jars_are_fetched(repository: Repository, tmp_path: Path) -> None:
    """Each jar of a lock is fetched under its own name, and progress ends with all of them."""
    jars = [jar(f"part-{number}", b"x" * number) for number in range(20)]
    repository.files = {one.path: b"x" * number for number, one in enumerate(jars)}
    told: list[tuple[int, int]] = []
    await fetch(jars, tmp_path, report=lambda _what, done, total: told.append((done, total)), what="jars")
    assert contents(tmp_path) == {one.filename: b"x" * number for number, one in enumerate(jars)}
    assert told[0] == (0, 20)
    assert told[-1] == (20, 20)


async def test_wrong_hash_leaves_nothing(repository: Repository, tmp_path: Path) -> None:
    """A jar that is not the pinned one is refused by name, and neither it nor its folder is kept."""
    good, bad = jar("good", b"good"), jar("bad", b"as pinned")
    repository.files = {good.path: b"good", bad.path: b"tampered with"}

    async def build(folder: Path) -> None:
        await fetch([good, bad], folder, report=silent, what="jars")

    with pytest.raises(WrongHash, match=r"bad-1\.0\.jar .* pinned is"):
        await cached("jars", build, root=tmp_path)
    assert contents(tmp_path).keys() == {".jars.lock"}


async def test_outage_is_tried_again(repository: Repository, tmp_path: Path) -> None:
    """A repository that fails for a moment is asked again."""
    one = jar("one", b"content")
    repository.files, repository.failures = {one.path: b"content"}, {one.path: 1}
    await fetch([one], tmp_path, report=silent, what="jars")
    assert (tmp_path / one.filename).read_bytes() == b"content"
    assert repository.asked == [one.path, one.path]


async def test_missing_jar_is_named(repository: Repository, tmp_path: Path) -> None:
    """A jar that the repository does not have is an error that names it, without further tries."""
    with pytest.raises(FetchError, match=r"org/example/lost/1\.0/lost-1\.0\.jar could not be fetched"):
        await fetch([jar("lost", b"")], tmp_path, report=silent, what="jars")
    assert len(repository.asked) == 1


@pytest.mark.parametrize(
    "line",
    ["a.b:c:1.0", "a.b:c:1.0:zip", "a.b:c:1.0:jar:linux-x86_64"],
    ids=["jar", "extension", "classifier"],
)
def test_lock_line_round_trip(line: str) -> None:
    """A line of a lock file says all that there is to know of a jar."""
    pinned = f"{line} sha256={'0' * 64}"
    assert Jar.from_line(pinned).line == pinned


@pytest.mark.parametrize(
    "line", ["a:b sha256=" + "0" * 64, "a:b:1", "a:b:1 sha256=12"], ids=["parts", "no pin", "short"]
)
def test_lock_line_without_pin_is_refused(line: str) -> None:
    """A jar without a whole hash cannot be named in a lock file."""
    with pytest.raises(ValueError, match="not a line of a lock file"):
        Jar.from_line(line)


def test_lock_files_name_no_host() -> None:
    """The lock files in the package parse, and say what is fetched but not from where."""
    locks = [file for file in resources.files("kgraph.stack").iterdir() if file.name.endswith(".jars.lock")]
    assert locks
    for lock in locks:
        assert read_lock(lock.read_text("utf-8")), lock
        assert "://" not in lock.read_text("utf-8")
