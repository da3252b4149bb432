"""What a transaction touches of the graph, by keys, so that those who keep answers ask anew only where it matters.

`changed` are nodes that are something else afterwards, or are gone or new; `met` are the ends of edges that came or
went, which say the same as before and are joined differently. A transaction of more than MOST_KEYS says that it has
touched everything: a first sync or a relist, during which no answer is worth keeping.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from kgraph.graphdb.model import cluster_key
from kgraph.graphdb.store import Transaction
from kgraph.sync.batch import Batch

# Some 60 bytes each, which each process of the API reads. The largest batch of a rolling update has some hundred.
MOST_KEYS = 1000
# How long what was touched can be read, for those who look seldom; whoever comes later takes everything for touched.
KEPT_MILLIS = 120_000


async def touch(transaction: Transaction, batches: Mapping[str, Batch], ends: Iterable[str]) -> None:
    """Say in a transaction what it touches: the batches by cluster, and the ends that its statements have found."""
    parameters = touching(batches, ends)
    if parameters["rows"]:
        await transaction.run("write/touch", parameters)


def touching(batches: Mapping[str, Batch], ends: Iterable[str] = ()) -> dict[str, Any]:
    """The parameters of `write/touch` that say what batches touch."""
    rows = [row for cluster, batch in batches.items() if (row := _row(cluster, batch))]
    if rows and rows[0]["met"] is not None:  # any of the rows will do: keys have their clusters in them
        rows[0]["met"] = sorted({*rows[0]["met"], *ends})
    return {"rows": rows, "keptMillis": KEPT_MILLIS}


async def touch_everything(transaction: Transaction, cluster: str) -> None:
    """Say that a transaction touches what nobody has counted."""
    rows = [{**_place(cluster), "changed": None, "met": None}]
    await transaction.run("write/touch", {"rows": rows, "keptMillis": KEPT_MILLIS})


def _row(cluster: str, batch: Batch) -> dict[str, Any] | None:
    changed = batch.upserts.keys() | batch.removals.keys()
    met = {end for start, _, end in batch.matched} | {start for start, _, _ in batch.matched}
    for upsert in batch.upserts.values():
        if upsert.edges_changed:
            met.update(edge.end for edge in upsert.resource.edges)
    if not changed and not met:
        return None
    if len(changed) + len(met) > MOST_KEYS:
        return {**_place(cluster), "changed": None, "met": None}
    return {**_place(cluster), "changed": sorted(changed), "met": sorted(met)}


def _place(cluster: str) -> dict[str, Any]:
    return {"key": cluster_key(cluster), "id": cluster}
