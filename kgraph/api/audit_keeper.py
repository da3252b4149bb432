"""What keeps the audit in the graph: entries are linked to resources that came after them, and forgotten in time."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from kgraph.api.idempotency import KEPT_SECONDS
from kgraph.graphdb.errors import GraphError
from kgraph.graphdb.store import Store

log = structlog.get_logger(__name__)

LOOK_SECONDS = 10.0
# How long after a mutation its resource may come into the graph and still be linked; refused ones never come.
LINKED_SECONDS = 3_600.0
AT_ONCE = 1_000  # in one transaction, which takes some hundredths of a second


async def keep_for_ever(store: Store, retention_seconds: float) -> None:
    """Keep the audit, now and from now on; a graph that is away for a while is waited for."""
    while True:
        try:
            await keep(store, retention_seconds, datetime.now(UTC))
        except GraphError as error:
            log.warning("the audit is not looked after", why=str(error))
        await asyncio.sleep(LOOK_SECONDS)


async def keep(store: Store, retention_seconds: float, now: datetime) -> None:
    """Link what can be linked by now, and forget what is older than the retention, unless that is 0, and spent keys."""
    await _all(store, "write/link_audit", "linked", {"since": now - timedelta(seconds=LINKED_SECONDS)})
    if retention_seconds:
        before = {"before": now - timedelta(seconds=retention_seconds)}
        await _all(store, "write/forget_audit", "forgotten", before)
    spent = {"before": now - timedelta(seconds=KEPT_SECONDS)}
    await _all(store, "write/forget_idempotency_keys", "forgotten", spent)


async def _all(store: Store, name: str, counted: str, parameters: Mapping[str, Any]) -> None:
    while True:
        record = await store.write_one(name, {**parameters, "most": AT_ONCE})
        if not record or record[counted] < AT_ONCE:
            return
