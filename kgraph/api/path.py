"""The shortest way from one resource to another.

A chain of dependencies is worth more than a mere connection: first along the edges, then against them, then either
way. Of several shortest ways the first by (edge type, key), edge by edge, is the answer. Either way, a node with more
than `fanout` neighbours of one type is not walked through by it, but for the two ends: by way of a common Node or
image everything is near everything.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from kgraph.api.nodes import Node, named
from kgraph.api.reading.reader import Reader
from kgraph.api.walk import ANY_NUMBER, FANOUT, GraphEdge

# Further than this nobody calls two things connected, and a walk either way would be of half the cluster.
VISITED_MOST = 20_000


class Search(msgspec.Struct, frozen=True):
    """How to look: by these edge types, this many edges at most."""

    types: tuple[str, ...]
    depth: int = 10
    fanout: int = FANOUT


class Path(msgspec.Struct, frozen=True):
    """The nodes from one end to the other, and the edges between them; `direction` is OUT, IN or BOTH."""

    nodes: tuple[Node, ...]
    edges: tuple[GraphEdge, ...]
    direction: str


async def shortest_path(reader: Reader, start: str, end: str, search: Search, *, timeout: float) -> Path | None:
    """The path, None where there is none; NotFound where an end is not in the graph."""
    first, last = [await named(reader, key, timeout=timeout) for key in (start, end)]
    if first.key == last.key:
        return Path((first,), (), "OUT")
    for origin, goal, direction in ((first, last, "OUT"), (last, first, "IN"), (first, last, "BOTH")):
        found = await _search(reader, origin, goal, search, both=direction == "BOTH", timeout=timeout)
        if found is not None:
            nodes, edges = found
            turned = direction == "IN"
            return Path(
                tuple(reversed(nodes) if turned else nodes), tuple(reversed(edges) if turned else edges), direction
            )
    return None


async def _search(
    reader: Reader, origin: Node, goal: Node, search: Search, *, both: bool, timeout: float
) -> tuple[list[Node], list[GraphEdge]] | None:
    """Breadth-first; the nodes of a level stay in the order of their ways, so that the first way is the least."""
    came: dict[str, tuple[Node, GraphEdge]] = {}
    seen = {origin.handle: True}
    frontier = [origin]
    to_goal = await _beside(reader, goal, search, timeout) if both else {}
    for depth in range(search.depth):
        edges = await _expand(reader, frontier, seen, search, both=both, whole=not both or depth == 0, timeout=timeout)
        found = [
            *(
                (row[0], row[1], row[4], frontier[row[0]], Node(row[3], row[4]), _edge(frontier[row[0]].key, row))
                for row in edges
            ),
            *(
                (place, one.type, goal.key, at, goal, one)
                for place, at in enumerate(frontier)
                for one in to_goal.get(at.handle, ())
            ),
        ]
        following: list[Node] = []
        for _, _, key, at, reached, edge in sorted(found, key=lambda way: way[:3]):
            if key not in came and key != origin.key:
                came[key] = (at, edge)
                following.append(reached)
                seen[reached.handle] = True
        if goal.key in came:
            return _traced(came, origin, goal)
        if not following or len(seen) > VISITED_MOST:
            return None
        frontier = following
    return None


async def _expand(
    reader: Reader,
    frontier: list[Node],
    seen: Mapping[str, bool],
    search: Search,
    *,
    both: bool,
    whole: bool,
    timeout: float,
) -> list[list[Any]]:
    parameters = {
        "frontier": [one.handle for one in frontier],
        "seen": dict(seen),
        "types": list(search.types),
        "outward": True,
        "inward": both,
        "fanout": ANY_NUMBER if whole else search.fanout,
    }
    record = await reader.read_one("read/expand", {"walk": parameters}, timeout=timeout)
    return list(record["edges"])


async def _beside(reader: Reader, goal: Node, search: Search, timeout: float) -> dict[str, list[GraphEdge]]:
    """The edges between the goal and its neighbours, however many, by the neighbours' handles."""
    rows = await _expand(reader, [goal], {goal.handle: True}, search, both=True, whole=True, timeout=timeout)
    found: dict[str, list[GraphEdge]] = {}
    for row in rows:
        found.setdefault(row[3], []).append(_edge(goal.key, row))
    return found


def _edge(at: str, row: list[Any]) -> GraphEdge:
    _, kind, outward, _, key, optional = row
    return GraphEdge(at, kind, key, optional) if outward else GraphEdge(key, kind, at, optional)


def _traced(came: Mapping[str, tuple[Node, GraphEdge]], origin: Node, goal: Node) -> tuple[list[Node], list[GraphEdge]]:
    nodes, edges = [goal], []
    while nodes[-1].key != origin.key:
        at, edge = came[nodes[-1].key]
        nodes.append(at)
        edges.append(edge)
    return nodes[::-1], edges[::-1]
