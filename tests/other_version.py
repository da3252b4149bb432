"""`kgraph` as a program of another schema version: `python -m tests.other_version VERSIONS WORD…`.

What tells a program's version to the graph is its table of schema versions, and nothing else. VERSIONS is a number for
a program that knows only the versions up to it; `+` for one that knows one more than ours, compatible with it; `!` for
one that knows yet one more, which breaks. Everything else is the program as it is, with the words that follow.
"""

import sys
from collections.abc import Callable
from unittest.mock import patch

from kgraph import cypher
from kgraph.cli.main import main
from kgraph.graphdb import schema
from kgraph.graphdb.versions import VERSIONS, Version

# A statement that there is, and that may be run again.
_STATEMENT = VERSIONS[-1]


class Next(Version, frozen=True):
    """A version after ours, which makes what ours has made."""

    @property
    def name(self) -> str:
        """The statement as `kgraph.cypher` has it."""
        return _STATEMENT.name


def versions(which: str) -> tuple[Version, ...]:
    """The table of a program of that version."""
    if which.isdecimal():
        return VERSIONS[: int(which)]
    after = Next(_STATEMENT.number + 1, "next")
    return (*VERSIONS, after, Next(after.number + 1, "last", breaks=True)) if which == "!" else (*VERSIONS, after)


def run(which: str, words: list[str], start: Callable[[list[str]], object] = main) -> None:
    """Start the program with another table."""
    assert cypher.statement(_STATEMENT.name)
    with patch.object(schema, "VERSIONS", versions(which)):
        start(words)


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2:])
