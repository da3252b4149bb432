"""What the graph remembers of a real cluster: changes, who made them, and what is gone."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec
import pytest

from kgraph.api.errors import NotFound
from kgraph.api.history import deleted, histories, recent_changes
from kgraph.api.reading.reader import Reader
from kgraph.api.walk import Walk
from kgraph.graphdb.changes import Change
from kgraph.graphdb.store import Store
from kgraph.kube.settings import ClusterSettings
from kgraph.sync.history import HistoryLimits
from kgraph.sync.options import SyncOptions
from kgraph.sync.retention import forget
from tests.integration.sync.live import Api, core, pod
from tests.servers import Cluster
from tests.workers import cluster_settings, in_step, running, until

KINDS = SyncOptions(watch_resources=("namespaces", "configmaps", "pods", "secrets", "serviceaccounts", "events"))
LONG_AGO = "2000-01-01T00:00:00Z"


@pytest.fixture
async def settings(store: Store, control_plane: Cluster) -> AsyncIterator[ClusterSettings]:
    """A cluster whose deleted resources are not another test's."""
    yield cluster_settings(control_plane, "past")
    await store.run_alone("MATCH (d:Deleted {cluster: 'past'}) DELETE d", what="clearing up")


async def changes_of(store: Store, key: str) -> tuple[Change, ...]:
    """A resource's history, the latest change first."""
    rows = await store.read_text("MATCH (n:Resource {key: $key}) RETURN elementId(n) AS handle", {"key": key})
    if not rows:
        return ()
    return (await histories(Reader(store), [(rows[0]["handle"], key)], timeout=30))[rows[0]["handle"]].changes


async def test_a_change_is_remembered_with_its_fields_and_its_manager(
    store: Store, api: Api, settings: ClusterSettings, namespace: str
) -> None:
    """What comes while it is watched is CREATED, and each later change names paths and the field manager."""
    key = f"past/core/ConfigMap/{namespace}/a"

    async def has(count: int) -> bool:
        return len(await changes_of(store, key)) == count

    async with running(store, settings, KINDS):
        await api.make(core(namespace, "configmaps") + "?fieldManager=maker", metadata={"name": "a"}, data={"x": "1"})
        await until(lambda: has(1), "the creation is remembered")
        await api.merge(core(namespace, "configmaps", "a") + "?fieldManager=changer", data={"x": "2", "y": "3"})
        await until(lambda: has(2), "the change is remembered")
        latest, first = await changes_of(store, key)
        assert (first.type, first.by) == ("CREATED", ("maker",))
        assert (latest.type, latest.by, latest.fields) == ("UPDATED", ("changer",), ("data.x", "data.y"))
        await in_step(store, settings, KINDS)


async def test_what_happened_while_no_worker_ran_is_one_change(
    store: Store, api: Api, settings: ClusterSettings, namespace: str
) -> None:
    """After a restart the difference to the graph is a change like any other; what is the same has none."""
    for name in ("same", "other"):
        await api.make(core(namespace, "configmaps"), metadata={"name": name}, data={"x": "1"})
    async with running(store, settings, KINDS):
        assert await changes_of(store, f"past/core/ConfigMap/{namespace}/other") == ()
    await api.merge(core(namespace, "configmaps", "other") + "?fieldManager=one", data={"x": "2"})
    await api.merge(core(namespace, "configmaps", "other") + "?fieldManager=two", data={"x": "3"})
    async with running(store, settings, KINDS):
        (change,) = await changes_of(store, f"past/core/ConfigMap/{namespace}/other")
        assert (change.type, change.by, change.fields) == ("UPDATED", ("two",), ("data.x",))
        assert await changes_of(store, f"past/core/ConfigMap/{namespace}/same") == ()


