"""A walk over the graph, breadth-first, level by level: what is near a resource, and what it needs.

Order and cut are deterministic: nodes come by (depth, key), and the walk ends when `limit` of them are found.
Containment (IN_NAMESPACE, IN_CLUSTER) is left out unless asked for. A node with more than `fanout` neighbours by one
type of edge is shown but not walked through by that type, and says how many there were: one step over a Node or an
Image would otherwise bring half the cluster in. The root was asked for, so that its own neighbours are listed
however many they are; a Namespace's or a Cluster's are what it contains.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from kgraph.api.errors import BadUserInput, NotFound
from kgraph.api.nodes import Node, node, read_key
from kgraph.api.reading.reader import Reader
from kgraph.graphdb.edges import CONTAINMENT, EDGE_TYPES
from kgraph.graphdb.model import NAMESPACE, GroupKind
from kgraph.graphdb.store import Record

FANOUT = 50
ANY_NUMBER = 2**31
DEPENDENCIES = tuple(kind for kind in EDGE_TYPES if kind not in CONTAINMENT)  # what a walk follows unless told
CONTAINERS = frozenset({NAMESPACE, GroupKind("", "Cluster")})


def edge_types(asked: Iterable[str] | None) -> tuple[str, ...]:
    """The edge types that a caller means: those asked for, else all but containment; BadUserInput lists them."""
    if asked is None:
        return DEPENDENCIES
    wanted = tuple(sorted({name.upper() for name in asked}))
    unknown = [name for name in wanted if name not in EDGE_TYPES]
    if unknown:
        raise BadUserInput(f"no edge type is called {', '.join(unknown)}; there are {', '.join(EDGE_TYPES)}")
    return wanted


class Walk(msgspec.Struct, frozen=True):
    """How to walk: along the edges (outward), against them (inward), or both.

    `types` are the edge types to follow, None for all but containment; `kinds` the kinds that are shown and walked
    through, None for all; `limit` the most nodes, the root among them.
    """

    depth: int = 2
    outward: bool = True
    inward: bool = True
    types: tuple[str, ...] | None = None
    kinds: tuple[GroupKind, ...] | None = None
    fanout: int = FANOUT
    limit: int = 500
    edges: bool = True
    fields: bool = False  # whether the edges bring the paths that gave them


class GraphEdge(msgspec.Struct, frozen=True, gc=False):
    """One edge of an answer, by its ends' keys."""

    source: str
    type: str
    target: str
    optional: bool
    fields: tuple[str, ...] = ()


class Omission(msgspec.Struct, frozen=True, gc=False):
    """Neighbours of a node that were not followed: `count` by one type; direction IN is towards the node."""

    key: str
    type: str
    direction: str
    count: int


class Neighbourhood(msgspec.Struct, frozen=True):
    """What a walk found: nodes by (depth, key), the root first, with the edges among all of them."""

    root: Node
    nodes: tuple[Node, ...]
    depths: Mapping[str, int]
    edges: tuple[GraphEdge, ...]
    omitted: tuple[Omission, ...]
    truncated: bool
    depth: int


async def neighbourhood(reader: Reader, key: str, walk: Walk, *, timeout: float) -> Neighbourhood:
    """All that `walk` reaches from `key`; NotFound where there is no such node."""
    contains = walk.types is None and read_key(key).group_kind in CONTAINERS
    left_out = CONTAINMENT if walk.types is None else ()
    parameters: dict[str, Any] = {
        "outward": walk.outward,
        "inward": walk.inward,
        "kinds": None if walk.kinds is None else [f"{kind.group}/{kind.kind}" for kind in walk.kinds],
        "fanout": walk.fanout,
        "only": walk.types,
        "without": [*left_out],
        # What a container contains is what it was asked for: followed from it, and among the edges that are shown.
        "inside": [] if contains else [*left_out],
        "depth": walk.depth,
        "fields": walk.fields,
    }
    reached, omitted, frontier, taken, edges = await _begin(reader, key, walk, parameters, timeout)
    for depth in range(taken + 1, walk.depth + 1):
        if not frontier:
            break
        last = walk.edges and depth == walk.depth
        record = await _step(reader, parameters, reached, frontier, edges=last, timeout=timeout)
        omitted += [Omission(*row) for row in record["hubs"]]
        frontier = reached.add(record["found"], depth)
        edges = record["edges"] if last else None
    if walk.edges and edges is None:
        edges = (await _step(reader, parameters, reached, [], edges=True, timeout=timeout))["edges"]
    return Neighbourhood(
        root=reached.nodes[0],
        nodes=tuple(reached.nodes),
        depths=reached.depths,
        edges=_edges(edges or ()),
        omitted=tuple(sorted(omitted, key=lambda o: (o.key, o.type, o.direction))),
        truncated=reached.truncated,
        depth=walk.depth,
    )


