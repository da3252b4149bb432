"""How commands fail: one paragraph, an exit code, no traceback."""

import http.server
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from kgraph.cli.answers.client import Client
from kgraph.cli.errors import BadConfiguration, NothingRuns, Refused
from kgraph.cli.main import main, tell
from kgraph.graphdb.errors import GraphUnavailable
from kgraph.kube.errors import ConfigurationError


def run(*words: str) -> int:
    """The command's exit code."""
    with pytest.raises(SystemExit) as end:
        main(words)
    return int(end.value.code or 0)


logins: list[str | None] = []  # the Authorization headers that such servers got


@contextmanager
def answering(answer: Any, *, status: int = 200) -> Iterator[tuple[str, list[Any]]]:
    """An HTTP server that answers every POST with this; its address, and what it was sent."""
    sent: list[Any] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            logins.append(self.headers.get("authorization"))
            sent.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", sent
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No `kgraph up` of this machine is found, and nothing of its environment."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    for name in ("KGRAPH_API", "CLUSTERS_CONFIG", "NEO4J_URI", "KGRAPH_TOKEN", "KGRAPH_TOKEN_FILE"):
        monkeypatch.setenv(name, "")  # not deleted: `--token-file` sets one, which is undone so


def test_a_usage_error_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    """An option that does not exist is the caller's mistake, told on standard error."""
    assert run("graph", "--nope") == 2
    out, err = capsys.readouterr()
    assert not out
    assert "--nope" in err


def test_a_wrong_configuration_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    """So is a configuration that cannot be read."""
    assert run("worker", "--config", "clusters: [{id: a, qps: fast}]") == 2
    assert "clusters[0].qps is fast" in " ".join(capsys.readouterr().err.split())


