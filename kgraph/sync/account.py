"""A cluster's account in the change feed: begun where nobody was told of the cluster, or not of all of it since.

It says that the cluster is added, and then what the graph holds of it: a graph that was synced before the feed was
switched on, or while it was off. Whoever follows the feed forgets what they had of the cluster and has it all anew. It
is done in fenced pieces, before anything else is written; killed in the middle, it goes on from there. The first of a
cluster's parts gives it, and the others wait for it.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import structlog

from kgraph.feed.event import EventType
from kgraph.graphdb.model import Resource, cluster_key
from kgraph.graphdb.store import Store
from kgraph.sync.batch import Batch
from kgraph.sync.events import is_pii
from kgraph.sync.patience import patiently
from kgraph.sync.served import label_of
from kgraph.sync.writer import Writer

log = structlog.get_logger(__name__)

# Resources told in one transaction: some tenths of a second, and a megabyte of what is packed.
PIECE = 500
# How soon those who wait for others look again.
LOOK_SECONDS = 0.2


async def given(store: Store, cluster: str) -> None:
    """Wait until a cluster's account is given: what else is told of it then comes after that."""
    waits = False
    while not (await patiently(lambda: store.read_one("read/is_fed", {"key": cluster_key(cluster)})))["fed"]:
        if not waits:
            log.info("a part waits for what the first one tells the change feed of the cluster", cluster=cluster)
            waits = True
        await asyncio.sleep(LOOK_SECONDS)


async def begin(writer: Writer) -> None:
    """Tell all that nobody was told; nothing where the feed has no outbox. Fenced as every write is."""
    feed, cluster = writer.feed, writer.cluster
    if feed.relay is None:
        return
    if not writer.claimed["begun"]:
        await others_are_sent(writer)
        await writer.describe({"begun": writer.part.division or None})
    if writer.claimed["isFed"] or not writer.part.is_first:
        return
    after = writer.claimed["fedTo"]
    if after is None:
        after = f"{cluster}/"
        added = feed.happening(EventType.CLUSTER_ADDED, cluster, "Added", "the cluster is followed from now on")
        await writer.describe({"fedTo": after}, *added)
    told = 0
    while some := await _tell_some(writer, after):
        after, count = some
        told += count
    await writer.describe({"fedSince": datetime.now(UTC), "fedTo": None})
    if told:
        log.info("the change feed was told what was there", cluster=cluster, resources=told)


async def others_are_sent(writer: Writer) -> None:
    """Wait until all is sent that the cluster's other shards had told by the claim: kinds may have been theirs.

    What shards have left that are no more, the first part sends.
    """
    relay, cluster, part = writer.feed.relay, writer.cluster, writer.part
    assert relay is not None
    asked = {"cluster": cluster, "shard": writer.shard, "upto": writer.claimed["sequence"]}
    while shards := (await patiently(lambda: writer.store.read_one("read/outboxes_beside", asked)))["shards"]:
        if part.is_first:
            for shard in set(shards) - part.shards(cluster):
                await relay.own(shard)
                await relay.leave(shard)
        await asyncio.sleep(LOOK_SECONDS)


async def _tell_some(writer: Writer, after: str) -> tuple[str, int] | None:
    """Tell of the next resources by key; the last of them and how many they were, None where there are no more."""
    cluster = writer.cluster
    # Keys of the cluster begin with `prod/`, and nothing else sorts before `prod0`.
    asked = {"id": cluster, "after": after, "end": f"{cluster}0", "most": PIECE}
    found = (await patiently(lambda: writer.store.read_one("read/resources_to_tell", asked)))["resources"]
    if not found:
        return None
    batch = Batch()
    with writer.feed.delivery(cluster, "", len(found), snapshot=True) as told:
        for properties, namespace_labels in found:
            assert told is not None
            batch.tell(properties["key"], _resource(properties), {}, told, pii=is_pii(namespace_labels))
    last: str = found[-1][0]["key"]
    await writer.feed.room(writer.shard)
    await patiently(lambda: writer.write(batch, {"fedTo": last}))
    return last, len(found)


def _resource(properties: Mapping[str, Any]) -> Resource:
    """A resource as the graph has it; its edges are not looked at."""
    return Resource(
        key=properties["key"],
        label=label_of(properties["group"], properties["kind"]),
        uid=properties.get("uid", ""),
        resource_version=properties.get("resourceVersion", ""),
        fingerprint=properties["fingerprint"],
        properties={"labels": (), **properties},
        edges=(),
        edges_fingerprint="",
    )
