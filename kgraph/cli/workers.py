"""The workers of several clusters in one process: each fails alone."""

import asyncio
from collections.abc import Iterable

import structlog

from kgraph.cli.errors import leaves
from kgraph.graphdb.errors import Fenced
from kgraph.graphdb.store import Store
from kgraph.kube.settings import ClusterSettings
from kgraph.sync.options import SyncOptions
from kgraph.sync.worker import ClusterWorker

log = structlog.get_logger(__name__)

# A worker that failed in a way that nobody foresaw starts again after this.
START_AGAIN_SECONDS = 30.0


class Workers:
    """One worker a cluster."""

    def __init__(self, store: Store, clusters: Iterable[ClusterSettings], options: SyncOptions) -> None:
        self.by_cluster = {settings.id: ClusterWorker(store, settings, options) for settings in clusters}
        self.failed: dict[str, str] = {}  # the clusters whose worker does not run, and why
        self._first_ended = {cluster: asyncio.Event() for cluster in self.by_cluster}
        self._store = store
        self._options = options

    async def run(self) -> None:
        """Run all; a failed one starts again later. Returns when none is left: snapshots are loaded, others taken."""
        async with asyncio.TaskGroup() as tasks:
            for cluster in self.by_cluster:
                tasks.create_task(self._keep_running(cluster), name=f"worker of {cluster}")

    async def first_sync(self) -> None:
        """Wait until every cluster is in the graph, or its worker has failed for the first time."""
        for cluster in tuple(self.by_cluster):
            either = [
                asyncio.create_task(event.wait())
                for event in (self.by_cluster[cluster].synced, self._first_ended[cluster])
            ]
            try:
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in either:
                    task.cancel()

    async def _keep_running(self, cluster: str) -> None:
        while True:
            worker = self.by_cluster[cluster]
            try:
                await worker.run()
            except Exception as error:  # noqa: BLE001 - whatever ends one cluster must not end the others
                ends = tuple(leaves(error))
            else:
                return  # a snapshot is loaded once
            self.failed[cluster] = "; ".join(dict.fromkeys(str(end) or type(end).__name__ for end in ends))
            self._first_ended[cluster].set()
            log.error("a cluster's worker ended", cluster=cluster, why=self.failed[cluster])
            if any(isinstance(end, Fenced) for end in ends):
                return  # taking the cluster back would have two workers take it from each other for ever
            await asyncio.sleep(START_AGAIN_SECONDS)
            del self.failed[cluster]
            self.by_cluster[cluster] = ClusterWorker(self._store, worker.settings, self._options)
