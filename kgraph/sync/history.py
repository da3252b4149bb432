"""What changed: from a resource's last state in the graph and its new one to an entry of its history.

The worker keeps no objects, so the last state is the graph's own, read in the transaction that replaces it. Changes
that come while one transaction runs are one change, as they are one write. Noise is no change (see the kinds table).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from kgraph.graphdb.changes import Change
from kgraph.graphdb.kinds import KINDS
from kgraph.graphdb.model import Resource
from kgraph.kube.diff import Difference, diff
from kgraph.kube.managers import Manager, managers, reach
from kgraph.kube.objects import LAST_APPLIED
from kgraph.sync.manifest import Without, timestamp, without

# How many paths an entry names; the rest is counted. A change of more is a rollout or another object.
FIELDS_MOST = 20
# What is the apiserver's own bookkeeping, whatever else changed.
_BOOKKEEPING: Without = {
    "metadata": {
        "resourceVersion": None,
        "generation": None,
        "uid": None,
        "creationTimestamp": None,
        "annotations": {LAST_APPLIED: None},
    }
}
# What a Secret's change is called where nothing of what is kept has changed: a value of the same size.
_VALUES = "data"
# Kinds that are a record of what happened themselves: neither their changes nor their ends are remembered.
UNREMEMBERED = frozenset(kind.kind for kind in KINDS if not kind.history)


class HistoryLimits(msgspec.Struct, frozen=True):
    """How many changes of a resource are remembered, and for how many seconds a deleted one is; 0 is not at all."""

    changes: int = 20
    seconds: float = 86_400.0


class Provenance(msgspec.Struct, frozen=True, gc=False):
    """Where a new state comes from: its managedFields, what is noise of it, whether it came while it was watched."""

    managed_fields: Any = None
    noise: Without = {}
    created: bool = False


class Before(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What the graph holds of a resource that is to be written again, or to go. `labels` are `key=value`."""

    uid: str | None
    manifest: str
    first_seen: datetime | None = None
    last_changed: datetime | None = None
    changes: tuple[str, ...] = ()
    version: str = ""
    resource_version: str = ""
    fingerprint: str = ""
    labels: tuple[str, ...] = ()


def compared(old: str, new: str, noise: Without) -> tuple[Difference, ...]:
    """What differs between two manifests, without noise and the apiserver's bookkeeping."""
    states = (msgspec.json.decode(manifest) for manifest in (old, new))
    return diff(*(without(without(state, noise), _BOOKKEEPING) for state in states))


def remembered(
    resource: Resource,
    provenance: Provenance,
    before: Before | None,
    now: datetime,
    most: int,
    *,
    differences: Sequence[Difference] | None = None,
) -> dict[str, Any]:
    """The properties `firstSeen`, `lastChanged` and `changes` (JSON of `Change`, the latest first) of a new state.

    `differences` are those from `before`, where they are known.
    """
    said = timestamp(resource.properties.get("lastChanged")) or now
    properties: dict[str, Any] = {"firstSeen": now, "lastChanged": said}
    changes: tuple[str, ...] = ()
    entry: Change | None = None
    if before is not None:
        changes = before.changes
        properties["firstSeen"] = before.first_seen or now
        properties["lastChanged"] = before.last_changed or said
        if differences is None:
            differences = compared(before.manifest, resource.properties["manifest"], provenance.noise)
        entry = _changed(resource, provenance, before, now, differences)
    elif provenance.created:
        made = resource.properties.get("createdAt")
        by = [manager.name for manager in managers(provenance.managed_fields)[-1:]]
        entry = Change(_written(made if isinstance(made, datetime) else now), "CREATED", tuple(by))
    if entry is not None:
        properties["lastChanged"] = timestamp(entry.at) or now
        changes = (entry.written(), *changes)
    if changes and most and resource.label not in UNREMEMBERED:
        properties["changes"] = list(changes[:most])
    return properties


def ended(now: datetime) -> str:
    """The entry of a resource's end. Who ended it, no watch event says."""
    return Change(_written(now), "DELETED").written()


def _changed(
    resource: Resource, provenance: Provenance, before: Before, now: datetime, differences: Sequence[Difference]
) -> Change | None:
    """The entry of what differs; None where only noise does."""
    reborn = bool(before.uid and resource.uid and before.uid != resource.uid)
    paths = [difference.where for difference in differences]
    if not paths and not reborn:
        if resource.label != "Secret" or before.resource_version == resource.resource_version:
            return None
        paths = [_VALUES]
    who = _authors(managers(provenance.managed_fields), differences)
    times = [time for manager in who if (time := timestamp(manager.time))]
    return Change(
        at=_written(max(times, default=now)),
        type="RECREATED" if reborn else "UPDATED",
        by=tuple(dict.fromkeys(manager.name for manager in who)),
        fields=tuple(paths[:FIELDS_MOST]),
        more=max(0, len(paths) - FIELDS_MOST),
    )


def _authors(entries: tuple[Manager, ...], differences: Iterable[Difference]) -> list[Manager]:
    """The managers that set what is new, the latest first; what is gone is nobody's, so it was the latest writer."""
    latest = entries[:1]
    found: dict[str, Manager] = {}
    for difference in differences:
        reaches = [reach(entry.fields, difference.path) for entry in entries] if difference.new is not None else []
        # Several may share a field; who wrote last is who changed it.
        furthest = max(reaches, default=0)
        for manager in (entries[reaches.index(furthest)],) if furthest else latest:
            found.setdefault(manager.name, manager)
    return list(found.values()) or list(latest)


def _written(time: datetime) -> str:
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")


def before_of(row: Sequence[Any]) -> tuple[str, Before]:
    """A key and what the graph holds of it, from what `write/open` returns of one resource."""
    key, uid, manifest, first_seen, last_changed, changes, version, resource_version, fingerprint, labels = row
    return key, Before(
        uid=uid,
        manifest=manifest,
        first_seen=timestamp(first_seen),
        last_changed=timestamp(last_changed),
        changes=tuple(changes or ()),
        version=version or "",
        resource_version=resource_version or "",
        fingerprint=fingerprint or "",
        labels=tuple(labels or ()),
    )
