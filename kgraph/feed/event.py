"""One event of the change feed, as JSON has it, and the topics that events go to.

Names are those of the published schema (docs/reference/events.md): consumers in any language rely on them. Fields may
be added within a version of the schema and never change their meaning.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from uuid import UUID

import msgspec

from kgraph.graphdb.model import ResourceKey, entity_type

SOURCE = "kubernetes-adapter"
SCHEMA_VERSION = "1.0"
NO_OBJECT = msgspec.Raw(b"null")


class EventType(Enum):
    """What happened: to a resource the first three, to a cluster the others."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    DELETED = "DELETED"
    CLUSTER_ADDED = "CLUSTER_ADDED"
    CLUSTER_REMOVED = "CLUSTER_REMOVED"
    CLUSTER_CONNECTED = "CLUSTER_CONNECTED"
    CLUSTER_LOST = "CLUSTER_LOST"
    CLUSTER_SYNCED = "CLUSTER_SYNCED"
    CLUSTER_HEALTH_CHANGED = "CLUSTER_HEALTH_CHANGED"

    @property
    def topic(self) -> str:
        """The Kafka topic that such events go to, which is their CloudEvents type too."""
        return _TOPICS.get(self, CLUSTER_TOPIC)


CLUSTER_TOPIC = "kubernetes.cluster.event"
_TOPICS: Mapping[EventType, str] = {
    EventType.CREATED: "kubernetes.resource.created",
    EventType.UPDATED: "kubernetes.resource.updated",
    EventType.DELETED: "kubernetes.resource.deleted",
}
TOPICS: tuple[str, ...] = (*_TOPICS.values(), CLUSTER_TOPIC)


class Severity(Enum):
    """How much an event is worth a person's attention."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """0 for the least."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class Gvk(msgspec.Struct, frozen=True, gc=False):
    """A group ("" is the core group), version and kind, as the object was read."""

    group: str
    version: str
    kind: str


class Identity(msgspec.Struct, frozen=True, gc=False):
    """Which resource: `type` is `kubernetes.pod`, `namespace` "" where it has none, `uid` "" where nobody knows it."""

    type: str
    namespace: str
    name: str
    uid: str
    group_version_kind: Gvk

    @classmethod
    def of(cls, key: ResourceKey, version: str, uid: str) -> "Identity":
        """That of the resource of a key."""
        gvk = Gvk(key.group, version, key.kind)
        return cls(entity_type(key.kind), key.namespace, key.name, uid, gvk)


class FieldChange(msgspec.Struct, frozen=True, gc=False):
    """What stood at a path before and after, null where nothing did."""

    old: msgspec.Raw = NO_OBJECT
    new: msgspec.Raw = NO_OBJECT


class Metadata(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """About the event itself.

    `sequence` orders the events of one cluster, over all topics and partitions: larger is later. `trace_id` and
    `span_id` are W3C's. `snapshot`: the object was found by a list, not told by a watch. `truncated` names what was
    left out because the broker takes no message so large. `reason` and `message` are for people.
    """

    trace_id: str
    span_id: str
    source: str = SOURCE
    version: str = SCHEMA_VERSION
    snapshot: bool = False
    severity: Severity = Severity.INFO
    truncated: tuple[str, ...] = ()
    sequence: int = 0
    pii: bool = False
    reason: str = ""
    message: str = ""


class Event(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One change. Objects are as the graph has them: without managedFields and without any Secret's values.

    An object that is not there is null (`is_there`). `diff` has flat paths, such as
    `spec.template.spec.containers[name=web].image`; it is empty where nothing is compared.
    """

    event_id: str
    event_type: EventType
    timestamp: str
    cluster_id: str
    resource: Identity | None = None
    old_object: msgspec.Raw = NO_OBJECT
    new_object: msgspec.Raw = NO_OBJECT
    diff: Mapping[str, FieldChange] = {}
    metadata: Metadata

    @property
    def key(self) -> str:
        """The message key: the resource's key, or the cluster's id. Events of one key are in order."""
        if self.resource is None:
            return self.cluster_id
        gvk = self.resource.group_version_kind
        return str(ResourceKey(self.cluster_id, gvk.group, gvk.kind, self.resource.namespace, self.resource.name))

    @property
    def object(self) -> msgspec.Raw:
        """The object after the change, or before it where it is gone; NO_OBJECT where the event leaves both out."""
        return self.new_object if is_there(self.new_object) else self.old_object


def is_there(value: msgspec.Raw) -> bool:
    """Whether an object of an event is there; null is not."""
    return len(memoryview(value)) > len(b"null")


def event_id(event_type: EventType, key: str, *state: str) -> str:
    """The id of a change: the same, whenever and by whomever the same change is sent.

    `state` tells the change apart from others of the same key: uid, resourceVersion, fingerprint.
    """
    text = "\x00".join((event_type.value, key, *state))
    return str(UUID(bytes=hashlib.blake2b(text.encode(), digest_size=16).digest()))


def written_time(time: datetime) -> str:
    """A time as events have it: RFC 3339 in UTC, to the millisecond."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def encoded(event: Event) -> bytes:
    """The event as the JSON of a message's value."""
    return _encoder.encode(event)


def decoded(value: bytes | memoryview) -> Event:
    """An event from a message's value; fields of later versions are skipped. Raises msgspec.ValidationError."""
    return _decoder.decode(value)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Event)
