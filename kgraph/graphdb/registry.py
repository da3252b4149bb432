"""Clusters that were added at run time, as the graph keeps them: registrations and marks of removal.

Which worker syncs them, or removes them, is a matter of `shards`.
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from kgraph.discreet import Discreet
from kgraph.graphdb.model import cluster_key
from kgraph.graphdb.store import Store


class Registration(Discreet, frozen=True):
    """What is known of one cluster beside its data.

    `stamp` tells one registration of an id from the next, "" where there is none. `settings` is JSON without
    credentials, which are in `sealed`; both are gone once it is `removing`. `known`: it has a node in the graph;
    `configured`: a worker that lives has it in its configuration.
    """

    shown = ("stamp", "removing", "configured")

    stamp: str
    settings: str
    sealed: str
    removing: bool
    known: bool
    configured: bool


class Called(msgspec.Struct, frozen=True):
    """How objects may name one cluster: by its id, its name or its apiserver's address; "" where it has none."""

    id: str
    name: str
    server: str


async def called(store: Store) -> tuple[Called, ...]:
    """What all clusters of the graph are called, but for those that are to be removed."""
    return tuple(Called(*row) for row in (await store.read_one("read/called"))["called"])


def registration_key(cluster: str) -> str:
    """The key of a cluster's registration."""
    return f"registration:{cluster}"


async def registration(store: Store, cluster: str) -> Registration:
    """What is known of a cluster."""
    of = {"registration": registration_key(cluster), "cluster": cluster_key(cluster), "id": cluster}
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
