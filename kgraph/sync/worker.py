"""One cluster's worker: claim, discover, reflect, write; and drain when it is told to stop.

A worker is a task group of named tasks: the writer, one reflector a kind, and the one that follows which kinds there
are. When any of them fails in a way nobody foresaw, or another worker takes the cluster over, all of them end.
"""

import asyncio
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog

from kgraph.feed.event import EventType
from kgraph.graphdb.catalogue import Catalogue, catalogue_of
from kgraph.graphdb.errors import Fenced
from kgraph.graphdb.model import GroupKind
from kgraph.graphdb.store import Store
from kgraph.kube.connection import Connection
from kgraph.kube.discovery import ApiResource, Discovery, discover
from kgraph.kube.errors import KubeError, UnknownResources
from kgraph.kube.settings import AuthMethod, ClusterSettings
from kgraph.sync import account
from kgraph.sync.asked import AskedCatalogue
from kgraph.sync.batch import Batch
from kgraph.sync.commits import Commits
from kgraph.sync.custom import extractor, kinds_of, select_kinds, unserved, versions_of
from kgraph.sync.definitions import Definition, read_definitions
from kgraph.sync.drafts import Happening
from kgraph.sync.extract import Extractor
from kgraph.sync.extraction import extraction_digest
from kgraph.sync.feed import Feed
from kgraph.sync.intake import Intake
from kgraph.sync.options import SyncOptions
from kgraph.sync.patience import patiently
from kgraph.sync.pipeline import Pipeline
from kgraph.sync.reflector import Backoff, Reflector
from kgraph.sync.retention import forget, forget_for_ever
from kgraph.sync.served import group_kind, listing_order, resource_of
from kgraph.sync.snapshot import load_snapshot
from kgraph.sync.usage import Metering
from kgraph.sync.vitals import Vitals
from kgraph.sync.writer import Entry, Writer

log = structlog.get_logger(__name__)

