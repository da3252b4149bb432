"""Two workers that share the kinds of one cluster, in a storm: whoever of them dies or sleeps, it stays one graph."""

import secrets
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from kgraph.graphdb.store import Store
from kgraph.stack.kubernetes import ControlPlane
from tests.chaos.ledger import differences, disorder, gaps, replayed, shown
from tests.chaos.storm import STORM_SECONDS, Storm
from tests.chaos.suite import RESOURCES
from tests.chaos.topics import Topics
from tests.servers import Feed, Graph
from tests.workers import WorkerProcess, cluster_settings, graph_settings, in_step, until

pytestmark = [pytest.mark.kubernetes, pytest.mark.neo4j, pytest.mark.timeout(900 + 4 * STORM_SECONDS)]

CLUSTER = "storm"
# Split where it is hardest: Services select Pods of another part, and what is custom is defined by a third.
PARTS = {
    "pods": ("pods", "leases", "*.chaos.kgraph.dev"),
    "small": ("configmaps", "rs", "networkpolicies", "endpointslices", "customresourcedefinitions"),
}
SHARDS = {CLUSTER, *(f"{CLUSTER}~{name}" for name in PARTS)}
# A worker that sleeps for longer than this has lost its shards.
SESSION_SECONDS = 6
HELD = """
MATCH (s:Shard)
OPTIONAL MATCH (w:SyncWorker {key: s.worker}) WHERE w.until >= datetime.realtime()
RETURN s.cluster AS shard, w.name AS worker
"""


async def test_workers_that_share_a_cluster_die_and_sleep_in_a_storm(
    store: Store, own_control_plane: ControlPlane, neo4j_server: Graph, kafka_server: Feed, tmp_path: Path
) -> None:
    """Each part is taken over by the other worker; the graph is the cluster's, and the topics give it, in order."""
    settings = cluster_settings(own_control_plane, CLUSTER, parts=PARTS)
    options = {
        "environ": {"KAFKA_BOOTSTRAP_SERVERS": kafka_server.bootstrap_servers},
        "worker_group": f"parts-{secrets.token_hex(4)}",
        "worker_session": f"{SESSION_SECONDS}s",
    }

    async def held_by(*names: str) -> bool:
        """Whether these workers, and all of them, have the shards."""
        rows = await store.read_text(HELD)
        return {row["shard"] for row in rows} == SHARDS and {row["worker"] for row in rows} == set(names)

    async with AsyncExitStack() as stack, Storm.over(own_control_plane, CLUSTER, seed=5) as storm:
        one, two = [
            await stack.enter_async_context(
                WorkerProcess.run(tmp_path, graph_settings(neo4j_server), settings, name=name, **options)
            )
            for name in ("one", "two")
        ]
        await until(lambda: held_by("one", "two"), "two workers share the parts")
        await storm.rage()
        await one.kill()
        await storm.rage()
        await until(lambda: held_by("two"), "the other worker has all parts")
        await one.start()
        await until(lambda: held_by("one", "two"), "the one that is back has parts again")
        two.pause()
        await storm.rage(seconds=STORM_SECONDS / 2)
        await until(lambda: held_by("one"), "the one that is awake has all parts")
        two.resume()
        await storm.rage(seconds=STORM_SECONDS / 2)
        await in_step(store, settings)
        async with Topics.of(kafka_server.bootstrap_servers, CLUSTER) as topics:

            async def they_give_the_graph() -> bool:
                told = await topics.told()
                graph = {row["key"]: str(row["uid"]).encode() for row in await store.read_text(RESOURCES)}
                return not differences(graph, {key: event.uid.encode() for key, event in replayed(told).items()})

            await until(they_give_the_graph, "the topics give the graph")
            told = await topics.told()
        assert one.is_running
        assert two.is_running
    assert not disorder(told), shown(disorder(told))
    assert not gaps(told), shown(gaps(told))
