"""The step of a walk stands in two statements, since Cypher has no functions; it is one text."""

from kgraph import cypher


def _step(name: str) -> str:
    text = cypher.statement(name)
    begin, end = text.index("// ---- one step"), text.index("// ---- to here")
    return text[text.index("\n", begin) : end]


def test_the_step_is_the_same_in_both_statements() -> None:
    """What is mended in the one is mended in the other."""
    assert _step("read/walk") == _step("read/walk_from")
