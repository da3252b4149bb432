"""Two resources beside each other, of whichever clusters: which fields differ, and what they depend on differently.

Ends of edges are compared by what they are called seen from their start: staging's `cm/shop` is prod's, in namespaces
of other names too. Images are compared by repository, so that another tag is one difference and not two.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

import msgspec

from kgraph.api.errors import BadUserInput, NotFound
from kgraph.api.nodes import Name, Node, node
from kgraph.api.reading.reader import Reader
from kgraph.api.walk import DEPENDENCIES
from kgraph.graphdb.model import NAMESPACE, GroupKind
from kgraph.kube.diff import Difference, diff
from kgraph.kube.images import parse_image
from kgraph.kube.stated import keys_only, stated

FIELDS_MOST = 1_000  # more differences than these are two different things
EDGES_MOST = 1_000
IMAGE = GroupKind("", "Image")
SECRET = GroupKind("", "Secret")
_CONTENTS = frozenset({GroupKind("", "ConfigMap"), SECRET})


class DependencyDifference(msgspec.Struct, frozen=True):
    """What the two depend on differently: `a` or `b` is None where only the other has it.

    `name` is the end as both would call it, `detail` says what differs, `content` which of a ConfigMap's fields do.
    """

    type: str
    name: str
    a: Node | None
    b: Node | None
    detail: str = ""
    content: tuple[Difference, ...] = ()


class Comparison(msgspec.Struct, frozen=True):
    """All differences; `truncated` where there are more fields, or edges, than are looked at."""

    a: Node
    b: Node
    fields: tuple[Difference, ...]
    dependencies: tuple[DependencyDifference, ...]
    truncated: bool


class Side(msgspec.Struct, frozen=True):
    """One of the two: its object, and the ends of its edges by type."""

    node: Node
    object: Mapping[str, Any]
    edges: tuple[tuple[str, Node], ...]


class _Called(NamedTuple):
    """An edge's end as its start sees it."""

    type: str
    kind: str
    name: str


async def compare(reader: Reader, a: str, b: str, *, everything: bool, timeout: float) -> Comparison:
    """Compare the resources of two keys; with `everything` their status and generated fields too."""
    first, second = await _sides(reader, (a, b), timeout)
    look = _whole if everything else stated
    fields = diff(look(first.object), look(second.object))
    pairs = tuple(_pairs(first, second))
    contents = await _contents(reader, pairs, timeout)
    dependencies = (_difference(called, x, y, contents) for called, x, y in pairs)
    return Comparison(
        first.node,
        second.node,
        fields[:FIELDS_MOST],
        tuple(each for each in dependencies if each is not None),
        truncated=len(fields) > FIELDS_MOST or any(len(side.edges) >= EDGES_MOST for side in (first, second)),
    )


async def _sides(reader: Reader, keys: Sequence[str], timeout: float) -> list[Side]:
    for key in keys:
        await reader.require(key, timeout=timeout)
    parameters = {"keys": sorted(set(keys)), "types": list(DEPENDENCIES), "room": EDGES_MOST}
    record = await reader.read_one("read/compared", {"of": parameters}, timeout=timeout)
    found = {
        key: (Node(handle, key, missing), manifest, tuple((type_, node(row)) for type_, row in edges))
        for key, handle, missing, manifest, edges in record["compared"]
    }
    sides = []
    for key in keys:
        if key not in found:
            raise NotFound(f"{key} is not in the graph, or is no resource")
        at, manifest, edges = found[key]
        if manifest is None:
            raise BadUserInput(f"{key} is only referred to and not there: there is nothing to compare")
        sides.append(Side(at, msgspec.json.decode(manifest), edges))
    return sides


def _whole(obj: Mapping[str, Any]) -> Mapping[str, Any]:
    """The whole object, a Secret's values left out as everywhere."""
    return {**obj, "data": keys_only(obj)} if obj.get("kind") == "Secret" else obj


def _pairs(a: Side, b: Side) -> Iterator[tuple[_Called, Node | None, Node | None]]:
    """The ends that only one of the two has, each beside its like, in the order of what they are called."""
    ends: dict[_Called, tuple[list[Node], list[Node]]] = {}
    for at, side in enumerate((a, b)):
        for type_, end in side.edges:
            ends.setdefault(_called(type_, end.name, side.node.name), ([], []))[at].append(end)
    for called, (of_a, of_b) in sorted(ends.items()):
        left, right = _without_common(of_a, of_b)
        yield from ((called, x, y) for x, y in zip_longest(left, right))


def _without_common(a: list[Node], b: list[Node]) -> tuple[list[Node], list[Node]]:
    in_a, in_b = {end.key for end in a}, {end.key for end in b}
    return [end for end in a if end.key not in in_b], [end for end in b if end.key not in in_a]


def _called(type_: str, end: Name, start: Name) -> _Called:
    if end.group_kind == IMAGE:
        image = parse_image(end.name)
        return _Called(type_, "Image", f"{image.registry}/{image.repository}" if image else end.name)
    name = end.name
    if end.group_kind == NAMESPACE and name == start.namespace:
        name = "."  # its own
    if end.namespace and end.namespace != start.namespace:
        name = f"{end.namespace}/{name}"
    return _Called(type_, str(end.group_kind), name)


async def _contents(
    reader: Reader, pairs: Sequence[tuple[_Called, Node | None, Node | None]], timeout: float
) -> Mapping[str, Mapping[str, Any]]:
    """The objects of the ConfigMaps and Secrets that both depend on, by handle."""
    places = [end.place for _, a, b in pairs if a and b and a.name.group_kind in _CONTENTS for end in (a, b)]
    if not places:
        return {}
    record = await reader.read_one("read/manifests", {"of": {"places": places}}, timeout=timeout)
    return {handle: msgspec.json.decode(manifest) for handle, manifest in record["manifests"]}


def _difference(
    called: _Called, a: Node | None, b: Node | None, contents: Mapping[str, Mapping[str, Any]]
) -> DependencyDifference | None:
    """How the two ends differ; None where they do not."""
    name = called.name if called.kind == "Image" else f"{called.kind}/{called.name}"
    if a is None or b is None:
        return DependencyDifference(called.type, name, a, b, "only in a" if b is None else "only in b")
    if called.kind == "Image":
        return DependencyDifference(called.type, name, a, b, f"{_version(a)} -> {_version(b)}")
    if a.missing or b.missing:
        if a.missing and b.missing:
            return None
        return DependencyDifference(called.type, name, a, b, f"not there in {'a' if a.missing else 'b'}")
    if a.handle in contents and b.handle in contents:
        content = diff(*(_data(contents[end.handle]) for end in (a, b)))
        if content:
            what = "keys" if a.name.group_kind == SECRET else "content"
            return DependencyDifference(called.type, name, a, b, f"its {what} differs", content[:FIELDS_MOST])
    return None


def _data(obj: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in stated(obj).items() if key in ("data", "binaryData")}


def _version(image: Node) -> str:
    """An image's name without its registry and path: `nginx:1.27`."""
    return image.name.name.rpartition("/")[2]