async def _begin(reader: Reader, key: str, walk: Walk, parameters: Mapping[str, Any], timeout: float) -> "_Begun":
    """The root and the first steps; NotFound where there is no such node.

    Who sees everything takes two at once; the second is not taken where the first already filled the limit. Where the
    walk is over then, it brings the edges, too.
    """
    await reader.require(key, timeout=timeout)
    room = walk.limit if walk.depth > 0 else 0
    if reader.sight is None:
        statement = "read/walk_from"
        beginning = {**parameters, "key": key, "room": room, "limit": walk.limit, "edges": walk.edges}
    else:
        statement = "read/walk_seen"
        beginning = {
            **parameters,
            "key": key,
            "frontier": [],
            "seen": [],
            "room": room,
            "fits": 0,
            "edges": False,
            "fanout": ANY_NUMBER,
            "without": parameters["inside"],
        }
    record = await reader.read_one(statement, {"walk": beginning}, timeout=timeout)
    if record["root"] is None:
        raise NotFound(f"{key} is not in the graph")
    reached = _Reached(node(record["root"]), walk.limit)
    omitted = [Omission(*row) for row in record["hubs"]]
    if reader.sight is not None:
        return _Begun(reached, omitted, reached.add(record["found"], 1), 1, None)
    frontier = reached.add(record["near"], 1)
    if frontier and walk.depth > 1:
        frontier = reached.add(record["far"], 2)
    return _Begun(reached, omitted, frontier, 2, record["edges"])


class _Reached:
    """What a walk has found so far, at most `limit` nodes; `truncated` once there were more."""

    def __init__(self, root: Node, limit: int) -> None:
        self.nodes = [root]
        self.depths = {root.key: 0}
        self.truncated = False
        self._limit = limit

    @property
    def fits(self) -> int:
        """How many more there may be."""
        return self._limit - len(self.nodes)

    def add(self, rows: Sequence[Sequence[Any]], depth: int) -> list[str]:
        """Take what fits of a step; the handles to walk on from, none where not all of it fitted."""
        self.truncated = len(rows) > self.fits
        found = [node(row) for row in rows[: self.fits]]
        self.nodes += found
        self.depths.update((one.key, depth) for one in found)
        return [] if self.truncated else [one.handle for one in found]


class _Begun(NamedTuple):
    """How a walk has begun: where to go on from, how many steps were taken, and its edges, None where still unasked."""

    reached: _Reached
    omitted: list[Omission]
    frontier: list[str]
    taken: int
    edges: list[Any] | None


async def _step(
    reader: Reader,
    parameters: Mapping[str, Any],
    reached: _Reached,
    frontier: Sequence[str],
    *,
    edges: bool,
    timeout: float,
) -> Record:
    """One step from the frontier, none where that is empty; with `edges`, those among all that is found then."""
    step = {
        **parameters,
        "frontier": frontier,
        "seen": [one.handle for one in reached.nodes],
        "room": reached.fits + 1,
        "fits": reached.fits,
        "edges": edges,
        "key": None,
    }
    statement = "read/walk" if reader.sight is None else "read/walk_seen"
    return await reader.read_one(statement, {"walk": step}, timeout=timeout, about=[one.key for one in reached.nodes])


def _edges(rows: Iterable[Sequence[Any]]) -> tuple[GraphEdge, ...]:
    ordered = sorted(rows, key=lambda row: (row[0], row[1], row[2]))
    return tuple([GraphEdge(row[0], row[1], row[2], row[3], tuple(row[4] or ())) for row in ordered])
