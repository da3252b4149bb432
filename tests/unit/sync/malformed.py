"""Objects that are as nobody would write them: junk wherever the tables look, and anywhere else."""

import copy
from collections.abc import Iterator, Sequence
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

from kgraph.graphdb.edges import EDGE_ROWS
from kgraph.graphdb.edges.row import ANY, CUSTOM, PODS, TEMPLATES, EdgeRow
from kgraph.graphdb.kinds import KINDS, Kind
from kgraph.sync.paths import EACH, Path, parse
from tests.unit.sync.graphs import CATALOGUE

T = TypeVar("T")


class Draw(Protocol):
    """How a test draws: `st.data()`'s way of it, or a composite strategy's."""

    def __call__(self, strategy: st.SearchStrategy[T], /) -> T: ...


# Names with every character that some kind of Kubernetes allows (RBAC's allow all but `/` and `%`), and others.
NAMES = st.sampled_from([
    "a", "a-b.c", "system:node:n1", "A", "0", "ü", "a b", "'", '"', "`", "{}", "[0]", "$x", "a\\b", "a\nb", "\x00", "…",
    "%s", "_", "*", "a|b", "x" * 300, "cluster:c", "image:x", "host:", "subject:c/User/x",
])  # fmt: skip
_SCALARS: list[Any] = [
    None, "", " ", "null", "3", "-1", "1e400", "true", "a/b", "/", "//", "\ud800", "😀", 0, -1, 7, 2**31,
    2**63, -(2**63), 2**70, 1.5, -0.0, 1e308, float("nan"), float("inf"), True, False,
]  # fmt: skip


def deep(levels: int) -> Any:
    """Maps and lists in each other."""
    value: Any = "bottom"
    for level in range(levels):
        value = [value] if level % 2 else {"name": value}
    return value


_KEYS = st.sampled_from([
    "name", "namespace", "kind", "apiVersion", "group", "uid", "matchLabels", "key", "optional", "",
])  # fmt: skip
SCALARS = st.sampled_from(_SCALARS) | NAMES
JUNK: st.SearchStrategy[Any] = st.recursive(
    SCALARS | st.sampled_from([[], {}, [None], [[]], [{}], {"": None}, {"name": None}, {"name": []}]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            _KEYS,
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
REFERENCES = st.fixed_dictionaries(
    {"name": NAMES | SCALARS},
    optional={
        "namespace": NAMES | SCALARS,
        "kind": st.sampled_from(["Pod", "Basket", "Region", "Who", "a/b", "", "ü"]) | SCALARS,
        "apiVersion": st.sampled_from(["v1", "apps/v1", "a/b/c", "/", "shop.example.com/v1"]) | SCALARS,
        "group": SCALARS,
        "uid": SCALARS,
        "optional": SCALARS,
        "key": JUNK,
    },
)

_TEMPLATES = [kind for kind in KINDS if kind.pod_spec]


def starts_of(row: EdgeRow) -> list[Kind]:
    """The built-in kinds that may state a row's edges, and for a row of custom kinds one of those."""
    wanted = set(row.start)
    if ANY in wanted:
        return list(KINDS)
    if CUSTOM in wanted:
        return [each for each in CATALOGUE.kinds if each.kind == "Basket"]
    found = [each for each in CATALOGUE.kinds if str(each.group_kind) in wanted]
    if PODS in wanted or TEMPLATES in wanted:
        found += [each for each in _TEMPLATES if PODS in wanted or each.kind != "Pod"]
    return found


def paths_looked_at(row: EdgeRow, kind: Kind) -> list[Path]:
    """Where in an object of a kind a row looks: its references, its selector, its conditions."""
    written = [*row.at, *row.when, *row.unless, *([row.selects.at] if row.selects else ())]
    return [path for each in written for path in parse(each.replace("{pod}", kind.pod_spec))]


def looked_at() -> list[tuple[Kind, Path]]:
    """Every kind with every path that a row of the tables looks at in it, each once."""
    return list({(str(kind.group_kind), str(path)): (kind, path) for kind, path in _looked_at()}.values())


def _looked_at() -> Iterator[tuple[Kind, Path]]:
    for row in EDGE_ROWS:
        for kind in starts_of(row):
            yield from ((kind, path) for path in paths_looked_at(row, kind))
    for kind in KINDS:
        for source in (*kind.promote.values(), *kind.noise):
            if not source.startswith("@"):
                yield from ((kind, path) for path in parse(source))


def plant(obj: dict[str, Any], path: Sequence[Any], value: Any) -> None:
    """Put a value at a path, making the way to it."""
    steps = [step for step in path if isinstance(step, str)]
    at: Any = obj
    for step, after in zip(steps, [*steps[1:], None], strict=True):
        below = copy.deepcopy(value) if after is None else [] if after == EACH else {}
        if step == EACH:
            if type(at) is not list:
                return
            at.append(below)
            at = at[-1]
        elif type(at) is dict:
            if after is None or type(at.get(step)) is not type(below):
                at[step] = below
            at = at[step]
        else:
            return


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) in an object."""
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    else:
        return []
    return [place for key, item in inner for place in ((value, key), *places(item))]


def spoil(draw: Draw, obj: dict[str, Any]) -> None:
    """Put junk in the place of some of what an object says, and beside it."""
    for _ in range(draw(st.integers(0, 3))):
        there = places(obj)
        if there:
            container, key = draw(st.sampled_from(there))
            if isinstance(container, dict) and draw(st.booleans()):
                key = draw(st.sampled_from([7, True, None, "", "a/b", "new"]))  # YAML has such keys
            container[key] = copy.deepcopy(draw(JUNK))


def named(draw: Draw, obj: dict[str, Any]) -> dict[str, Any]:
    """The object with a name that a key can have, whatever else its metadata is."""
    metadata = obj["metadata"] if isinstance(obj.get("metadata"), dict) else {}
    name, namespace = draw(NAMES.filter(lambda each: "/" not in each)), draw(st.sampled_from(["shop", "", "ü"]))
    return {
        **obj,
        "metadata": {**(metadata if isinstance(metadata, dict) else {}), "name": name, "namespace": namespace},
    }
