"""Events for tests."""

from typing import Any

import msgspec

from kgraph.feed.event import Event, EventType, Gvk, Identity, Metadata, Severity, event_id


def event(
    new: Any = None,
    old: Any = None,
    *,
    cluster: str = "prod",
    kind: str = "Pod",
    group: str = "",
    namespace: str = "shop",
    name: str = "web-1",
    severity: Severity = Severity.INFO,
    sequence: int = 1,
) -> Event:
    """An event of one resource, of the type that its objects give."""
    kinds = {(True, False): EventType.DELETED, (False, True): EventType.CREATED}
    type_ = kinds.get((old is not None, new is not None), EventType.UPDATED)
    return Event(
        event_id=event_id(type_, f"{cluster}/{kind}/{namespace}/{name}", str(sequence)),
        event_type=type_,
        timestamp="2026-11-25T10:00:00.000Z",
        cluster_id=cluster,
        resource=Identity(f"kubernetes.{kind.lower()}", namespace, name, "u1", Gvk(group, "v1", kind)),
        old_object=msgspec.Raw(msgspec.json.encode(old)),
        new_object=msgspec.Raw(msgspec.json.encode(new)),
        metadata=Metadata(trace_id="0" * 32, span_id="0" * 16, severity=severity, sequence=sequence),
    )
