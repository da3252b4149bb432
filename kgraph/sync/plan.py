"""What is done with every object of one kind: the tables' rows for it, compiled once for all clusters."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from kgraph.graphdb.catalogue import is_builtin
from kgraph.graphdb.edges.row import ANY, CUSTOM, PODS, TEMPLATES, EdgeRow, Property
from kgraph.graphdb.health import health_rule
from kgraph.graphdb.kinds import NOISE_EVERYWHERE, Kind
from kgraph.graphdb.model import Edge, GroupKind, kind_label
from kgraph.kube.jsonpath import ROOT
from kgraph.kube.selectors import SelectorError
from kgraph.sync import manifest as manifests
from kgraph.sync.facts import OFFERS_MORE
from kgraph.sync.follow import Follow, granted, selected
from kgraph.sync.functions import FIND, FOLLOW
from kgraph.sync.merge import edge_of
from kgraph.sync.own_references import find_of
from kgraph.sync.paths import EACH, Path, Trie, Walk, dig, find_all, parse_one, write
from kgraph.sync.promote import reader
from kgraph.sync.queries import AnyQuery
from kgraph.sync.reference_rows import Conditions, ReferenceRow, paths_of
from kgraph.sync.references import Find, Found
from kgraph.sync.references_operators import ASKS_ELSEWHERE
from kgraph.sync.start import Start

POD = GroupKind("", "Pod")
_SECRET = GroupKind("", "Secret")
# Part of every fingerprint: raised when the same object gives another node than before, so that the first sync of a
# new version writes what it would otherwise take for unchanged.
_FORMAT = "2"


class Plan:
    """What is done with every object of one kind."""

    def __init__(self, group_kind: GroupKind, known: Kind | None, rows: Sequence[EdgeRow]) -> None:
        self.group_kind = group_kind
        self.label = kind_label(*group_kind, builtin=is_builtin(group_kind.group))
        pod_path = known.pod_spec if known else ""
        self._pod_path = pod_path
        self._pod_steps: Path = parse_one(pod_path) if pod_path else ()
        self.rules = Rules(rows, pod_path)
        templated = bool(pod_path) and group_kind != POD
        self.bare = Rules([row for row in rows if not _is_of_template(row)], pod_path) if templated else None
        promote = known.promote if known else {}
        self.promoted = tuple((name, reader(source)) for name, source in promote.items())
        self.health = health_rule(group_kind)
        everywhere: tuple[str, ...] = NOISE_EVERYWHERE
        if group_kind == _SECRET:
            # A rotated value is a change that nothing else of a redacted Secret shows.
            everywhere = tuple(path for path in NOISE_EVERYWHERE if path != "metadata.resourceVersion")
        paths = (*everywhere, *(known.noise if known else ()))
        self.noise = _without(paths)
        by_name = known.noise_by_name if known else {}
        self.noise_by_name = {name: _without((*paths, *more)) for name, more in by_name.items()}
        self.salt = manifests.fingerprint([_FORMAT, dict(promote)]).encode()
        self.asks_elsewhere = any(row.home or row.find in ASKS_ELSEWHERE for row in rows)
        self.plain = not self.rules.asks and group_kind not in OFFERS_MORE

    def pods(self, obj: Mapping[str, Any]) -> tuple[tuple[str, Mapping[str, Any]], ...]:
        """The Pod specs of an object with their paths."""
        steps = self._pod_steps
        if EACH in steps:
            found = [(write(steps, indices), spec) for indices, spec in find_all(obj, steps)]
        else:
            found = [(self._pod_path, dig(obj, steps))] if steps else []
        return tuple((path, spec) for path, spec in found if type(spec) is dict)


class Rules:
    """The rows of one kind, compiled."""

    def __init__(self, rows: Iterable[EdgeRow], pod_path: str) -> None:
        self._trie: Trie[ReferenceRow] = Trie()
        self._find: list[tuple[Find, EdgeRow, Conditions | None]] = []
        self._follow: list[tuple[Follow, EdgeRow, Conditions | None]] = []
        self._properties: dict[str, tuple[Property, ...]] = {}
        self._grants = False
        self._asks_unmarked = False
        for row in rows:
            self._grants = self._grants or row.granted
            self._asks_unmarked = self._asks_unmarked or bool(
                row.granted or row.selects or (row.follow and not row.marks)
            )
            conditions = Conditions(row) if row.when or row.unless else None
            if row.at and row.at[0].startswith(ROOT):
                self._find.append((find_of(row), row, conditions))
            else:
                for path in paths_of(row, pod_path):
                    self._trie.add(path, ReferenceRow(row, path))
            if row.find:
                self._find.append((FIND[row.find], row, conditions))
            if row.follow:
                self._follow.append((FOLLOW[row.follow], row, conditions))
            if row.selects:
                self._follow.append((selected, row, conditions))
            known = self._properties.get(row.type, ())
            names = {prop.name for prop in known}
            self._properties[row.type] = (*known, *(prop for prop in row.properties if prop.name not in names))

    @property
    def asks(self) -> bool:
        """Whether objects of the kind may ask anything of others, also if they have no row's marks."""
        return self._asks_unmarked

    def read(self, start: Start, problems: list[str]) -> tuple[tuple[Edge, ...], tuple[AnyQuery, ...]]:
        """The edges that the object itself states, in the order of type and end, and what it asks of others."""
        drafts: dict[tuple[str, str], list[Found]] = {}
        to_grant: set[tuple[str, str]] = set()  # those of them that a ReferenceGrant allows, if there is one

        def visit(
            reference: ReferenceRow, value: Any, way: list[Any], indices: tuple[int, ...], place: Trie[ReferenceRow]
        ) -> None:
            found = reference.read(start, value, way, place, indices)
            if type(found) is Found:
                drafts.setdefault((reference.row.type, found.end), []).append(found)
                if reference.row.granted:
                    to_grant.add((reference.row.type, found.end))
            elif found is not None:
                problems.append(str(found))

        Walk(visit, problems).go(self._trie, start.object)
        for find, row, conditions in self._find:
            if conditions is None or conditions.hold(start.object):
                for found in find(start, row):
                    if type(found) is Found:
                        drafts.setdefault((row.type, found.end), []).append(found)
                    else:
                        problems.append(str(found))
        properties = self._properties
        edges = [edge_of(key[0], drafts[key], properties[key[0]]) for key in sorted(drafts)]
        queries = self._queries(start, problems)
        if not to_grant:
            return tuple(edges), tuple(queries)
        stated = []
        for edge in edges:
            query = granted(start, edge) if (edge.type, edge.end) in to_grant else None
            if query:
                queries.append(query)
            else:
                stated.append(edge)
        return tuple(stated), tuple(queries)

    def _queries(self, start: Start, problems: list[str]) -> list[AnyQuery]:
        found: list[AnyQuery] = []
        for follow, row, conditions in self._follow:
            if conditions is None or conditions.hold(start.object):
                try:
                    found.extend(follow(start, row))
                except SelectorError as error:
                    problems.append(f"{row.type}: {error}")
        return found


