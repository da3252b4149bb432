"""How long deleted resources are remembered: those whose time is over are forgotten, some at a time."""

import asyncio
from datetime import UTC, datetime, timedelta

from kgraph.graphdb.store import Store
from kgraph.sync.patience import patiently

# How often a cluster's are looked at: a twentieth of the time that they are kept, in these bounds.
LOOK_LEAST_SECONDS = 10.0
LOOK_MOST_SECONDS = 900.0
# Forgotten in one transaction, which takes some hundredths of a second.
FORGOTTEN_AT_ONCE = 1000


async def forget_for_ever(store: Store, cluster: str, seconds: float) -> None:
    """Forget a cluster's deleted resources `seconds` after they went, now and from now on."""
    while True:
        await forget(store, cluster, seconds)
        await asyncio.sleep(min(max(seconds / 20, LOOK_LEAST_SECONDS), LOOK_MOST_SECONDS))


async def forget(store: Store, cluster: str, seconds: float) -> int:
    """Forget those that went longer ago than `seconds`; how many they were."""
    before = datetime.now(UTC) - timedelta(seconds=seconds)
    parameters = {"cluster": cluster, "before": before, "most": FORGOTTEN_AT_ONCE}
    forgotten = 0
    while True:
        record = await patiently(lambda: store.write_one("write/forget_deleted", parameters))
        some = int(record["forgotten"]) if record else 0
        forgotten += some
        if some < FORGOTTEN_AT_ONCE:
            return forgotten