# Kinds listed at once during a first sync: the apiserver serves a few large lists better than seventy.
LISTS_AT_ONCE = 4
# A CRD's change is followed by others (Established, NamesAccepted, its siblings in one chart): look once for all.
KINDS_SETTLE_SECONDS = 1.0
# Discovery follows a definition's status with a delay of its own; a second look finds what the first was too early for.
KINDS_LOOK_AGAIN_SECONDS = 10.0
# An apiserver that has just started may serve a group before it says so. What is gone in two looks is gone.
KINDS_CONFIRM_SECONDS = 5.0
# How soon a group is asked for again whose own server did not answer.
FAILURES_LOOK_AGAIN_SECONDS = 30.0
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
    ) -> None:
        """`commits` and `feed` are what the clusters of one process share."""
        self.synced = asyncio.Event()
        self.settings = settings
        self._store = store
        self._options = options
        self._commits = commits or Commits(options.writers)
        self._feed = feed or Feed()
        self._intake: Intake | None = None
        self.pipeline: Pipeline | None = None
        self._kinds_changed = asyncio.Event()
        self._reflecting: dict[GroupKind, tuple[ApiResource, asyncio.Task[None]]] = {}
        self._lists = asyncio.Semaphore(LISTS_AT_ONCE)
        self._catalogue = AskedCatalogue(Catalogue())
        self._definitions: tuple[Definition, ...] = ()
        self._look_again = False
        self._compare_at: float | None = None  # when the selector edges are compared again, on the loop's clock

    @property
    def progress(self) -> Progress:
        """How far the first sync has come."""
        states = tuple(self._intake.kinds.values()) if self._intake else ()
        left_out = {key: why for state in states for key, why in state.problems.items()}
        return Progress(
            kinds=len(states),
            kinds_listed=sum(state.listed or bool(state.error) for state in states),
            resources=self._resources,
            failing={state.resource.plural: state.error for state in states if state.error},
            left_out={**left_out, **(self.pipeline.refused if self.pipeline else {})},
        )

    @property
    def _resources(self) -> int:
        return sum(len(state.held) for state in self._intake.kinds.values()) if self._intake else 0

    async def run(self) -> None:
        """Sync until cancelled (a snapshot: until it is loaded); Fenced when another worker takes the cluster over."""
        cluster = self.settings.id
        described, history = self._described(), self._options.history
        writer = await patiently(lambda: Writer.claim(self._store, cluster, described, history, self._feed))

        async def write(batch: Batch) -> None:
            await self._feed.room(cluster)
            await self._commits.write(Entry(writer, batch, vitals.riding()))

        self.pipeline = pipeline = Pipeline(cluster, write, on_refused=self._refused)
        vitals = Vitals(writer, pipeline, self.synced, lambda: self._resources)
        try:
            async with self._feed.owned(cluster), asyncio.TaskGroup() as tasks:
                await account.begin(writer)
                writing = tasks.create_task(pipeline.run(), name=f"write {cluster}")
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

    async def _drain(self, pipeline: Pipeline, writing: asyncio.Task[None]) -> None:
        """Write what has been read; the next worker would read it again, but its readers would see it later."""
        flushing = asyncio.create_task(pipeline.flush(), name=f"drain {self.settings.id}")
        try:
            await asyncio.wait({flushing, writing}, timeout=DRAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            flushing.cancel()
            writing.cancel()

    async def _load(self, pipeline: Pipeline, writer: Writer) -> None:
        self._intake = intake = await self._new_intake(pipeline, Catalogue())
        problems = await load_snapshot(intake, self._store, self.settings, self._options)
        await intake.settled()
        await pipeline.flush()
        described = {"syncedAt": datetime.now(UTC), "error": None, "problems": list(problems)}
        await writer.describe(described, *self._synced())
        self.synced.set()

    async def _reflect(self, pipeline: Pipeline, writer: Writer, vitals: Vitals, tasks: asyncio.TaskGroup) -> None:
        cluster = self.settings.id
        forgetting = forget_for_ever(self._store, cluster, self._options.history.seconds)
        remembering = tasks.create_task(forgetting, name=f"forget what {cluster} has deleted")
        async with Connection.open(self.settings) as connection:
            metering = Metering(self._store, cluster, self._options.usage_seconds)
            looking = [
                tasks.create_task(vitals.follow(connection), name=f"look at {cluster}"),
                tasks.create_task(metering.follow(connection, writer, self.synced), name=f"meter {cluster}"),
            ]
            try:
                await self._follow_cluster(connection, pipeline, writer, tasks)
            finally:
                # Before the connection is closed under their feet.
                ending = [remembering, *looking, *(task for _, task in self._reflecting.values())]
                for task in ending:
                    task.cancel()
                await asyncio.wait(ending)

    async def _follow_cluster(
        self, connection: Connection, pipeline: Pipeline, writer: Writer, tasks: asyncio.TaskGroup
    ) -> None:
        backoff = Backoff()
        while True:
            self._kinds_changed.clear()
            try:
                version = await connection.version()
                found = await self._discover(connection)
                selected = select_kinds(found, self._options)
            except KubeError as error:
                if isinstance(error, UnknownResources) and not self._reflecting:
                    raise
                log.warning("a cluster can't be asked what it serves", cluster=self.settings.id, why=str(error))
                await writer.describe({"error": str(error)})
                await asyncio.sleep(backoff.seconds(error))
                continue
            backoff.reset()
            await self._read_definitions(connection, found)
            await self._follow_kinds(connection, found, selected, pipeline, tasks)
            await writer.describe(self._discovered(version, found, connection))
            if not self.synced.is_set() and self._intake is not None:
                await self._intake.settled()
                await pipeline.flush()
                await writer.describe({"syncedAt": datetime.now(UTC)}, *self._synced())
                log.info("in step", cluster=self.settings.id, resources=self.progress.resources)
                self.synced.set()
                if self._options.resync_seconds:
                    self._compare_at = asyncio.get_running_loop().time() + self._options.resync_seconds
            await self._until_next_look(found)

    async def _until_next_look(self, found: Discovery) -> None:
        """Wait until kinds may have changed; meanwhile compare the selector edges when that is due."""
        now = asyncio.get_running_loop().time()
        looks = [self._compare_at or math.inf]
        if self._look_again:
            looks.append(now + KINDS_LOOK_AGAIN_SECONDS)
        if found.failures:
            looks.append(now + FAILURES_LOOK_AGAIN_SECONDS)
        self._look_again = False
        try:
            async with asyncio.timeout_at(min(looks) if min(looks) < math.inf else None):
                await self._kinds_changed.wait()
        except TimeoutError:
            now = asyncio.get_running_loop().time()
            if self._intake is not None and self._compare_at is not None and now >= self._compare_at:
                await self._intake.reconcile()
                self._compare_at = now + self._options.resync_seconds
        else:
            await asyncio.sleep(KINDS_SETTLE_SECONDS)
            self._look_again = True

    async def _discover(self, connection: Connection) -> Discovery:
        """What the cluster serves; asked twice where the graph has a kind that is no longer among it."""
        found = await discover(connection, self._options.versions)
        served = {group_kind(resource) for resource in found.resources}
        failing = {failure.group for failure in found.failures}
        in_graph = await self._kinds_in_graph()
        if any(group_kind(each) not in served and each.group not in failing for each in in_graph):
            await asyncio.sleep(KINDS_CONFIRM_SECONDS)
            found = await discover(connection, self._options.versions)
        return found

    async def _read_definitions(self, connection: Connection, found: Discovery) -> None:
        """What the definitions' schemas suggest; where they can't be read, what was known of them stands."""
        try:
            self._definitions = await read_definitions(connection, found.resources, self._definitions)
        except KubeError as error:
            log.warning("no definition can be read", cluster=self.settings.id, why=str(error))

    async def _follow_kinds(
        self,
        connection: Connection,
        found: Discovery,
        selected: Iterable[ApiResource],
        pipeline: Pipeline,
        tasks: asyncio.TaskGroup,
    ) -> None:
        """Reflect the kinds that the cluster serves now, and no others."""
        catalogue = AskedCatalogue(catalogue_of(tuple(kinds_of(found.resources, self._options))))
        if self._intake is None:
            self._intake = await self._new_intake(pipeline, catalogue)
        intake = self._intake
        # Objects that were read by what was known earlier are read again where that matters.
        read_again = not self._catalogue.would_answer_as(catalogue)
        self._catalogue.ask(catalogue)
        self._catalogue, before = catalogue, intake.extractor
        versions = versions_of(found.resources)
        intake.extractor = extractor(self.settings.id, catalogue, self._options, self._definitions, versions)
        intake.extraction = f"{extraction_digest()}-{catalogue.digest()}-{self._options.relationships}"
        chosen = {group_kind(each): each for each in selected}
        failing = {failure.group for failure in found.failures}
        for kind, (resource, task) in tuple(self._reflecting.items()):
            otherwise = read_again or before.digest(*kind) != intake.extractor.digest(*kind)
            if (chosen.get(kind) != resource or otherwise) and resource.group not in failing:
                task.cancel()
                await asyncio.wait({task})  # it may be in the middle of what it tells the intake
                del self._reflecting[kind]
                if kind not in chosen:
                    await intake.drop(resource)
        for resource in await self._kinds_in_graph():
            if group_kind(resource) not in chosen and resource.group not in failing:
                await intake.drop(resource)
        remarks = unserved(self._options, chosen.values())
        intake.expect((resource for kind, resource in chosen.items() if kind not in self._reflecting), remarks)
        for kind, resource in sorted(chosen.items(), key=lambda item: listing_order(item[1])):
            if kind not in self._reflecting:
                reflector = Reflector(
                    connection, resource, intake, lists=self._lists, resync_seconds=self._options.resync_seconds
                )
                name = f"reflect {resource.plural}.{resource.group} of {self.settings.id}"
                self._reflecting[kind] = resource, tasks.create_task(reflector.run(), name=name)

    async def _kinds_in_graph(self) -> list[ApiResource]:
        record = await patiently(lambda: self._store.read_one("read/synced_kinds", {"cluster": self.settings.id}))
        return [resource_of(kind) for kind in record["kinds"]]

    async def _new_intake(self, pipeline: Pipeline, catalogue: Catalogue) -> Intake:
        intake = Intake(
            self._store,
            self.settings.id,
            Extractor(self.settings.id, catalogue),
            pipeline,
            extraction=extraction_digest(),
            feed=self._feed,
            on_kinds_changed=self._kinds_changed.set,
        )
        await intake.look()
        return intake

    def _synced(self) -> tuple[Happening, ...]:
        said = f"the graph is in step with the cluster: {self._resources} resources"
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
