"""Asking for clusters to be rebuilt, by way of the graph, and seeing how far that is.

Whoever holds a cluster's shard sees that a rebuild was asked for and begins the cluster anew. The question stands until
a worker has answered it: one that is killed in the middle leaves it to the next.
"""

import secrets
from collections.abc import Sequence

import msgspec

from kgraph.graphdb.model import cluster_key
from kgraph.graphdb.store import Store


class Rebuild(msgspec.Struct, frozen=True):
    """One cluster's rebuild: the stamps of the last that was asked for and the last that was done; None for none yet.

    `unread` are the kinds that the last one could not read, `held` whether a worker that lives has the cluster,
    `listed` how many of its `kinds` were listed since, `problem` what is wrong with the cluster.
    """

    cluster: str
    asked: str | None
    done: str | None
    unread: tuple[str, ...]
    held: bool
    listed: int
    kinds: int
    problem: str | None


async def ask(store: Store, clusters: Sequence[str] | None) -> tuple[str, tuple[str, ...]]:
    """Ask for clusters to be rebuilt, None for all; the question's stamp, and those of them that the graph has."""
    stamp = secrets.token_hex(8)
    keys = None if clusters is None else [cluster_key(cluster) for cluster in clusters]
    record = await store.write_one("write/ask_rebuild", {"keys": keys, "stamp": stamp})
    return stamp, tuple(sorted(record["asked"])) if record else ()


async def rebuilds(store: Store, clusters: Sequence[str] | None = None) -> tuple[Rebuild, ...]:
    """How far clusters are, by id."""
    wanted = None if clusters is None else list(clusters)
    record = await store.read_one("read/rebuilds", {"clusters": wanted})
    return tuple(_of(row) for row in record["clusters"])


def _of(row: Sequence[object]) -> Rebuild:
    return msgspec.convert(dict(zip(Rebuild.__struct_fields__, row, strict=True)), Rebuild)
