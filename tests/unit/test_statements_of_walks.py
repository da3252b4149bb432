"""The step of a walk and its edges stand in two statements, since Cypher has no functions; each is one text."""

import pytest

from kgraph import cypher

PARTS = {"step": ("// ---- one step", "// ---- to here"), "edges": ("// ---- the edges", "// ---- to there")}


def _part(name: str, begins: str, ends: str) -> str:
    text = cypher.statement(name)
    begin, end = text.index(begins), text.index(ends)
    return text[text.index("\n", begin) : end]


@pytest.mark.parametrize("part", PARTS)
def test_the_part_is_the_same_in_both_statements(part: str) -> None:
    """What is mended in the one is mended in the other."""
    assert _part("read/walk", *PARTS[part]) == _part("read/walk_from", *PARTS[part])
