"""One cluster's worker, or one of a part of it: claim, discover, reflect, write; and drain when it is told to stop.

A worker is a task group of named tasks: the writer, one reflector a kind, and the one that follows which kinds there
are. When any of them fails in a way nobody foresaw, or another worker takes the cluster over, all of them end.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog

from kgraph.feed.event import EventType
from kgraph.graphdb.catalogue import Catalogue
from kgraph.graphdb.errors import Fenced
from kgraph.graphdb.model import cluster_key
from kgraph.graphdb.store import Store
from kgraph.kube.connection import Connection
from kgraph.kube.discovery import Discovery
from kgraph.kube.errors import KubeError, UnknownResources
from kgraph.kube.settings import AuthMethod, ClusterSettings
from kgraph.sync import account, rebuilding, restored
from kgraph.sync.asked import AskedCatalogue
from kgraph.sync.batch import Batch
from kgraph.sync.commits import Commits
from kgraph.sync.custom import select_kinds
from kgraph.sync.drafts import Happening
from kgraph.sync.extract import Extractor
from kgraph.sync.extraction import extraction_digest
from kgraph.sync.feed import Feed
from kgraph.sync.followed_kinds import FollowedKinds
from kgraph.sync.intake import Intake
from kgraph.sync.options import SyncOptions
from kgraph.sync.part import WHOLE, Part
from kgraph.sync.patience import patiently
from kgraph.sync.pipeline import Pipeline
from kgraph.sync.reflector import backoff
from kgraph.sync.retention import forget, forget_for_ever
from kgraph.sync.snapshot import load_snapshot
from kgraph.sync.usage import Metering
from kgraph.sync.vitals import Vitals
from kgraph.sync.writer import Entry, Writer

log = structlog.get_logger(__name__)

# How long a worker that is told to stop may take to write what it has read.
DRAIN_SECONDS = 10.0


class Progress(msgspec.Struct):
    """How far a first sync has come; which kinds can't be read, and which resources can't be read or written."""

    kinds: int = 0
    kinds_listed: int = 0
    resources: int = 0
    failing: Mapping[str, str] = {}
    left_out: Mapping[str, str] = {}


class ClusterWorker:
    """Keeps one cluster's part of the graph in step with it."""

    def __init__(
        self,
        store: Store,
        settings: ClusterSettings,
        options: SyncOptions,
        commits: Commits | None = None,
        feed: Feed | None = None,
        *,
        part: Part = WHOLE,
    ) -> None:
        """`commits` and `feed` are what the clusters of one process share."""
        self.synced = asyncio.Event()
        self.settings = settings
        self.shard = part.shard(settings.id)
        self.part = part
        self._store = store
        self._options = options
        self._feed = feed or Feed()
        self._commits = commits or Commits(options.writers, self._feed.telemetry)
        lists = self._feed.telemetry.meter.counter("kgraph_lists")
        self._kinds = FollowedKinds(
            store, settings.id, options, lambda why: lists.labels(self.shard, why.value).inc(), part=part
        )
        self._intake: Intake | None = None
        self.pipeline: Pipeline | None = None
        self.vitals: Vitals | None = None
        self._compare_at: float | None = None  # when the selector edges are compared again, on the loop's clock

    @property
    def progress(self) -> Progress:
        """How far the first sync has come."""
        states = tuple(state for state in self._intake.kinds.values() if state.ours) if self._intake else ()
        left_out = {key: why for state in states for key, why in state.problems.items()}
        return Progress(
            kinds=len(states),
            kinds_listed=sum(state.listed or bool(state.error) for state in states),
            resources=self._resources,
            failing={state.resource.plural: state.error for state in states if state.error},
            left_out={**left_out, **(self.pipeline.refused if self.pipeline else {})},
        )

    @property
    def is_unreachable(self) -> bool:
        """Whether the apiserver did not answer the last time: a first sync then waits for the cluster, not for us."""
        return self.vitals is not None and self.vitals.connected is False

    @property
    def _resources(self) -> int:
        return sum(len(state.held) for state in self._intake.kinds.values()) if self._intake else 0

    async def run(self) -> None:
        """Sync until cancelled (a snapshot: until it is loaded); Fenced when another worker takes the cluster over."""
        cluster, shard, part = self.settings.id, self.shard, self.part
        described, history = self._described() if part.is_first else {}, self._options.history
        if not part.is_first and self._feed.relay is not None:
            await account.given(self._store, cluster)
        writer = await patiently(lambda: Writer.claim(self._store, cluster, described, history, self._feed, part=part))

        async def write(batch: Batch) -> None:
            await self._feed.room(shard)
            await self._commits.write(Entry(writer, batch, vitals.riding()))

        self.pipeline = pipeline = Pipeline(shard, write, on_refused=self._refused)
        self.vitals = vitals = Vitals(writer, pipeline, self.synced, lambda: self._resources)
        try:
            async with self._feed.owned(shard), asyncio.TaskGroup() as tasks:
                await account.begin(writer)
                writing = tasks.create_task(pipeline.run(), name=f"write {shard}")
                try:
                    if self.settings.auth_method is AuthMethod.SNAPSHOT:
                        await self._load(pipeline, writer)
                        await forget(self._store, cluster, self._options.history.seconds)
                    else:
                        await self._reflect(pipeline, writer, vitals, tasks)
                finally:
                    await self._drain(pipeline, writing)
        except ExceptionGroup as failures:
            if fenced := failures.subgroup(Fenced):
                raise _first(fenced) from failures
            raise

    def hear(self, clusters: Mapping[str, str]) -> None:
        """What clusters are called from now on; kinds whose objects name some are listed again."""
        self._options = msgspec.structs.replace(self._options, clusters=clusters)
        self._kinds.hear(clusters, self._intake)

    async def _drain(self, pipeline: Pipeline, writing: asyncio.Task[None]) -> None:
        """Write what has been read; the next worker would read it again, but its readers would see it later."""
        flushing = asyncio.create_task(pipeline.flush(), name=f"drain {self.shard}")
        try:
            await asyncio.wait({flushing, writing}, timeout=DRAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            flushing.cancel()
            writing.cancel()

    async def _load(self, pipeline: Pipeline, writer: Writer) -> None:
        self._intake = intake = await self._new_intake(pipeline, Catalogue(), writer)
        problems = await load_snapshot(intake, self._store, self.settings, self._options)
        await intake.settled()
        await self._round_off(writer, intake)
        described = {"syncedAt": datetime.now(UTC), "error": None, "problems": list(problems)}
        await writer.describe(described, *self._synced())
        self.synced.set()

    async def _reflect(self, pipeline: Pipeline, writer: Writer, vitals: Vitals, tasks: asyncio.TaskGroup) -> None:
        cluster = self.settings.id
        async with Connection.open(self.settings) as connection:
            looking = [tasks.create_task(vitals.follow(connection), name=f"look at {self.shard}")]
            if self.part.is_first:
                metering = Metering(self._store, cluster, self._options.usage_seconds)
                forgetting = forget_for_ever(self._store, cluster, self._options.history.seconds)
                looking += [
                    tasks.create_task(metering.follow(connection, writer, self.synced), name=f"meter {cluster}"),
                    tasks.create_task(forgetting, name=f"forget what {cluster} has deleted"),
                ]
            try:
                await self._follow_cluster(connection, pipeline, writer, tasks)
            finally:
                # Before the connection is closed under their feet.
                ending = [*looking, *self._kinds.tasks]
                for task in ending:
                    task.cancel()
                await asyncio.wait(ending)

    async def _follow_cluster(
        self, connection: Connection, pipeline: Pipeline, writer: Writer, tasks: asyncio.TaskGroup
    ) -> None:
        looks = backoff()
        while True:
            try:
                version = await connection.version()
                found = await self._kinds.served(connection)
                selected = select_kinds(found, self._options)
            except KubeError as error:
                if isinstance(error, UnknownResources) and not self._kinds.tasks:
                    raise
                log.warning("a cluster can't be asked what it serves", cluster=self.shard, why=str(error))
                await writer.describe({"error": str(error)})
                await asyncio.sleep(looks.seconds(error.retry_after))
                continue
            looks.reset()
            await self._kinds.learn(connection, found)
            if self._intake is None:
                self._intake = await self._new_intake(pipeline, AskedCatalogue(Catalogue()), writer)
            await self._kinds.follow(connection, found, selected, self._intake, tasks)
            if self.part.is_first:
                await writer.describe(self._discovered(version, found, connection))
            if not self.synced.is_set() and self._intake is not None:
                await self._intake.settled()
                await self._round_off(writer, self._intake)
                await self._tell_in_step(writer, self._intake)
                log.info("in step", cluster=self.shard, resources=self.progress.resources)
                self.synced.set()
                if self._options.resync_seconds:
                    self._compare_at = asyncio.get_running_loop().time() + self._options.resync_seconds
            await self._kinds.until_next_look(found, self._compare_at)
            now = asyncio.get_running_loop().time()
            if self._compare_at is not None and now >= self._compare_at:
                await self._intake.reconcile()
                self._compare_at = now + self._options.resync_seconds

    async def _round_off(self, writer: Writer, intake: Intake) -> None:
        """What comes after the first sync, while nothing new is put: a rebuild's end, and restored histories."""
        stamp = writer.claimed["rebuild"]
        if stamp is not None:
            unanswered = self._kinds.unanswered
            there = tuple(state.resource for state in intake.kinds.values())
            strange = await rebuilding.strangers(self._store, self.settings.id, intake.kinds, unanswered)
            for resource in self.part.own((*there, *strange)):
                if resource in strange:
                    await intake.drop(resource)
        async with intake.paused():
            if stamp is not None and self.part.is_first:
                await rebuilding.sweep(writer)
            if not self.part.split:
                await restored.put_back(writer)
        if stamp is not None:
            await rebuilding.end(writer, stamp, self.progress.failing)

    async def _new_intake(self, pipeline: Pipeline, catalogue: Catalogue, writer: Writer) -> Intake:
        intake = Intake(
            self._store,
            self.settings.id,
            Extractor(self.settings.id, catalogue),
            pipeline,
            extraction=extraction_digest(),
            feed=self._feed,
            on_kinds_changed=self._kinds.may_have_changed,
            rewrites=writer.claimed["rebuild"] is not None,
        )
        await intake.look()
        return intake

    async def _tell_in_step(self, writer: Writer, intake: Intake) -> None:
        """The first sync is over; that of the cluster is with that of the last of its parts, which tells it."""
        state = {"syncedAt": datetime.now(UTC)}
        if not self.part.split:
            await writer.describe(state, *self._synced())
            return
        await writer.describe(state)
        asked = {"key": cluster_key(self.settings.id)}
        if (await patiently(lambda: self._store.read_one("read/parts_in_step", asked)))["all"]:
            async with intake.paused():
                await restored.put_back(writer)  # what no part has found by now is gone
            await writer.describe({}, *self._synced())

    def _synced(self) -> tuple[Happening, ...]:
        of_part = f" of the part {self.part.name}" if self.part.name else ""
        said = f"the graph is in step with the cluster: {self._resources} resources{of_part}"
        return self._feed.happening(EventType.CLUSTER_SYNCED, self.settings.id, "InStep", said)

    def _refused(self, key: str, why: str) -> None:
        if self._intake is not None:
            self._intake.refused(key, why)

    def _described(self) -> dict[str, Any]:
        return {
            "name": self.settings.name or self.settings.id,
            "environment": self.settings.environment or None,
            "region": self.settings.region or None,
            "source": "snapshot" if self.settings.auth_method is AuthMethod.SNAPSHOT else "live",
            "worker": self._options.worker or None,
            "removing": None,
            "usageSeconds": self._options.usage_seconds,
            "usageProblem": None,
            **({"fedSince": None, "fedTo": None} if self._feed.relay is None else {}),
        }

    def _discovered(self, version: Mapping[str, Any], found: Discovery, connection: Connection) -> dict[str, Any]:
        failures = [f"{failure.group}: {failure.error}" for failure in found.failures]
        return {
            "version": version.get("gitVersion"),
            "server": connection.server,
            "error": "; ".join(failures) or None,
        }


def _first(failures: BaseExceptionGroup[Fenced]) -> Fenced:
    """Any one of the errors in a group of groups."""
    error: BaseException = failures
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, Fenced)
    return error
