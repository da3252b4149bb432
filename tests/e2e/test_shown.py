"""The commands and queries that the documentation shows, over the demo that its readers begin with."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from graphql import OperationDefinitionNode, OperationType, parse

from kgraph.cli.running import find_running
from tests.e2e.conftest import UP_SECONDS, Home
from tests.shown import ROOT, Block, commands_of_tables, is_as_shown, run_blocks

pytestmark = [pytest.mark.neo4j, pytest.mark.timeout(1200)]

DOCUMENTED = "http://127.0.0.1:8080"
# The pages speak of a fleet; what runs here is one cluster.
ELSEWHERE = re.compile(r'"(?:prod|staging)"')
# Their output is compared to the letter, over their own configuration: tests/e2e/test_examples.py.
EXAMPLE = "$ .venv/bin/python examples/"
TYPED = [block for block in run_blocks("console", "sh") if not block.text.startswith(EXAMPLE)]

# What these are given is the reader's own (another cluster, manifests, a kubeconfig), or they go on until ended.
OF_ONES_OWN = ("kgraph compare", "kgraph diff", "kgraph events", "kgraph snapshot", "kgraph up")
LISTED = [typed for typed in commands_of_tables(ROOT / "README.md") if not typed.startswith(OF_ONES_OWN)]


class Shell:
    """A terminal in which `kgraph` is a command and the demo runs."""

    def __init__(self, home: Home, api: str) -> None:
        self.api = api
        programs = home.folder / "bin"
        programs.mkdir()
        for name, program in {"kgraph": f"{sys.executable} -m kgraph.cli.main", "curl": "/usr/bin/curl -sS -f"}.items():
            (programs / name).write_text(f'#!/bin/sh\nexec {program} "$@"\n')
            (programs / name).chmod(0o755)
        self._environ = {
            **home.environ,
            "HOME": str(home.folder),  # what a page does with `~` is not done to that of who runs the tests
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "100",
        }
        self._folder = home.folder

    def run(self, typed: str) -> "subprocess.CompletedProcess[str]":
        """What a reader gets who types this."""
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", typed.replace(DOCUMENTED, self.api)],
            env=self._environ,
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=UP_SECONDS,
            check=False,
        )


@pytest.fixture(scope="module")
def shell(home_of_module: Home) -> Iterator[Shell]:
    """A terminal beside `kgraph up` over the demo."""
    with home_of_module.up():
        running = find_running(home_of_module.environ)
        assert running is not None
        yield Shell(home_of_module, running.api)


@pytest.mark.parametrize("block", TYPED, ids=str)
def test_a_command_does_what_its_page_shows(shell: Shell, block: Block) -> None:
    """Commands of a page end well, and print what it shows, but for numbers and generated names."""
    for typed, printed in block.commands() if block.language == "console" else [(block.text, None)]:
        ran = shell.run(typed)
        assert ran.returncode == 0, ran.stderr + ran.stdout
        if printed is not None:
            assert is_as_shown(printed, ran.stdout), f"{block}: {typed} printed\n{ran.stdout}"


@pytest.mark.parametrize("typed", LISTED)
def test_a_command_of_the_readme_s_table_has_an_answer(shell: Shell, typed: str) -> None:
    """What the README lists beside a question is about what the demo has; "no" is an answer, by exit code 1."""
    ran = shell.run(typed)
    assert ran.returncode == 0 or (ran.returncode == 1 and ran.stdout.startswith("no\n")), ran.stderr + ran.stdout
    assert "Nothing was found" not in ran.stdout + ran.stderr


@pytest.mark.parametrize("block", run_blocks("graphql"), ids=str)
def test_a_query_is_answered(shell: Shell, block: Block) -> None:
    """Each query of a page is answered without an error."""
    for operation in parse(block.text).definitions:
        assert isinstance(operation, OperationDefinitionNode)
        if operation.operation is not OperationType.QUERY:
            continue  # its validity is a unit test; the demo has no server that could be changed, and nothing changes
        name = operation.name.value if operation.name else None
        body = {"query": ELSEWHERE.sub('"demo"', block.text), "operationName": name}
        answer = httpx.post(f"{shell.api}/graphql", json=body, timeout=60)
        assert answer.json().get("errors") is None, f"{block}: {name}"


@pytest.mark.parametrize("block", run_blocks("cypher"), ids=str)
def test_a_statement_runs(shell: Shell, block: Block) -> None:
    """Each Cypher statement of a page runs over the demo's graph, where statements end in a semicolon or the page."""
    for statement in re.split(r";\s*$", block.text, flags=re.MULTILINE):
        body = {"query": "query Ask($q: String!) { cypher(query: $q) { columns } }", "variables": {"q": statement}}
        answer = httpx.post(f"{shell.api}/graphql", json=body, timeout=60)
        assert answer.json().get("errors") is None, f"{block}: {statement}"


def test_a_page_finds_its_commands() -> None:
    """The start page and the README have commands that are run here."""
    pages = {block.page for block in TYPED}
    assert {"README.md", "docs/index.md"} <= pages
    assert (Path(ROOT) / "docs/index.md").is_file()
