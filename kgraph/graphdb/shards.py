"""Who syncs what: shards, the workers that hold them, and the lease that each worker renews, all by the graph's clock.

Every cluster that is in a worker's configuration or in the registry is a shard with a number. A worker looks at them
every few seconds: it renews its lease, and either takes what no worker holds that lives, or says what it was assigned.
Whoever holds a shard by mistake is kept apart from its holder by the cluster's epoch.
"""

from collections.abc import Mapping, Sequence

import msgspec

from kgraph.graphdb.schema import check_readable, newest
from kgraph.graphdb.store import Store

# Four looks. A worker that pauses for longer loses its shards to another, which reads them all again.
LEASE_SECONDS = 12
LOOK_SECONDS = 3.0


class Worker(msgspec.Struct, frozen=True):
    """A process that syncs: `key` is its own, `name` is for people.

    `process` says where it is, see `kgraph.cli.process.presence`; `configured` are the clusters of its configuration.
    """

    key: str
    name: str
    process: str
    configured: tuple[str, ...]


class Other(msgspec.Struct, frozen=True):
    """Another worker that lives, for `left_ms` more milliseconds unless it renews its lease."""

    key: str
    name: str
    process: str
    left_ms: int
    configured: Sequence[str]


class Shard(msgspec.Struct, frozen=True):
    """One shard. `term` grows as it changes hands; `stamp` is that of its registration, None where it has none.

    `holder` is the key of the worker that has it, None where none that lives does; `rebuild` is the stamp of the last
    rebuild that was asked for, done or not.
    """

    cluster: str
    number: int
    term: int
    stamp: str | None
    removing: bool
    holder: str | None
    rebuild: str | None = None


class Assigned(msgspec.Struct, frozen=True):
    """What a group has assigned; `on_trust` while the worker is no member any more, and takes nothing from others."""

    numbers: tuple[int, ...]
    on_trust: bool = False


class Look(msgspec.Struct, frozen=True):
    """What a worker finds: all shards by number, and the others by key."""

    shards: tuple[Shard, ...]
    others: Mapping[str, Other]


def shard_key(cluster: str) -> str:
    """The key of a cluster's shard."""
    return f"shard:{cluster}"


async def look(store: Store, worker: Worker, assigned: Assigned | None = None, *, registered: bool = True) -> Look:
    """Say that a worker lives, and that it holds what is `assigned` to it; without a group it takes what nobody holds.

    With `registered` the registry's clusters are its as well as those of its configuration. A look that changes nothing
    writes no more than the worker's lease, in a transaction of its own: two workers that begin at once wait for each
    other in no circle. SchemaTooNew where the graph has outgrown this program.
    """
    properties = {"name": worker.name, "process": worker.process, "configured": worker.configured}
    living = {"worker": worker.key, "properties": properties, "leaseSeconds": LEASE_SECONDS}
    seen = await store.write_one("write/see_worker", living)
    assert seen is not None
    check_readable(seen["readableFrom"], newest())
    others = {row[0]: Other(*row) for row in seen["living"]}
    found, new = await _shards(store)
    wanted = {*worker.configured, *(new if registered else ())} - {shard.cluster for shard in found}
    if wanted:
        await store.write_one("write/number_shards", {"clusters": sorted(wanted)})
        found, _ = await _shards(store)
    if await _change(store, worker, found, others, assigned, registered=registered):
        found, _ = await _shards(store)
    return Look(shards=found, others=others)


async def _shards(store: Store) -> tuple[tuple[Shard, ...], list[str]]:
    record = await store.read_one("read/shards", timeout=LEASE_SECONDS)
    return tuple(Shard(*row) for row in record["shards"]), record["new"]


async def _change(
    store: Store,
    worker: Worker,
    found: Sequence[Shard],
    others: Mapping[str, Other],
    assigned: Assigned | None,
    *,
    registered: bool,
) -> bool:
    """Take what is free, or write down what is assigned; whether there was anything to change."""
    configured = set(worker.configured)
    may = {shard.cluster for shard in found if shard.cluster in configured or (registered and shard.stamp is not None)}
    ours = {shard.cluster for shard in found if shard.holder == worker.key}
    if assigned is None:
        # What another has in its configuration is not taken by way of the registry.
        theirs = {cluster for other in others.values() for cluster in other.configured} - configured
        free = [shard.cluster for shard in found if shard.holder is None and shard.cluster in may - theirs]
        if free:
            await store.write_one("write/take_shards", {"worker": worker.key, "clusters": free})
        return bool(free)
    due = {
        shard.cluster
        for shard in found
        if shard.number in assigned.numbers
        and shard.cluster in may
        and (not assigned.on_trust or shard.holder in (None, worker.key))
    }
    if due != ours:
        changed = {"clusters": sorted(due ^ ours), "ours": sorted(due)}
        await store.write_one("write/hold_shards", {"worker": worker.key, **changed})
    return due != ours


async def leave(store: Store, worker: str) -> None:
    """Say that a worker has ended: what it held is nobody's."""
    await store.write_one("write/leave_worker", {"worker": worker})


def partitions(shards: Sequence[Shard]) -> int:
    """How many numbers are in use, gaps included."""
    return max((shard.number for shard in shards), default=-1) + 1
