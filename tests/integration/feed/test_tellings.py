"""What the feed tells and what it does not: no secret, what was there before it, what happens to clusters."""

import base64
import secrets
from collections.abc import Callable
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from kgraph.feed.event import TOPICS, EventType
from kgraph.feed.kafka_settings import KafkaSettings
from kgraph.feed.kafka_sink import KafkaSink
from kgraph.feed.topics import MESSAGE_BYTES, TopicPlan, prepared
from kgraph.graphdb.store import Store
from kgraph.kube.settings import AuthMethod, ClusterSettings
from kgraph.sync.batch import Batch
from kgraph.sync.feed import Feed
from kgraph.sync.options import SyncOptions
from kgraph.sync.relay import Relay
from kgraph.sync.removal import Removal
from kgraph.sync.writer import Writer
from tests import servers
from tests.consumer import Got, messages, replayed
from tests.integration.feed.conftest import CONFIG_ONLY, LIMIT_BYTES, cluster_id, of, outbox_is_empty
from tests.integration.sync.live import Api
from tests.workers import cluster_settings, running, until

OPTIONS = SyncOptions(watch_resources=CONFIG_ONLY)
OBJECTS = "MATCH (n:Resource) WHERE n.cluster = $cluster AND NOT n:Missing RETURN n.key AS key, n.manifest AS manifest"


async def settled(servers_: str, cluster: str, holds: Callable[[list[Got]], object]) -> list[Got]:
    """The messages of a cluster, once they are as they should be."""

    async def look() -> list[Got] | None:
        found = await messages(servers_, cluster)
        return found if holds(found) else None

    found: list[Got] = await until(look, "Kafka has what is expected")
    return found


async def test_no_value_of_a_secret_is_in_an_event_or_in_the_outbox(
    store: Store, control_plane: servers.Cluster, api: Api, namespace: str, feed: Feed, kafka_server: servers.Feed
) -> None:
    """Made, rotated and deleted, with kubectl's copy in an annotation: neither value is anywhere, in any form."""
    cluster, path = cluster_id(), f"/api/v1/namespaces/{namespace}/secrets"
    values = [f"canary-{secrets.token_hex(8)}" for _ in range(2)]
    first, second = (base64.b64encode(value.encode()).decode() for value in values)
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": f'{{"stringData":{{"key":"{values[0]}"}}}}'}
    async with running(store, cluster_settings(control_plane, cluster), OPTIONS, feed=feed):
        await api.make(path, metadata={"name": "login", "annotations": annotations}, data={"key": first})
        await api.merge(f"{path}/login", data={"key": second})
        await api.delete(f"{path}/login")
        found = await settled(
            kafka_server.bootstrap_servers, cluster, lambda some: [e.event_type for e in of(some, "login")][2:]
        )
    events = of(found, "login")
    assert [event.event_type for event in events] == [EventType.CREATED, EventType.UPDATED, EventType.DELETED]
    assert [event.metadata.message for event in events][1] == "a value was replaced"
    everything = b"".join(one.value + str(one.headers).encode() for one in found)
    for value in (*values, first, second):
        assert value.encode() not in everything


async def test_what_is_personal_is_marked_from_the_first_sync_on(
    store: Store, control_plane: servers.Cluster, api: Api, namespace: str, feed: Feed, kafka_server: servers.Feed
) -> None:
    """Each event of a resource whose Namespace has the label says so, whichever of the two is listed first."""
    cluster = cluster_id()
    await api.merge(f"/api/v1/namespaces/{namespace}", metadata={"labels": {"dictamesh.io/pii": "true"}})
    await api.make(f"/api/v1/namespaces/{namespace}/configmaps", metadata={"name": "people"})
    async with running(store, cluster_settings(control_plane, cluster), OPTIONS, feed=feed):
        await api.delete(f"/api/v1/namespaces/{namespace}/configmaps/people")
        found = await settled(kafka_server.bootstrap_servers, cluster, lambda some: of(some, "people")[1:])
    assert [event.metadata.pii for event in of(found, "people")] == [True, True]
    assert {event.metadata.pii for event in of(found, "default")} == {False}


