"""`kgraph worker` as a real process, its changes on their way to Kafka, and what is left when it dies."""

from pathlib import Path

from kgraph.graphdb.store import Store
from tests import servers
from tests.consumer import messages, replayed
from tests.integration.feed.conftest import CONFIG_ONLY, cluster_id, of, outbox_is_empty
from tests.integration.sync.live import Api
from tests.workers import WorkerProcess, cluster_settings, graph_settings, until

CHANGES = 150


async def test_killed_in_the_middle_a_worker_loses_nothing_that_it_was_told(
    store: Store,
    neo4j_server: servers.Graph,
    control_plane: servers.Cluster,
    api: Api,
    namespace: str,
    kafka_server: servers.Feed,
    tmp_path: Path,
) -> None:
    """After kill -9 amid changes, what is committed is in Kafka, in order, and adds up to the cluster."""
    cluster = cluster_id()
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    await api.make(path, metadata={"name": "counter"}, data={"n": "0"})
    environ = {"KAFKA_BOOTSTRAP_SERVERS": kafka_server.bootstrap_servers}
    settings = cluster_settings(control_plane, cluster)
    async with WorkerProcess.run(
        tmp_path, graph_settings(neo4j_server), settings, environ=environ, watch_resources=list(CONFIG_ONLY)
    ) as worker:
        await worker.synced(store)
        for number in range(1, CHANGES):
            await api.merge(f"{path}/counter", data={"n": str(number)})
            if number == CHANGES // 2:
                await worker.kill()
                committed = await store.read_text(
                    "MATCH (n:Resource {key: $key}) RETURN n.resourceVersion AS version",
                    {"key": f"{cluster}/core/ConfigMap/{namespace}/counter"},
                )
                await worker.start()
        last = await api.get(f"{path}/counter")
        assert last is not None
        version = last["metadata"]["resourceVersion"]

        async def told() -> bool:
            state = replayed(one.event for one in await messages(kafka_server.bootstrap_servers, cluster))
            found = state.get(f"{cluster}/core/ConfigMap/{namespace}/counter", b"")
            return f'"resourceVersion":"{version}"'.encode() in found

        await until(told, "the last state is in Kafka")
        await until(lambda: outbox_is_empty(store), "what was sent is taken away")
        got = await messages(kafka_server.bootstrap_servers, cluster)
    versions = [event.new_object for event in of(got, "counter")]
    assert any(f'"resourceVersion":"{committed[0]["version"]}"'.encode() in bytes(each) for each in versions)
    sequences = [one.event.metadata.sequence for one in got if one.key.endswith("/counter") and "updated" in one.topic]
    seen: set[int] = set()
    fresh = [each for each in sequences if not (each in seen or seen.add(each))]  # type: ignore[func-returns-value]  # a set's way to say it is new
    assert fresh == sorted(fresh), "the first time that a change is told, it comes in order"
