"""What a batch's changes are as events: each from the state before it to the state after it, in their order.

The state before the first change is what the graph holds in the transaction that writes the batch. What makes no
difference is no event: noise, or an object that a list names again.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from kgraph.feed.event import (
    NO_OBJECT,
    Event,
    EventType,
    FieldChange,
    Identity,
    Metadata,
    Severity,
    event_id,
)
from kgraph.feed.severity import FOUND, MESSAGE_CHARACTERS, Saying, saying
from kgraph.graphdb.model import PII_LABEL, GroupKind, Resource, ResourceKey
from kgraph.kube.diff import Difference
from kgraph.sync.batch import Batch
from kgraph.sync.drafts import Draft, Happening, Told
from kgraph.sync.history import Before, compared

_SECRET = "Secret"  # noqa: S105 - a kind
# How many of the changed paths the message names.
_NAMED_MOST = 3


class Change(msgspec.Struct, frozen=True, gc=False):
    """One change with its two states; `old` None where it is new, `new` None where it is gone."""

    key: str
    old: Before | None
    new: Resource | None
    draft: Draft

    @property
    def type(self) -> EventType:
        """What happened."""
        return EventType.CREATED if self.old is None else EventType.UPDATED if self.new else EventType.DELETED


class Made(msgspec.Struct, frozen=True):
    """The events of a batch, and what differs by the keys of those resources that changed once."""

    events: tuple[Event, ...]
    differences: Mapping[str, Sequence[Difference]]


def made(cluster: str, batch: Batch, before: Mapping[str, Before], sequence: int, late: Told | None = None) -> Made:
    """The events of a batch; the first has this `sequence`, the next one more.

    With `late`, changes that nobody had asked to be told of when they came are told too, as they are now.
    """
    found: list[Change] = []
    drafts = batch.drafts if late is None else _with_late(batch, late)
    for key, some in drafts.items():
        found.extend(changes(key, before.get(key), some))
    found.sort(key=lambda change: change.draft.order)
    events: list[Event] = []
    differences: dict[str, Sequence[Difference]] = {}
    for change in found:
        differs: Sequence[Difference] = ()
        if change.old is not None and change.new is not None:
            differs = compared(change.old.manifest, change.new.properties["manifest"], change.draft.noise)
            if change.old is before.get(change.key) and len(drafts[change.key]) == 1:
                differences[change.key] = differs
            if not differs and _is_told_for_nothing(change):
                continue
        events.append(_event(cluster, change, differs, sequence + len(events)))
    events.extend(_happened(cluster, each, sequence + len(events) + at) for at, each in enumerate(batch.happened))
    return Made(tuple(events), differences)


def room(batch: Batch) -> int:
    """How many events the batch makes at most: a change of the uid is two."""
    return 2 * (sum(map(len, batch.drafts.values())) + len(batch)) + len(batch.happened)


def changes(key: str, before: Before | None, drafts: Sequence[Draft]) -> Iterator[Change]:
    """The changes of one resource, each from the state that the one before it left."""
    state = before
    for draft in drafts:
        new = draft.resource
        if new is None:
            if state is not None:
                yield Change(key, state, None, draft)
            state = None
            continue
        if state is None or not _is_same(state, new):
            if state is not None and state.uid and new.uid and state.uid != new.uid:
                yield Change(key, state, None, draft)
                state = None
            yield Change(key, state, new, draft)
        state = state_of(new)


def state_of(resource: Resource) -> Before:
    """A state as the graph will give it once it is written."""
    properties = resource.properties
    return Before(
        uid=resource.uid or None,
        manifest=properties["manifest"],
        version=properties["version"],
        resource_version=resource.resource_version,
        fingerprint=resource.fingerprint,
        labels=tuple(properties["labels"]),
    )


def _is_same(state: Before, new: Resource) -> bool:
    """Whether both are one state of one object, however it was read: another program version reads it otherwise."""
    if (state.uid or "") != new.uid:
        return False
    if state.fingerprint == new.fingerprint:
        return True
    if new.resource_version:
        return state.resource_version == new.resource_version
    return bool(state.manifest == new.properties["manifest"])


def _is_told_for_nothing(change: Change) -> bool:
    """Whether a list has named what only looks otherwise to us: its fields are the same, but for noise."""
    return change.draft.told.snapshot and change.new is not None and change.new.label != _SECRET


def _with_late(batch: Batch, told: Told) -> dict[str, list[Draft]]:
    """The drafts, and one more of each resource whose last state none of them has."""
    drafts = {key: list(some) for key, some in batch.drafts.items()}
    last = max((each.order for some in drafts.values() for each in some), default=0) + 1
    for key, upsert in batch.upserts.items():
        some = drafts.setdefault(key, [])
        if not some or some[-1].resource is not upsert.resource:
            some.append(Draft(last, upsert.resource, upsert.provenance.noise, told))
    for key in batch.removals:
        some = drafts.setdefault(key, [])
        if not some or some[-1].resource is not None:
            some.append(Draft(last, None, {}, told))
    return drafts


def _event(cluster: str, change: Change, differences: Sequence[Difference], sequence: int) -> Event:
    key, new, old, told = ResourceKey.parse(change.key), change.new, change.old, change.draft.told
    type_ = change.type
    shown = state_of(new) if new is not None else old
    assert shown is not None
    uid = shown.uid or ""
    # Manifests of a snapshot have no resourceVersion: the same state may come again, and is another change then.
    state = (uid, shown.resource_version, shown.fingerprint, *(() if shown.resource_version else (str(sequence),)))
    said = _said(change, key, differences)
    return Event(
        event_id=event_id(type_, change.key, *state),
        event_type=type_,
        timestamp=told.time,
        cluster_id=cluster,
        resource=Identity.of(key, shown.version, uid),
        old_object=_raw(old.manifest) if old is not None else NO_OBJECT,
        new_object=_raw(new.properties["manifest"]) if new is not None else NO_OBJECT,
        diff={each.where: FieldChange(_value(each.old), _value(each.new)) for each in differences},
        metadata=Metadata(
            trace_id=told.trace_id,
            span_id=told.span_id,
            snapshot=told.snapshot,
            severity=said.severity,
            sequence=sequence,
            pii=change.draft.pii or is_pii(shown.labels),
            reason=said.reason or "",
            message=(said.message or "")[:MESSAGE_CHARACTERS],
        ),
    )


def _happened(cluster: str, happening: Happening, sequence: int) -> Event:
    told = happening.told
    return Event(
        event_id=event_id(happening.type, cluster, str(sequence)),
        event_type=happening.type,
        timestamp=told.time,
        cluster_id=cluster,
        diff={name: FieldChange(_value(old), _value(new)) for name, (old, new) in happening.changed.items()},
        metadata=Metadata(
            trace_id=told.trace_id,
            span_id=told.span_id,
            severity=happening.severity,
            sequence=sequence,
            reason=happening.reason,
            message=happening.message[:MESSAGE_CHARACTERS],
        ),
    )


def is_pii(labels: Sequence[str]) -> bool:
    """Whether a resource's labels (`key=value`) say that it has personal data."""
    return any(label.partition("=")[0] == PII_LABEL for label in labels)


def _said(change: Change, key: ResourceKey, differences: Sequence[Difference]) -> Saying:
    """What is said of the state after it; else what has changed, for people."""
    new = change.new
    if new is None:
        return Saying(Severity.INFO, "Deleted", "it is gone")
    of = new.properties
    said = saying(GroupKind(key.group, key.kind), of.get("health"), of.get("healthReason"), of)
    if said.reason is not None:
        return said
    return Saying(said.severity, *_changed(change, new, differences))


def _changed(change: Change, new: Resource, differences: Sequence[Difference]) -> tuple[str, str]:
    if change.old is None:
        return "Created", FOUND if change.draft.told.snapshot else "it was made"
    if not differences:
        return "Updated", "a value was replaced" if new.label == _SECRET else "no field has another value than before"
    places = [each.where for each in differences[:_NAMED_MOST]]
    more = len(differences) - len(places)
    return "Updated", f"{', '.join(places)}{f' and {more} more' if more else ''} changed"


def _raw(manifest: str) -> msgspec.Raw:
    return msgspec.Raw(manifest.encode())


def _value(value: Any) -> msgspec.Raw:
    return msgspec.Raw(_encoder.encode(value))


_encoder = msgspec.json.Encoder()