async def test_what_the_graph_had_before_the_feed_is_told_once(
    store: Store, control_plane: servers.Cluster, api: Api, namespace: str, feed: Feed, kafka_server: servers.Feed
) -> None:
    """A cluster that was synced without Kafka is told whole when Kafka comes, as a snapshot, and not again after."""
    cluster = cluster_id()
    settings = cluster_settings(control_plane, cluster)
    await api.make(f"/api/v1/namespaces/{namespace}/configmaps", metadata={"name": "early"}, data={"a": "b"})
    async with running(store, settings, OPTIONS):
        pass
    assert await messages(kafka_server.bootstrap_servers, cluster) == []
    for _ in range(2):
        async with running(store, settings, OPTIONS, feed=feed):
            await until(lambda: outbox_is_empty(store), "what was told is sent")
    graph = {row["key"]: row["manifest"].encode() for row in await store.read_text(OBJECTS, {"cluster": cluster})}
    found = await messages(kafka_server.bootstrap_servers, cluster)
    assert replayed(one.event for one in found) == graph
    assert [(event.event_type, event.metadata.snapshot) for event in of(found, "early")] == [(EventType.CREATED, True)]


async def test_what_happens_to_a_cluster_is_told(
    store: Store, control_plane: servers.Cluster, namespace: str, feed: Feed, kafka_server: servers.Feed
) -> None:
    """Added, connected, in step, well or not, and removed: on the topic of clusters, the first before its resources."""
    cluster = cluster_id()
    async with running(store, cluster_settings(control_plane, cluster), OPTIONS, feed=feed):
        await until(lambda: outbox_is_empty(store), "the first sync is told")
    await Removal(store, cluster, feed).run()
    found = await settled(
        kafka_server.bootstrap_servers,
        cluster,
        lambda some: any(one.event.event_type is EventType.CLUSTER_REMOVED for one in some),
    )
    events = sorted((one.event for one in found), key=lambda event: event.metadata.sequence)
    told = [event.event_type for event in events if event.resource is None]
    assert told[0] is events[0].event_type is EventType.CLUSTER_ADDED
    assert {EventType.CLUSTER_CONNECTED, EventType.CLUSTER_SYNCED} <= {*told}
    assert told[-1] is events[-1].event_type is EventType.CLUSTER_REMOVED
    assert replayed(events) == {}
    await until(lambda: outbox_is_empty(store), "the last word is sent though the cluster is gone")


async def test_a_snapshot_is_a_cluster_of_the_feed_too(
    store: Store, feed: Feed, kafka_server: servers.Feed, tmp_path: Path
) -> None:
    """Manifests are told as a snapshot, what has changed in them the next time they are loaded, and what is gone."""
    cluster, file = cluster_id(), tmp_path / "all.yaml"
    settings = ClusterSettings(id=cluster, auth_method=AuthMethod.SNAPSHOT, snapshot_path=str(file))
    one = "{apiVersion: v1, kind: ConfigMap, metadata: {name: %s, namespace: shop}, data: {at: %s}}\n---\n"
    for text in (one % ("a", "one") + one % ("b", "one"), one % ("a", "two"), one % ("a", "one")):
        file.write_text(text)
        async with running(store, settings, feed=feed):
            await until(lambda: outbox_is_empty(store), "what was loaded is told")
    found = await messages(kafka_server.bootstrap_servers, cluster)
    assert [event.event_type for event in of(found, "a")] == [
        EventType.CREATED, EventType.UPDATED, EventType.UPDATED
    ]  # fmt: skip
    assert [event.event_type for event in of(found, "b")] == [EventType.CREATED, EventType.DELETED]
    assert len({one.event.event_id for one in found}) == len(found)


async def test_a_batch_that_is_written_twice_is_told_once(store: Store, feed: Feed) -> None:
    """Whoever was not told of a commit tries again; the graph knows the batch, and nothing of it happens twice."""
    cluster = cluster_id()
    writer = await Writer.claim(store, cluster, {}, feed=feed)
    happened = feed.happening(EventType.CLUSTER_SYNCED, cluster, "InStep", "")
    batch = Batch()
    batch.happened.extend(happened)
    await writer.write(batch)
    batch.distrust()
    await writer.write(batch)
    rows = await store.read_text("MATCH (o:Outbox {shard: $cluster}) RETURN o.count AS count", {"cluster": cluster})
    assert rows == [{"count": 1}]


