"""Who begins to follow in the midst of a storm has the cluster's state, without a gap or a duplicate."""

import asyncio
import random
from typing import Any

from kgraph.feed.bus import Bus
from kgraph.graphdb.store import Store
from kgraph.sync.feed import Feed
from kgraph.sync.options import SyncOptions
from tests.integration.sync.live import Api, core
from tests.servers import Cluster
from tests.streams import Stream, served
from tests.workers import cluster_settings, running

CONFIG_ONLY = SyncOptions(watch_resources=("namespaces", "configmaps"))
NAMES = [f"storm-{number}" for number in range(12)]
SELECTOR = "storm=yes"
CHANGES = 400
FOLLOWERS = 20


async def storm(api: Api, namespace: str, seed: int) -> None:
    """Objects made, changed, deleted and made anew, as fast as it goes; the same storm each time."""
    chance = random.Random(seed)
    there: set[str] = set()
    for number in range(CHANGES):
        name = chance.choice(NAMES)
        path = core(namespace, "configmaps", name)
        if name not in there:
            labels = {"storm": "yes"}
            await api.make(core(namespace, "configmaps"), metadata={"name": name, "labels": labels}, data={"n": "0"})
            there.add(name)
        elif chance.random() < 0.3:
            await api.delete(path)
            there.discard(name)
        else:
            await api.merge(path, data={"n": str(number)})


async def followed(address: str, namespace: str, last: str) -> dict[str, str]:
    """What one follower's events add up to: names and resourceVersions; AssertionError where one is told twice."""
    seen: dict[str, str] = {}
    told: set[tuple[str, str, str]] = set()
    asked = {"namespace": namespace, "resource_type": "configmaps", "labelSelector": SELECTOR, "initialState": "true"}
    async with Stream.open(address, **asked) as stream:
        while True:
            one = await stream.next()
            if one.name == "SYNCED":
                continue
            name, uid = one.data["resource"]["name"], one.data["resource"]["uid"]
            if one.data["event_type"] == "DELETED":
                assert name in seen, f"{name} is deleted, and was never told of"
                del seen[name]
                continue
            version = one.data["new_object"]["metadata"]["resourceVersion"]
            assert (name, uid, version) not in told, f"{name} of {version} was told twice"
            assert int(version) > int(seen.get(name, "0")), f"{name} goes back to {version}"
            told.add((name, uid, version))
            seen[name] = version
            if name == last:
                return seen


async def test_the_state_and_the_stream_add_up_in_a_storm(
    store: Store, control_plane: Cluster, api: Api, namespace: str
) -> None:
    """Followers who come at any moment of a storm end with what the cluster has, told once each."""
    bus = Bus()
    settings = cluster_settings(control_plane, "storm")
    async with (
        running(store, settings, CONFIG_ONLY, feed=Feed(bus=bus)),
        served(store, bus) as (address, _),
        asyncio.TaskGroup() as tasks,
    ):
        storming = tasks.create_task(storm(api, namespace, 7))
        following = []
        for _ in range(FOLLOWERS):
            following.append(tasks.create_task(followed(address, namespace, "the-last")))
            await asyncio.wait({storming}, timeout=0.15)
        await storming
        await api.make(
            core(namespace, "configmaps"), metadata={"name": "the-last", "labels": {"storm": "yes"}}, data={}
        )
        states = [await one for one in following]
    listed: Any = await api.get(f"{core(namespace, 'configmaps')}?labelSelector={SELECTOR}")
    now = {item["metadata"]["name"]: item["metadata"]["resourceVersion"] for item in listed["items"]}
    for state in states:
        assert state == now


async def test_the_state_is_as_severe_as_the_events_of_its_changes_are(
    store: Store, control_plane: Cluster, api: Api, namespace: str
) -> None:
    """Who asks for warnings is shown what is not well when they come, with its reason, and none of the rest."""
    about = {"kind": "ConfigMap", "namespace": namespace, "name": "any"}
    for name, kind in (("calm", "Normal"), ("alarming", "Warning")):
        await api.make(
            core(namespace, "events"),
            metadata={"name": name, "labels": {"storm": "yes"}},
            involvedObject=about,
            type=kind,
            reason="Tried",
            message=f"{name} it was",
        )
    spec = {"schedulerName": "nobody", "containers": [{"name": "main", "image": "nginx"}]}
    await api.make(core(namespace, "pods"), metadata={"name": "failed", "labels": {"storm": "yes"}}, spec=spec)
    await api.merge(f"{core(namespace, 'pods', 'failed')}/status", status={"phase": "Failed", "message": "out of luck"})
    bus = Bus()
    options = SyncOptions(watch_resources=("namespaces", "events", "pods"))
    asked = {"namespace": namespace, "labelSelector": SELECTOR, "initialState": "true", "minSeverity": "warning"}
    async with (
        running(store, cluster_settings(control_plane, "severe"), options, feed=Feed(bus=bus)),
        served(store, bus) as (address, _),
        Stream.open(address, **asked) as stream,
    ):
        shown = {}
        while (one := await stream.next()).name != "SYNCED":
            said = one.data["metadata"]
            shown[one.data["resource"]["name"]] = (said["severity"], said["reason"], said["message"])
    assert shown.keys() == {"alarming", "failed"}
    assert shown["alarming"] == ("warning", "Tried", "alarming it was")
    assert shown["failed"] == ("error", "Degraded", "out of luck")


async def test_the_state_has_what_came_a_moment_ago(
    store: Store, control_plane: Cluster, api: Api, namespace: str
) -> None:
    """A kind that nobody had heard of when the server was asked last is in the state as soon as it is in the graph."""
    await api.make(core(namespace, "configmaps"), metadata={"name": "new"}, data={})
    bus = Bus()
    asked = {"namespace": namespace, "resource_type": "configmaps", "initialState": "true"}
    async with served(store, bus) as (address, _):
        async with Stream.open(address, **asked) as stream:
            assert (await stream.next()).name == "SYNCED"
        async with (
            running(store, cluster_settings(control_plane, "storm"), CONFIG_ONLY, feed=Feed(bus=bus)),
            Stream.open(address, **asked) as stream,
        ):
            names = []
            while (one := await stream.next()).name != "SYNCED":
                names.append(one.data["resource"]["name"])
    assert "new" in names
