"""A cluster whose kinds are shared out among several workers: one graph, one feed, whoever writes what."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest

from kgraph.feed.event import EventType
from kgraph.feed.kafka_settings import KafkaSettings
from kgraph.feed.kafka_sink import KafkaSink
from kgraph.graphdb import rebuilds, shards
from kgraph.graphdb.errors import Fenced
from kgraph.graphdb.shards import Worker
from kgraph.graphdb.store import Store
from kgraph.kube.settings import ClusterSettings
from kgraph.stack.kubernetes import ControlPlane
from kgraph.sync.feed import Feed
from kgraph.sync.part import Part, all_parts
from kgraph.sync.relay import Relay
from kgraph.sync.writer import Writer
from tests import servers
from tests.consumer import messages, replayed
from tests.integration.feed.conftest import LIMIT_BYTES, cluster_id, outbox_is_empty
from tests.workers import cluster_settings, in_step, running, running_in_parts, until

pytestmark = [pytest.mark.kubernetes, pytest.mark.neo4j]

# Services select Pods of another part, and what is custom is defined by a third.
PARTS = {
    "pods": ("pods", "leases", "*.chaos.kgraph.dev"),
    "small": ("configmaps", "rs", "networkpolicies", "endpointslices", "customresourcedefinitions"),
}
OBJECTS = "MATCH (n:Resource {cluster: $cluster}) WHERE NOT n:Missing RETURN n.key AS key, n.manifest AS manifest"


def split(plane: ControlPlane, parts: Mapping[str, Sequence[str]] = PARTS, cluster: str = "") -> ClusterSettings:
    """The control plane as a cluster in parts."""
    return cluster_settings(plane, cluster or cluster_id(), parts={name: tuple(some) for name, some in parts.items()})


async def topics_are_the_graph(store: Store, kafka: servers.Feed, cluster: str) -> None:
    """Wait until what Kafka has, read into an empty map, is what the graph has."""

    async def they_are() -> bool:
        graph = {row["key"]: row["manifest"].encode() for row in await store.read_text(OBJECTS, {"cluster": cluster})}
        return replayed(one.event for one in await messages(kafka.bootstrap_servers, cluster)) == graph

    await until(lambda: outbox_is_empty(store), "all is sent")
    await until(they_are, "the topics give the graph")


async def test_kinds_that_move_between_parts_are_written_and_told_once(
    store: Store, own_control_plane: ControlPlane, feed: Feed, kafka_server: servers.Feed
) -> None:
    """A cluster that is split, and split otherwise, is in step each time, and nothing is told anew."""
    cluster = cluster_id()
    path = "/api/v1/namespaces/default/configmaps"
    await own_control_plane.request("POST", path, {"metadata": {"name": cluster}, "data": {"n": "0"}})
    divisions: list[Mapping[str, Sequence[str]]] = [{}, PARTS, {"small": ("cm", "svc"), "other": ("po",)}]
    for number, parts in enumerate(divisions):
        settings = split(own_control_plane, parts, cluster)
        async with running_in_parts(store, settings, feed=feed):
            await own_control_plane.request(
                "PUT", f"{path}/{cluster}", {"metadata": {"name": cluster}, "data": {"n": str(number + 1)}}
            )
            await in_step(store, settings)
            await topics_are_the_graph(store, kafka_server, cluster)
    await own_control_plane.request("DELETE", f"{path}/{cluster}")
    found = await messages(kafka_server.bootstrap_servers, cluster)
    events = sorted((one.event for one in found), key=lambda event: event.metadata.sequence)
    ours = [event for event in events if event.key.endswith(f"/{cluster}") and event.resource is not None]
    assert [event.event_type for event in ours] == [EventType.CREATED, *[EventType.UPDATED] * len(divisions)]
    created = [event.key for event in events if event.event_type is EventType.CREATED]
    assert len(created) == len(set(created)), "nothing is told to be new twice"


async def test_only_who_has_a_part_now_writes_it(store: Store) -> None:
    """A claim fences off the same part's earlier writer, no other part's, and all who have the cluster otherwise."""
    pods, first = Part("pods", {"pods": ("pods",)}), Part("", {"pods": ("pods",)})
    of_pods = await Writer.claim(store, "prod", {}, part=pods)
    of_rest = await Writer.claim(store, "prod", {}, part=first)
    await of_pods.describe({"lagSeconds": 1.0})
    later = await Writer.claim(store, "prod", {}, part=pods)
    with pytest.raises(Fenced) as refused:
        await of_pods.describe({"lagSeconds": 2.0})
    assert refused.value.clusters == ("prod~pods",)
    await of_rest.describe({"lagSeconds": 3.0})
    await later.describe({"lagSeconds": 4.0})
    row = (await store.read_text("MATCH (c:Cluster) RETURN c.lagSeconds AS one, c['lagSeconds~pods'] AS other"))[0]
    assert (row["one"], row["other"]) == (3.0, 4.0)
    whole = await Writer.claim(store, "prod", {})
    for writer in (of_rest, later):
        with pytest.raises(Fenced):
            await writer.describe({"lagSeconds": 5.0})
    await whole.describe({"lagSeconds": 6.0})
    again = await Writer.claim(store, "prod", {}, part=pods)
    assert again.epoch > later.epoch, "an epoch never comes again, though the part had gone"


async def test_a_cluster_is_as_far_as_the_part_that_is_furthest_behind(store: Store) -> None:
    """In step when all its parts are, connected while all are, and behind by the longest lag."""
    pods, first = Part("pods", {"pods": ("pods",)}), Part("", {"pods": ("pods",)})
    worker = Worker("worker:x", "x", "", ("prod", "prod~pods"))
    writers = {part.name: await Writer.claim(store, "prod", {}, part=part) for part in (first, pods)}
    well = {"connected": True, "lagSeconds": 0.5, "resourceCount": 3}

    async def said() -> dict[str, object]:
        await shards.look(store, worker)  # its lease is not for slow machines
        (ready,) = (await store.read_one("read/readiness"))["clusters"]
        (shown,) = (await store.read_one("read/clusters"))["clusters"]
        in_step, connected, problem, lag, name, stale = (ready[at] for at in (2, 4, 6, 7, 10, 12))
        assert [shown[at] is None for at in (9, 16)] == [in_step is None, problem is None]
        assert (shown[14], shown[17], shown[22]) == (connected, lag, name)
        return {
            "in step": in_step is not None, "connected": connected, "problem": problem, "lag": lag, "worker": name,
            "stale": stale, "resources": shown[19],
        }  # fmt: skip

    await writers[""].describe({**well, "syncedAt": datetime.now(UTC)})
    expected: dict[str, object] = {
        "in step": False, "connected": None, "problem": None, "lag": 0.5, "worker": "x", "stale": 0.5, "resources": 3,
    }  # fmt: skip
    assert await said() == expected
    await writers["pods"].describe({**well, "syncedAt": datetime.now(UTC), "lagSeconds": 70.0, "resourceCount": 4})
    expected |= {"in step": True, "connected": True, "lag": 70.0, "stale": 70.0, "resources": 7}
    assert await said() == expected
    await writers["pods"].describe({"connected": False, "problem": "it is away", "connectedSince": datetime.now(UTC)})
    found = await said()
    assert (found["connected"], found["problem"]) == (False, "it is away")


async def test_what_a_part_has_left_is_told_before_its_kinds_go_on(
    store: Store, own_control_plane: ControlPlane, feed: Feed, kafka_server: servers.Feed
) -> None:
    """Rows that a part left which is no more are sent, before the next writer of its kinds tells anything."""
    cluster = cluster_id()
    before = split(own_control_plane, {"small": ("configmaps",)}, cluster)
    async with running_in_parts(store, before, feed=feed):
        await until(lambda: outbox_is_empty(store), "the first sync is sent")
    settings = KafkaSettings(bootstrap_servers=(kafka_server.bootstrap_servers,))
    idle = Feed(relay=Relay(store, KafkaSink(settings), LIMIT_BYTES))  # owns no shard, and so sends nothing
    part = all_parts(before)[1]
    writer = await Writer.claim(store, cluster, {}, feed=idle, part=part)
    left = idle.happening(EventType.CLUSTER_HEALTH_CHANGED, cluster, "Left", "left behind")
    await writer.describe({}, *left)
    assert [row["shard"] for row in await store.read_text("MATCH (o:Outbox) RETURN o.shard AS shard")] == [
        f"{cluster}~small"
    ]
    async with running(store, cluster_settings(own_control_plane, cluster), feed=feed):
        found = await messages(kafka_server.bootstrap_servers, cluster)
        assert [one.event.metadata.reason for one in found].count("Left") == 1
        await until(lambda: outbox_is_empty(store), "what was left is taken away")


async def test_a_rebuild_is_done_when_all_parts_have_done_it(store: Store, own_control_plane: ControlPlane) -> None:
    """What was changed by hand is right again in every part's kinds, and only then the rebuild counts as done."""
    settings = split(own_control_plane, {"small": ("configmaps",)})
    async with running_in_parts(store, settings):
        pass
    async with store._driver.session() as session:
        await session.run("MATCH (n:ConfigMap|Namespace) SET n.manifest = 'no JSON', n.labels = ['by=hand']")
    stamp, asked = await rebuilds.ask(store, [settings.id])
    assert asked == (settings.id,)
    first, second = all_parts(settings)
    async with running(store, settings, part=first):
        assert (await rebuilds.rebuilds(store, [settings.id]))[0].done != stamp
        async with running(store, settings, part=second):
            assert (await rebuilds.rebuilds(store, [settings.id]))[0].done == stamp
            await in_step(store, settings)
            assert await store.read_text("MATCH (n) WHERE 'by=hand' IN n.labels RETURN n.key AS key") == []


