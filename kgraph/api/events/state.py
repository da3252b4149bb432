"""What is there when somebody begins to follow, in the form of events; and which events it has already.

The graph shows a change before the feed tells of it: so who joins the feed first, and reads then, misses nothing, and
is told some changes twice. `Settling` knows them by the resource's uid and resourceVersion, and takes them out.
"""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from kgraph.api.errors import TooComplex
from kgraph.api.events.told import Item, Told
from kgraph.api.kinds import KindReader
from kgraph.api.labels import Space, labels_of, namespace_labels
from kgraph.api.listing import Filter, conditions, page
from kgraph.api.nodes import Node, Wanted
from kgraph.api.reading.reader import Reader
from kgraph.feed.event import Event, EventType, Identity, Metadata, event_id, written_time
from kgraph.feed.filters import EventFilter, is_of_type
from kgraph.feed.severity import FOUND, MESSAGE_CHARACTERS, saying
from kgraph.graphdb.model import PII_LABEL, ResourceKey
from kgraph.groups import with_group
from kgraph.kube.history import is_before

PAGE = 500
# What one subscription may begin with: some seconds' worth of reading, some 50 MB to send.
STATE_MOST = 20_000
# How long events may be on their way, so that they are told after a state which has them: the feed's outbox grows
# while Kafka is away. Whoever is later is told twice, which a resourceVersion shows.
SETTLING_SECONDS = 600.0
SETTLING_MOST = 50_000  # keys that are remembered for it
NO_TRACE, NO_SPAN = "0" * 32, "0" * 16  # W3C's for what is part of no trace
_WANTED = Wanted(facts=True, properties=True, manifests=True)


async def state(
    reader: Reader, kinds: KindReader, wanted: EventFilter, *, timeout: float
) -> AsyncIterator[Sequence[Told]]:
    """All that the filter takes and the caller sees, page by page, as CREATED; TooComplex where it is too much."""
    meant = await _meant(kinds, wanted)
    if meant is None:
        return
    found = await conditions(kinds, meant)
    told, after = 0, ""
    while True:
        some = await page(reader, found, first=PAGE, after=after, wanted=_WANTED, timeout=timeout)
        labels = await namespace_labels(reader, map(_space, some.nodes), shown=False, timeout=timeout)
        events = [event for node in some.nodes if (event := _event(node, labels)) and wanted.matches(event)]
        told += len(events)
        if told > STATE_MOST:
            raise TooComplex(f"the initial state has more than {STATE_MOST:,} resources; narrow it, or leave it out")
        yield [Told(event, None) for event in events]
        if not some.has_next:
            return
        after = some.nodes[-1].key


async def _meant(kinds: KindReader, wanted: EventFilter) -> Filter | None:
    """The filter as lists take it, but for what they cannot: each resource is held against the filter itself again."""
    types: set[str] | None = None
    if wanted.resource_types:
        # What is not in the state is never told: a kind of which the first resource was told a moment ago is in it.
        known = await kinds.clusters(now=True)
        types = {
            with_group(kind.plural, kind.group)
            for cluster in wanted.clusters or known
            if cluster in known
            for kind in known[cluster].catalogue.kinds
            if any(is_of_type(each, kind.group, kind.kind) for each in wanted.resource_types)
        }
        if not types:
            return None
    return Filter(
        clusters=wanted.clusters or None,
        namespaces=wanted.namespaces or None,
        kinds=tuple(sorted(types)) if types is not None else None,
        label_selector=str(wanted.label_selector),
    )


def _space(node: Node) -> Space:
    return (node.name.cluster or "", node.name.namespace or "")


def _event(node: Node, namespaces: Mapping[Space, Mapping[str, str]]) -> Event | None:
    """A resource that is there as an event; None of one whose object is not in the graph."""
    name, facts = node.name, node.facts
    if facts is None or not isinstance(facts.manifest, str) or name.cluster is None:
        return None
    uid, manifest = facts.uid or "", msgspec.Raw(facts.manifest.encode())
    said = saying(name.group_kind, facts.health, facts.health_reason, facts.properties)
    return Event(
        event_id=event_id(EventType.CREATED, node.key, uid, version_of(manifest), "state"),
        event_type=EventType.CREATED,
        timestamp=facts.created_at or written_time(datetime.now(UTC)),
        cluster_id=name.cluster,
        resource=Identity.of(ResourceKey.parse(node.key), facts.version or "", uid),
        new_object=manifest,
        metadata=Metadata(
            trace_id=NO_TRACE,
            span_id=NO_SPAN,
            snapshot=True,
            severity=said.severity,
            reason="Created" if said.reason is None else said.reason,
            message=(FOUND if said.message is None else said.message)[:MESSAGE_CHARACTERS],
            pii=PII_LABEL in labels_of(facts.labels) or PII_LABEL in namespaces.get(_space(node), {}),
        ),
    )


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    resource_version: str = ""


class _Object(msgspec.Struct, frozen=True):
    metadata: _Metadata = _Metadata()


_objects = msgspec.json.Decoder(_Object)


def version_of(value: msgspec.Raw) -> str:
    """An object's resourceVersion; "" where it has none."""
    try:
        return _objects.decode(value).metadata.resource_version
    except msgspec.MsgspecError:
        return ""


class Settling:
    """Which events a state has already, until none can be on its way any more.

    Of one resource events come in order. So the first that is newer than the state ends what is known of it.
    """

    def __init__(self) -> None:
        self._there: dict[str, tuple[str, str]] = {}  # by key the uid and resourceVersion of the state
        self._since: set[str] = set()  # the keys of which an event was told after it
        self._ends_at = 0.0

    def has(self, told: Told) -> None:
        """The state has this."""
        uid = told.event.resource.uid if told.event.resource else ""
        self._there[told.key] = (uid, version_of(told.event.new_object))

    def complete(self) -> None:
        """The state was read."""
        self._ends_at = time.monotonic() + SETTLING_SECONDS

    @property
    def is_over(self) -> bool:
        """Whether what comes now is news."""
        return time.monotonic() >= self._ends_at or len(self._since) > SETTLING_MOST

    def news(self, items: Sequence[Item]) -> Sequence[Item]:
        """Those of some items that the state does not have, marks among them."""
        return [item for item in items if not isinstance(item, Told) or self._is_news(item)]

    def _is_news(self, told: Told) -> bool:
        event = told.event
        if event.resource is None:
            return True
        there = self._there.get(told.key)
        deleted = event.event_type is EventType.DELETED
        if there is None:
            if deleted and told.key not in self._since:
                return False  # it came and went before the state was read, or was never part of it
        elif not _is_later(there, event.resource.uid, version_of(event.object), deleted=deleted):
            return False
        self._there.pop(told.key, None)
        self._since.add(told.key)
        return True


def _is_later(there: tuple[str, str], uid: str, version: str, *, deleted: bool) -> bool:
    """Whether an event is of after the state of its resource; a deletion has the version that it ended, or its own."""
    its_uid, its_version = there
    if deleted:
        return not (uid and its_uid) or uid == its_uid
    if version == its_version:
        return False
    return is_before(its_version, version) or not (its_version.isdecimal() and version.isdecimal())
