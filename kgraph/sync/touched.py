"""What a transaction touches of the graph, by keys, so that those who keep answers ask anew only where it matters.

`changed` are nodes that are something else afterwards, or are gone or new; `met` are the ends of edges that came or
went, which say the same as before and are joined differently. A transaction of more than MOST_KEYS says that it has
touched everything: a first sync or a relist, during which no answer is worth keeping.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from kgraph.sync.batch import Batch

# Some 60 bytes each, which each process of the API reads. The largest batch of a rolling update has some hundred.
MOST_KEYS = 1000
# How long what was touched can be read, for those who look seldom; whoever comes later takes everything for touched.
KEPT_MILLIS = 120_000
Touched = list[Mapping[str, Any]]  # none or one, as `write/open` takes it
NOTHING: Touched = []
EVERYTHING: Touched = [{"changed": None, "met": None}]


def touched(batch: Batch) -> Touched:
    """What is known of it beforehand; ends of edges that go are told by the statements that take them away."""
    changed = batch.upserts.keys() | batch.removals.keys()
    met = {end for start, _, end in batch.matched} | {start for start, _, _ in batch.matched}
    for upsert in batch.upserts.values():
        if upsert.edges_changed:
            met.update(edge.end for edge in upsert.resource.edges)
    if not changed and not met:
        return NOTHING
    if len(changed) + len(met) > MOST_KEYS:
        return EVERYTHING
    return [{"changed": sorted(changed), "met": sorted(met - changed)}]


def untold(told: Iterable[Touched], found: Iterable[str]) -> list[str]:
    """Those of the keys that statements have found which no part of a transaction tells; none where all is told."""
    known: set[str] = set()
    for some in told:
        if some == EVERYTHING:
            return []
        known.update(key for one in some for keys in one.values() for key in keys)
    return sorted(set(found) - known)