# Twice as many kinds as the largest fleets have, where they differ from cluster to cluster: some 20 kB each.
@lru_cache(maxsize=2048)
def plan_of(group_kind: GroupKind, known: Kind | None, rows: tuple[EdgeRow, ...]) -> Plan:
    """The plan of a kind, of which so much is known, and whose resources state the edges of these rows."""
    return Plan(group_kind, known, rows)


class Starts:
    """Rows by the kinds whose resources state their edges."""

    def __init__(self, rows: Sequence[EdgeRow]) -> None:
        self._rows = rows
        self._places: dict[str, list[int]] = {}
        for place, row in enumerate(rows):
            for start in row.start:
                self._places.setdefault(start, []).append(place)

    def of(self, group_kind: GroupKind, known: Kind | None) -> tuple[EdgeRow, ...]:
        """The rows of one kind, in their order."""
        names = [str(group_kind), ANY]
        if not is_builtin(group_kind.group):
            names.append(CUSTOM)
        if known is not None and known.pod_spec:
            names.append(PODS)
            if group_kind != POD:
                names.append(TEMPLATES)
        places = {place for name in names for place in self._places.get(name, ())}
        return tuple(self._rows[place] for place in sorted(places))


def _is_of_template(row: EdgeRow) -> bool:
    return PODS in row.start or TEMPLATES in row.start


def _without(paths: Iterable[str]) -> manifests.Without:
    return manifests.without_tree([parse_one(path) for path in paths])
