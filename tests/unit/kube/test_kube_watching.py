"""Lines of a watch out of chunks that end anywhere."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgraph.kube import watching
from kgraph.kube.errors import Attempt, BadAnswer, Expired, ServerTimeout, TooManyRequests, Unavailable
from kgraph.kube.watching import WatchEvent, _Lines

ATTEMPT = Attempt("WATCH", "/api/v1/pods", "prod", "https://prod:6443")


def line(kind: str, /, **value: object) -> bytes:
    """One line of a watch."""
    return msgspec.json.encode({"type": kind, "object": value}) + b"\n"


def names(events: list[WatchEvent]) -> list[str]:
    """The names of the events' objects."""
    return [msgspec.json.decode(event.object)["metadata"]["name"] for event in events]


@given(st.lists(st.text(max_size=30), max_size=8), st.data())
def test_every_event_comes_once_and_in_order_however_the_bytes_are_cut(texts: list[str], data: st.DataObject) -> None:
    """Cutting a stream anywhere loses, repeats and reorders nothing, and a whole line never waits."""
    stream = b"".join(line("ADDED", metadata={"name": text}) for text in texts)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=6)) | {0, len(stream)})
    lines, found = _Lines(ATTEMPT), []
    for start, end in pairwise(cuts):
        found += names(lines.feed(stream[start:end]))
        assert len(found) == stream[:end].count(b"\n")
    lines.end()
    assert found == texts


def test_bookmarks_carry_the_version_and_the_end_of_the_initial_events() -> None:
    """The bookmark that ends a WatchList is told from others, and only others mean that bookmarks go on coming."""
    lines = _Lines(ATTEMPT)
    end = {"metadata": {"resourceVersion": "7", "annotations": {"k8s.io/initial-events-end": "true"}}}
    (first,) = lines.feed(line("BOOKMARK", **end))
    assert (first.resource_version, first.initial_events_end, lines.bookmarked) == ("7", True, False)
    (second,) = lines.feed(line("BOOKMARK", metadata={"resourceVersion": "8"}))
    assert (second.resource_version, second.initial_events_end, lines.bookmarked) == ("8", False, True)
    (added,) = lines.feed(line("ADDED", **end))
    assert added.initial_events_end is False


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version: 1 (7)"}, Expired),
        ({"kind": "Status", "code": 410, "reason": "Gone", "message": "gone"}, Expired),
        ({"kind": "Status", "code": 429, "reason": "TooManyRequests", "message": "slow"}, TooManyRequests),
        ({"kind": "Status", "code": 504, "reason": "Timeout", "message": "t"}, ServerTimeout),
        ({"kind": "Status", "code": 500, "reason": "InternalError", "message": "t"}, Unavailable),
        ({"no": "status"}, Unavailable),
    ],
)
def test_an_error_event_is_its_error_after_the_events_before_it(
    status: dict[str, object], expected: type[Exception]
) -> None:
    """What came before an ERROR is given, what follows is not, and the Status becomes its error."""
    lines = _Lines(ATTEMPT)
    chunk = line("ADDED", metadata={"name": "a"}) + line("ERROR", **status) + line("ADDED", metadata={"name": "b"})
    assert names(lines.feed(chunk)) == ["a"]
    assert type(lines.error) is expected
    assert "cluster prod" in str(lines.error)


@pytest.mark.parametrize("chunk", [b"<html>502</html>\n", b"{}\n", b'{"type":"NEW","object":{}}\n', b"\xff\n", b"[]\n"])
def test_a_line_that_is_no_event_is_a_bad_answer_that_shows_it(chunk: bytes) -> None:
    """A proxy's page in the middle of a watch is never an event."""
    with pytest.raises(BadAnswer, match="no watch event"):
        _Lines(ATTEMPT).feed(chunk)


def test_a_stream_that_ends_within_an_event_has_broken_off() -> None:
    """Half an event at the end is no event, and no normal end."""
    lines = _Lines(ATTEMPT)
    lines.feed(b'{"type":"ADDED"')
    with pytest.raises(Unavailable, match="in the middle of an event"):
        lines.end()


def test_a_line_of_any_length_passes_up_to_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five megabytes in small pieces are one event; what passes the limit is an error and no memory."""
    lines = _Lines(ATTEMPT)
    long = line("ADDED", metadata={"name": "x" * 5_000_000})
    found = [event for start in range(0, len(long), 65_536) for event in lines.feed(long[start : start + 65_536])]
    assert len(names(found)[0]) == 5_000_000
    monkeypatch.setattr(watching, "MAX_LINE_BYTES", 1000)
    with pytest.raises(BadAnswer, match="more than 1000 bytes"):
        _Lines(ATTEMPT).feed(b"x" * 1001)
