"""Paths into objects: written, read, and walked as a trie."""

from itertools import pairwise
from typing import Any

import pytest

from kgraph.sync.paths import EACH, Filter, Trie, Walk, dig, parse, parse_one, read, write

OBJECT = {
    "spec": {"rules": [{"host": "a", "paths": [{"p": 1}, {"p": 2}]}, {"host": "b"}, None, "junk"]},
    "metadata": {"annotations": {"a.b/c": "x"}},
    "status": {"addresses": [{"type": "Hostname", "address": "h"}, {"type": "InternalIP", "address": "i"}]},
}


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("spec.nodeName", [("spec", "nodeName")]),
        ("spec.rules[].host", [("spec", "rules", EACH, "host")]),
        ("a|b[].c", [("a", EACH, "c"), ("b", EACH, "c")]),
        ('metadata.annotations["a.b/c"]', [("metadata", "annotations", "a.b/c")]),
        ('x[].m["k.l"].n', [("x", EACH, "m", "k.l", "n")]),
        ("c[type=Ready].status", [("c", Filter("type", "Ready"), "status")]),
    ],
)  # fmt: skip
def test_path_is_read(text: str, paths: list[tuple[Any, ...]]) -> None:
    """A pattern is one path for each of its alternatives."""
    assert list(parse(text)) == paths
    if len(paths) == 1:
        assert write(paths[0]) == text


@pytest.mark.parametrize("text", ["a[", "a[x]", "a..b"])
def test_what_is_no_path(text: str) -> None:
    """A mistake in the table fails when it is read, and shows the place."""
    with pytest.raises(ValueError, match="no path"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("spec.rules[].host", ["a", "b"]),
        ("spec.rules[].paths[].p", [1, 2]),
        ("spec.rules.host", None),
        ("spec.missing.x", None),
        ("spec.missing[].x", []),
        ("status.addresses[type=InternalIP].address", "i"),
        ("status.addresses[type=None].address", None),
        ('metadata.annotations["a.b/c"]', "x"),
    ],
)
def test_value_at_a_path(text: str, wanted: Any) -> None:
    """A path gives a value or, through lists, all values; what does not fit is absent."""
    assert read(OBJECT, parse_one(text)) == wanted


def _walk(patterns: list[str], obj: Any) -> tuple[list[tuple[str, str, Any]], list[str]]:
    trie: Trie[str] = Trie()
    for pattern in patterns:
        for path in parse(pattern):
            trie.add(path, pattern)
    found: list[tuple[str, str, Any]] = []
    problems: list[str] = []

    def visit(action: str, value: Any, way: list[Any], indices: tuple[int, ...], place: Trie[str]) -> None:
        found.append((action, place.where(indices), value))
        assert way[0] is obj
        for above, below in pairwise(way):
            assert below in (above.values() if isinstance(above, dict) else above)

    Walk(visit, problems).go(trie, obj)
    return found, problems


def test_walk_meets_every_pattern_once() -> None:
    """Patterns that share a way are walked together, and each place is named with its indices."""
    found, problems = _walk(["spec.rules[].paths[].p", "spec.rules[].host", "spec.rules[].paths[]"], OBJECT)
    assert found == [
        ("spec.rules[].paths[]", "spec.rules[0].paths[0]", {"p": 1}),
        ("spec.rules[].paths[].p", "spec.rules[0].paths[0].p", 1),
        ("spec.rules[].paths[]", "spec.rules[0].paths[1]", {"p": 2}),
        ("spec.rules[].paths[].p", "spec.rules[0].paths[1].p", 2),
        ("spec.rules[].host", "spec.rules[0].host", "a"),
        ("spec.rules[].host", "spec.rules[1].host", "b"),
    ]
    assert problems == ["spec.rules[3] is a text where a map was expected"]


def test_walk_through_a_map_larger_or_smaller_than_the_trie() -> None:
    """Which of the two is gone through makes no difference."""
    small, large = {"a": 1}, {"a": 1, "b": 2, "c": 3, "d": 4}
    assert _walk(["a", "b", "x", "y"], small)[0] == [("a", "a", 1)]
    assert _walk(["a", "x"], large)[0] == [("a", "a", 1)]


def test_percent_in_a_key_is_a_percent() -> None:
    """A key with a percent sign is written as it is."""
    assert _walk(['a["50%.x"][]'], {"a": {"50%.x": ["v"]}})[0] == [('a["50%.x"][]', 'a["50%.x"][0]', "v")]


def test_filter_has_no_place_in_a_trie() -> None:
    """The edge table's patterns name every item or none."""
    with pytest.raises(TypeError, match="filter"):
        Trie[str]().add(parse_one("a[b=c]"), "x")


def test_dig_through_nothing() -> None:
    """A path through nothing ends in nothing."""
    assert dig(None, ("a",)) is None
    assert dig({"a": [1]}, ("a", "b")) is None
