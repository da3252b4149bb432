"""A walk over the graph, breadth-first, one statement a level: what is near a resource, and what it needs.

Order and cut are deterministic: nodes come by (depth, key), and the walk ends when `limit` of them are found.
Containment (IN_NAMESPACE, IN_CLUSTER) is left out unless asked for. A node with more than `fanout` neighbours by one
type of edge is shown but not walked through by that type, and says how many there were: one step over a Node or an
Image would otherwise bring half the cluster in. The root was asked for, so that its own neighbours are listed
however many they are; a Namespace's or a Cluster's are what it contains.
"""

from collections.abc import Iterable, Mapping

import msgspec

from kgraph.api.errors import BadUserInput, NotFound
from kgraph.api.nodes import Node, node, read_key
from kgraph.graphdb.edges import CONTAINMENT, EDGE_TYPES
from kgraph.graphdb.model import GroupKind
from kgraph.graphdb.store import Store

FANOUT = 50
DEPENDENCIES = tuple(kind for kind in EDGE_TYPES if kind not in CONTAINMENT)  # what a walk follows unless told
CONTAINERS = frozenset({GroupKind("", "Namespace"), GroupKind("", "Cluster")})


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


async def neighbourhood(store: Store, key: str, walk: Walk, *, timeout: float) -> Neighbourhood:
    """All that `walk` reaches from `key`; NotFound where there is no such node."""
    asked = DEPENDENCIES if walk.types is None else walk.types
    implied = CONTAINMENT if walk.types is None and read_key(key).group_kind in CONTAINERS else ()
    shared = {
        "outward": walk.outward,
        "inward": walk.inward,
        "kinds": None if walk.kinds is None else [f"{kind.group}/{kind.kind}" for kind in walk.kinds],
    }
    record = await store.read_one(
        "read/walk_from",
        {"walk": {**shared, "key": key, "types": [*asked, *implied], "room": walk.limit if walk.depth > 0 else 0}},
        timeout=timeout,
    )
    if record["root"] is None:
        raise NotFound(f"{key} is not in the graph")
    root = node(record["root"])
    nodes, depths, seen = [root], {root.key: 0}, [root.handle]
    omitted: list[Omission] = []
    found, depth, truncated = record["found"], 1, False
    while True:
        room = walk.limit - len(nodes)
        truncated = walk.depth > 0 and len(found) > room
        frontier = [node(row) for row in found[:room]]
        for reached in frontier:
            depths[reached.key] = depth
        nodes += frontier
        seen += [reached.handle for reached in frontier]
        if truncated or not frontier or depth >= walk.depth:
            break
        depth += 1
        record = await store.read_one(
            "read/walk",
            {
                "walk": {
                    **shared,
                    "frontier": [reached.handle for reached in frontier],
                    "seen": dict.fromkeys(seen, True),
                    "types": list(asked),
                    "fanout": walk.fanout,
                    "room": walk.limit - len(nodes) + 1,
                }
            },
            timeout=timeout,
        )
        omitted += [Omission(*row) for row in record["hubs"]]
        found = record["found"]
    edges: tuple[GraphEdge, ...] = ()
    if walk.edges:
        edges = await _edges_between(store, seen, [*asked, *implied], fields=walk.fields, timeout=timeout)
    return Neighbourhood(
        root=root,
        nodes=tuple(nodes),
        depths=depths,
        edges=edges,
        omitted=tuple(sorted(omitted, key=lambda o: (o.key, o.type, o.direction))),
        truncated=truncated,
        depth=walk.depth,
    )


async def _edges_between(
    store: Store, handles: list[str], types: list[str], *, fields: bool, timeout: float
) -> tuple[GraphEdge, ...]:
    record = await store.read_one(
        "read/edges_between",
        {"among": {"handles": handles, "shown": dict.fromkeys(handles, True), "types": types, "fields": fields}},
        timeout=timeout,
    )
    rows = sorted(record["edges"], key=lambda row: (row[0], row[1], row[2]))
    return tuple(
        GraphEdge(start, kind, end, optional, tuple(paths or ())) for start, kind, end, optional, paths in rows
    )
