"""Edges that follow both ends, kept up while either end changes: selectors, default classes, existence.

One index a cluster, in memory, fed with what `extract` gave: a fact and queries per resource. Every put or removal
answers with the edges that came and went. Their set depends on what is there, never on the order it came in.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from kgraph.graphdb.model import NAMESPACE, Edge, GroupKind
from kgraph.kube.selectors import LabelSelector
from kgraph.sync.buckets import Waiting
from kgraph.sync.facts import NAMESPACE_NAME_LABEL, Fact, Grant
from kgraph.sync.merge import edge_of_queries
from kgraph.sync.queries import (
    STANDING,
    AnyQuery,
    Beside,
    Default,
    Granted,
    Numbered,
    Parameters,
    Present,
    Query,
    Selected,
)

# On edges that stay when their end goes: whoever buries the end leaves them, pointing at a placeholder.
STANDS = {"stands": True}


class Delta(msgspec.Struct, gc=False):
    """Edges that came or changed, as (start, edge), and edges that went, as (start, type, end)."""

    added: list[tuple[str, Edge]]
    removed: list[tuple[str, str, str]]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)


class _Asked(NamedTuple):
    """What one start asks: as it was stated, and with the kinds of parameters filled in.

    `stands` says that some of its edges do not hang on single ends, so that they are matched all together.
    """

    stated: tuple[AnyQuery, ...]
    queries: tuple[AnyQuery, ...]
    stands: bool


class SelectorIndex:
    """All facts and queries of one cluster, and the edges between them."""

    def __init__(self) -> None:
        self._facts: dict[str, Fact] = {}
        self._asked: dict[str, _Asked] = {}
        self._waiting = Waiting()
        self._edges: dict[str, dict[tuple[str, str], Edge]] = {}
        self._kept: dict[GroupKind, dict[str, set[str]]] = {}  # kind -> namespace -> keys
        self._aliases: dict[str, set[str]] = {}
        self._defaults: dict[GroupKind, dict[str, str]] = {}  # kind -> key of a default class -> its time
        self._namespace_labels: dict[str, Mapping[str, str]] = {}
        self._by_namespace_labels: set[str] = set()  # starts with a namespaceSelector
        self._grants: dict[str, dict[str, frozenset[Grant]]] = {}  # namespace -> key of a ReferenceGrant

    def has(self, key: str) -> bool:
        """Whether a resource is there."""
        return key in self._facts

    def __len__(self) -> int:
        return len(self._facts)

    def namespace_labels(self, namespace: str) -> Mapping[str, str]:
        """The labels of a Namespace that is there."""
        return self._namespace_labels.get(namespace, {})

    def keys(self, kind: GroupKind | None = None) -> Iterator[str]:
        """The keys of all resources that are there, or of one kind's."""
        if kind is None:
            return iter(self._facts)
        return (key for keys in self._kept.get(kind, {}).values() for key in keys)

    def edges(self) -> list[tuple[str, Edge]]:
        """All edges as they are now, as (start, edge)."""
        return [(start, edge) for start, edges in self._edges.items() for edge in edges.values()]

    def put(self, fact: Fact, queries: tuple[AnyQuery, ...] = ()) -> Delta:
        """A resource is there, or is another than before. Putting the same again changes nothing."""
        delta = Delta([], [])
        old, asked = self._facts.get(fact.key), self._asked.get(fact.key)
        if old != fact:
            self._replace(old, fact, delta)
        if (asked.stated if asked else ()) != queries:
            self._ask(fact.key, queries)
            self._match_start(fact.key, delta)
        return delta

    def remove(self, key: str) -> Delta:
        """A resource is gone, with the edges from it and to it."""
        delta = Delta([], [])
        fact = self._facts.get(key)
        if fact is None:
            return delta
        self._ask(key, ())
        self._match_start(key, delta)
        self._replace(fact, None, delta)
        return delta

    # ---- facts

    def _replace(self, old: Fact | None, new: Fact | None, delta: Delta) -> None:
        """Change what is known of one resource, and look again at whoever asks for the like of it."""
        known = [fact for fact in (old, new) if fact]
        starts = {start for fact in known for start in self._waiting.for_fact(fact)}
        kind, key = known[0].group_kind, known[0].key
        default = self._default(kind), self._default(kind, only=True)
        if old:
            self._forget(old)
        if new:
            self._learn(new)
        for start in starts:
            self._match_pair(start, key, delta)
        if kind == NAMESPACE and self._by_namespace_labels:
            self._match_namespace(known[0].name, delta)
        if default != (self._default(kind), self._default(kind, only=True)):
            for start in self._waiting.at("default", kind):
                self._match_start(start, delta)
        if (old.parameters if old else "") != (new.parameters if new else ""):
            for start in self._waiting.at("policy", key):
                self._ask(start, self._asked[start].stated)
                self._match_start(start, delta)
        if (old.grants if old else None) != (new.grants if new else None):
            for start in self._waiting.at("grants", known[0].namespace):
                self._match_start(start, delta)

    def _forget(self, fact: Fact) -> None:
        del self._facts[fact.key]
        namespaces = self._kept[fact.group_kind]
        namespaces[fact.namespace].remove(fact.key)
        if not namespaces[fact.namespace]:
            del namespaces[fact.namespace]
        if fact.alias:
            self._aliases[fact.alias].remove(fact.key)
        if fact.default_since is not None:
            del self._defaults[fact.group_kind][fact.key]
        if fact.group_kind == NAMESPACE:
            del self._namespace_labels[fact.name]
        if fact.grants:
            grants = self._grants[fact.namespace]
            del grants[fact.key]
            if not grants:
                del self._grants[fact.namespace]

    def _learn(self, fact: Fact) -> None:
        self._facts[fact.key] = fact
        self._kept.setdefault(fact.group_kind, {}).setdefault(fact.namespace, set()).add(fact.key)
        if fact.alias:
            self._aliases.setdefault(fact.alias, set()).add(fact.key)
        if fact.default_since is not None:
            self._defaults.setdefault(fact.group_kind, {})[fact.key] = fact.default_since
        if fact.group_kind == NAMESPACE:
            self._namespace_labels[fact.name] = fact.labels
        if fact.grants:
            self._grants.setdefault(fact.namespace, {})[fact.key] = fact.grants

    def _default(self, kind: GroupKind, *, only: bool = False) -> str | None:
        """The default class of a kind: the newest, of equals the first by name, as Kubernetes chooses."""
        classes = self._defaults.get(kind)
        if not classes or (only and len(classes) > 1):
            return None
        newest = max(classes.values())
        return min(key for key, since in classes.items() if since == newest)

    # ---- queries

    def _ask(self, start: str, stated: tuple[AnyQuery, ...]) -> None:
        """Replace what a start asks."""
        before = self._asked.pop(start, None)
        if before:
            self._waiting.leave(start, (*before.stated, *before.queries))
            self._by_namespace_labels.discard(start)
        if not stated:
            return
        queries = tuple(self._resolved(stated))
        asked = _Asked(stated, queries, any(isinstance(query, STANDING) for query in queries))
        self._asked[start] = asked
        self._waiting.join(start, (*asked.stated, *asked.queries))
        if any(isinstance(query, Selected) and query.namespace_selector for query in asked.queries):
            self._by_namespace_labels.add(start)

    def _resolved(self, stated: Iterable[AnyQuery]) -> Iterator[AnyQuery]:
        for query in stated:
            if not isinstance(query, Parameters):
                yield query
                continue
            policy = self._facts.get(query.policy)
            if policy and policy.parameters:
                yield Selected(
                    type=query.type,
                    fields=query.fields,
                    optional=query.optional,
                    inferred=query.inferred,
                    properties=query.properties,
                    target=GroupKind.parse(policy.parameters),
                    selector=query.selector,
                    namespaces=query.namespaces,
                    name=query.name,
                )

    # ---- matching

    def _match_start(self, start: str, delta: Delta) -> None:
        """Bring all edges of one start in step."""
        asked = self._asked.get(start)
        found: dict[tuple[str, str], list[Query]] = {}
        for query in asked.queries if asked else ():
            for end in self._ends(query):
                if end != start:
                    found.setdefault((query.type, end), []).append(self._answered(query))
        wanted = {pair: edge_of_queries(*pair, queries) for pair, queries in found.items()}
        have = self._edges.get(start, {})
        for pair in [pair for pair in have if pair not in wanted]:
            self._drop(start, pair, delta)
        for pair, edge in wanted.items():
            if have.get(pair) != edge:
                self._add(start, pair, edge, delta)

    def _match_pair(self, start: str, end: str, delta: Delta) -> None:
        """Bring the edges from one start to one end in step."""
        asked = self._asked.get(start)
        if asked and asked.stands:
            self._match_start(start, delta)
            return
        fact = self._facts.get(end)
        found: dict[str, list[Query]] = {query.type: [] for query in asked.queries} if asked else {}
        if asked and fact and start != end:
            for query in asked.queries:
                if self._answers(query, fact):
                    found[query.type].append(query)
        have = self._edges.get(start, {})
        for type_, queries in found.items():
            pair = type_, end
            if not queries:
                if pair in have:
                    self._drop(start, pair, delta)
                continue
            edge = edge_of_queries(type_, end, queries)
            if have.get(pair) != edge:
                self._add(start, pair, edge, delta)

    def _match_namespace(self, namespace: str, delta: Delta) -> None:
        """A Namespace's labels changed: look again at what is in it, for those who choose namespaces by label."""
        for start in list(self._by_namespace_labels):
            targets = {
                query.target
                for query in self._asked[start].queries
                if isinstance(query, Selected) and query.namespace_selector
            }
            for target in targets:
                for end in list(self._kept.get(target, {}).get(namespace, ())):
                    self._match_pair(start, end, delta)

    def _ends(self, query: AnyQuery) -> Iterator[str]:
        """The keys of all that answer a query."""
        match query:
            case Present():
                for name in query.names:
                    if name in self._facts:
                        yield name
                    yield from self._aliases.get(name, ())
            case Default():
                default = self._default(query.target, only=query.only)
                if default:
                    yield default
            case Granted():
                yield query.end
            case Beside():
                kept = self._kept.get(query.target, {})
                for namespace in kept if query.namespaces is None else query.namespaces:
                    if any(query.selector.matches(self._facts[key].labels) for key in kept.get(namespace, ())):
                        yield f"{query.prefix}{namespace}/{query.name}"
            case Selected() | Numbered():
                kept = self._kept.get(query.target, {})
                for namespace in kept if query.namespaces is None else query.namespaces:
                    for key in kept.get(namespace, ()):
                        if self._answers(query, self._facts[key]):
                            yield key

    def _answered(self, query: AnyQuery) -> AnyQuery:
        """The query with what its edge says of others than its ends."""
        match query:
            case Granted():
                return replace(query, properties={**query.properties, **STANDS, "granted": self._is_granted(query)})
            case Beside():
                return replace(query, properties={**query.properties, **STANDS})
        return query

    def _is_granted(self, query: Granted) -> bool:
        wanted = query.wanted
        of_all = replace(wanted, name="")
        return any(wanted in grants or of_all in grants for grants in self._grants.get(query.namespace, {}).values())

    def _answers(self, query: AnyQuery, fact: Fact) -> bool:
        match query:
            case Selected():
                return (
                    fact.group_kind == query.target
                    and (query.namespaces is None or fact.namespace in query.namespaces)
                    and (not query.name or fact.name == query.name)
                    and query.selector.matches(fact.labels)
                    and (query.namespace_selector is None or self._is_in(query.namespace_selector, fact.namespace))
                )
            case Present():
                return fact.key in query.names or fact.alias in query.names
            case Numbered():
                return fact.group_kind == query.target and fact.namespace in query.namespaces and query.has(fact.name)
            case Default():
                return self._default(query.target, only=query.only) == fact.key
        return False

    def _is_in(self, selector: LabelSelector, namespace: str) -> bool:
        """Whether a namespace is chosen; one whose Namespace is not there yet has at least its name."""
        return selector.matches(self._namespace_labels.get(namespace) or {NAMESPACE_NAME_LABEL: namespace})

    def _add(self, start: str, pair: tuple[str, str], edge: Edge, delta: Delta) -> None:
        self._edges.setdefault(start, {})[pair] = edge
        delta.added.append((start, edge))

    def _drop(self, start: str, pair: tuple[str, str], delta: Delta) -> None:
        edges = self._edges[start]
        del edges[pair]
        if not edges:
            del self._edges[start]
        delta.removed.append((start, *pair))
