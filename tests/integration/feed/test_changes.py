"""What happens in a cluster is in Kafka: each change, in order, with what was before and after it."""

from kgraph.feed.event import EventType
from kgraph.graphdb.store import Store
from kgraph.sync.feed import Feed
from kgraph.sync.options import SyncOptions
from tests import servers
from tests.consumer import Got, messages
from tests.integration.feed.conftest import CONFIG_ONLY, cluster_id, of, outbox_is_empty, value
from tests.integration.sync.live import Api
from tests.workers import cluster_settings, running, until


async def test_each_change_of_a_resource_is_told_once_with_both_its_states(
    store: Store, control_plane: servers.Cluster, api: Api, namespace: str, feed: Feed, kafka_server: servers.Feed
) -> None:
    """Made, changed and deleted: three events on three topics, which say what was, what is and what differs."""
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    cluster = cluster_id()
    settings = cluster_settings(control_plane, cluster)
    async with running(store, settings, SyncOptions(watch_resources=CONFIG_ONLY), feed=feed):
        await api.make(path, metadata={"name": "settings"}, data={"mode": "slow"})
        await api.merge(f"{path}/settings", data={"mode": "fast"})
        await api.delete(f"{path}/settings")

        async def told() -> list[Got] | None:
            some = [one for one in await messages(kafka_server.bootstrap_servers, cluster) if "/settings" in one.key]
            return some if len(some) >= 3 else None

        found = await until(told, "the three changes are in Kafka")
        await until(lambda: outbox_is_empty(store), "what was sent is taken away")
    made, changed, gone = of(found, "settings")
    assert [event.event_type for event in (made, changed, gone)] == [
        EventType.CREATED, EventType.UPDATED, EventType.DELETED
    ]  # fmt: skip
    assert value(made.old_object) is None
    assert value(made.new_object)["data"] == {"mode": "slow"}
    assert made.new_object == changed.old_object
    assert {path: (value(one.old), value(one.new)) for path, one in changed.diff.items()} == {
        "data.mode": ("slow", "fast")
    }
    assert changed.new_object == gone.old_object
    assert value(gone.new_object) is None
    for one in found:
        event = one.event
        trace, span = event.metadata.trace_id, event.metadata.span_id
        assert int(trace, 16), "the trace has an id, though nobody exports it"
        assert int(span, 16), "and so has the delivery's span"
        assert dict(one.headers)["traceparent"].decode() == f"00-{trace}-{span}-01"
