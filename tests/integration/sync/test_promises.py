"""Single promises of a worker, on a real cluster and a real graph: edges, placeholders, incarnations, noise."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from kgraph.graphdb.store import Record, Store
from kgraph.sync.options import SyncOptions
from tests.integration.sync.live import Api, core, edges, nodes, pod
from tests.servers import Cluster
from tests.workers import cluster_settings, in_step, running, until

Condition = Callable[[], Awaitable[bool]]
SMALL = SyncOptions(watch_resources=("namespaces", "pods", "services", "configmaps"))


async def test_a_selector_edge_follows_the_pods_label_and_the_services_selector(
    store: Store, api: Api, control_plane: Cluster, namespace: str
) -> None:
    """A Service points at a Pod while its selector and the Pod's labels agree, whichever of the two changes."""
    settings = cluster_settings(control_plane, "selectors")
    service, web = f"core/Service/{namespace}/web", f"core/Pod/{namespace}/web"
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    await api.make(core(namespace, "services"), metadata={"name": "web"}, spec=spec)

    async def selected() -> bool:
        return any(start == service and end == web for start, _, end in await edges(store, "selectors", "SELECTS"))

    async def not_selected() -> bool:
        return not await selected()

    async with running(store, settings, SMALL):
        await api.make(core(namespace, "pods"), **pod("web", metadata={"labels": {"app": "web"}}))
        await until(selected, "the Pod is selected")
        await api.merge(core(namespace, "pods", "web"), metadata={"labels": {"app": "db"}})
        await until(not_selected, "the relabelled Pod is not selected")
        await api.merge(core(namespace, "services", "web"), spec={"selector": {"app": "db"}})
        await until(selected, "the Service selects it again")
        await api.merge(core(namespace, "services", "web"), spec={"selector": {"app": "web"}})
        await until(not_selected, "the Service selects another")
        await in_step(store, settings, SMALL)


async def test_a_placeholder_is_made_filled_and_made_again_and_goes_with_the_last_who_refers_to_it(
    store: Store, api: Api, control_plane: Cluster, namespace: str
) -> None:
    """What a Pod refers to stands in the graph whether it is there or not, until nobody refers to it."""
    settings = cluster_settings(control_plane, "placeholders")
    name = f"conf-{namespace}"
    spec = pod("web")
    spec["spec"]["containers"][0]["envFrom"] = [{"configMapRef": {"name": name}}]

    def labelled(*labels: str) -> Condition:
        async def is_so() -> bool:
            return (await nodes(store, "placeholders", "ConfigMap")).get(name) == (sorted(labels) or None)

        return is_so

    async with running(store, settings, SMALL):
        await api.make(core(namespace, "pods"), **spec)
        await until(labelled("Missing", "Resource"), "there is a placeholder")
        await api.make(core(namespace, "configmaps"), metadata={"name": name})
        await until(labelled("ConfigMap", "Resource"), "the placeholder is filled")
        await api.delete(core(namespace, "configmaps", name))
        await until(labelled("Missing", "Resource"), "there is a placeholder again")
        await api.delete(core(namespace, "pods", "web"))
        await until(labelled(), "the placeholder is gone")
        await in_step(store, settings, SMALL)