async def test_a_deleted_resource_stays_findable_and_meets_no_other_question(
    store: Store, api: Api, settings: ClusterSettings, namespace: str
) -> None:
    """It is kept apart with its last object and changes, forgotten in time, and no part of what `check` compares."""
    path = core(namespace, "configmaps", "a")
    async with running(store, settings, KINDS):
        for number in range(2):  # and again under the same name: each incarnation is remembered
            made = await api.make(core(namespace, "configmaps"), metadata={"name": "a"}, data={"x": str(number)})
            await until(lambda: changes_of(store, f"past/core/ConfigMap/{namespace}/a"), "it is there")
            await api.delete(path)
            await until(partial(_gone, store, namespace, made["metadata"]["uid"]), "it is remembered")
        found, more = await deleted(
            Reader(store), [f"past/core/ConfigMap/{namespace}/"], ["a"], since=LONG_AGO, first=10, timeout=30
        )
        assert not more
        assert [msgspec.json.decode(one.manifest)["data"]["x"] for one in found] == ["1", "0"]
        assert [change.type for change in found[0].changes] == ["DELETED", "CREATED"]
        await in_step(store, settings, KINDS)
    assert await forget(store, "past", seconds=3600) == 0
    assert await forget(store, "past", seconds=0) >= 2
    assert await deleted(
        Reader(store), [f"past/core/ConfigMap/{namespace}/"], None, since=LONG_AGO, first=10, timeout=30
    ) == (
        (),
        False,
    )


async def _gone(store: Store, namespace: str, uid: str) -> Any:
    found, _ = await deleted(
        Reader(store), [f"past/core/ConfigMap/{namespace}/"], None, since=LONG_AGO, first=10, timeout=30
    )
    return any(one.uid == uid for one in found)


async def test_no_history_is_kept_where_none_is_wanted(
    store: Store, api: Api, settings: ClusterSettings, namespace: str
) -> None:
    """With both limits at zero there are neither changes nor deleted resources."""
    options = SyncOptions(watch_resources=KINDS.watch_resources, history=HistoryLimits(changes=0, seconds=0))
    key = f"past/core/ConfigMap/{namespace}/a"

    async def value() -> str:
        rows = await store.read_text("MATCH (n:ConfigMap {key: $key}) RETURN n.manifest AS m", {"key": key})
        return msgspec.json.decode(rows[0]["m"])["data"]["x"] if rows else ""

    async with running(store, settings, options):
        await api.make(core(namespace, "configmaps"), metadata={"name": "a"}, data={"x": "1"})
        await until(value, "it is there")
        await api.merge(core(namespace, "configmaps", "a"), data={"x": "2"})
        await until(lambda: _is(value, "2"), "the change is there")
        assert await changes_of(store, key) == ()
        await api.delete(core(namespace, "configmaps", "a"))
        await until(lambda: _is(value, ""), "it is gone")
        assert await deleted(Reader(store), [key], None, since=LONG_AGO, first=10, timeout=30) == ((), False)


async def _is(read: Any, wanted: str) -> bool:
    return bool(await read() == wanted)


async def test_recent_changes_name_what_changed_near_a_resource(
    store: Store, api: Api, settings: ClusterSettings, namespace: str
) -> None:
    """Around a Pod: the ConfigMap that changed, the Secret that went, and a Pod beside it that is gone; no Event."""
    secret = {"name": "s", "secret": {"secretName": "s"}}
    config = {"name": "c", "configMap": {"name": "c"}}
    await api.make(core(namespace, "configmaps"), metadata={"name": "c"}, data={"x": "1"})
    await api.make(core(namespace, "configmaps"), metadata={"name": "far"}, data={"x": "1"})
    await api.make(core(namespace, "secrets"), metadata={"name": "s"})
    for name in ("a", "b"):
        await api.make(core(namespace, "pods"), **pod(name, volumes=[secret, config]))
    around = f"past/core/Pod/{namespace}/a"
    since = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

    async def found() -> set[tuple[str, str, int | None]]:
        near = await recent_changes(Reader(store), around, Walk(depth=2), since=since, first=100, timeout=30)
        return {
            ("/".join(one.key.split("/")[2:3] + one.key.split("/")[4:]), one.change.type, one.distance)
            for one in near.items
            if "/Pod/" not in one.key or one.key.endswith("/b")
        }

    async with running(store, settings, KINDS):
        for name in ("c", "far"):
            await api.merge(core(namespace, "configmaps", name), data={"x": "2"})
        await api.delete(core(namespace, "secrets", "s"))
        await api.delete(core(namespace, "pods", "b"))
        wanted = {("ConfigMap/c", "UPDATED", 1), ("Secret/s", "DELETED", 1), ("Pod/b", "DELETED", None)}

        async def told() -> bool:
            return wanted <= await found()

        await until(told, "all of it is told")
        seen = await found()
        assert not any(key.startswith(("Event/", "ConfigMap/far")) for key, _, _ in seen)
    with pytest.raises(NotFound):
        await recent_changes(Reader(store), f"{around}-not", Walk(depth=2), since=since, first=100, timeout=30)
