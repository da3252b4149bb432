"""Workers for the tests: in this process, or as `kgraph worker` in one of its own; and whether they keep their promise.

A graph is in step when `check` finds no difference and nothing is left over that no resource points at.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Self

import structlog

from kgraph.graphdb.store import GraphSettings, Store
from kgraph.kube.settings import ClusterSettings
from kgraph.sync.check import check
from kgraph.sync.feed import Feed
from kgraph.sync.options import SyncOptions
from kgraph.sync.part import WHOLE, Part, all_parts
from kgraph.sync.worker import ClusterWorker
from tests.processes import OwnProcess
from tests.servers import Cluster, Graph

log = structlog.get_logger(__name__)

# Long enough for a machine that does ten other things; a test that needs all of it has found something.
STEP_SECONDS = 150.0
POLL_SECONDS = 0.1
LEFT_OVER = """
MATCH (n) WHERE (n:Image OR n:Host OR n:Subject OR n:HelmRelease OR n:Missing) AND NOT (n)<--()
RETURN n.key AS key LIMIT 20
"""


def graph_settings(server: Graph) -> GraphSettings:
    """How a store reaches a Neo4j of the tests."""
    return GraphSettings(uri=server.bolt_uri, user=server.user, password=server.password)


def cluster_settings(cluster: Cluster, name: str, **more: Any) -> ClusterSettings:
    """A cluster of the tests under an id of the test's own, asked as hard as it can be."""
    return ClusterSettings(id=name, kubeconfig_path=str(cluster.kubeconfig), qps=0, **more)


async def until(holds: Callable[[], Awaitable[Any]], what: str, seconds: float = STEP_SECONDS) -> Any:
    """Wait until something holds, and return it; AssertionError says what did not come to hold."""
    try:
        async with asyncio.timeout(seconds):
            while not (found := await holds()):  # noqa: ASYNC110 - what is waited for tells only who asks
                await asyncio.sleep(POLL_SECONDS)
            return found
    except TimeoutError:
        raise AssertionError(f"waited {seconds:g} s in vain until {what}") from None


async def until_same(found: Callable[[], Awaitable[set[str]]], wanted: set[str], what: str) -> None:
    """Wait until lines are those that are wanted; AssertionError says which are missing, and which too many."""

    async def holds() -> bool:
        return await found() == wanted

    try:
        await until(holds, what)
    except AssertionError:
        there = await found()
        raise AssertionError(
            f"{what}\nmissing: {sorted(wanted - there)}\nunexpected: {sorted(there - wanted)}"
        ) from None


async def in_step(
    store: Store, settings: ClusterSettings, options: SyncOptions | None = None, *, within: float = STEP_SECONDS
) -> None:
    """Wait until `check` finds no difference and nothing is left over; AssertionError names what differs for good."""
    ends_at = time.monotonic() + within
    while True:
        report = await check(store, settings, options or SyncOptions())
        problems = [str(each) for each in report.differences]
        problems += [f"unread: {kind}: {why}" for kind, why in report.unread.items()]
        problems += [f"left over: {row['key']}" for row in await store.read_text(LEFT_OVER)]
        if not problems:
            log.info("in step", cluster=settings.id, resources=report.resources, edges=report.edges)
            return
        assert time.monotonic() < ends_at, f"{len(problems)} differences:\n" + "\n".join(problems[:30])


@asynccontextmanager
async def running(
    store: Store,
    settings: ClusterSettings,
    options: SyncOptions | None = None,
    *,
    synced: bool = True,
    feed: Feed | None = None,
    part: Part = WHOLE,
) -> AsyncIterator[ClusterWorker]:
    """A worker in this process, in step when the block begins; it drains at the block's end."""
    worker = ClusterWorker(store, settings, options or SyncOptions(), feed=feed, part=part)
    task = asyncio.create_task(worker.run(), name=f"worker of {worker.shard}")
    try:
        if synced:
            waiting = asyncio.create_task(worker.synced.wait())
            await asyncio.wait({task, waiting}, timeout=STEP_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            if task.done():
                await task  # raises what it ended with
            assert worker.synced.is_set(), worker.progress
        yield worker
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
    if not task.cancelled():
        task.result()


@asynccontextmanager
async def running_in_parts(
    store: Store, settings: ClusterSettings, options: SyncOptions | None = None, feed: Feed | None = None
) -> AsyncIterator[Mapping[str, ClusterWorker]]:
    """A worker for each of a cluster's parts, by its shard; they share no more than those of several processes."""
    async with AsyncExitStack() as stack:
        workers = [
            await stack.enter_async_context(running(store, settings, options, synced=False, feed=feed, part=part))
            for part in all_parts(settings)
        ]

        async def all_synced() -> bool:
            return all(worker.synced.is_set() for worker in workers)

        await until(all_synced, f"all parts of {settings.id} are in step")
        yield {worker.shard: worker for worker in workers}


class WorkerProcess(OwnProcess):
    """`kgraph worker`, as a process that can be killed and paused; it logs all it has to say.

    It is on one cluster, or on those of the configuration. `program` is the module to run, and words before `worker`.
    """

    def __init__(
        self,
        folder: Path,
        graph: GraphSettings,
        settings: ClusterSettings,
        *,
        name: str = "",
        environ: Mapping[str, str] = {},
        program: Sequence[str] = ("kgraph.cli.main",),
        **configuration: Any,
    ) -> None:
        self.name = name or settings.id
        self.settings = settings
        config = folder / f"worker-{self.name}.yaml"
        cluster: dict[str, Any] = {"id": settings.id, "kubeconfig_path": settings.kubeconfig_path, "qps": 0}
        if settings.parts:
            cluster["parts"] = settings.parts
        # Its name outlives it: with Kafka, the one that is started again has its clusters at once.
        config.write_text(json.dumps({"clusters": [cluster], "worker_id": self.name, **configuration}))
        environ = {
            "NEO4J_URI": graph.uri, "NEO4J_USER": graph.user, "NEO4J_PASSWORD": graph.password,
            "LOG_LEVEL": "debug", "LOG_FORMAT": "json", **environ,
        }  # fmt: skip
        super().__init__(folder / f"worker-{self.name}.log", ("worker", "--config", str(config)), environ, program)

    @classmethod
    @asynccontextmanager
    async def run(
        cls, folder: Path, graph: GraphSettings, settings: ClusterSettings, **options: Any
    ) -> AsyncIterator[Self]:
        """Start one; what is left of it in the end is killed."""
        worker = cls(folder, graph, settings, **options)
        await worker.start()
        try:
            yield worker
        finally:
            await worker.kill()

    async def synced(self, store: Store) -> None:
        """Wait until its first sync since it was started is over."""
        await until(self._says_in_step, f"the worker of {self.settings.id} is in step\n{self._end_of_log()}")

    async def in_step(self, store: Store) -> None:
        """Wait until its graph is the cluster's; AssertionError names what differs, and what it said last."""
        try:
            await in_step(store, self.settings)
        except AssertionError as error:
            raise AssertionError(f"{error}\nthe worker runs: {self.is_running}\n{self._end_of_log()}") from None
        assert self.is_running, f"the worker ended by itself:\n{self._end_of_log()}"

    async def _says_in_step(self) -> bool:
        assert self.is_running, f"the worker ended by itself:\n{self._end_of_log()}"
        return b'"event": "in step"' in self.log.read_bytes()[self.began_at :]

    def _end_of_log(self) -> str:
        return "\n".join(self.log.read_text().splitlines()[-20:]) if self.log.exists() else ""
