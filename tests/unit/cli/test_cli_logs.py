"""Log lines as they are written."""

import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from kgraph.cli.logs import set_up


@pytest.fixture(autouse=True)
def settings_as_before() -> Iterator[None]:
    """What a test sets up is not the next one's."""
    levels = {name: logging.getLogger(name).level for name in ("uvicorn", "uvicorn.error", "litestar")}
    yield
    structlog.reset_defaults()
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.parametrize("form", ["json", "console"])
def test_tracebacks_show_no_values(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A failure is logged with where it was, and without what the variables held: tokens and Secrets are among them."""
    set_up({"LOG_FORMAT": form}, level="info")
    try:
        _fails("esroh-tcerroc"[::-1])  # not as it stands in the source, which a traceback shows
    except ValueError:
        structlog.get_logger(__name__).error("request failed", exc_info=sys.exc_info()[1])
    written = capsys.readouterr().err
    assert "_fails" in written
    assert "correct-horse" not in written
    if form == "json":
        assert json.loads(written)["event"] == "request failed"


def _fails(token: str) -> None:
    if token:
        raise ValueError("it failed")
