"""The audit of the locks, against a source that answers as package indexes do."""

import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest

from tests.audit import ALLOWED, ROOT, VARIABLE, Package, allowed, main, packages, source_of

# In the shape in which an index answers, shortened.
TOLD = {
    "/aiohttp/3.9.1/json": [
        {
            "aliases": ["CVE-2024-23334"],
            "details": "Improperly configuring static resource resolution …",
            "fixed_in": ["3.9.2"],
            "id": "PYSEC-2024-24",
            "link": "https://example.com/PYSEC-2024-24",
            "source": "osv",
            "summary": None,
            "withdrawn": None,
        },
        {"aliases": [], "details": "", "fixed_in": [], "id": "PYSEC-0000-1", "withdrawn": "2024-01-01T00:00:00Z"},
    ],
    "/anyio/4.0.0/json": [],
}
LOCK = """\
aiohttp==3.9.1 \\
    --hash=sha256:00
anyio==4.0.0 ; python_version < "4" \\
    --hash=sha256:00
    # via httpx
"""


class Index(BaseHTTPRequestHandler):
    """Tells what is known of a version."""

    def do_GET(self) -> None:
        told = TOLD.get(self.path)
        body = msgspec.json.encode({"info": {}, "vulnerabilities": told})
        self.send_response(404 if told is None else 200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def index() -> Iterator[str]:
    """The address of a source."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Index)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def audit(tmp_path: Path, source: str, *, lock: str = LOCK, allowances: str = "") -> int:
    """What the audit of one lock ends with."""
    (tmp_path / "requirements.lock").write_text(lock)
    (tmp_path / "allowed").write_text(allowances)
    environ = {VARIABLE: f"{source}/{{name}}/{{version}}/json"}
    return main(environ, [tmp_path / "requirements.lock"], tmp_path / "allowed")


def test_a_known_vulnerability_fails(index: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is told with the lock, its names and what it is fixed in; one that was withdrawn is not."""
    assert audit(tmp_path, index) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("known to be vulnerable: aiohttp 3.9.1 (requirements.lock): PYSEC-2024-24 CVE-2024-23334, ")
    assert "fixed in 3.9.2: Improperly" in line


@pytest.mark.parametrize("name", ["PYSEC-2024-24", "CVE-2024-23334"])
def test_what_is_allowed_is_silent(index: str, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """By its id, or by what others call it, until its day is over."""
    assert audit(tmp_path, index, allowances=f"# why\n{name} 9999-12-31 we serve no files with it\n") == 0
    assert capsys.readouterr().err == ""
    assert audit(tmp_path, index, allowances=f"{name} 2020-01-01 we serve no files with it\n") == 1
    assert f"{name} was believed until 2020-01-01" in capsys.readouterr().err


def test_an_allowance_of_nothing_goes(index: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is not in a lock any more is not allowed any more."""
    fine = "anyio==4.0.0 \\\n"
    assert audit(tmp_path, index, lock=fine) == 0
    assert audit(tmp_path, index, lock=fine, allowances="PYSEC-2024-24 9999-12-31 it was\n") == 1
    assert "PYSEC-2024-24 is of nothing that is in a lock" in capsys.readouterr().err


@pytest.mark.parametrize("source", ["http://127.0.0.1:9", ""], ids=["away", "without-advisories"])
def test_without_a_source_work_goes_on(
    index: str, tmp_path: Path, source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where nobody answers, or whoever does knows of no advisories, one line says so, and nothing fails."""
    assert audit(tmp_path, source or f"{index}/mirror") == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("audit: no advisory source answers (")
    assert "2 packages are not looked at" in line


def test_a_package_that_the_source_does_not_know_is_named(
    index: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is neither well nor a failure, and is never passed over in silence."""
    assert audit(tmp_path, index, lock="anyio==4.0.0 \\\nours==1.0 \\\n") == 0
    assert capsys.readouterr().err == "audit: of 1 of 2 packages nothing is known there: ours\n"


def test_every_pin_of_every_lock_is_asked_about() -> None:
    """No line that pins a package is overlooked, in whichever lock."""
    locks = list(ROOT.glob("requirements*.lock"))
    pins = {line.split()[0] for lock in locks for line in lock.read_text().splitlines() if line[:1].isalnum()}
    assert {f"{each.name}=={each.version}" for each in packages(locks)} == {pin.split(";")[0] for pin in pins}
    assert {name for each in packages(locks) for name in each.locks} == {lock.name for lock in locks}


def test_extras_and_markers_are_no_part_of_a_version(tmp_path: Path) -> None:
    """`name[extra]==1.0 ; marker` is name 1.0."""
    (tmp_path / "a.lock").write_text('aiokafka[lz4]==1.0+cpu ; sys_platform != "win32" \\\n')
    assert packages([tmp_path / "a.lock"]) == [Package("aiokafka", "1.0+cpu", ("a.lock",))]


def test_an_allowance_says_what_until_when_and_why() -> None:
    """A line that does not is an error; the repository's own are good."""
    with pytest.raises(ValueError, match="is not an id, a day and a reason"):
        allowed("CVE-1 2026-01-01\n")
    assert all(each.until > date(2026, 1, 1) for each in allowed(ALLOWED.read_text("utf-8")))


def test_the_source_is_the_index_that_pip_uses() -> None:
    """A mirror's simple index is beside what it tells of versions."""
    found = source_of({"PIP_INDEX_URL": "https://mirror.example.com/root/simple/"})
    assert found == "https://mirror.example.com/root/pypi/{name}/{version}/json"
