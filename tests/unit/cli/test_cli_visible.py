"""What a terminal and a log show of texts that others have written."""

import io
import json
import logging
import re
import sys
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text
from rich.tree import Tree

from kgraph.api.callers.caller import ANYONE
from kgraph.api.changing.audit import entry_of, line
from kgraph.cli import terminal
from kgraph.cli.answers.event_printing import EventPrinter
from kgraph.cli.answers.tables import print_table
from kgraph.cli.logs import set_up
from kgraph.cli.visible import lines, one_line
from tests.hostile import TEXTS
from tests.unit.cli.test_cli_events import line as event_line
from tests.unit.cli.test_cli_events import said
from tests.unit.feed.events import event

OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
HOSTILE = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
FORMS = pytest.mark.parametrize("form", ["json", "console"])


@given(st.text())
def test_nothing_is_obeyed_and_nothing_is_lost(text: str) -> None:
    """A shown text has a sign for each of its own, none of which moves a cursor, and printable ones are themselves."""
    assert len(lines(text)) == len(one_line(text)) == len(text)
    assert not OBEYED.search(lines(text))
    assert not re.search(r"[\n\t]", one_line(text))
    assert all(shown == sign for shown, sign in zip(one_line(text), text, strict=True) if sign.isprintable())


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@HOSTILE
def test_a_terminal_obeys_no_name(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all that is printed only rich's own colours are escape sequences, whatever a name or a message holds."""
    monkeypatch.setattr(sys, "stdout", out := Terminal())
    monkeypatch.setenv("TERM", "xterm-256color")
    tree = Tree(Text(text, style="bold red"))
    tree.add(text)
    terminal.answers().print(tree, text, Text(text))
    print_table(["NAME"], [[text], [[text]]], more=False)
    EventPrinter("wide", cluster=True).print(event_line(said(event(text), text, text)))
    written = out.getvalue()
    assert "\x1b[1;31m" in written
    assert not OBEYED.search(re.sub("\x1b\\[[0-9;]*m", "", written))
    assert "\x1b[31m" not in written


@HOSTILE
def test_a_pipe_gets_a_line_for_each_row(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A row is one line with its columns, whatever stands in it."""
    print_table(["NAME", "REASON"], [[text, [text]]], more=False)
    EventPrinter("table", cluster=True).print(event_line(said(event(text), text, text)))
    head, row, titles, told, end = capsys.readouterr().out.split("\n")
    assert [head.count("\t"), row.count("\t"), end] == [1, 1, ""]
    assert titles.count("\t") == told.count("\t")
    assert not OBEYED.search(row + told)


@pytest.fixture(autouse=True)
def settings_as_before() -> Iterator[None]:
    """What a test sets up is not the next one's."""
    level = logging.getLogger().level
    yield
    structlog.reset_defaults()
    logging.getLogger().setLevel(level)


def begin(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Log as a process does that has just begun: pytest's own handlers come with each test."""
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    set_up({"LOG_FORMAT": form}, level="info")


@HOSTILE
@FORMS
def test_a_log_line_is_one_line(
    text: str, form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ours and the libraries' own: a value, or a message of theirs, begins no line and tells the terminal nothing."""
    begin(form, monkeypatch)
    structlog.get_logger("kgraph").warning("request failed", path=text, why=text)
    logging.getLogger("neo4j.notifications").warning("the statement %s is slow", text)
    written = capsys.readouterr().err
    assert not OBEYED.search(written)
    ours, theirs, end = written.split("\n")
    assert end == ""
    if form == "json":
        assert (json.loads(ours)["path"], json.loads(ours)["event"]) == (text, "request failed")
        assert json.loads(theirs)["event"] == f"the statement {text} is slow"
        assert json.loads(theirs)["logger"] == "neo4j.notifications"


@HOSTILE
@FORMS
def test_an_error_that_quotes_is_shown(
    text: str, form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The traceback of an error obeys nothing that its message quotes; as JSON it is one line."""
    begin(form, monkeypatch)
    for log in (structlog.get_logger("kgraph"), logging.getLogger("asyncio")):
        log.error("it failed", exc_info=_failure(text))
    written = capsys.readouterr().err
    assert not OBEYED.search(written)
    assert "ValueError" in written
    if form == "json":
        assert [json.loads(each)["event"] for each in written.splitlines()] == ["it failed"] * 2


def _failure(text: str) -> Exception:
    """An error as it was caught."""
    with pytest.raises(ValueError, match="Expecting") as caught:
        json.loads("{")
    return ValueError(text).with_traceback(caught.tb)


@HOSTILE
def test_an_audit_line_is_one_line(text: str) -> None:
    """Whoever names a thing so gets one line of JSON that says so, and no second one."""
    entry = entry_of(ANYONE, "patchResource", text, namespace=text, name=text, detail=text, message=text)
    written = line(entry)
    assert "\n" not in written
    assert "\r" not in written
    assert json.loads(written)["name"] == text
