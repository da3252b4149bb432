"""How long the audit is kept: entries whose time is over are forgotten, some at a time, and spent keys with them."""

import asyncio
from datetime import UTC, datetime, timedelta

import structlog

from kgraph.api.changing.idempotency import KEPT_SECONDS
from kgraph.graphdb.errors import GraphError
from kgraph.graphdb.store import Store

log = structlog.get_logger(__name__)

LOOK_SECONDS = 600.0
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
    """Forget what is older than the retention, unless that is 0, and the keys that are spent."""
    if retention_seconds:
        await _forget(store, "write/forget_audit", now - timedelta(seconds=retention_seconds))
    await _forget(store, "write/forget_idempotency_keys", now - timedelta(seconds=KEPT_SECONDS))


async def _forget(store: Store, name: str, before: datetime) -> None:
    while True:
        record = await store.write_one(name, {"before": before, "most": AT_ONCE})
        if not record or record["forgotten"] < AT_ONCE:
            return
