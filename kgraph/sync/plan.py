"""What is done with every object of one kind: the tables' rows for it, compiled once."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kgraph.graphdb.catalogue import Catalogue, is_builtin
from kgraph.graphdb.edges.row import ANY, CUSTOM, PODS, TEMPLATES, EdgeRow, Property
from kgraph.graphdb.health import health_rule
from kgraph.graphdb.kinds import NOISE_EVERYWHERE, Kind
from kgraph.graphdb.model import Edge, GroupKind, kind_label
from kgraph.kube.selectors import SelectorError
from kgraph.sync import jsonpath
from kgraph.sync import manifest as manifests
from kgraph.sync.facts import OFFERS_MORE
from kgraph.sync.follow import Follow, granted, selected
from kgraph.sync.functions import FIND, FOLLOW
from kgraph.sync.merge import edge_of
from kgraph.sync.paths import Path, Trie, Walk, dig, parse_one
from kgraph.sync.promote import reader
from kgraph.sync.queries import AnyQuery
from kgraph.sync.reference_rows import Conditions, ReferenceRow, paths_of
from kgraph.sync.references import Find, Found
from kgraph.sync.start import Keys, Start

POD = GroupKind("", "Pod")
_SECRET = GroupKind("", "Secret")
# Part of every fingerprint: raised when the same object gives another node than before, so that the first sync of a
# new version writes what it would otherwise take for unchanged.
_FORMAT = "2"


class Plan:
    """What is done with every object of one kind."""

    def __init__(self, group_kind: GroupKind, catalogue: Catalogue, rows: Sequence[EdgeRow], keys: Keys) -> None:
        self.group_kind = group_kind
        self.kind = known = catalogue.get(*group_kind)
        self.label = kind_label(*group_kind, builtin=is_builtin(group_kind.group))
        mine = [row for row in rows if _starts(row, group_kind, known)]
        pod_path = known.pod_spec if known else ""
        self._pod_steps: Path = parse_one(pod_path) if pod_path else ()
        self.rules = Rules(mine, pod_path, keys)
        templated = bool(pod_path) and group_kind != POD
        self.bare = Rules([row for row in mine if not _is_of_template(row)], pod_path, keys) if templated else None
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
        self.plain = not self.rules.asks and group_kind not in OFFERS_MORE

    def pod(self, obj: Mapping[str, Any]) -> Mapping[str, Any]:
        """The Pod spec of an object; empty where the kind or the object has none."""
        found = dig(obj, self._pod_steps) if self._pod_steps else None
        return found if type(found) is dict else {}


class Rules:
    """The rows of one kind, compiled."""

    def __init__(self, rows: Iterable[EdgeRow], pod_path: str, keys: Keys) -> None:
        self._trie: Trie[ReferenceRow] = Trie()
        self._find: list[tuple[Find, EdgeRow, Conditions | None]] = []
        self._follow: list[tuple[Follow, EdgeRow, Conditions | None]] = []
        self._properties: dict[str, tuple[Property, ...]] = {}
        self._grants = False
        for row in rows:
            self._grants = self._grants or row.granted
            conditions = Conditions(row) if row.when or row.unless else None
            if row.at and row.at[0].startswith(jsonpath.ROOT):
                self._find.append((jsonpath.find_of(row), row, conditions))
            else:
                for path in paths_of(row, pod_path):
                    self._trie.add(path, ReferenceRow(row, path, keys))
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
        """Whether objects of the kind may ask anything of others."""
        return bool(self._follow) or self._grants

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


def _starts(row: EdgeRow, group_kind: GroupKind, known: Kind | None) -> bool:
    """Whether resources of a kind state the row's edges."""
    has_pod = known is not None and bool(known.pod_spec)
    names = {str(group_kind), ANY}
    if not is_builtin(group_kind.group):
        names.add(CUSTOM)
    if has_pod:
        names.add(PODS)
        if group_kind != POD:
            names.add(TEMPLATES)
    return not names.isdisjoint(row.start)


def _is_of_template(row: EdgeRow) -> bool:
    return PODS in row.start or TEMPLATES in row.start


def _without(paths: Iterable[str]) -> manifests.Without:
    return manifests.without_tree([parse_one(path) for path in paths])
