"""Usage of a real cluster, by the real metrics-server, as the graph keeps it."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec
import neo4j
import pytest
import pytest_asyncio

from kgraph.api.prices import PriceRule, Prices
from kgraph.api.settings import TokenReviewSettings
from kgraph.graphdb.store import Store
from kgraph.graphdb.usage import decode_history, decode_last
from kgraph.kube.settings import AuthMethod, ClusterSettings, TlsSettings
from kgraph.stack.kubernetes import ControlPlane
from kgraph.sync import usage
from kgraph.sync.options import SyncOptions
from kgraph.sync.removal import Removal
from tests.client import asking
from tests.integration.sync.metered import INSTANCE_TYPE, NODE, bare_pod, furnish, usage_of
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


UTILIZATION = """{ utilization(groupBy: OWNER) { items {
  name pods sampledPods reason cpu { request usage ratio limit } memory { request usage limit } } } }"""
RIGHTSIZING = """{ %s { currency unknown { reason } items {
  resource { kind name } pods savedCpu savedMemory savedMonthly containers { name samples confidence
    cpu { request recommended reason usage { p95 } } memory { request limit recommended reason } } } } }"""
COST = """query ($by: GroupBy!, $label: String) { cost(groupBy: $by, label: $label) {
  currency hourly reason rows { part name cpu memory storage hourly storageCost } } }"""
PRICES = Prices(
    currency="EUR",
    cpu_hour=0.03,
    memory_gib_hour=0.004,
    storage_gib_month=0.1,
    rules=(PriceRule(node_label=f"{INSTANCE_TYPE}=m.small", node_hour=0.2),),
)


async def test_questions_about_usage_are_answered(
    store: Store, settings: ClusterSettings, graph_driver: neo4j.AsyncDriver
) -> None:
    """Utilization, rightsizing, what is underutilized and the cost of a real cluster are what its Pods ask and use."""
    async with running(store, settings, OPTIONS):
        await sampled(store)
        async with asking(store, prices=PRICES) as client:
            rows = {row["name"]: row for row in (await client.ask(UTILIZATION))["utilization"]["items"]}
            web = rows["metered/apps/Deployment/shop/web"]
            assert (web["pods"], web["sampledPods"], web["reason"]) == (2, 2, None)
            assert (web["cpu"]["request"], web["cpu"]["limit"], web["memory"]["limit"]) == (2.0, None, 4 * 1024 * MIB)
            assert web["cpu"]["ratio"] == pytest.approx(0.1, rel=0.1)
            assert rows["metered/core/Pod/shop/lone"]["cpu"]["ratio"] == pytest.approx(2.0, rel=0.1)

            advised = (await client.ask(RIGHTSIZING % "rightsizing"))["rightsizing"]
            assert (advised["currency"], advised["unknown"]) == ("EUR", [])
            assert [item["resource"]["name"] for item in advised["items"]] == ["web", "lone"]
            (container,) = advised["items"][0]["containers"]
            assert container["confidence"] == "LOW"
            assert container["cpu"]["recommended"] == pytest.approx(0.1 * 1.15, rel=0.1)
            assert "it requests 1000m now" in container["cpu"]["reason"]
            assert container["memory"]["request"] == 1024 * MIB
            assert container["memory"]["recommended"] == pytest.approx(230 * MIB, rel=0.06)
            assert advised["items"][0]["savedMonthly"] > 30
            assert advised["items"][1]["savedCpu"] < 0
            wasteful = (await client.ask(RIGHTSIZING % "underutilized"))["underutilized"]["items"]
            assert [item["resource"]["name"] for item in wasteful] == ["web"]

            await graph_driver.execute_query("MATCH (p:Pod {name: 'lone'}) SET p.oomKilled = ['job']")
            (_, killed) = (await client.ask(RIGHTSIZING % "rightsizing"))["rightsizing"]["items"]
            assert killed["containers"][0]["memory"]["recommended"] == pytest.approx(1.2 * 2048 * MIB, abs=MIB)
            assert "it was killed for want of memory" in killed["containers"][0]["memory"]["reason"]

            cost = (await client.ask(COST, by="LABEL", label="team"))["cost"]
            rows = {(row["part"], row["name"]): row for row in cost["rows"]}
            assert set(rows) == {("ALLOCATED", "shop"), ("ALLOCATED", "ops"), ("ALLOCATED", None)} | {
                ("IDLE", None), ("RESERVED", None)
            }  # fmt: skip
            assert rows["ALLOCATED", "shop"]["cpu"] == 2.0
            assert rows["ALLOCATED", "ops"]["cpu"] == pytest.approx(0.5, rel=0.1)
            assert rows["RESERVED", None]["cpu"] == pytest.approx(0.2)
            assert rows["ALLOCATED", None]["storageCost"] == pytest.approx(73 * 0.1 / 730)
            assert cost["hourly"] == pytest.approx(0.2 + 73 * 0.1 / 730)
            assert (cost["currency"], cost["reason"]) == ("EUR", None)
            by_owner = (await client.ask(COST, by="OWNER"))["cost"]
            assert by_owner["hourly"] == pytest.approx(cost["hourly"])


METRICS = """query ($pod: String!) {
  pod: resource(cluster: "metered", namespace: "shop", resourceType: "pod", name: $pod) { ... on Pod { metrics {
    cpuUsage memoryUsage sampledAt reason containers { name memoryUsage } } } }
  node: resource(cluster: "metered", resourceType: "node", name: "%s") {
    ... on Node { metrics { __typename cpuUsage memoryUsage reason } } }
  clusters { metrics { cpuUsage memoryUsage podCount storageUsage reason } } }"""


async def test_metrics_of_pods_nodes_and_clusters(store: Store, settings: ClusterSettings) -> None:
    """Pods, Nodes and clusters show their last sample."""
    async with running(store, settings, OPTIONS):
        found = await sampled(store)
        name = next(iter(decode_last(found["metered/apps/Deployment/shop/web"]["last"])))
        async with asking(store) as client:
            answer = await client.ask(METRICS % NODE, pod=name)
        pod, node, (cluster,) = answer["pod"]["metrics"], answer["node"]["metrics"], answer["clusters"]
        assert pod["cpuUsage"] == pytest.approx(0.1, rel=0.1)
        assert pod["containers"] == [{"name": "web", "memoryUsage": 200 * MIB}]
        assert (pod["reason"], node["reason"]) == (None, None)
        assert pod["sampledAt"].endswith("Z")
        assert node["__typename"] == "NodeMetrics"
        assert node["memoryUsage"] == pytest.approx(1424 * MIB, rel=0.01)
        assert cluster["metrics"]["cpuUsage"] == pytest.approx(0.7, rel=0.1)
        assert (cluster["metrics"]["podCount"], cluster["metrics"]["reason"]) == (3, None)
        assert cluster["metrics"]["storageUsage"] == 73 * 1024 * MIB


async def test_old_samples_are_not_of_now(
    store: Store, settings: ClusterSettings, graph_driver: neo4j.AsyncDriver
) -> None:
    """Long after the last sample nothing is used as far as is known, and the answer says since when and why."""
    async with running(store, settings, OPTIONS):
        found = await sampled(store)
    name = next(iter(decode_last(found["metered/apps/Deployment/shop/web"]["last"])))
    await graph_driver.execute_query("MATCH (u:Usage) SET u.sampledAt = u.sampledAt - duration('PT1H')")
    async with asking(store) as client:
        answer = await client.ask(METRICS % NODE, pod=name)
        pod, (cluster,) = answer["pod"]["metrics"], answer["clusters"]
        assert (pod["cpuUsage"], pod["containers"], cluster["metrics"]["cpuUsage"]) == (None, [], None)
        assert pod["sampledAt"] is not None
        assert pod["reason"].startswith("no sample in the last 180 s")
        assert cluster["metrics"]["reason"] == pod["reason"]
        rows = (await client.ask(UTILIZATION))["utilization"]["items"]
        assert {(row["sampledPods"], row["cpu"]["usage"], row["reason"]) for row in rows} == {(0, None, pod["reason"])}


async def test_histogram_survives_its_worker(
    store: Store, settings: ClusterSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new worker goes on counting where the last one ended: no sample is counted twice or forgotten."""
    monkeypatch.setattr(usage, "HISTORY_SECONDS", 0.0)
    async with running(store, settings, OPTIONS):
        await sampled(store)
    before = (await usages(store))["metered/core/Pod/shop/lone"]
    counted = decode_history(before["history"])["job"]
    async with running(store, settings, OPTIONS):

        async def went_on() -> Any:
            found = (await usages(store))["metered/core/Pod/shop/lone"]
            return found if found["sampledAt"] > before["sampledAt"] else None

        later = decode_history((await until(went_on, "a new sample is counted"))["history"])["job"]
    assert later.since == counted.since
    assert later.samples == counted.samples + 1


