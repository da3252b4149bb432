"""Usage of a real cluster, by the real metrics-server, as the graph keeps it."""

from typing import Any

import pytest
import pytest_asyncio

from kgraph.graphdb.store import Store
from kgraph.graphdb.usage import decode_history, decode_last
from kgraph.kube.settings import ClusterSettings
from kgraph.stack.kubernetes import ControlPlane
from kgraph.sync.options import SyncOptions
from kgraph.sync.removal import Removal
from tests.integration.sync.metered import NODE, furnish
from tests.servers import Cluster
from tests.workers import cluster_settings, in_step, running, until

pytestmark = [pytest.mark.kubernetes, pytest.mark.neo4j]

OPTIONS = SyncOptions(watch_resources=("-events", "-leases.coordination.k8s.io"), usage_seconds=1.0)
ALL = "MATCH (u:Usage) RETURN properties(u) AS usage ORDER BY u.key"
MIB = 2.0**20


async def usages(store: Store) -> dict[str, dict[str, Any]]:
    """All that the graph keeps of usage, by what it is of."""
    return {row["usage"]["of"]: row["usage"] for row in await store.read_text(ALL)}


async def problem(store: Store) -> str | None:
    """Why a cluster's usage is not known."""
    (row,) = await store.read_text("MATCH (c:Cluster) RETURN c.usageProblem AS problem")
    return row["problem"]  # type: ignore[no-any-return]  # the driver's records are untyped


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def shop(metered_control_plane: ControlPlane) -> ControlPlane:
    """The metered cluster with the Deployment `web` and the Pod `lone`."""
    await furnish(metered_control_plane, "shop")
    return metered_control_plane


@pytest.fixture
def settings(shop: ControlPlane) -> ClusterSettings:
    """How a worker reaches it."""
    return cluster_settings(shop, "metered")


async def sampled(store: Store) -> dict[str, dict[str, Any]]:
    """What the graph keeps once all Pods and the Node have samples."""

    async def known() -> Any:
        found = await usages(store)
        pods = {of: usage.get("pods") for of, usage in found.items()}
        return found if pods.get("metered/apps/Deployment/shop/web") == 2 and len(found) == 3 else None

    return dict(await until(known, "the graph has the usage of all"))


async def test_usage_is_kept_by_workload(store: Store, settings: ClusterSettings) -> None:
    """A Deployment has the usage of its ReplicaSet's Pods, a bare Pod and a Node their own, each with its histogram."""
    async with running(store, settings, OPTIONS):
        found = await sampled(store)
        assert set(found) == {
            "metered/apps/Deployment/shop/web",
            "metered/core/Pod/shop/lone",
            f"metered/core/Node/_/{NODE}",
        }
        web = found["metered/apps/Deployment/shop/web"]
        assert web["cpu"] == pytest.approx(0.2, rel=0.1)
        assert web["memory"] == 400 * MIB
        assert {name: used["web"].memory for name, used in decode_last(web["last"]).items()} == dict.fromkeys(
            decode_last(web["last"]), 200 * MIB
        )
        history = decode_history(web["history"])["web"]
        assert history.cpu.percentile(0.95) == pytest.approx(0.1, rel=0.1)
        assert history.memory.percentile(0.5) == pytest.approx(200 * MIB, rel=0.05)
        assert await problem(store) is None
        await in_step(store, settings, OPTIONS)


async def test_histogram_survives_its_worker(store: Store, settings: ClusterSettings) -> None:
    """A new worker goes on counting where the last one ended: no sample is counted twice or forgotten."""
    async with running(store, settings, OPTIONS):
        before = await sampled(store)
    (lone,) = [each for of, each in before.items() if of.endswith("lone")]
    counted = decode_history(lone["history"])["job"]
    async with running(store, settings, OPTIONS):

        async def went_on() -> Any:
            found = (await usages(store))[lone["of"]]
            return found if found["sampledAt"] > lone["sampledAt"] and found["history"] != lone["history"] else None

        later = decode_history((await until(went_on, "a new sample is counted"))["history"])["job"]
    assert later.since == counted.since
    assert later.samples == counted.samples + 1


async def test_what_is_gone_leaves_no_usage(store: Store, shop: ControlPlane, settings: ClusterSettings) -> None:
    """A deleted Pod takes its usage with it, and a removed cluster all of it."""
    async with running(store, settings, OPTIONS):
        await sampled(store)
        await shop.request("DELETE", "/api/v1/namespaces/shop/pods/lone", {"gracePeriodSeconds": 0})

        async def gone() -> bool:
            return "metered/core/Pod/shop/lone" not in await usages(store)

        await until(gone, "the Pod's usage is gone")
    assert await usages(store)
    await Removal(store, "metered").run()
    assert await usages(store) == {}


async def test_cluster_without_metrics_says_so(store: Store, control_plane: Cluster) -> None:
    """Where there is no metrics.k8s.io nothing is kept, the reason is on the cluster's node, and the rest is synced."""
    settings = cluster_settings(control_plane, "unmetered")
    async with running(store, settings, OPTIONS):

        async def said() -> str | None:
            return await problem(store)

        why = await until(said, "the cluster says why there is no usage")
        assert why == "cluster unmetered has no metrics.k8s.io: install metrics-server"
        assert await usages(store) == {}


async def test_metrics_server_that_is_away_fails_alone(
    store: Store, shop: ControlPlane, settings: ClusterSettings
) -> None:
    """While metrics-server is down its apiserver's words are the reason, and the first sample after it clears them."""
    async with running(store, settings, OPTIONS) as worker:
        await sampled_node(store)
        await shop.kill("metrics-server")
        try:
            why = await until(lambda: problem(store), "the cluster says that metrics-server is away")
            assert "metrics.k8s.io/v1beta1" in why
            assert worker.synced.is_set()
        finally:
            await shop.start_again("metrics-server")

        async def well() -> bool:
            return await problem(store) is None

        await until(well, "usage is known again")


async def sampled_node(store: Store) -> None:
    """Wait until the Node has a sample."""

    async def known() -> bool:
        return f"metered/core/Node/_/{NODE}" in await usages(store)

    await until(known, "the Node has a sample")
