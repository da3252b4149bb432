"""Which kinds of a cluster are followed: those that it serves now, each by a reflector of its own, and no others.

They are looked for again when a definition or an APIService has changed, and while a group's own server is away.
"""

import asyncio
import math
from collections.abc import Callable, Collection, Iterable, Mapping

import msgspec
import structlog

from kgraph.graphdb.catalogue import Catalogue, catalogue_of
from kgraph.graphdb.model import GroupKind
from kgraph.graphdb.store import Store
from kgraph.kube.connection import Connection
from kgraph.kube.discovery import ApiResource, Discovery, discover
from kgraph.kube.errors import KubeError
from kgraph.sync.asked import AskedCatalogue
from kgraph.sync.custom import extractor, kinds_of, unserved, versions_of
from kgraph.sync.definitions import Definition, read_definitions
from kgraph.sync.extraction import extraction_digest
from kgraph.sync.intake import Intake
from kgraph.sync.options import SyncOptions
from kgraph.sync.part import WHOLE, Part
from kgraph.sync.patience import patiently
from kgraph.sync.reflector import Reflector, Why
from kgraph.sync.served import group_kind, listing_order, resource_of

log = structlog.get_logger(__name__)

# Kinds listed at once during a first sync: the apiserver serves a few large lists better than seventy.
LISTS_AT_ONCE = 4
# A CRD's change is followed by others (Established, NamesAccepted, its siblings in one chart): look once for all.
SETTLE_SECONDS = 1.0
# Discovery follows a definition's status with a delay of its own; a second look finds what the first was too early for.
LOOK_AGAIN_SECONDS = 10.0
# An apiserver that has just started may serve a group before it says so. What is gone in two looks is gone.
CONFIRM_SECONDS = 5.0
# How soon a group is asked for again whose own server did not answer.
FAILURES_LOOK_AGAIN_SECONDS = 30.0


