"""The workers of several clusters in one process: each starts, fails and ends alone."""

import asyncio
from collections.abc import Collection, Iterable

import msgspec
import structlog

from kgraph.cli.errors import leaves
from kgraph.graphdb.errors import Fenced
from kgraph.graphdb.registry import Called
from kgraph.graphdb.store import Store
from kgraph.kube.settings import ClusterSettings
from kgraph.sync.commits import Commits
from kgraph.sync.feed import Feed
from kgraph.sync.options import SyncOptions
from kgraph.sync.part import WHOLE, Part, all_parts
from kgraph.sync.vitals import tell_failure
from kgraph.sync.worker import ClusterWorker

log = structlog.get_logger(__name__)

# A worker that failed in a way that nobody foresaw starts again after this.
START_AGAIN_SECONDS = 30.0


def cluster_names(clusters: Iterable[ClusterSettings], called: Iterable[Called] = ()) -> dict[str, str]:
    """What clusters are called by others, and the ids that are meant: ids before names and addresses.

    `called` are those of the graph, whose addresses are known once they were connected to.
    """
    configured = (Called(each.id, each.name, each.api_server_url) for each in clusters)
    found: dict[str, str] = {}
    ids: dict[str, str] = {}
    for cluster in (*configured, *called):
        ids[cluster.id] = cluster.id
        for name in (cluster.server.rstrip("/"), cluster.name):
            if name:
                found.setdefault(name, cluster.id)
    return {**found, **ids}


class Workers:
    """One worker a shard: a cluster, or a part of one. They share the store and its transactions."""

    def __init__(
        self, store: Store, clusters: Iterable[ClusterSettings], options: SyncOptions, feed: Feed | None = None
    ) -> None:
        self.by_cluster: dict[str, ClusterWorker] = {}  # by the shard: of most clusters it is the cluster's id
        self.failed: dict[str, str] = {}  # those whose worker does not run, and why
        self.fenced: dict[str, float] = {}  # those of them that another has taken over, and when, on the loop's clock
        self._first_ended: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._store = store
        self._options = options
        self.feed = feed or Feed()
        self._commits = Commits(options.writers, self.feed.telemetry)
        for settings in clusters:
            for part in all_parts(settings):
                self._add(self._worker(settings, part))
        self.configured = tuple(self.by_cluster)

    async def run(self) -> None:
        """Run those that there are from the start, shared with nobody; a failed one starts again later.

        Returns when none of them is left: snapshots are loaded, others taken.
        """
        for cluster in self.configured:
            self.start(cluster, self.by_cluster[cluster].settings)
        ours = [self._tasks[cluster] for cluster in self.configured]
        try:
            await asyncio.gather(*ours)
        finally:
            await _ended(ours)

    def start(self, shard: str, settings: ClusterSettings) -> None:
        """Begin with a shard, which runs until `stop`; one that is new here is a whole cluster."""
        if shard not in self.by_cluster:
            self._add(self._worker(settings, WHOLE))
        work = self._keep_running(shard)
        self._tasks[shard] = asyncio.create_task(work, name=f"worker of {shard}")

    async def stop(self, *clusters: str) -> None:
        """End with some clusters once what they have read is written; their part of the graph stays."""
        ending = {cluster: task for cluster in clusters if (task := self._tasks.get(cluster))}
        await _ended(ending.values())
        for cluster, task in ending.items():
            if self._tasks.get(cluster) is not task:
                continue  # somebody else has ended it too
            del self._tasks[cluster]
            worker = self.by_cluster.pop(cluster)
            self._first_ended.pop(cluster).set()
            self.failed.pop(cluster, None)
            self.fenced.pop(cluster, None)
            if cluster in self.configured:
                self._add(self._worker(worker.settings, worker.part))

    def hear(self, called: Iterable[Called]) -> None:
        """What the graph's clusters are called now: objects that name clusters are read again where that differs."""
        configured = (self.by_cluster[cluster].settings for cluster in self.configured)
        names = cluster_names(configured, called)
        if names != self._options.clusters:
            self._options = msgspec.structs.replace(self._options, clusters=names)
            for worker in self.by_cluster.values():
                worker.hear(names)

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

    def _add(self, worker: ClusterWorker) -> None:
        self.by_cluster[worker.shard] = worker
        self._first_ended[worker.shard] = asyncio.Event()

    def _worker(self, settings: ClusterSettings, part: Part) -> ClusterWorker:
        return ClusterWorker(self._store, settings, self._options, self._commits, self.feed, part=part)

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
                # Taking the cluster back would have two workers take it from each other for ever.
                self.fenced[cluster] = asyncio.get_running_loop().time()
                return
            await tell_failure(self._store, worker.settings.id, why, worker.part)
            await asyncio.sleep(START_AGAIN_SECONDS)
            del self.failed[cluster]
            self.by_cluster[cluster] = self._worker(worker.settings, worker.part)


async def _ended(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancel them and wait; one that is ending already is not disturbed in its last writes."""
    for task in tasks:
        if not task.cancelling():
            task.cancel()
    if tasks:
        await asyncio.wait(tasks)
