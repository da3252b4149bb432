"""One cluster's worker: claim, discover, reflect, write; and drain when it is told to stop.

A worker is a task group of named tasks: the writer, one reflector a kind, and the one that follows which kinds there
are. When any of them fails in a way nobody foresaw, or another worker takes the cluster over, all of them end.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from importlib import resources
from typing import Any

import msgspec
import structlog

from kgraph import __version__
from kgraph.graphdb.catalogue import Catalogue
from kgraph.graphdb.model import GroupKind
from kgraph.graphdb.store import Store
from kgraph.kube.connection import Connection
from kgraph.kube.discovery import ApiResource, Discovery, discover
from kgraph.kube.errors import KubeError
from kgraph.kube.selection import select
from kgraph.kube.settings import AuthMethod, ClusterSettings
from kgraph.sync.extract import Extractor
from kgraph.sync.intake import Intake, patiently
from kgraph.sync.options import SyncOptions
from kgraph.sync.pipeline import Pipeline
from kgraph.sync.reflector import Backoff, Reflector
from kgraph.sync.served import discovered_kinds, group_kind, listing_order, resource_of
from kgraph.sync.snapshot import load_snapshot
from kgraph.sync.writer import Writer

log = structlog.get_logger(__name__)

# Kinds listed at once during a first sync: the apiserver serves a few large lists better than seventy.
LISTS_AT_ONCE = 4
# A CRD's change is followed by others (Established, NamesAccepted, its siblings in one chart): look once for all.
KINDS_SETTLE_SECONDS = 1.0
# How long a worker that is told to stop may take to write what it has read.
DRAIN_SECONDS = 10.0


class Progress(msgspec.Struct):
    """How far a first sync has come."""

    kinds: int = 0
    kinds_listed: int = 0
    resources: int = 0
    failing: Mapping[str, str] = {}


class ClusterWorker:
    """Keeps one cluster's part of the graph in step with it."""

    def __init__(self, store: Store, settings: ClusterSettings, options: SyncOptions) -> None:
        self.synced = asyncio.Event()
        self.settings = settings
        self._store = store
        self._options = options
        self._intake: Intake | None = None
        self._kinds_changed = asyncio.Event()
        self._reflecting: dict[GroupKind, tuple[ApiResource, asyncio.Task[None]]] = {}
        self._lists = asyncio.Semaphore(LISTS_AT_ONCE)

    @property
    def progress(self) -> Progress:
        """How far the first sync has come."""
        states = self._intake.kinds.values() if self._intake else ()
        return Progress(
            kinds=len(states),
            kinds_listed=sum(state.listed or bool(state.error) for state in states),
            resources=sum(len(state.held) for state in states),
            failing={state.resource.plural: state.error for state in states if state.error},
        )

    async def run(self) -> None:
        """Sync until cancelled (a snapshot: until it is loaded); Fenced when another worker takes the cluster over."""
        cluster = self.settings.id
        writer = await patiently(lambda: Writer.claim(self._store, cluster, self._described()))
        pipeline = Pipeline(cluster, writer.write)
        async with asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(pipeline.run(), name=f"write {cluster}")
            try:
                if self.settings.auth_method is AuthMethod.SNAPSHOT:
                    await self._load(pipeline, writer)
                else:
                    await self._reflect(pipeline, writer, tasks)
            finally:
                for _, task in self._reflecting.values():
                    task.cancel()
                await self._drain(pipeline, writing)

    async def _drain(self, pipeline: Pipeline, writing: asyncio.Task[None]) -> None:
        """Write what has been read; the next worker would read it again, but its readers would see it later."""
        if not writing.done():
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(pipeline.flush()), DRAIN_SECONDS)
        writing.cancel()

    async def _load(self, pipeline: Pipeline, writer: Writer) -> None:
        self._intake = intake = self._new_intake(pipeline, Catalogue())
        problems = await load_snapshot(intake, self._store, self.settings, self._options.default_namespace)
        await intake.settled()
        await pipeline.flush()
        await writer.describe({"syncedAt": datetime.now(UTC), "error": None, "problems": list(problems)})
        self.synced.set()

    async def _reflect(self, pipeline: Pipeline, writer: Writer, tasks: asyncio.TaskGroup) -> None:
        async with Connection.open(self.settings) as connection:
            backoff = Backoff()
            while True:
                self._kinds_changed.clear()
                try:
                    version = await connection.version()
                    found = await discover(connection)
                except KubeError as error:
                    log.warning("a cluster does not answer", cluster=self.settings.id, why=str(error))
                    await patiently(partial(writer.describe, {"error": str(error)}))
                    await asyncio.sleep(backoff.seconds(error))
                    continue
                backoff.reset()
                await self._follow_kinds(connection, found, pipeline, tasks)
                await patiently(partial(writer.describe, self._discovered(version, found, connection)))
                if not self.synced.is_set() and self._intake is not None:
                    await self._intake.settled()
                    await pipeline.flush()
                    await patiently(partial(writer.describe, {"syncedAt": datetime.now(UTC)}))
                    log.info("in step", cluster=self.settings.id, resources=self.progress.resources)
                    self.synced.set()
                elif self._intake is not None:
                    await self._intake.reconcile()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._kinds_changed.wait(), self._options.resync_seconds or None)
                    await asyncio.sleep(KINDS_SETTLE_SECONDS)

    async def _follow_kinds(
        self, connection: Connection, found: Discovery, pipeline: Pipeline, tasks: asyncio.TaskGroup
    ) -> None:
        """Reflect the kinds that the cluster serves now, and no others."""
        catalogue = Catalogue(discovered_kinds(found.resources))
        if self._intake is None:
            self._intake = self._new_intake(pipeline, catalogue)
        intake = self._intake
        intake.extractor = Extractor(self.settings.id, catalogue)
        chosen = {group_kind(each): each for each in select(found.resources, self._options.watch_resources)}
        failing = {failure.group for failure in found.failures}
        for kind, (resource, task) in tuple(self._reflecting.items()):
            if chosen.get(kind) != resource and resource.group not in failing:
                task.cancel()
                del self._reflecting[kind]
                if kind not in chosen:
                    await intake.drop(resource)
        for resource in await self._kinds_in_graph():
            if group_kind(resource) not in chosen and resource.group not in failing:
                await intake.drop(resource)
        intake.expect(resource for kind, resource in chosen.items() if kind not in self._reflecting)
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

    def _new_intake(self, pipeline: Pipeline, catalogue: Catalogue) -> Intake:
        return Intake(
            self._store,
            self.settings.id,
            Extractor(self.settings.id, catalogue),
            pipeline,
            extraction=extraction_digest(),
            on_kinds_changed=self._kinds_changed.set,
        )

    def _described(self) -> dict[str, Any]:
        settings = self.settings
        return {
            "name": settings.name or settings.id,
            "environment": settings.environment or None,
            "region": settings.region or None,
            "source": "snapshot" if settings.auth_method is AuthMethod.SNAPSHOT else "live",
        }

    def _discovered(self, version: Mapping[str, Any], found: Discovery, connection: Connection) -> dict[str, Any]:
        failures = [f"{failure.group}: {failure.error}" for failure in found.failures]
        return {
            "version": version.get("gitVersion"),
            "server": connection.server,
            "error": "; ".join(failures) or None,
        }


def extraction_digest() -> str:
    """A hash of all that decides what an object becomes: another program version compares every object anew."""
    digest = hashlib.blake2b(__version__.encode(), digest_size=8)
    for package in ("kgraph.graphdb", "kgraph.graphdb.edges", "kgraph.sync", "kgraph.kube"):
        files = sorted(
            (file for file in resources.files(package).iterdir() if file.name.endswith(".py")),
            key=lambda file: file.name,
        )
        for file in files:
            digest.update(file.read_bytes())
    return digest.hexdigest()
