"""Documents that are kept for clients who send their hashes."""

import hashlib

import pytest

from kgraph.api.errors import BadUserInput
from kgraph.api.graphql.persisted import PersistedQueries, PersistedQueryNotFound


def named(query: str) -> dict[str, object]:
    """The extensions of a request for this document."""
    return {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(query.encode()).hexdigest()}}


def test_room_is_bounded_and_the_least_asked_for_goes() -> None:
    """However many documents are sent, no more than so many characters are kept; what is asked for stays."""
    kept = PersistedQueries(characters=30)
    for query in ("{ a1234567 }", "{ b1234567 }"):
        kept.document(query, named(query))
    kept.document(None, named("{ a1234567 }"))
    kept.document("{ c1234567 }", named("{ c1234567 }"))
    assert kept.document(None, named("{ a1234567 }")) == "{ a1234567 }"
    with pytest.raises(PersistedQueryNotFound):
        kept.document(None, named("{ b1234567 }"))
    kept.document("x" * 31, named("x" * 31))
    assert len(kept) == 2


@pytest.mark.parametrize(
    "extensions",
    [
        pytest.param({"persistedQuery": {"version": 2, "sha256Hash": "0"}}, id="version"),
        pytest.param({"persistedQuery": "0"}, id="no-object"),
        pytest.param({"persistedQuery": {"version": 1}}, id="no-hash"),
        pytest.param(named("{ b }"), id="another"),
    ],
)
def test_wrong_requests_are_refused(extensions: dict[str, object]) -> None:
    """A hash that is not the document's is refused, or others would get an answer to a question of someone else's."""
    kept = PersistedQueries()
    with pytest.raises(BadUserInput):
        kept.document("{ a }", extensions)
    assert len(kept) == 0


def test_other_requests_pass() -> None:
    """Who asks for nothing of the kind gets nothing of the kind."""
    assert PersistedQueries().document("{ a }", {"tracing": {}}) == "{ a }"
    assert PersistedQueries().document(None, None) is None
