"""The edge table: one row per fact, by area, and what an edge means to its start when its end goes away.

Here belongs what Kubernetes' objects say of each other. How a row is read from an object is `kgraph.sync.extract`'s.
"""

from functools import cache

from kgraph.graphdb.edges import access, everywhere, gateway, mesh, network, snapshots, storage, workloads
from kgraph.graphdb.edges.row import ANY, CUSTOM, NO_RESOURCES, PODS, TEMPLATES, EdgeRow
from kgraph.graphdb.kinds import KINDS
from kgraph.graphdb.model import GroupKind

EDGE_ROWS: tuple[EdgeRow, ...] = (
    *everywhere.ROWS,
    *workloads.ROWS,
    *storage.ROWS,
    *snapshots.ROWS,
    *network.ROWS,
    *gateway.ROWS,
    *mesh.ROWS,
    *access.ROWS,
)
EDGE_TYPES: tuple[str, ...] = tuple(sorted({row.type for row in EDGE_ROWS}))
CONTAINMENT: tuple[str, ...] = tuple(sorted({row.type for row in EDGE_ROWS if row.containment}))
# What rows of a user's own may be: all but the types that every resource, or every custom one, may have anyway.
OWN_EDGE_TYPES: tuple[str, ...] = tuple(
    sorted(
        set(EDGE_TYPES)
        - {row.type for row in EDGE_ROWS if not row.convention and not {ANY, CUSTOM}.isdisjoint(row.start)}
    )
)

_POD = "Pod"
_TEMPLATE_KINDS = tuple(str(kind.group_kind) for kind in KINDS if kind.pod_spec and kind.kind != _POD)


@cache
def _meanings() -> dict[tuple[str, str, str], EdgeRow]:
    """Rows by (type, start, end), an exact start or end before a general one."""
    found: dict[tuple[str, str, str], EdgeRow] = {}
    for row in EDGE_ROWS:
        for start in row.start:
            found.setdefault((row.type, start, row.end), row)
    for row in EDGE_ROWS:
        if PODS in row.start:
            found.setdefault((row.type, _POD, row.end), row)
        if PODS in row.start or TEMPLATES in row.start:
            for start in _TEMPLATE_KINDS:
                found.setdefault((row.type, start, row.end), row)
    return found


def meaning(type_: str, start: GroupKind, end: GroupKind | str) -> EdgeRow | None:
    """The row that says what an edge means; None where the table has none.

    `end` is a kind, or for an end that is no resource what the table calls it: `image`, `host`, `subject`, `cluster`.
    A template kind that is not Kubernetes' own has the meanings of templates.
    """
    found = _meanings()
    start_text, end_text = str(start), str(end)
    for start_name in (start_text, ANY, TEMPLATES, PODS, CUSTOM):
        for end_name in (end_text, ANY):
            row = found.get((type_, start_name, end_name))
            if row and not (end_name == ANY and end_text in NO_RESOURCES):
                return row
    return None
