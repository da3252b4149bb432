"""Batches into the graph, one transaction each: nodes, edges, checkpoints, behind the epoch's fence.

Nodes go first, in key order, then the edges by their ends, so that two workers that share images seldom wait for
each other in a circle; when they do, Neo4j ends one of the two and the driver tries it again. The statements are
told what the graph holds: nothing is looked for that is known not to be there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, TypeVar

from kgraph.graphdb.endpoints import end_label
from kgraph.graphdb.errors import Fenced, GraphError
from kgraph.graphdb.model import cluster_key
from kgraph.graphdb.store import Store, Transaction
from kgraph.sync.batch import Batch
from kgraph.sync.rows import edge_row

Row = TypeVar("Row")

# Rows a statement takes at once. Measured with `make bench`: below 500 the round trips show, past 5,000 the
# transaction's memory does.
ROWS_PER_STATEMENT = 2000

_CREATE_EDGES = {
    "Resource": "write/create_edges",
    "Image": "write/create_edges_to_images",
    "Host": "write/create_edges_to_hosts",
    "Subject": "write/create_edges_to_subjects",
    "HelmRelease": "write/create_edges_to_releases",
    "Cluster": "write/create_edges_to_clusters",
}


class Writer:
    """Writes one cluster's part of the graph, for as long as its epoch is the cluster's."""

    def __init__(self, store: Store, cluster: str, epoch: int) -> None:
        self._store = store
        self._cluster = cluster
        self._epoch = epoch

    @classmethod
    async def claim(cls, store: Store, cluster: str, properties: Mapping[str, Any]) -> "Writer":
        """Take the cluster over: whoever wrote it before is fenced off from now on."""
        record = await store.write_one(
            "write/claim_cluster", {"key": cluster_key(cluster), "properties": {"id": cluster, **properties}}
        )
        if record is None:
            raise GraphError(f"claiming the cluster {cluster}: Neo4j gave no epoch")
        return cls(store, cluster, int(record["epoch"]))

    async def write(self, batch: Batch) -> None:
        """Write the batch or nothing of it; Fenced when another worker has taken the cluster over."""

        async def work(transaction: Transaction) -> None:
            await self._fence(transaction)
            await _write_batch(transaction, batch)

        await self._store.write(work, what=f"writing {len(batch)} changes of the cluster {self._cluster}")

    async def describe(self, properties: Mapping[str, Any]) -> None:
        """Set properties of the cluster's own node."""

        async def work(transaction: Transaction) -> None:
            await self._fence(transaction)
            await transaction.run(
                "write/describe_cluster", {"key": cluster_key(self._cluster), "properties": dict(properties)}
            )

        await self._store.write(work, what=f"describing the cluster {self._cluster}")

    async def _fence(self, transaction: Transaction) -> None:
        held = await transaction.run("write/check_fence", {"key": cluster_key(self._cluster), "epoch": self._epoch})
        if not held:
            raise Fenced(
                f"writing the cluster {self._cluster}: another worker has taken it over since epoch {self._epoch}; "
                "nothing was written, and this worker lets go of the cluster"
            )


async def _write_batch(transaction: Transaction, batch: Batch) -> None:
    loose: set[str] = set()
    for label, keys in _grouped(sorted((label, key) for key, label in batch.removals.items())):
        for some in _chunks(keys):
            records = await transaction.run("write/bury_resources", {"keys": some, "label": label})
            loose.update(records[0]["loose"])

    upserts = sorted(batch.upserts.values(), key=lambda upsert: (upsert.resource.label, upsert.resource.key))
    for label, group in groupby(upserts, key=lambda upsert: upsert.resource.label):
        rows: list[dict[str, Any]] = [
            {"key": item.resource.key, "properties": item.resource.properties} for item in group
        ]
        for some_rows in _chunks(rows):
            await transaction.run("write/upsert_resources", {"rows": some_rows, "label": label})

    changed = [upsert for upsert in upserts if upsert.edges_changed]
    for some in _chunks([upsert.resource.key for upsert in changed if not upsert.fresh]):
        records = await transaction.run("write/remove_own_edges", {"keys": some})
        loose.update(records[0]["loose"])
    before: list[dict[str, Any]] = [
        {"start": start, "type": type_, "end": end}
        for start, type_, end in batch.matched
        if (start, type_, end) not in batch.absent
    ]
    for some_rows in _chunks(before):
        records = await transaction.run("write/remove_matched_edges", {"rows": some_rows})
        loose.update(records[0]["loose"])

    by_end: dict[str, list[dict[str, Any]]] = {}
    for upsert in changed:
        for edge in upsert.resource.edges:
            by_end.setdefault(end_label(edge.end), []).append(edge_row(upsert.resource.key, edge))
    for (start, _, _), matched in batch.matched.items():
        if matched is not None:
            by_end.setdefault(end_label(matched.end), []).append(edge_row(start, matched, matched=True))
    for label, statement in _CREATE_EDGES.items():
        rows = sorted(by_end.get(label, ()), key=lambda row: (row["end"], row["start"], row["type"]))
        for some_rows in _chunks(rows):
            await transaction.run(statement, {"rows": some_rows})

    for some in _chunks(sorted(loose)):
        await transaction.run("write/sweep", {"keys": some})
    if batch.checkpoints:
        kinds = [{"key": key, "properties": properties} for key, properties in sorted(batch.checkpoints.items())]
        await transaction.run("write/advance_checkpoints", {"rows": kinds})
    if batch.forgotten:
        await transaction.run("write/forget_kinds", {"keys": sorted(batch.forgotten)})


def _grouped(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, list[str]]]:
    """The second parts of pairs that are sorted by their first ones."""
    for first, group in groupby(pairs, key=lambda pair: pair[0]):
        yield first, [second for _, second in group]


def _chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    return (rows[at : at + ROWS_PER_STATEMENT] for at in range(0, len(rows), ROWS_PER_STATEMENT))
