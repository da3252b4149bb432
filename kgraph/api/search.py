"""Search by text: names, images and labels that have it, the exact ones first."""

import re
from collections.abc import Sequence

import msgspec

from kgraph.api.errors import BadUserInput
from kgraph.api.nodes import Node, node
from kgraph.graphdb.store import Store

LEAST_CHARACTERS = 2  # a single letter is in everything
# How many labelled resources are looked at: Lucene scores them all alike, so that the order is made afterwards.
LABELLED_MOST = 5_000
_LUCENE_SIGNS = re.compile(r'([+\-!(){}\[\]^"~*?:\\/&|\s=<>])')


class Hit(msgspec.Struct, frozen=True):
    """A node that was found: by its `NAME`, as an `IMAGE`, or by a `LABEL`."""

    node: Node
    matched: str


async def search(
    store: Store, text: str, clusters: Sequence[str] | None, *, first: int, timeout: float
) -> tuple[Hit, ...]:
    """The first hits: exact names, beginnings, parts, labels; of each the shortest names first, then by key."""
    wanted = text.strip()
    if len(wanted) < LEAST_CHARACTERS:
        raise BadUserInput(f"text is {text!r}; at least {LEAST_CHARACTERS} characters are needed")
    parameters = {
        "text": wanted,
        "label": f"*{_escaped(wanted)}*",
        "labelled": LABELLED_MOST,
        "clusters": None if clusters is None else list(clusters),
        "room": first,
    }
    record = await store.read_one("read/search", {"of": parameters}, timeout=timeout)
    return tuple(Hit(node(row), row[3]) for row in record["found"])


def _escaped(text: str) -> str:
    """The text as Lucene's query parser takes it for itself."""
    return _LUCENE_SIGNS.sub(r"\\\1", text)
