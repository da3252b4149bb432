"""Revisions: small batches that say anew what is there, and change no edge: most of what a cluster in use does.

A status, a condition, a label that nobody selects by. A transaction takes five round trips and more for what one
statement can do in one: measured on a busy machine, 16 ms and 11 ms of Neo4j's processor became 8 and 7.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from kgraph.sync.batch import Batch
from kgraph.sync.history import Before, HistoryLimits
from kgraph.sync.rows import kind_rows, node_rows
from kgraph.sync.telling import Telling
from kgraph.sync.touched import touching

# What is larger has statements of its own for each kind, whose labels the planner knows.
MOST = 100


def is_revision(batch: Batch, before: Mapping[str, Before]) -> bool:
    """Whether a batch only says anew what is there, of the same incarnations."""
    if batch.removals or batch.matched or batch.forgotten or len(batch.upserts) > MOST:
        return False
    return all(
        not upsert.fresh
        and not upsert.edges_changed
        and not upsert.relabel
        and key in before
        and before[key].uid == upsert.resource.uid
        for key, upsert in batch.upserts.items()
    )


def parts_of(
    cluster: str, batch: Batch, before: Mapping[str, Before], told: Telling, history: HistoryLimits
) -> dict[str, Mapping[str, Any]]:
    """What follows the fence `write/revise`: statements and their parameters, without those that would do nothing."""
    upserts = [upsert for _, upsert in sorted(batch.upserts.items())]
    found: dict[str, Mapping[str, Any]] = {}
    if kinds := kind_rows(batch):
        found["write/checkpoint_kinds"] = {"kinds": kinds}
    if rows := node_rows(upserts, before, datetime.now(UTC), history, told.differences):
        found["write/restate_resources"] = {"rows": rows}
    if told.rows:
        found["write/put_outbox"] = {"rows": told.rows}
    if (touched := touching({cluster: batch}))["rows"]:
        found["write/touch"] = touched
    return found