async def test_rows_are_sent_whatever_the_order_in_which_their_commits_are_told(
    store: Store, kafka_server: servers.Feed
) -> None:
    """Of transactions that end together the later may be told first, or after the relay has read it: each is sent."""
    cluster = cluster_id()
    settings = KafkaSettings(bootstrap_servers=(kafka_server.bootstrap_servers,))
    async with Relay.running(store, KafkaSink(settings), LIMIT_BYTES) as relay:
        feed = Feed(relay=relay)
        writer = await Writer.claim(store, cluster, {}, feed=feed)
        batches = [Batch() for _ in range(6)]
        for batch in batches[:3]:
            batch.happened.extend(feed.happening(EventType.CLUSTER_SYNCED, cluster, "InStep", ""))
            await writer.write(batch)
        await relay.own(cluster)
        for batch in reversed(batches[:3]):
            feed.committed(cluster, cluster, batch)
        await until(lambda: outbox_is_empty(store), "what was there before is sent")
        async with feed.owned(cluster):
            for batch in batches[3:]:
                batch.happened.extend(feed.happening(EventType.CLUSTER_SYNCED, cluster, "InStep", ""))
                await writer.write(batch)
        await until(lambda: outbox_is_empty(store), "what came since is sent")
        assert relay.problem(cluster) is None
    found = await messages(kafka_server.bootstrap_servers, cluster)
    assert len({one.event.event_id for one in found}) == 6


async def test_topics_are_made_as_planned_and_looked_at_from_then_on(kafka_server: servers.Feed) -> None:
    """What is missing is made; what is there and otherwise than it should be is said in words, and left alone."""
    settings = KafkaSettings(bootstrap_servers=(kafka_server.bootstrap_servers,))
    names = [f"{secrets.token_hex(4)}.{name}" for name in TOPICS]
    small = TopicPlan(partitions=3, retention_ms=3_600_000, message_bytes=100_000)
    made = await prepared(settings, names[:2], small)
    assert (made.sizes, made.differences) == (dict.fromkeys(names[:2], 100_000), ())
    found = await prepared(settings, names)
    assert found.sizes[names[0]] == 100_000
    differences = "\n".join(found.differences)
    assert f"{names[0]} keeps events for 1 h" in differences
    assert f"{names[1]} takes messages of 100000 bytes" in differences

    async def unequal() -> bool:
        again = await prepared(settings, names)
        return f"{names[2]} has 12 partitions where 3 are expected" in "\n".join(again.differences)

    await until(unequal, "the difference of what was just made is seen")


async def test_a_message_that_is_too_large_loses_its_objects_and_says_so(
    store: Store, control_plane: servers.Cluster, api: Api, namespace: str, kafka_server: servers.Feed
) -> None:
    """Where the broker takes less than two states, an event has only the later one, and where less than one, none."""
    settings = KafkaSettings(bootstrap_servers=(kafka_server.bootstrap_servers,))
    await prepared(settings)
    cluster, path = cluster_id(), f"/api/v1/namespaces/{namespace}/configmaps"
    await _limit_messages(kafka_server.bootstrap_servers, 150_000)
    try:
        async with (
            Relay.running(store, KafkaSink(settings), LIMIT_BYTES) as relay,
            running(store, cluster_settings(control_plane, cluster), OPTIONS, feed=Feed(relay=relay)),
        ):
            await api.make(path, metadata={"name": "large"}, data={"a": "x" * 90_000})
            await api.merge(f"{path}/large", data={"b": "small"})
            await api.merge(f"{path}/large", data={"c": "y" * 90_000})
            found = await settled(kafka_server.bootstrap_servers, cluster, lambda some: of(some, "large")[2:])
    finally:
        await _limit_messages(kafka_server.bootstrap_servers, MESSAGE_BYTES)
    assert [event.metadata.truncated for event in of(found, "large")] == [
        (), ("old_object",), ("old_object", "new_object")
    ]  # fmt: skip
    assert "data.b" in of(found, "large")[1].diff


async def _limit_messages(servers_: str, size: int) -> None:
    """Say how large a message of the feed's topics may be."""
    configs = {**TopicPlan(message_bytes=size).configs}
    admin = AIOKafkaAdminClient(bootstrap_servers=servers_)
    await admin.start()
    try:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, configs=configs) for name in TOPICS])
    finally:
        await admin.close()

    async def known() -> bool:
        topics = await prepared(KafkaSettings(bootstrap_servers=(servers_,)))
        return {*topics.sizes.values()} == {size}

    await until(known, f"messages of {size} bytes are taken")