async def test_what_is_gone_leaves_no_usage(store: Store, shop: ControlPlane, settings: ClusterSettings) -> None:
    """A deleted Pod takes its usage with it, and a removed cluster all of it."""
    await shop.request("POST", "/api/v1/namespaces/shop/pods", bare_pod("brief", usage_of("1m", "1Mi")))
    async with running(store, settings, OPTIONS):

        async def known() -> bool:
            return "metered/core/Pod/shop/brief" in await usages(store)

        await until(known, "the Pod has a sample")
        await shop.request("DELETE", "/api/v1/namespaces/shop/pods/brief", {"gracePeriodSeconds": 0})

        async def gone() -> bool:
            return not await known()

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
        async with asking(store) as client:
            question = "{ clusters { metrics { cpuUsage reason } } rightsizing { items { pods } unknown { reason } } }"
            answer = await client.ask(question)
            assert answer["clusters"] == [{"metrics": {"cpuUsage": None, "reason": why}}]
            assert answer["rightsizing"] == {"items": [], "unknown": [{"reason": why}]}
            unpriced = (await client.ask(COST, by="CLUSTER"))["cost"]
            assert (unpriced["hourly"], unpriced["currency"]) == (None, None)
            assert unpriced["reason"].startswith("no prices are known")
            assert {row["hourly"] for row in unpriced["rows"]} == {None}