def test_no_api_ends_with_1_and_says_how_to_start_one(capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing answers, the reader learns what to do; there is no traceback."""
    assert run("graph", "deploy/web", "--api", "http://127.0.0.1:1") == 1
    err = " ".join(capsys.readouterr().err.split())
    assert "no API answers at http://127.0.0.1:1" in err
    assert "Traceback" not in err


def test_a_check_without_a_graph_says_which_options_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    """`check` with neither a running `up` nor a Neo4j named ends at once."""
    assert run("check", "--snapshot", str(Path(__file__).parent)) == 1
    assert "--neo4j-uri" in capsys.readouterr().err


def test_several_sources_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    """A context and a snapshot at once are a contradiction, told before anything starts."""
    assert run("up", "--context", "a", "--snapshot", "b") == 2
    assert "exclude each other" in " ".join(capsys.readouterr().err.split())


def test_a_debugging_reader_gets_the_traceback() -> None:
    """With --debug the error comes through as it was raised."""
    with pytest.raises(NothingRuns):
        main(["graph", "deploy/web", "--api", "http://127.0.0.1:1", "--debug"])


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (GraphUnavailable("connecting to Neo4j: no answer"), 1, "connecting to Neo4j: no answer"),
        (BadConfiguration("qps is fast"), 2, "qps is fast"),
        (ExceptionGroup("tasks", [ExceptionGroup("more", [ConfigurationError("no context")])]), 1, "no context"),
        (KeyError("oops"), 1, "KeyError: 'oops'. This should not happen; --debug shows where it did."),
    ],
    ids=["graph", "configuration", "group", "unforeseen"],
)
def test_every_error_becomes_words(error: Exception, code: int, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever package it is from, and however deep in task groups, an error is a sentence and a code."""
    assert tell(error) == code
    assert f"Error: {words}" in " ".join(capsys.readouterr().err.split())


def test_the_apis_words_are_passed_on() -> None:
    """An error of the API is told in its own words, with its code."""
    answer = {"data": None, "errors": [{"message": "c is not there", "extensions": {"code": "NOT_FOUND"}}]}
    with answering(answer) as (address, sent), pytest.raises(Refused, match="c is not there") as refused:
        Client(address).ask("query Q($a: Int) { x }", a=1)
    assert refused.value.code == "NOT_FOUND"
    assert sent == [{"query": "query Q($a: Int) { x }", "variables": {"a": 1}}]


@pytest.mark.parametrize(
    ("answer", "status"),
    [(b"<html>a proxy's page</html>", 502), ([1, 2], 200), ({"hello": 1}, 200)],
    ids=["a page", "a list", "another API"],
)
def test_what_is_no_graphql_is_said_to_be_none(answer: Any, status: int) -> None:
    """An address at which something else answers is no crash."""
    with answering(answer, status=status) as (address, _), pytest.raises(Refused, match="GraphQL"):
        Client(address).ask("{ x }")


def test_help_loads_no_server_and_no_driver() -> None:
    """`kgraph --help` imports nothing that takes long: it is read by people who wait."""
    heavy = ("neo4j", "litestar", "strawberry", "aiohttp", "uvicorn", "kgraph.api", "kgraph.sync", "kgraph.stack")
    code = (
        "import sys\nfrom kgraph.cli.main import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"sys.exit(' '.join(name for name in {heavy} if name in sys.modules) or 0)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 0, ended.stderr
    assert "Usage" in ended.stdout


ANSWER = {"data": {"x": 1}}
STRANGER = {"errors": [{"message": "send a bearer token", "extensions": {"code": "UNAUTHENTICATED"}}]}


def test_the_token_that_is_given_is_sent_and_no_other(tmp_path: Path) -> None:
    """A file's token, read anew each time, wins over the variable's; without either, no login is sent."""
    file = tmp_path / "token"
    file.write_text("of-the-file\n")
    logins.clear()
    with answering(ANSWER) as (address, _):
        for environ in ({}, {"KGRAPH_TOKEN": "t"}, {"KGRAPH_TOKEN": "t", "KGRAPH_TOKEN_FILE": str(file)}):
            Client(address, environ).ask("{ x }")
    assert logins == [None, "Bearer t", "Bearer of-the-file"]


def test_a_token_file_is_an_option_of_every_command_that_asks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The option's file is used, and one that cannot be read is named."""
    file = tmp_path / "token"
    file.write_text("of-the-file")
    logins.clear()
    with answering(STRANGER, status=401) as (address, _):
        for words in (["graph", "deploy/web"], ["cypher", "RETURN 1"], ["search", "web"]):
            assert run(*words, "--api", address, "--token-file", str(file)) == 1
    assert set(logins) == {"Bearer of-the-file"}
    err = " ".join(capsys.readouterr().err.split())
    assert "does not know you: send a bearer token; give another token with --token-file or KGRAPH_TOKEN" in err
    assert run("graph", "deploy/web", "--token-file", str(tmp_path / "none")) == 2
    assert "cannot be read: No such file" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("http://127.0.0.1:1", True),
        ("http://[::1]:1", True),
        ("https://kgraph.invalid", True),
        ("http://10.0.0.1:8080", False),
        ("http://kgraph.invalid", False),
        ("kgraph.invalid", False),
    ],
)
def test_a_token_is_not_sent_for_all_to_read(address: str, sent: bool) -> None:
    """Over plain http a token stays on this machine; without one any address may be asked."""
    Client(address, {})
    if sent:
        Client(address, {"KGRAPH_TOKEN": "t"})
    else:
        with pytest.raises(BadConfiguration, match="never sent over plain http"):
            Client(address, {"KGRAPH_TOKEN": "t"})


CRASH = """
import ctypes, rich_click as click
from kgraph.cli import main
main.kgraph.add_command(click.command("crash")(lambda: ctypes.string_at(0)))
main.main(["crash"])
"""


def test_a_crash_in_machine_code_says_where_it_was() -> None:
    """A segmentation fault in a library leaves the stack on standard error, for whoever finds the process gone."""
    ended = subprocess.run([sys.executable, "-c", CRASH], check=False, capture_output=True, text=True, timeout=60)
    assert ended.returncode == -signal.SIGSEGV
    assert "Fatal Python error: Segmentation fault" in ended.stderr
    assert "in string_at" in ended.stderr
