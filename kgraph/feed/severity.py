"""How much a state of a resource is worth a person's attention, and what is said of it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from kgraph.feed.event import Severity
from kgraph.graphdb.health.verdict import Health
from kgraph.graphdb.model import GroupKind

# How an object's own health is worth a person's attention; what is not listed is worth none.
SEVERITIES: Mapping[str, Severity] = {
    Health.DEGRADED: Severity.ERROR,
    Health.UNKNOWN: Severity.WARNING,
    Health.MISSING: Severity.WARNING,
}
# What is said of what a list found, and is well.
FOUND = "it is there"
MESSAGE_CHARACTERS = 1024
# A Kubernetes Event of this type is a warning, whatever the health of what it is about.
_WARNING = "Warning"
_EVENT = GroupKind("", "Event")


class Saying(msgspec.Struct, frozen=True, gc=False):
    """What an event's metadata says of a state; `reason` and `message` None where the state has none of its own."""

    severity: Severity
    reason: str | None = None
    message: str | None = None


def saying(kind: GroupKind, health: str | None, health_reason: str | None, properties: Mapping[str, Any]) -> Saying:
    """What is to be said of a resource: a Kubernetes Event speaks for itself, others where they are not well.

    `properties` are those that the kinds table promotes; only an Event's are read.
    """
    if kind == _EVENT:
        severity = Severity.WARNING if properties.get("type") == _WARNING else Severity.INFO
        return Saying(severity, str(properties.get("reason", "")), str(properties.get("message", "")))
    severity = SEVERITIES.get(health or "", Severity.INFO)
    if health and health_reason:
        return Saying(severity, health.capitalize(), health_reason)
    return Saying(severity)
