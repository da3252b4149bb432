"""What the change feed is to tell, noted as it is delivered: each change, though those of one resource are one write.

A batch keeps the drafts of its changes in their order. What an event says beside them, such as the state before, is
known only to the transaction that writes the batch; see `kgraph.sync.events`.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from kgraph.feed.event import EventType, Severity
from kgraph.graphdb.model import Resource
from kgraph.sync.manifest import Without

# What a draft takes beside its object's JSON: the other properties of its node.
DRAFT_BYTES = 2000


class Told(msgspec.Struct, frozen=True, gc=False):
    """How a process came to know of changes: when (RFC 3339), in which trace (W3C), and by a list or by a watch.

    `sampled` is what W3C calls so: false where it is known that nobody gets the trace.
    """

    time: str
    trace_id: str
    span_id: str
    snapshot: bool = False
    sampled: bool = True


class Draft(msgspec.Struct, frozen=True, gc=False):
    """One change of one resource: its new state, None where it is gone.

    `order` is the change's place among all of the batch; `noise` is what of it is no change; `pii` says that the
    resource's namespace has personal data.
    """

    order: int
    resource: Resource | None
    noise: Without
    told: Told
    pii: bool = False


class Happening(msgspec.Struct, frozen=True, gc=False):
    """Something that happened to a cluster as a whole; `changed` has what was before and is now, by a name."""

    type: EventType
    told: Told
    reason: str
    message: str
    severity: Severity = Severity.INFO
    changed: Mapping[str, tuple[Any, Any]] = {}
