"""The text of a search, taken apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgraph.api.errors import BadUserInput
from kgraph.api.search_text import Asked, Filter, parse


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        pytest.param("web shop", Asked(("web", "shop")), id="words"),
        pytest.param('"web shop" -old', Asked(("web shop",), ("old",)), id="phrase-and-not"),
        pytest.param(
            "kind:pod NS:shop -image:nginx:1.27",
            Asked(filters=(Filter("kind", ("pod",)), Filter("namespace", ("shop",)),
                           Filter("image", ("nginx:1.27",), negated=True))),
            id="filters",
        ),
        pytest.param('l:app=web,"a b,c",x', Asked(filters=(Filter("label", ("app=web", "a b,c", "x")),)), id="either"),
        pytest.param("health:Degraded", Asked(filters=(Filter("health", ("DEGRADED",)),)), id="health"),
        pytest.param('"nginx:1.27" a,b', Asked(("nginx:1.27", "a,b")), id="colon-in-quotes-comma-in-word"),
        pytest.param("https://example.com", Asked(("https://example.com",)), id="address"),
        pytest.param(r'"a \" b"', Asked(('a " b',)), id="quote-in-quotes"),
    ],
)  # fmt: skip
def test_text_is_taken_apart(text: str, asked: Asked) -> None:
    """Words, phrases, filters with one value or several, and what is turned round."""
    assert parse(text) == asked


@given(st.text(st.sampled_from('ab-:," \\*kind'), max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever is typed is either understood or refused with words; what is understood asks for something."""
    try:
        asked = parse(text)
    except BadUserInput:
        return
    assert asked.words or any(not one.negated for one in asked.filters)
