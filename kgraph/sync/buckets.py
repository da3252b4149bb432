"""Where queries wait for facts, so that a change of a resource looks only at those who wait for the like of it."""

from collections.abc import Hashable, Iterable, Iterator

from kgraph.sync.facts import Fact
from kgraph.sync.queries import AnyQuery, Beside, Default, Granted, Numbered, Parameters, Present, Selected

# What a query waits for: ("kind", kind, namespace or None for all, label and value or None for any), ("name", key or
# alias), ("default", kind), ("policy", key), ("grants", namespace).
Bucket = tuple[Hashable, ...]


def buckets_of(fact: Fact) -> Iterator[Bucket]:
    """Every bucket in which a query that the fact answers may wait."""
    yield "name", fact.key
    if fact.alias:
        yield "name", fact.alias
    for namespace in (fact.namespace, None):
        yield "kind", fact.group_kind, namespace, None
        for pair in fact.labels.items():
            yield "kind", fact.group_kind, namespace, pair


def buckets_asked(queries: Iterable[AnyQuery]) -> set[Bucket]:
    """The buckets in which a start with these queries waits."""
    found: set[Bucket] = set()
    for query in queries:
        match query:
            case Selected() | Beside():
                pair = query.selector.required_pair()
                for namespace in query.namespaces or (None,):
                    found.add(("kind", query.target, namespace, pair))
            case Numbered():
                found.update(("kind", query.target, namespace, None) for namespace in query.namespaces)
            case Present():
                found.update(("name", name) for name in query.names)
            case Default():
                found.add(("default", query.target))
            case Parameters():
                found.add(("policy", query.policy))
            case Granted():
                found.add(("grants", query.namespace))
    return found
