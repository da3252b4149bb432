"""What a statement's record depends on, as marks (`touches`): one row for each statement whose records are kept.

A row takes the statement's parameters, its record, and the keys of the nodes that it was told by handles (`about`);
where it was not given these, nothing is kept.
A statement that is not here is not kept: it reads the time, or what no worker says that it touches (clusters' own
nodes, usage, the audit), or an index that is written after the commit (`read/search`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from kgraph.api.reading.touches import ANYTHING
from kgraph.graphdb.model import NAMESPACE, GroupKind, cluster_key, kind_prefix
from kgraph.graphdb.store import Record

# Past so many it is quicker to ask the graph again than to look each of them up.
MARKS_MOST = 3_000
Marks = Iterable[str] | None
Rule = Callable[[Mapping[str, Any], Record, Sequence[str]], Marks]
_CLUSTER = cluster_key("")


def marks_of(name: str, parameters: Mapping[str, Any], record: Record, about: Sequence[str]) -> tuple[str, ...] | None:
    """What a record depends on; None where that is not known, and the record is not to be kept."""
    ((_, given),) = parameters.items()
    marks = RULES[name](given, record, about)
    if marks is None:
        return None
    found = tuple(dict.fromkeys(marks))
    return (ANYTHING,) if len(found) > MARKS_MOST else found


def _anything(_: Mapping[str, Any], __: Record, ___: Sequence[str]) -> Marks:
    return (ANYTHING,)


def _listed(prefixes: Iterable[str]) -> Marks:
    marks = [f"={prefix}" for prefix in prefixes]
    return marks if all(mark.endswith("/") for mark in marks) else (ANYTHING,)


def _said_by(keys: Iterable[str]) -> Marks:
    """What nodes say of themselves; a cluster's own node changes without a word."""
    marks = []
    for key in keys:
        if key.startswith(_CLUSTER):
            return None
        marks.append(f"~{key}" if ":" in key.partition("/")[0] else f"={key}")
    return marks


def _there(keys: Iterable[str]) -> Marks:
    """Whether nodes are there, and where."""
    return [f"~{key}" for key in keys]


def _places(given: Mapping[str, Any], _: Record, __: Sequence[str]) -> Marks:
    return _said_by(key for _, key in given["places"])


def _walked(given: Mapping[str, Any], record: Record, about: Sequence[str]) -> Marks:
    """The nodes that a step began at, whether or not they are there, and all that it found; what is at their edges."""
    if len(about) != len(given.get("seen", ())):
        return None
    rows = [row for name in ("near", "far", "found") for row in record.get(name) or ()]
    asked = [given["key"]] if given["key"] else []
    return _there([*about, *asked, *(row[1] for row in rows)])


def _related(given: Mapping[str, Any], record: Record, about: Sequence[str]) -> Marks:
    """The edges of those asked for, of any of the kind on the way, and what is said by those found."""
    if len(about) != len(given["list"]):
        return None
    marks = [f"~{key}" for key in about]
    for wanted, key in zip(given["list"], about, strict=True):
        via = wanted["via"]
        if via is not None:
            marks.append(f"~{kind_prefix(key.partition('/')[0], GroupKind(via['group'], via['kind']))}")
    return [*marks, *(f"={row[1]}" for row in record["nodes"])]


def _relations(given: Mapping[str, Any], record: Record, about: Sequence[str]) -> Marks:
    if len(about) != len(given["list"]):
        return None
    found = [row[3][1] for _, _, rows in record["relations"] for row in rows]
    said = _said_by(found)
    return None if said is None else [*(f"~{key}" for key in about), *said]


RULES: Mapping[str, Rule] = {
    "read/resources": lambda given, _, __: _listed(given["prefixes"]),
    "read/resource_count": lambda given, _, __: _listed(given["prefixes"]),
    "read/members": lambda given, _, __: _listed(one["prefix"] for one in given["list"]),
    "read/namespaces": lambda given, _, __: [f"~{kind_prefix(each, NAMESPACE)}" for each in given["clusters"]],
    "read/node": lambda given, _, __: _there([given["key"]]),
    "read/by_keys": lambda given, _, __: _there(given["keys"]),
    "read/labels": lambda given, _, __: _said_by(given["keys"]),
    "read/facts": _places,
    "read/manifests": _places,
    "read/histories": _places,
    "read/walk_from": _walked,
    "read/walk": _walked,
    "read/walk_seen": _walked,
    "read/related": _related,
    "read/relations": _relations,
    "read/shared": _anything,
    "read/expand": _anything,
    "read/impact_starts": _anything,
    "read/impact_left": _anything,
    "read/impact_owners": _anything,
    "read/dangling_references": _anything,
    "read/rollups": _anything,
}
