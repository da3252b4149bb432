"""What one cluster's part of a transaction tells the change feed: its events, and the outbox row that they are."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from kgraph.feed.message import message_of, packed
from kgraph.kube.diff import Difference
from kgraph.sync.batch import Batch, Recorded
from kgraph.sync.events import made
from kgraph.sync.feed import Feed
from kgraph.sync.history import Before


class Telling(NamedTuple):
    """Rows of `write/put_outbox`, one or none, and what differs by the keys of resources of which that is known now."""

    rows: Sequence[Mapping[str, Any]] = ()
    differences: Mapping[str, Sequence[Difference]] = {}


def tell_of(
    feed: Feed, cluster: str, batch: Batch, before: Mapping[str, Before], sequence: int, *, shard: str
) -> Telling:
    """What a batch tells; `before` is what the graph holds, `sequence` its first event's. Noted in the batch, too."""
    batch.recorded = recorded = Recorded(sequence, before)
    if feed.relay is None:
        return Telling()
    found = made(cluster, batch, before, sequence)
    recorded.events = found.events
    if not found.events:
        return Telling(differences=found.differences)
    alone = _unsampled(batch) if feed.telemetry.tracing.exports else frozenset()
    recorded.messages = [message_of(event, sampled=event.metadata.trace_id not in alone) for event in found.events]
    events = packed(recorded.messages)
    recorded.bytes = len(events)
    row = {"shard": shard, "seq": sequence, "events": events, "count": len(found.events), "bytes": len(events)}
    return Telling((row,), found.differences)


def _unsampled(batch: Batch) -> frozenset[str]:
    """The traces of a batch that nobody gets."""
    told = [draft.told for drafts in batch.drafts.values() for draft in drafts]
    told += [happening.told for happening in batch.happened]
    return frozenset(one.trace_id for one in told if not one.sampled)