async def test_a_login_that_may_not_read_usage_says_so(store: Store, shop: ControlPlane) -> None:
    """Where metrics.k8s.io is refused the apiserver's reason is told, nothing is kept, and the rest is synced."""
    await allow(shop, "alice", "pods", "nodes")
    settings = ClusterSettings(
        id="refused", auth_method=AuthMethod.TOKEN, api_server_url=shop.server, qps=0,
        service_account_token=shop.token_of("alice"), tls_config=TlsSettings(ca_file=str(shop.ca_file)),
    )  # fmt: skip
    async with running(store, settings, msgspec.structs.replace(OPTIONS, watch_resources=("pods", "nodes"))) as worker:
        why = await until(lambda: problem(store), "the cluster says that its usage is refused")
        assert 'cannot list resource "pods" in API group "metrics.k8s.io"' in why
        assert worker.synced.is_set()
        assert await usages(store) == {}


async def test_usage_is_shown_to_who_may_ask_for_it(
    store: Store, shop: ControlPlane, settings: ClusterSettings
) -> None:
    """Who may list Pods alone sees what these use, no workload above them, no Node, and nothing that is idle.

    Who may not list them in metrics.k8s.io sees what they request, and why not what they use.
    """
    await allow(shop, "bob", "pods", groups=("", "metrics.k8s.io"))
    await allow(shop, "carol", "pods")
    async with running(store, settings, OPTIONS):
        await sampled(store)
        reviews = (TokenReviewSettings("metered"),)
        async with asking(store, [settings], token_reviews=reviews, prices=PRICES) as client:
            bob = client.by(shop.token_of("bob"))
            advised = (await bob.ask(RIGHTSIZING % "rightsizing"))["rightsizing"]["items"]
            assert [item["resource"]["name"] for item in advised] == ["lone"]
            rows = (await bob.ask(UTILIZATION))["utilization"]["items"]
            assert len(rows) == 3
            assert {row["name"].rpartition("/")[0] for row in rows} == {"metered/core/Pod/shop"}
            assert {row["sampledPods"] for row in rows} == {1}
            cost = (await bob.ask(COST, by="CLUSTER"))["cost"]
            assert {row["part"] for row in cost["rows"]} == {"ALLOCATED"}
            assert cost["reason"] == "what is idle is shown to who may list all Pods and Nodes: not of metered"
            totals = "{ clusters { metrics { cpuUsage podCount storageUsage reason } } }"
            ((cluster,),) = (await bob.ask(totals)).values()
            assert cluster["metrics"] == {
                "cpuUsage": None, "podCount": 3, "storageUsage": None,
                "reason": "you may not list the Nodes of cluster metered",
            }  # fmt: skip
            carol = client.by(shop.token_of("carol"))
            rows = (await carol.ask(UTILIZATION))["utilization"]["items"]
            assert [row["sampledPods"] for row in rows] == [0, 0, 0]
            assert {row["cpu"]["usage"] for row in rows} == {None}
            assert all("what you may not list in metrics.k8s.io is not shown" in row["reason"] for row in rows)
            assert (await carol.ask(RIGHTSIZING % "rightsizing"))["rightsizing"]["items"] == []
            one = '{ pods(cluster: "metered", first: 1) { metrics { cpuUsage reason } } }'
            assert (await carol.ask(one))["pods"][0]["metrics"] == {
                "cpuUsage": None,
                "reason": "you may not list pods.metrics.k8s.io in namespace shop of cluster metered",
            }
            assert (await bob.ask(one))["pods"][0]["metrics"]["cpuUsage"] is not None