async def test_a_cluster_that_the_graph_knows_nothing_of_is_not_read_kind_by_kind(
    store: Store, control_plane: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first sync asks the graph once; the next worker asks what the graph holds of each kind."""
    asked: list[str] = []
    read = Store.read

    async def noted(self: Store, name: str, *args: Any, **named: Any) -> list[Record]:
        asked.append(name)
        return await read(self, name, *args, **named)

    monkeypatch.setattr(Store, "read", noted)
    settings = cluster_settings(control_plane, "unknown-yet")
    async with running(store, settings, SMALL):
        assert asked.count("read/kind_state") == 0
        await in_step(store, settings, SMALL)
    async with running(store, settings, SMALL):
        assert asked.count("read/kind_state") == len(SMALL.watch_resources)


async def test_what_went_while_the_worker_was_away_is_gone_after_its_list(
    store: Store, api: Api, control_plane: Cluster, namespace: str
) -> None:
    """Objects deleted, and recreated under one name, while no worker ran are found by the next one's list."""
    settings = cluster_settings(control_plane, "away")
    for name in ("goes", "stays", "again"):
        await api.make(core(namespace, "configmaps"), metadata={"name": name})
    async with running(store, settings, SMALL):
        assert {"goes", "stays", "again"} <= set(await nodes(store, "away", "ConfigMap"))
    for name in ("goes", "again"):
        await api.delete(core(namespace, "configmaps", name))
    uid = (await api.make(core(namespace, "configmaps"), metadata={"name": "again"}))["metadata"]["uid"]
    async with running(store, settings, SMALL):
        assert "goes" not in await nodes(store, "away", "ConfigMap")
        key = {"key": f"away/core/ConfigMap/{namespace}/again"}
        assert (await store.read_text("MATCH (n:Resource {key: $key}) RETURN n.uid AS uid", key)) == [{"uid": uid}]
        await in_step(store, settings, SMALL)


async def test_an_edge_that_names_another_incarnation_is_stale_until_the_names_agree(
    store: Store, api: Api, control_plane: Cluster, namespace: str
) -> None:
    """An owner recreated under its name is not who its earlier dependents name by uid, and the edge says so."""
    settings = cluster_settings(control_plane, "uids")
    owner = await api.make(core(namespace, "configmaps"), metadata={"name": "owner"})
    key = {"key": f"uids/core/Pod/{namespace}/owned"}

    def stale(*, wanted: bool | None) -> Condition:
        async def is_so() -> bool:
            text = "MATCH (:Resource {key: $key})-[r:OWNED_BY]->() RETURN r.stale AS stale"
            return [row["stale"] for row in await store.read_text(text, key)] == [wanted]

        return is_so

    async with running(store, settings, SMALL):
        reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
        held = {"ownerReferences": [reference], "finalizers": ["chaos.kgraph.dev/hold"]}
        await api.make(core(namespace, "pods"), **pod("owned", metadata=held))
        await until(stale(wanted=None), "the Pod is owned")
        await api.delete(core(namespace, "configmaps", "owner"), propagationPolicy="Orphan")
        await api.make(core(namespace, "configmaps"), metadata={"name": "owner"})
        await api.merge(core(namespace, "pods", "owned"), metadata={"ownerReferences": [reference]})
        await until(stale(wanted=True), "the edge is stale")
        await in_step(store, settings, SMALL)
        await api.merge(core(namespace, "pods", "owned"), metadata={"finalizers": None})


async def test_noise_writes_nothing(store: Store, control_plane: Cluster) -> None:
    """Leases that are renewed and Nodes that send heartbeats cost an idle cluster's graph no transaction."""
    settings = cluster_settings(control_plane, "noise")
    options = SyncOptions(watch_resources=("leases", "nodes"))

    async def renewed() -> str:
        leases = await control_plane.request("GET", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases")
        return max((lease["spec"].get("renewTime", "") for lease in leases["items"]), default="")

    async with running(store, settings, options) as worker:
        assert worker.pipeline is not None
        pipeline, since, written, quiet = worker.pipeline, await renewed(), -1, 0

        async def two_quiet_renewals() -> bool:
            nonlocal since, written, quiet
            if (now := await renewed()) != since:
                quiet = quiet + 1 if pipeline.transactions == written else 0
                since, written = now, pipeline.transactions
            return quiet == 2

        # A Node that is still being made up is a change like any other; after that there are renewals alone.
        await until(two_quiet_renewals, "the Leases are renewed twice and nothing is written")
        await in_step(store, settings, options)


async def test_a_namespace_that_goes_takes_everything_with_it(
    store: Store, api: Api, control_plane: Cluster, namespace: str
) -> None:
    """After a whole namespace's deletion nothing of it is left, not even a placeholder."""
    settings = cluster_settings(control_plane, "whole")
    options = SyncOptions(watch_resources=("namespaces", "pods", "configmaps", "serviceaccounts", "secrets"))
    own = f"whole-{namespace}"
    async with running(store, settings, options):
        await api.make("/api/v1/namespaces", metadata={"name": own})
        spec = pod("web")
        spec["spec"]["containers"][0]["envFrom"] = [{"configMapRef": {"name": "a"}}, {"secretRef": {"name": "gone"}}]
        await api.make(core(own, "configmaps"), metadata={"name": "a"})
        await api.make(core(own, "pods"), **spec)

        async def of_it() -> int:
            text = "MATCH (n:Resource) WHERE n.namespace = $name OR n.name = $name RETURN count(n) AS n"
            return int((await store.read_text(text, {"name": own}))[0]["n"])

        async def nothing_is_left() -> bool:
            return await of_it() == 0

        await until(of_it, "the namespace is in the graph")
        await api.delete(f"/api/v1/namespaces/{own}")
        await until(nothing_is_left, "nothing is left of the namespace")
        await in_step(store, settings, options)
