"""Search by text and filters, in one statement over one full-text index.

The index holds whole values; a word is looked for in it as the whole name, as a beginning, and as a part of a name, an
image, a label or an annotation, each with a boost so that a better place always wins. Filters are part of the same
query, so that what passes none of them is never looked at. `read/search` ranks what the index found.
"""

import re
from collections.abc import Callable, Mapping, Sequence

import msgspec

from kgraph.api.errors import BadUserInput
from kgraph.api.kinds import NODE_KINDS, ClusterKinds, resolve
from kgraph.api.nodes import Node, node
from kgraph.api.reading.reader import Reader
from kgraph.api.search_text import Asked, parse
from kgraph.graphdb.model import GroupKind

# How many hits are ranked. Of more, the index' own order decides, which knows the places but not the lengths of names.
LOOKED_LEAST = 250
# Each place's boost is more than all those after it together: only a better place can win.
_PLACES = (("name", 8), ("reference", 4), ("images", 4), ("labels", 2), ("annotations", 1))
_EXACT_BOOST, _BEGINNING_BOOST = 256, 32
_SIGNS = re.compile(r'([+\-!(){}\[\]^"~*?:\\/&|\s=<>])')


class Hit(msgspec.Struct, frozen=True):
    """A node that was found: by its `NAME`, an `IMAGE`, a `LABEL`, an `ANNOTATION`, or by the `FILTER`s alone."""

    node: Node
    matched: str


async def search(
    reader: Reader,
    text: str,
    kinds: Mapping[str, ClusterKinds],
    clusters: Sequence[str] | None,
    *,
    first: int,
    timeout: float,
) -> tuple[Hit, ...]:
    """The first hits by rank, of each the shortest names first, then by key; BadUserInput says what is wrong.

    `kinds` are all clusters' kinds; `clusters` those to look in, None for all and for what clusters share.
    """
    asked = parse(text)
    parameters = {
        "query": lucene(asked, kinds, clusters),
        "words": [word.lower() for word in asked.words],
        "looked": max(LOOKED_LEAST, 2 * first),
        "room": first,
    }
    record = await reader.read_one("read/search", {"of": parameters}, timeout=timeout)
    return tuple(Hit(node(row), row[3]) for row in record["found"])


def lucene(asked: Asked, kinds: Mapping[str, ClusterKinds], clusters: Sequence[str] | None) -> str:
    """The query as the index takes it. Every condition must hold (`+`) or must not (`-`); filters score nothing."""
    clauses = [f"+({_anywhere(word)})" for word in asked.words]
    clauses += [f"-({_anywhere(word)})" for word in asked.without]
    if clusters is not None:
        clauses.append(f"+({' '.join(_whole('cluster', name) for name in clusters)})^0")
    for one in asked.filters:
        match one.key:
            case "kind":
                found = sorted(_kind(kind) for value in one.values for kind in _resolved(value, kinds, clusters))
            case "cluster":
                found = [_whole("cluster", _known(value, kinds)) for value in one.values]
            case _:
                found = [_FIELDS[one.key](value) for value in one.values]
        clauses.append(f"{'-' if one.negated else '+'}({' '.join(dict.fromkeys(found))})^0")
    if not any(one.key == "kind" and not one.negated for one in asked.filters):
        clauses.append(f"-{_kind(GroupKind('', 'Event'))}")  # as many as all else, and named after it
    return " ".join(clauses)


def _anywhere(word: str) -> str:
    """A word in any place, as it is written and in small letters, in which names are."""
    found = []
    for spelling in dict.fromkeys((word, word.lower())):
        found.append(f"{_whole('name', spelling)}^{_EXACT_BOOST} name:{_escaped(spelling)}*^{_BEGINNING_BOOST}")
        found += [f"{field}:*{_escaped(spelling)}*^{boost}" for field, boost in _PLACES]
    return " ".join(found)


def _whole(field: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{field}:"{escaped}"'


def _pattern(field: str, value: str) -> str:
    """A whole value, in which `*` stands for anything."""
    return f"{field}:{'*'.join(_escaped(part) for part in value.split('*'))}" if "*" in value else _whole(field, value)


def _image(value: str) -> str:
    part = "*".join(_escaped(piece) for piece in value.strip("*").split("*"))
    return f"images:*{part}* reference:*{part}*"


def _label(value: str) -> str:
    return _pattern("labels", value if "=" in value else f"{value}=*")


_FIELDS: Mapping[str, Callable[[str], str]] = {
    "namespace": lambda value: _pattern("namespace", value),
    "name": lambda value: _pattern("name", value),
    "health": lambda value: _whole("health", value),
    "image": _image,
    "label": _label,
}


def _kind(kind: GroupKind) -> str:
    """A kind in the index; nodes that are no resources are told by what they have, as most have no kind."""
    if kind == NODE_KINDS["image"]:
        return "reference:*"
    if kind == NODE_KINDS["host"]:
        return "(+name:* -kind:*)"
    if kind == NODE_KINDS["subject"]:
        return '(+(kind:"User" kind:"Group") -group:*)'
    return f"(+{_whole('kind', kind.kind)} +{_whole('group', kind.group)})"


def _resolved(spelling: str, known: Mapping[str, ClusterKinds], clusters: Sequence[str] | None) -> frozenset[GroupKind]:
    """The kinds that a word means, by each cluster's own names for them."""
    found = set()
    refusal: BadUserInput | None = None
    for cluster, of_cluster in known.items():
        if clusters is None or cluster in clusters:
            try:
                found.add(resolve(of_cluster.catalogue, spelling, cluster).group_kind)
            except BadUserInput as error:
                refusal = error
    if not found and spelling.lower() in NODE_KINDS:
        return frozenset({NODE_KINDS[spelling.lower()]})
    if not found:
        raise BadUserInput(f"kind:{spelling}: {refusal or 'there is no cluster yet'}") from refusal
    return frozenset(found)


def _known(cluster: str, known: Mapping[str, ClusterKinds]) -> str:
    if cluster not in known:
        raise BadUserInput(f"cluster:{cluster}: there is no such cluster; clusters: {', '.join(known) or 'none yet'}")
    return cluster


def _escaped(text: str) -> str:
    """The text as Lucene's query parser takes it for itself."""
    return _SIGNS.sub(r"\\\1", text)
