"""A graph that someone has changed by hand is the cluster's again after the resync; nothing else is written then."""

from typing import Any

from kgraph.graphdb.store import Store
from kgraph.sync.check import check
from kgraph.sync.options import SyncOptions
from tests.integration.sync.live import Api, core, pod
from tests.servers import Cluster
from tests.workers import cluster_settings, running, until

OWN_EDGE = """
MATCH (a:Resource {key: $a}), (b:Resource {key: $b})
CREATE (a)-[:SELECTS {fields: ['x'], optional: false, matched: true}]->(b)
"""
OPTIONS = SyncOptions(watch_resources=("namespaces", "pods", "services", "configmaps"), resync_seconds=3)


async def test_a_resync_mends_nodes_edges_and_selector_edges_changed_by_hand(
    store: Store, api: Api, control_plane: Cluster, namespace: str
) -> None:
    """Nodes and edges taken away, and edges and nodes of someone's own, are put right within the resync period."""
    settings = cluster_settings(control_plane, "byhand")
    spec = pod("web", metadata={"labels": {"app": "web"}})
    spec["spec"]["containers"][0]["envFrom"] = [{"configMapRef": {"name": "gone"}}]
    await api.make(core(namespace, "pods"), **spec)
    await api.make(core(namespace, "configmaps"), metadata={"name": "here"})
    ports = [{"port": 80}]
    await api.make(
        core(namespace, "services"), metadata={"name": "web"}, spec={"selector": {"app": "web"}, "ports": ports}
    )

    async def differs() -> bool:
        return bool((await check(store, settings, OPTIONS)).differences)

    async def is_mended() -> bool:
        return not await differs()

    web, here = f"byhand/core/Pod/{namespace}/web", f"byhand/core/ConfigMap/{namespace}/here"
    service = f"byhand/core/Service/{namespace}/web"
    changes: list[tuple[str, dict[str, Any]]] = [
        ("MATCH (n:Resource {key: $key}) DETACH DELETE n", {"key": here}),
        ("MATCH (n:Resource {key: $key}) DETACH DELETE n", {"key": web}),
        ("MATCH (:Resource {key: $key})-[r:USES_CONFIGMAP]->() DELETE r", {"key": web}),
        ("MATCH (:Resource {key: $key})-[r]->(:Pod) DELETE r", {"key": service}),
        ("MATCH (:Resource {key: $key})-[r]->(:Pod) SET r.optional = true", {"key": service}),
        (OWN_EDGE, {"a": service, "b": here}),
        ("CREATE (:Resource:ConfigMap {key: $key, cluster: 'byhand', group: '', kind: 'ConfigMap', name: 'x'})",
         {"key": here + "-of-someones-own"}),
    ]  # fmt: skip
    async with running(store, settings, OPTIONS) as worker:
        for statement, parameters in changes:
            await store.run_alone(statement, parameters, what="changing the graph by hand")
            await until(is_mended, f"what this did is mended: {statement}")
        assert worker.pipeline is not None


async def test_a_resync_of_a_graph_that_is_right_writes_no_resource(
    store: Store, api: Api, control_plane: Cluster, namespace: str
) -> None:
    """Listing everything again and finding nothing changed writes the checkpoints and nothing else.

    Only the test's own objects count: other tests' namespaces may still be going meanwhile, and the controller manager
    gives each new one its certificate when it comes to it.
    """
    settings = cluster_settings(control_plane, "right")
    options = SyncOptions(watch_resources=("namespaces", "configmaps"), resync_seconds=2)
    await api.make(core(namespace, "configmaps"), metadata={"name": "a"})
    own = {f"right/core/Namespace/_/{namespace}", f"right/core/ConfigMap/{namespace}/a"}
    written: list[set[str]] = []
    async with running(store, settings, options) as worker:
        assert worker.pipeline is not None
        write = worker.pipeline._write

        async def counted(batch: Any) -> None:
            written.append(own & {*batch.upserts, *batch.removals})
            await write(batch)

        worker.pipeline._write = counted

        async def some_resyncs() -> bool:
            return len(written) >= 4

        await until(some_resyncs, "it has listed a few times")
    assert not any(written), written