async def test_a_restored_history_waits_for_the_part_that_has_its_resource(
    store: Store, own_control_plane: ControlPlane
) -> None:
    """What a backup knows of a resource is put back, though the first part is in step before the one that has it."""
    settings = split(own_control_plane, {"small": ("configmaps",)})
    key = f"{settings.id}/core/ConfigMap/kube-system/kube-root-ca.crt"
    uid = (await own_control_plane.request("GET", "/api/v1/namespaces/kube-system/configmaps/kube-root-ca.crt"))[
        "metadata"
    ]["uid"]
    async with store._driver.session() as session:
        await session.run(
            "CREATE (:RestoredHistory {key: $key + '#restored', of: $key, uid: $uid, cluster: $cluster, "
            'changes: [\'{"at": "2026-01-01T00:00:00Z"}\']})',
            {"key": key, "uid": uid, "cluster": settings.id},
        )
    first, second = all_parts(settings)
    there = "MATCH (n:Resource {key: $key}) RETURN n.changes AS changes"
    async with running(store, settings, part=first):
        assert await store.read_text("MATCH (h:RestoredHistory) RETURN h.of AS of") == [{"of": key}]
        async with running(store, settings, part=second):
            (found,) = await store.read_text(there, {"key": key})
    assert found["changes"] == ['{"at": "2026-01-01T00:00:00Z"}']
    assert await store.read_text("MATCH (h:RestoredHistory) RETURN h.of AS of") == []
