"""The workers of several clusters in one process: each starts, fails and ends alone."""

import asyncio
from collections.abc import Iterable

import structlog

from kgraph.cli.errors import leaves
from kgraph.graphdb.errors import Fenced
from kgraph.graphdb.store import Store
from kgraph.kube.settings import ClusterSettings
from kgraph.sync.commits import Commits
from kgraph.sync.feed import Feed
from kgraph.sync.options import SyncOptions
from kgraph.sync.vitals import tell_failure
from kgraph.sync.worker import ClusterWorker

log = structlog.get_logger(__name__)

# A worker that failed in a way that nobody foresaw starts again after this.
START_AGAIN_SECONDS = 30.0


class Workers:
    """One worker a cluster. They share the store and its transactions."""

    def __init__(
        self, store: Store, clusters: Iterable[ClusterSettings], options: SyncOptions, feed: Feed | None = None
    ) -> None:
        self.by_cluster: dict[str, ClusterWorker] = {}
        self.failed: dict[str, str] = {}  # the clusters whose worker does not run, and why
        self._first_ended: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._commits = Commits(options.writers)
        self._store = store
        self._options = options
        self.feed = feed or Feed()
        for settings in clusters:
            self._add(settings)
        self.configured = tuple(self.by_cluster)

    async def run(self) -> None:
        """Run those that there are from the start; a failed one starts again later.

        Returns when none of them is left: snapshots are loaded, others taken.
        """
        for cluster in self.configured:
            self._start(cluster)
        ours = [self._tasks[cluster] for cluster in self.configured]
        try:
            await asyncio.gather(*ours)
        finally:
            await self.stop(*self.configured)

    def start(self, settings: ClusterSettings) -> None:
        """Begin with one more cluster, which runs until `stop`."""
        self._add(settings)
        self._start(settings.id)

    async def stop(self, *clusters: str) -> None:
        """End with some clusters once what they have read is written; their part of the graph stays."""
        ending = [task for cluster in clusters if (task := self._tasks.pop(cluster, None))]
        for task in ending:
            task.cancel()
        if ending:
            await asyncio.wait(ending)
        for cluster in clusters:
            if cluster not in self.configured:
                for each in (self.by_cluster, self.failed, self._first_ended):
                    each.pop(cluster, None)

    async def first_sync(self) -> None:
        """Wait until every cluster of the start is in the graph, or its worker has failed for the first time."""
        for cluster in self.configured:
            either = [
                asyncio.create_task(event.wait())
                for event in (self.by_cluster[cluster].synced, self._first_ended[cluster])
            ]
            try:
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in either:
                    task.cancel()

    def _add(self, settings: ClusterSettings) -> None:
        self.by_cluster[settings.id] = self._worker(settings)
        self._first_ended[settings.id] = asyncio.Event()

    def _worker(self, settings: ClusterSettings) -> ClusterWorker:
        return ClusterWorker(self._store, settings, self._options, self._commits, self.feed)

    def _start(self, cluster: str) -> None:
        self._tasks[cluster] = asyncio.create_task(self._keep_running(cluster), name=f"worker of {cluster}")

    async def _keep_running(self, cluster: str) -> None:
        while True:
            worker = self.by_cluster[cluster]
            try:
                await worker.run()
            except Exception as error:  # noqa: BLE001 - whatever ends one cluster must not end the others
                ends = tuple(leaves(error))
            else:
                return  # a snapshot is loaded once
            self.failed[cluster] = why = "; ".join(dict.fromkeys(str(end) or type(end).__name__ for end in ends))
            self._first_ended[cluster].set()
            log.error("a cluster's worker ended", cluster=cluster, why=why)
            if any(isinstance(end, Fenced) for end in ends):
                return  # taking the cluster back would have two workers take it from each other for ever
            await tell_failure(self._store, cluster, why)
            await asyncio.sleep(START_AGAIN_SECONDS)
            del self.failed[cluster]
            self.by_cluster[cluster] = self._worker(worker.settings)