class FollowedKinds:
    """The kinds of one cluster that are followed just now; `unanswered` are groups whose own servers do not answer.

    Where the cluster is split they are those of one `part`, and of the others' those that it has to know.
    """

    def __init__(
        self,
        store: Store,
        cluster: str,
        options: SyncOptions,
        on_list: Callable[[Why], None],
        *,
        part: Part = WHOLE,
    ) -> None:
        self.unanswered: frozenset[str] = frozenset()
        self._store = store
        self._cluster = cluster
        self._options = options
        self._on_list = on_list
        self._part = part
        self._changed = asyncio.Event()
        self._look_again = False
        self._reflecting: dict[GroupKind, tuple[ApiResource, asyncio.Task[None]]] = {}
        self._lists = asyncio.Semaphore(LISTS_AT_ONCE)
        self._catalogue = AskedCatalogue(Catalogue())
        self._definitions: tuple[Definition, ...] = ()

    @property
    def tasks(self) -> Collection[asyncio.Task[None]]:
        """Those that follow; empty before the first look."""
        return tuple(task for _, task in self._reflecting.values())

    def may_have_changed(self) -> None:
        """There is something new to look for."""
        self._changed.set()

    def hear(self, clusters: Mapping[str, str], intake: Intake | None) -> None:
        """What clusters are called from now on; kinds whose objects name some are listed again."""
        self._options = msgspec.structs.replace(self._options, clusters=clusters)
        if intake is not None and any(map(intake.extractor.names_clusters, self._reflecting)):
            self._changed.set()

    async def served(self, connection: Connection) -> Discovery:
        """What the cluster serves now; asked twice where the graph has a kind that is no longer among it."""
        self._changed.clear()
        found = await discover(connection, self._options.versions)
        served = {group_kind(resource) for resource in found.resources}
        failing = {failure.group for failure in found.failures}
        in_graph = await self._in_graph()
        if any(group_kind(each) not in served and each.group not in failing for each in in_graph):
            await asyncio.sleep(CONFIRM_SECONDS)
            found = await discover(connection, self._options.versions)
        return found

    async def learn(self, connection: Connection, found: Discovery) -> None:
        """What the definitions' schemas suggest; where they can't be read, what was known of them stands."""
        try:
            self._definitions = await read_definitions(connection, found.resources, self._definitions)
        except KubeError as error:
            log.warning("no definition can be read", cluster=self._cluster, why=str(error))

    async def follow(
        self,
        connection: Connection,
        found: Discovery,
        selected: Iterable[ApiResource],
        intake: Intake,
        tasks: asyncio.TaskGroup,
    ) -> None:
        """Reflect the kinds that the cluster serves now and that are selected, as far as this part needs them."""
        read_again = self._understand(found, intake)
        selected = tuple(selected)
        own = self._part.own(selected)
        known = self._part.known(own, selected)
        chosen = {group_kind(each): each for each in (*own, *known)}
        self.unanswered = failing = frozenset(failure.group for failure in found.failures)
        for kind, (resource, task) in tuple(self._reflecting.items()):
            if (chosen.get(kind) != resource or kind in read_again) and resource.group not in failing:
                task.cancel()
                await asyncio.wait({task})  # it may be in the middle of what it tells the intake
                del self._reflecting[kind]
                if kind not in chosen:
                    await intake.drop(resource)
        for resource in self._part.own((*selected, *await self._in_graph())):
            if group_kind(resource) not in chosen and resource.group not in failing:
                await intake.drop(resource)
        remarks = unserved(self._options, own)
        intake.expect((resource for resource in own if group_kind(resource) not in self._reflecting), remarks)
        intake.expect((resource for resource in known if group_kind(resource) not in self._reflecting), ours=False)
        for kind, resource in sorted(chosen.items(), key=lambda item: listing_order(item[1])):
            if kind not in self._reflecting:
                reflector = Reflector(
                    connection,
                    resource,
                    intake,
                    lists=self._lists,
                    resync_seconds=self._options.resync_seconds,
                    on_list=self._on_list,
                )
                name = f"reflect {resource.plural}.{resource.group} of {self._cluster}"
                self._reflecting[kind] = resource, tasks.create_task(reflector.run(), name=name)

    def _understand(self, found: Discovery, intake: Intake) -> Collection[GroupKind]:
        """Have the intake read objects by what is known of kinds now; those of which it has read some otherwise."""
        catalogue = AskedCatalogue(catalogue_of(tuple(kinds_of(found.resources, self._options))))
        as_before = self._catalogue.would_answer_as(catalogue)
        self._catalogue.ask(catalogue)
        self._catalogue, before = catalogue, intake.extractor
        versions = versions_of(found.resources)
        intake.extractor = extractor(self._cluster, catalogue, self._options, self._definitions, versions)
        intake.extraction = f"{extraction_digest()}-{catalogue.digest()}-{self._options.relationships}"
        return {
            kind for kind in self._reflecting if not as_before or before.digest(*kind) != intake.extractor.digest(*kind)
        }

    async def until_next_look(self, found: Discovery, at: float | None) -> None:
        """Wait until kinds may have changed, or until a moment on the loop's clock, None of which is never."""
        now = asyncio.get_running_loop().time()
        looks = [at or math.inf]
        if self._look_again:
            looks.append(now + LOOK_AGAIN_SECONDS)
        if found.failures:
            looks.append(now + FAILURES_LOOK_AGAIN_SECONDS)
        self._look_again = False
        try:
            async with asyncio.timeout_at(min(looks) if min(looks) < math.inf else None):
                await self._changed.wait()
        except TimeoutError:
            return
        await asyncio.sleep(SETTLE_SECONDS)
        self._look_again = True

    async def _in_graph(self) -> list[ApiResource]:
        record = await patiently(lambda: self._store.read_one("read/synced_kinds", {"cluster": self._cluster}))
        return [resource_of(kind) for kind in record["kinds"]]
