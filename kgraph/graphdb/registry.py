"""Clusters that were added at run time, as the graph keeps them: registrations, marks of removal, who follows them.

Workers look at the registry every few seconds. One that was not seen for LOST_SECONDS counts as gone, by the graph's
own clock, and another takes what it owned; the cluster's epoch keeps the two apart where it was only slow.
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from kgraph.graphdb.model import cluster_key
from kgraph.graphdb.store import Store

# Six looks. A worker that pauses for longer loses its clusters to another, which reads them all again.
LOST_SECONDS = 30


class Registration(msgspec.Struct, frozen=True):
    """What is known of one cluster beside its data.

    `stamp` tells one registration of an id from the next, "" where there is none. `settings` is JSON without
    credentials, which are in `sealed`; both are gone once it is `removing`. `known`: it has a node in the graph;
    `configured`: a worker that lives has it in its configuration.
    """

    stamp: str
    settings: str
    sealed: str
    removing: bool
    known: bool
    configured: bool

    def __repr__(self) -> str:
        return f"Registration({self.stamp!r}, removing={self.removing!r}, configured={self.configured!r})"


class Owned(msgspec.Struct, frozen=True):
    """One registration that a worker is to follow."""

    id: str
    stamp: str
    removing: bool


def registration_key(cluster: str) -> str:
    """The key of a cluster's registration."""
    return f"registration:{cluster}"


async def registration(store: Store, cluster: str) -> Registration:
    """What is known of a cluster."""
    of = {
        "registration": registration_key(cluster),
        "cluster": cluster_key(cluster),
        "id": cluster,
        "lostSeconds": LOST_SECONDS,
    }
    found = await store.read_one("read/registration", {"of": of})
    return Registration(
        stamp=found["stamp"] or "",
        settings=found["settings"] or "",
        sealed=found["sealed"] or "",
        removing=found["removing"],
        known=found["known"],
        configured=found["configured"],
    )


async def register(store: Store, cluster: str, settings: str, sealed: str, described: Mapping[str, Any]) -> bool:
    """Add a cluster, whose node gets the properties `described`; False where the registry has it already."""
    properties = {"id": cluster, "stamp": secrets.token_hex(8), "settings": settings, "sealed": sealed}
    added = await store.write_one(
        "write/register_cluster",
        {
            "key": registration_key(cluster),
            "properties": properties,
            "cluster": cluster_key(cluster),
            "described": {"id": cluster, **described},
        },
    )
    return added is not None


async def mark_removal(store: Store, cluster: str) -> None:
    """Say that a cluster is to be removed."""
    await store.write_one(
        "write/mark_removal",
        {
            "key": registration_key(cluster),
            "id": cluster,
            "cluster": cluster_key(cluster),
            "stamp": secrets.token_hex(8),
        },
    )


async def withdraw_removals(store: Store, clusters: Sequence[str]) -> None:
    """Take back that clusters are to be removed which a worker has in its configuration."""
    await store.write_one("write/withdraw_removals", {"ids": list(clusters)})


async def follow(store: Store, worker: str, configured: Sequence[str]) -> tuple[Owned, ...]:
    """Say that a worker lives and what its configuration has; what it is to follow beside that."""
    found = await store.write_one(
        "write/follow_registry", {"worker": worker, "configured": list(configured), "lostSeconds": LOST_SECONDS}
    )
    assert found is not None
    return tuple(Owned(*row) for row in found["owned"])


async def leave(store: Store, worker: str) -> None:
    """Say that a worker ends."""
    await store.write_one("write/leave_registry", {"worker": worker})
