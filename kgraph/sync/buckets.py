"""Where queries wait for facts, so that a change of a resource looks only at those who wait for the like of it."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator

from kgraph.sync.facts import Fact
from kgraph.sync.queries import AnyQuery, Beside, Default, Granted, Numbered, Parameters, Present, Selected

# What a query waits for: ("kind", kind, namespace or None for all, label and value or None for any), ("name", key or
# alias), ("default", kind), ("policy", key), ("grants", namespace).
Bucket = tuple[Hashable, ...]
_BY_KIND = "kind"


class Waiting:
    """The starts of queries, each in the buckets of what it asks for."""

    def __init__(self) -> None:
        self._starts: dict[Bucket, set[str]] = {}
        self._sought: Counter[Hashable] = Counter()  # kind -> how many buckets wait for it by labels

    def __len__(self) -> int:
        """How much is kept."""
        return len(self._starts) + len(self._sought)

    def join(self, start: str, queries: Iterable[AnyQuery]) -> None:
        """A start waits for the answers to these queries."""
        for bucket in _asked(queries):
            if bucket not in self._starts:
                self._starts[bucket] = set()
                self._seek(bucket, 1)
            self._starts[bucket].add(start)

    def leave(self, start: str, queries: Iterable[AnyQuery]) -> None:
        """A start that waited for the answers to these queries waits no more."""
        for bucket in _asked(queries):
            starts = self._starts[bucket]
            starts.remove(start)
            if not starts:
                del self._starts[bucket]
                self._seek(bucket, -1)

    def at(self, *bucket: Hashable) -> list[str]:
        """The starts in one bucket."""
        return list(self._starts.get(bucket, ()))

    def for_fact(self, fact: Fact) -> set[str]:
        """The starts that may ask for the like of a fact."""
        found: set[str] = set()
        # Most kinds are sought by name alone: their labels need not be looked at.
        for bucket in _offered(fact, by_labels=fact.group_kind in self._sought):
            if bucket in self._starts:
                found.update(self._starts[bucket])
        return found

    def _seek(self, bucket: Bucket, change: int) -> None:
        if bucket[0] == _BY_KIND:
            self._sought[bucket[1]] += change
            if not self._sought[bucket[1]]:
                del self._sought[bucket[1]]


def _offered(fact: Fact, *, by_labels: bool) -> Iterator[Bucket]:
    """Every bucket in which a query that the fact answers may wait; `by_labels` if any waits for its kind by labels."""
    yield "name", fact.key
    if fact.alias:
        yield "name", fact.alias
    if by_labels:
        for namespace in (fact.namespace, None):
            yield _BY_KIND, fact.group_kind, namespace, None
            for pair in fact.labels.items():
                yield _BY_KIND, fact.group_kind, namespace, pair


def _asked(queries: Iterable[AnyQuery]) -> set[Bucket]:
    """The buckets in which a start with these queries waits."""
    found: set[Bucket] = set()
    for query in queries:
        match query:
            case Selected() | Beside():
                pair = query.selector.required_pair()
                for namespace in query.namespaces or (None,):
                    found.add((_BY_KIND, query.target, namespace, pair))
            case Numbered():
                found.update((_BY_KIND, query.target, namespace, None) for namespace in query.namespaces)
            case Present():
                found.update(("name", name) for name in query.names)
            case Default():
                found.add(("default", query.target))
            case Parameters():
                found.add(("policy", query.policy))
            case Granted():
                found.add(("grants", query.namespace))
    return found
