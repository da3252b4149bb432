"""What reflectors tell, compared with what the graph holds: only what differs goes on to the pipeline.

The intake keeps, per resource, its uid, its resourceVersion and two fingerprints, never the object.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog

from kgraph.graphdb.model import GroupKind, ResourceKey, kind_prefix
from kgraph.graphdb.store import Store
from kgraph.groups import todays_group
from kgraph.kube.discovery import ApiResource
from kgraph.kube.errors import KubeError, NotFound
from kgraph.kube.history import is_before
from kgraph.kube.objects import Head, decode, head
from kgraph.kube.watching import WatchEvent
from kgraph.sync.batch import UNKNOWN
from kgraph.sync.drafts import Told
from kgraph.sync.extract import Extractor, Unidentified
from kgraph.sync.facts import OFFERS_MORE
from kgraph.sync.feed import Feed
from kgraph.sync.kind_state import NOTHING, Held, KindState
from kgraph.sync.matched_edges import MatchedEdges
from kgraph.sync.namespace_marks import NamespaceMarks
from kgraph.sync.patience import patiently
from kgraph.sync.pipeline import Pipeline
from kgraph.sync.served import group_kind, kind_key, kind_properties, label_of, todays_kind
from kgraph.sync.turns import turns

log = structlog.get_logger(__name__)

# What these say, or that they come and go, changes which kinds there are.
KINDS_OF_KINDS = frozenset({"CustomResourceDefinition", "APIService"})


class Intake:
    """The sink of all reflectors of one cluster."""

    def __init__(
        self,
        store: Store,
        cluster: str,
        extractor: Extractor,
        pipeline: Pipeline,
        *,
        extraction: str,
        feed: Feed,
        on_kinds_changed: Callable[[], None],
        rewrites: bool = False,
    ) -> None:
        """With `rewrites` the first list of each kind is written as a whole, where the graph has it otherwise."""
        self.kinds: dict[GroupKind, KindState] = {}
        self.extractor = extractor
        self.extraction = extraction
        self._store = store
        self._cluster = cluster
        self._pipeline = pipeline
        self._feed = feed
        self._delivered = feed.telemetry.meter.counter("kgraph_watch_events")
        self._matched = MatchedEdges(store, cluster, pipeline)
        self._marks = NamespaceMarks(self._matched.index)
        self._on_kinds_changed = on_kinds_changed
        self._rewrites = rewrites
        self._gate = asyncio.Lock()
        self._settled = asyncio.Event()
        self._is_new = False  # whether the graph had nothing of the cluster when this began, and has what was put since

    # What the reflectors call

    async def begin(self, resource: ApiResource, *, anew: bool = False) -> None:
        """A list begins: read what the graph holds of the kind, and expect each of it to be named."""
        earlier = self.kinds.get(group_kind(resource))
        record = NOTHING
        ours = earlier is None or earlier.ours
        if again := ours and earlier is not None and (earlier.listed or earlier.seen is not None):
            await self._pipeline.flush()  # what was put since the last list must be in the graph that is read now
        if again or (ours and not self._is_new):
            asked = {"key": kind_key(self._cluster, resource), "prefix": self._prefix(resource)}
            record = await patiently(lambda: self._store.read_one("read/kind_state", asked))
        state = self.kinds.setdefault(group_kind(resource), KindState(resource))
        state.resource = resource
        rewrites = self._rewrites and not state.listed
        state.expect(record, None if anew or rewrites else self._extraction(resource), rewrites=rewrites)

    async def listed(self, resource: ApiResource, objects: Sequence[msgspec.Raw]) -> None:
        """Compare some of the list with the graph."""
        state = self.kinds[group_kind(resource)]
        plain = self.extractor.is_plain(resource.group, resource.kind)
        with self._feed.delivery(self._cluster, resource.kind, len(objects), snapshot=True) as told:
            if told:
                await self._marks.known(group_kind(resource))
            for turn in turns(objects):
                async with self._turn():
                    for raw in turn:
                        with self._left_out(state, raw):
                            self._compare(state, raw, told, plain=plain)

    async def complete(self, resource: ApiResource, resource_version: str) -> None:
        """The list is whole: what it did not name is gone; WentBack where it has to be told anew."""
        state = self.kinds[group_kind(resource)]
        state.expect_no_other_history(resource_version)
        # While the index was without this kind, edges to it and from it were not followed.
        unknown = not state.listed or bool(state.error)
        if state.listed and resource.kind in KINDS_OF_KINDS:
            self._on_kinds_changed()  # what came or went since the last list, no event has told
        await self._forget_all(state, self._known(state) - (state.seen or set()))
        async with self._gate:
            state.complete()
            self._checkpoint(state, resource_version)
        self._settle()
        if self._matched.live and unknown:
            await self.reconcile()

    async def following(self, resource: ApiResource) -> None:
        """The server has taken the kind's watch: what failed before is over."""
        state = self.kinds[group_kind(resource)]
        if state.error and state.listed:
            async with self._gate:
                state.error = ""
                self._checkpoint(state, None)

    async def changed(self, resource: ApiResource, events: Sequence[WatchEvent]) -> None:
        """Apply what the watch delivered, in its order."""
        state = self.kinds[group_kind(resource)]
        delivered_at = time.monotonic()
        for type_, count in Counter(event.type for event in events).items():
            self._delivered.labels(self._cluster, type_).inc(count)
        with self._feed.delivery(self._cluster, resource.kind, len(events), snapshot=False) as told:
            for turn in turns(events):
                async with self._turn():
                    with self._pipeline.delivery(delivered_at):
                        for event in turn:
                            with self._left_out(state, event.object):
                                self._change(state, event, told)
                    self._tell(state)

    async def failed(self, resource: ApiResource, error: KubeError) -> None:
        """The kind can't be read: the others go on, and the kind's own node says why."""
        state = self.kinds.setdefault(group_kind(resource), KindState(resource))
        if state.error != str(error):
            log.warning("a kind fails", cluster=self._cluster, kind=resource.plural, why=str(error))
            state.error = str(error)
            async with self._gate:
                self._checkpoint(state, None)
        if isinstance(error, NotFound):
            # Discovery may have named a kind whose definition was on its way out, and whose end no watch will tell.
            self._on_kinds_changed()
        self._settle()

    # What the worker calls

    async def look(self) -> None:
        """Before the first list: where the graph has nothing of the cluster, it is not asked for each kind."""
        asked = {"cluster": self._cluster}
        record = await patiently(lambda: self._store.read_one("read/holds_cluster", asked))
        self._is_new = not record["holds"]

    async def settled(self) -> None:
        """Wait until every kind has been listed once or has failed at it, and the selector edges are compared."""
        self._settle()
        await self._settled.wait()
        if not self._matched.live:
            await self.reconcile()

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """All that was put is written, and nothing new is put while the block runs."""
        async with self._gate:
            await self._pipeline.flush()
            yield

    def expect(
        self, resources: Iterable[ApiResource], remarks: Mapping[GroupKind, str] = {}, *, ours: bool = True
    ) -> None:
        """These kinds will be listed; `remarks` are what is to be said of some of them as a whole.

        What is not `ours` is another part's to write.
        """
        for resource in resources:
            kind = group_kind(resource)
            self.kinds.setdefault(kind, KindState(resource, ours)).remark = remarks.get(kind, "")
        self._settle()

    async def drop(self, resource: ApiResource) -> None:
        """The cluster no longer serves the kind: its resources go."""
        await self.begin(resource)
        state = self.kinds[group_kind(resource)]
        await self._forget_all(state, self._known(state))
        async with self._gate:
            del self.kinds[group_kind(resource)]
            if state.ours:
                self._pipeline.pending.forget_kind(kind_key(self._cluster, resource))
                self._pipeline.changed()
        self._settle()

    def refused(self, key: str, why: str) -> None:
        """Neo4j would not take a resource: it is left out."""
        for state in self.kinds.values():
            if key.startswith(self._prefix(state.resource)):
                state.problems[key] = why
                self._tell(state)

    async def put_objects(self, resource: ApiResource, objects: Sequence[Mapping[str, Any]]) -> None:
        """Compare objects that came from elsewhere than a watch with the graph: a snapshot's."""
        state = self.kinds[group_kind(resource)]
        with self._feed.delivery(self._cluster, resource.kind, len(objects), snapshot=True) as told:
            for turn in turns(objects):
                async with self._turn():
                    for value in turn:
                        with self._left_out(state, value):
                            self._apply(state, value, told)

    async def reconcile(self) -> None:
        """Compare the edges that follow both ends with the graph's, as a whole."""
        async with self._gate:
            listed = {todays_kind(kind): state.ours for kind, state in self.kinds.items() if state.listed}
            await self._matched.reconcile({kind for kind, ours in listed.items() if ours}, listed.keys())

    # One object

    def _compare(self, state: KindState, raw: msgspec.Raw, told: Told | None, *, plain: bool) -> None:
        """Apply a listed object, unless its resourceVersion says that the graph has it as it is."""
        resource = state.resource
        seen = head(raw)
        identity = self._key(resource, seen)
        key = str(identity)
        if state.seen is not None:
            state.seen.add(key)
        if not state.ours:
            self._know(state, raw)
            return
        if state.is_unchanged(key, seen.metadata.resource_version):
            if self._matched.index.has(key):
                return
            if plain and not self.extractor.is_marked(seen.metadata):
                self._matched.put(self.extractor.plain_fact(identity, seen.metadata.labels or {}))
                return
        self._apply(state, decode(raw, resource.group, resource.kind), told)

    def _change(self, state: KindState, event: WatchEvent, told: Told | None) -> None:
        resource = state.resource
        if event.type == "BOOKMARK":
            return
        if event.type == "DELETED":
            self._forget(state, str(self._key(resource, head(event.object))), told)
        elif not state.ours:
            self._know(state, event.object)
        else:
            self._apply(state, decode(event.object, resource.group, resource.kind), told)
        if resource.kind in KINDS_OF_KINDS:
            self._on_kinds_changed()

    def _apply(self, state: KindState, value: Mapping[str, Any], told: Told | None) -> None:
        resource = state.resource
        extracted = self.extractor.extract(value, resource.group, resource.version, resource.kind)
        new = extracted.resource
        if state.seen is not None:
            state.seen.add(new.key)
        reported = state.read(new.key, extracted.problems)
        if reported and extracted.problems:
            log.warning("an object is malformed in part", key=new.key, problems=extracted.problems)
        known = state.held.get(new.key)
        edges_changed = known is None or known.edges_fingerprint != new.edges_fingerprint
        changed = (
            reported or edges_changed or known is None or known.fingerprint != new.fingerprint or known.uid != new.uid
        )
        rewrite = state.rewrites and known is not None
        # A restored object may be what it was, in a version that the graph must not take for a later one's.
        if changed or rewrite or known is None or is_before(new.resource_version, known.version):
            provenance = extracted.provenance
            if known is None:
                # What a first sync finds has no history; what is new later was made since.
                provenance = msgspec.structs.replace(provenance, created=True) if state.followed else UNKNOWN
            if known is not None and known.fingerprint == new.fingerprint and known.uid == new.uid:
                told = None  # only what we make of it has changed
            pii = told is not None and self._marks.is_pii(str(new.properties.get("namespace", "")))
            self._pipeline.pending.put(
                new, provenance, edges_changed=edges_changed, fresh=known is None, told=told, pii=pii, rewrite=rewrite
            )
            self._checkpoint(state, new.resource_version)
            self._pipeline.changed()
        state.held[new.key] = Held(new.uid, new.resource_version, new.fingerprint, new.edges_fingerprint)
        self._matched.put(extracted.fact, extracted.queries)

    def _know(self, state: KindState, raw: msgspec.Raw) -> None:
        """Note what may be asked of an object that another part writes."""
        resource = state.resource
        if todays_kind(group_kind(resource)) in OFFERS_MORE:
            value = decode(raw, resource.group, resource.kind)
            fact = self.extractor.extract(value, resource.group, resource.version, resource.kind).fact
        else:
            seen = head(raw)
            fact = self.extractor.plain_fact(self._key(resource, seen), seen.metadata.labels or {})
        self._matched.put(fact)

    @contextmanager
    def _left_out(self, state: KindState, value: Any) -> Iterator[None]:
        """Leave an object that can't be read out, as the graph has it, so that its kind and its cluster go on."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - what nobody has foreseen, such as an object nested too deeply
            key = self._key_of(state, value)
            if state.seen is not None:
                state.seen.add(key)
            why = str(error) if isinstance(error, Unidentified | KubeError) else type(error).__name__
            state.problems[key] = why
            log.warning("an object is left out", cluster=self._cluster, key=key, why=why)

    def _key_of(self, state: KindState, value: Any) -> str:
        """The key of an object that can't be read; where not even that can be said, one that no resource has."""
        try:
            seen = head(value) if isinstance(value, msgspec.Raw) else msgspec.convert(value, Head, strict=False)
            return str(self._key(state.resource, seen))
        except (KubeError, msgspec.ValidationError, RecursionError):
            return f"{self._prefix(state.resource)}?"

    def _known(self, state: KindState) -> set[str]:
        """The keys of a kind that the graph holds, or the index does."""
        return {*state.held, *self._matched.index.keys(todays_kind(group_kind(state.resource)))}

    async def _forget_all(self, state: KindState, keys: Collection[str]) -> None:
        with self._feed.delivery(self._cluster, state.resource.kind, len(keys), snapshot=True) as told:
            for turn in turns(sorted(keys)):
                async with self._turn():
                    for key in turn:
                        self._forget(state, key, told)
                    self._tell(state)

    def _forget(self, state: KindState, key: str, told: Told | None) -> None:
        state.forget(key)
        self._matched.remove(key)
        if not state.ours:
            return
        label = label_of(state.resource.group, state.resource.kind)
        pii = told is not None and self._marks.is_pii(ResourceKey.parse(key).namespace)
        self._pipeline.pending.remove(key, label, told=told, pii=pii)
        self._pipeline.changed()

    def _checkpoint(self, state: KindState, version: str | None) -> None:
        if not state.ours:
            return
        resource = state.resource
        state.told = state.status
        properties = {**kind_properties(self._cluster, resource), **state.told}
        if version is not None:
            properties["resourceVersion"] = version
        if state.listed and state.seen is None and not state.error:
            properties |= {"syncedAt": datetime.now(UTC), "extraction": self._extraction(resource)}
        self._pipeline.pending.checkpoint(kind_key(self._cluster, resource), properties)
        self._pipeline.changed()

    def _tell(self, state: KindState) -> None:
        """Write how the kind goes where that has changed; while a list is under way it is not known."""
        if state.seen is None and state.told and state.told != state.status:
            self._checkpoint(state, None)

    def _extraction(self, resource: ApiResource) -> str:
        """What decides what objects become: in another version they are others, though nobody changed them."""
        return f"{self.extraction}-{resource.version}-{self.extractor.digest(resource.group, resource.kind)}"

    def _settle(self) -> None:
        self._marks.look(self.kinds)
        if all(state.listed or state.error for state in self.kinds.values()):
            self._settled.set()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Work alone, once there is room in the pipeline; other tasks get their turn afterwards."""
        async with self._gate:
            # Inside the gate: outside, all kinds would find the room that one of them then fills.
            await self._pipeline.room()
            yield
        await asyncio.sleep(0)

    def _key(self, resource: ApiResource, seen: Head) -> ResourceKey:
        namespace = seen.metadata.namespace if resource.namespaced else ""
        group = todays_group(resource.group, resource.kind)
        return ResourceKey(self._cluster, group, resource.kind, namespace, seen.metadata.name)

    def _prefix(self, resource: ApiResource) -> str:
        return kind_prefix(self._cluster, todays_kind(group_kind(resource)))
