"""The end of a cluster in the graph: edges first, then nodes, in short transactions with long rests between them.

The removal takes the cluster over as a worker does, so that whoever wrote it is fenced off. What it has done is in
the graph and nowhere else: killed in the middle, it goes on from there. Images, hosts and subjects that become
nobody's go with the last edge to them; what another cluster's resource points at becomes a placeholder.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import structlog

from kgraph.feed.event import EventType
from kgraph.graphdb.errors import StatementRefused
from kgraph.graphdb.model import cluster_key
from kgraph.graphdb.registry import registration_key
from kgraph.graphdb.shards import shard_key
from kgraph.graphdb.store import Record, Store
from kgraph.graphdb.usage import usage_key
from kgraph.sync import account
from kgraph.sync.drafts import Happening
from kgraph.sync.feed import Feed
from kgraph.sync.patience import patiently
from kgraph.sync.pipeline import MEETINGS, MET_ANOTHER
from kgraph.sync.retention import forget
from kgraph.sync.writer import Writer

log = structlog.get_logger(__name__)

# How many edges or nodes a transaction takes away: so many that it takes a tenth of a second, for other clusters'
# writes wait for what it has locked, and for the processor. The first is small, whatever the machine.
FIRST_PIECE = 200
MOST_PIECE = 5000
PIECE_SECONDS = 0.1
# Nobody waits for a removal, everybody for the changes of the clusters that stay: Neo4j is theirs four fifths of the
# time. A transaction that waited for a Neo4j that was away is no reason for a long rest.
RESTS = 4
LONGEST_REST_SECONDS = 1.0
# What was remembered of deleted resources goes too: all of it, though a worker's clock may have been ahead of ours.
CLOCK_SECONDS = 86_400.0


class Removal:
    """Empties one cluster's part of the graph. `longest_seconds` is what its longest transaction took."""

    def __init__(self, store: Store, cluster: str, feed: Feed | None = None) -> None:
        self.longest_seconds = 0.0
        self.resources = 0
        self._store = store
        self._feed = feed or Feed()
        self._cluster = cluster
        self._most = FIRST_PIECE

    async def run(self) -> None:
        """Remove it, however long Neo4j takes to answer; Fenced where a worker takes the cluster over meanwhile."""
        async with self._feed.owned(self._cluster):
            await self._run()
        await self._feed.left(self._cluster)

    async def _run(self) -> None:
        cluster, feed = self._cluster, self._feed
        writer = await patiently(lambda: Writer.claim(self._store, cluster, {"removing": True}, feed=feed))
        log.info("a cluster's removal begins", cluster=cluster)
        if feed.relay is not None:
            await account.others_are_sent(writer)
        # Keys of the cluster begin with `prod/`, and nothing else sorts before `prod0`.
        start, end = f"{cluster}/", f"{cluster}0"
        after = start
        while record := await self._piece(writer, "write/remove_edges_of_cluster", {"after": after, "end": end}):
            after = record["last"]
        while record := await self._piece(writer, "write/remove_nodes_of_cluster", {"start": start, "end": end}):
            self.resources += record["removed"]
        usage = {"start": usage_key(start), "end": usage_key(end)}
        while await self._piece(writer, "write/remove_usage_of_cluster", usage):
            pass
        await self._write(writer, "write/bury_cluster", {"start": start, "end": end})
        await forget(self._store, cluster, -CLOCK_SECONDS)
        names = {
            "prefix": start,
            "key": cluster_key(cluster),
            "registration": registration_key(cluster),
            "shard": shard_key(cluster),
        }
        removed = feed.happening(
            EventType.CLUSTER_REMOVED,
            cluster,
            "Removed",
            "it is no longer followed, and the graph has none of it",
        )
        await self._write(writer, "write/forget_cluster", names, *removed)
        log.info(
            "a cluster is removed",
            cluster=cluster,
            resources=self.resources,
            longest_transaction_seconds=round(self.longest_seconds, 3),
        )

    async def _piece(self, writer: Writer, name: str, parameters: Mapping[str, Any]) -> Record | None:
        """One piece of a phase; None where nothing of it is left."""
        began = time.monotonic()
        (record,) = await self._write(writer, name, {**parameters, "most": self._most})
        seconds = time.monotonic() - began
        self.longest_seconds = max(self.longest_seconds, seconds)
        self._most = max(1, min(MOST_PIECE, 2 * self._most, int(self._most * PIECE_SECONDS / max(seconds, 0.001))))
        if not record["removed"]:
            return None
        await asyncio.sleep(min(RESTS * seconds, LONGEST_REST_SECONDS))
        return record

    async def _write(
        self, writer: Writer, name: str, parameters: Mapping[str, Any], *happened: Happening
    ) -> list[Record]:
        for _ in range(MEETINGS):
            try:
                return await patiently(lambda: writer.run(name, parameters, *happened))
            except StatementRefused as error:
                # Another cluster's worker took the same image away: what is left is seen by the next try.
                if error.code not in MET_ANOTHER:
                    raise
        return await patiently(lambda: writer.run(name, parameters, *happened))
