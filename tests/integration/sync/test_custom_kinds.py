"""Custom kinds on a real cluster: definitions that come, change and go while a worker runs."""

import asyncio
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web

from kgraph.graphdb.store import Store
from kgraph.kube.connection import Connection
from kgraph.kube.discovery import discover
from kgraph.kube.settings import ClusterSettings
from kgraph.sync.options import SyncOptions
from tests.integration.sync.definitions import DEFINITIONS, GROUP, definition, widget
from tests.integration.sync.live import Api, core, edges, login, nodes
from tests.integration.sync.meddling import Forward, Meddler, is_watch, status
from tests.servers import Cluster
from tests.workers import cluster_settings, in_step, running, until

pytestmark = pytest.mark.usefixtures("no_definitions")
SMALL = SyncOptions(watch_resources=("namespaces", "configmaps", "horizontalpodautoscalers", f"*.{GROUP}", "crd"))


async def undiscovered(settings: ClusterSettings) -> bool:
    """Whether discovery, which follows the definitions with a delay of its own, names no kind of the group."""
    async with Connection.open(settings) as connection:
        return all(resource.group != GROUP for resource in (await discover(connection)).resources)


async def forgotten(store: Store) -> bool:
    """Whether the graph knows neither the resource nor its kind."""
    kinds = "MATCH (k:SyncedKind {cluster: 'custom', plural: 'widgets'}) RETURN count(k) AS n"
    return not await nodes(store, "custom", "Widget") and (await store.read_text(kinds)) == [{"n": 0}]


async def test_a_kind_defined_at_run_time_is_synced_and_goes_with_its_definition(
    store: Store, api: Api, control_plane: Cluster, namespace: str
) -> None:
    """A new definition's resources are in the graph without a restart; with the definition, they and the kind go."""
    settings = cluster_settings(control_plane, "custom")

    async def is_there() -> bool:
        return (await nodes(store, "custom", "Widget")).get("a") == ["Resource", f"Widget.{GROUP}"]

    async with running(store, settings, SMALL):
        for _ in range(2):  # and again, for a kind that comes back
            await api.make(DEFINITIONS, **definition("widgets", "Widget"))
            await widget(api, namespace, "a")
            await until(is_there, "the custom resource is in the graph")
            await in_step(store, settings, SMALL)
            await api.delete(f"{DEFINITIONS}/widgets.{GROUP}")
            await until(partial(forgotten, store), "the custom resource and its kind are gone")
            await in_step(store, settings, SMALL)


async def test_a_definition_deleted_while_the_worker_was_away_takes_its_resources_with_it(
    store: Store, api: Api, control_plane: Cluster, namespace: str
) -> None:
    """What is left in the graph of a kind that is no longer served goes before the next first sync is over."""
    settings = cluster_settings(control_plane, "custom")
    await api.make(DEFINITIONS, **definition("widgets", "Widget"))
    await widget(api, namespace, "a")
    async with running(store, settings, SMALL):
        assert "a" in await nodes(store, "custom", "Widget")
    await api.delete(f"{DEFINITIONS}/widgets.{GROUP}")
    await until(partial(undiscovered, settings), "the kind is no longer served")
    async with running(store, settings, SMALL):
        assert await nodes(store, "custom", "Widget") == {}
        await in_step(store, settings, SMALL)


async def test_a_kind_that_goes_right_after_it_was_discovered_is_forgotten(
    store: Store, api: Api, control_plane: Cluster, namespace: str
) -> None:
    """A kind that discovery still names, but that is not found when it is listed, goes without a restart."""
    settings = cluster_settings(control_plane, "custom")
    await api.make(DEFINITIONS, **definition("widgets", "Widget"))
    await widget(api, namespace, "a")
    async with running(store, settings, SMALL):
        assert "a" in await nodes(store, "custom", "Widget")
    # Discovery follows with a delay of its own: most often the worker asks for the kind while it is being taken away.
    await api.delete(f"{DEFINITIONS}/widgets.{GROUP}")
    async with running(store, settings, SMALL):
        await until(partial(forgotten, store), "the custom resource and its kind are gone")
        await in_step(store, settings, SMALL)


@pytest.mark.parametrize("worker", ["runs", "is away"])
async def test_a_scope_that_is_known_only_later_is_that_of_all_who_refer_to_it(
    store: Store, api: Api, control_plane: Cluster, namespace: str, worker: str
) -> None:
    """Who referred to a kind before it was defined refers to it by its scope afterwards, though it did not change."""
    settings = cluster_settings(control_plane, "scopes")
    target = {"apiVersion": f"{GROUP}/v1", "kind": "Gadget", "name": "g"}
    path = f"/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers"
    await api.make(path, metadata={"name": "h"}, spec={"maxReplicas": 2, "scaleTargetRef": target})
    start = f"autoscaling/HorizontalPodAutoscaler/{namespace}/h"

    async def scales() -> set[str]:
        return {end for begin, _, end in await edges(store, "scopes", "SCALES") if begin == start}

    async def by_scope() -> bool:
        return await scales() == {f"{GROUP}/Gadget/_/g"}

    async with running(store, settings, SMALL):
        assert await scales() == {f"{GROUP}/Gadget/{namespace}/g"}
        if worker == "runs":
            await api.make(DEFINITIONS, **definition("gadgets", "Gadget", scope="Cluster"))
            await until(by_scope, "the edge's end has no namespace")
            await in_step(store, settings, SMALL)
    if worker == "is away":
        await api.make(DEFINITIONS, **definition("gadgets", "Gadget", scope="Cluster"))
        async with running(store, settings, SMALL):
            await until(by_scope, "the edge's end has no namespace")
            await in_step(store, settings, SMALL)


async def test_a_kind_that_watch_resources_no_longer_names_leaves_the_graph(
    store: Store, api: Api, control_plane: Cluster, namespace: str
) -> None:
    """A worker told to sync fewer kinds removes those that it leaves out."""
    settings = cluster_settings(control_plane, "fewer")
    await api.make(core(namespace, "configmaps"), metadata={"name": "a"})
    async with running(store, settings, SyncOptions(watch_resources=("namespaces", "configmaps"))):
        assert "a" in await nodes(store, "fewer", "ConfigMap")
    fewer = SyncOptions(watch_resources=("namespaces",))
    async with running(store, settings, fewer):
        assert await nodes(store, "fewer", "ConfigMap") == {}
        await in_step(store, settings, fewer)


async def test_a_definition_that_only_a_list_tells_of_is_followed(
    store: Store, api: Api, control_plane: Cluster, namespace: str, tmp_path: Path
) -> None:
    """A definition whose event is lost to a 410 is found by the list that follows, and its kind is synced."""
    options = SyncOptions(watch_resources=SMALL.watch_resources)
    expired = asyncio.Event()

    async def silent(request: web.Request, forward: Forward) -> web.StreamResponse | None:
        if "sendInitialEvents" in request.query:
            return status(422, "Invalid")
        if expired.is_set() or not (is_watch(request) and "customresourcedefinitions" in request.path):
            return None
        await expired.wait()
        return status(410, "Expired", "too old resource version")

    async def is_there() -> bool:
        return "a" in await nodes(store, "unheard", "Widget")

    async with Meddler.before(control_plane, tmp_path) as meddler:
        meddler.rule = silent
        settings = login(control_plane, "unheard", server=meddler.url, ca_file=meddler.ca_file)
        async with running(store, settings, options):
            await api.make(DEFINITIONS, **definition("widgets", "Widget"))
            await widget(api, namespace, "a")
            expired.set()
            await until(is_there, "the custom resource is in the graph")