async def test_metrics_server_that_hangs_holds_up_nothing(
    store: Store, shop: ControlPlane, settings: ClusterSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While metrics-server does not answer, changes reach the graph all the same; afterwards usage is known again."""
    monkeypatch.setattr(usage, "ANSWER_SECONDS", 1.0)
    async with running(store, settings, OPTIONS):
        await sampled_node(store)
        shop.pause("metrics-server")
        try:
            why = await until(lambda: problem(store), "the cluster says that metrics-server hangs")
            assert "metrics.k8s.io" in why
            await shop.request("POST", "/api/v1/namespaces/shop/configmaps", {"metadata": {"name": "meanwhile"}})

            async def arrived() -> Any:
                return await store.read_text("MATCH (c:ConfigMap {name: 'meanwhile'}) RETURN c.key AS key")

            await until(arrived, "a change is in the graph", seconds=10.0)
        finally:
            shop.resume("metrics-server")
        await until(partial(is_well, store), "usage is known again")


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
        await until(partial(is_well, store), "usage is known again")


async def is_well(store: Store) -> bool:
    """Whether nothing is wrong with a cluster's usage."""
    return await problem(store) is None


async def allow(plane: ControlPlane, user: str, *resources: str, groups: Sequence[str] = ("",)) -> None:
    """Let a user read these kinds of the core group, or of others, everywhere."""
    rule = {"apiGroups": list(groups), "resources": list(resources), "verbs": ["get", "list", "watch"]}
    roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
    await plane.request("POST", roles, {"metadata": {"name": user}, "rules": [rule]})
    binding = {
        "metadata": {"name": user},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": user},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
    }
    await plane.request("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding)


async def sampled_node(store: Store) -> None:
    """Wait until the Node has a sample."""

    async def known() -> bool:
        return f"metered/core/Node/_/{NODE}" in await usages(store)

    await until(known, "the Node has a sample")
