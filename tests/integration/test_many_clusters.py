"""Clusters that come and go at run time, on real apiservers: three that differ, on one etcd."""

import asyncio
import base64
import itertools
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest

from kgraph.api.changing.registry import add_cluster, remove_cluster
from kgraph.api.clusters import Cluster as Shown
from kgraph.api.clusters import all_clusters
from kgraph.api.errors import BadUserInput, Conflict, NotFound
from kgraph.api.reading.reader import Reader
from kgraph.cli.process.shards import Keeper
from kgraph.cli.process.workers import Workers
from kgraph.graphdb import registry, shards
from kgraph.graphdb.shards import Worker
from kgraph.graphdb.store import Store, Transaction
from kgraph.kube.given import GivenCluster
from kgraph.kube.sealing import VARIABLE, Sealer
from kgraph.kube.settings import ClusterSettings
from kgraph.stack.kubernetes import ControlPlane
from kgraph.stack.kubernetes_setting import ControlPlaneOptions
from kgraph.stack.progress import silent
from kgraph.sync import vitals
from kgraph.sync.options import SyncOptions
from kgraph.sync.removal import RESTS, Removal
from kgraph.sync.writer import Writer
from tests.integration.sync.definitions import version
from tests.workers import in_step, until

pytestmark = [pytest.mark.neo4j, pytest.mark.kubernetes]

SMALL = SyncOptions(watch_resources=("namespaces", "configmaps", "services", "pods"))
APISERVER = "kube-apiserver"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
APPLICATIONS = {
    "metadata": {"name": "applications.argoproj.io"},
    "spec": {
        "group": "argoproj.io",
        "scope": "Namespaced",
        "names": {"kind": "Application", "plural": "applications"},
        "versions": [version("v1alpha1")],
    },
}
APPLICATION = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "far"}}
NOBODY = "https://127.0.0.1:9"  # discard: nothing listens there


def key() -> str:
    """A new key."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


KEY = key()
SEALER = Sealer.of({VARIABLE: KEY})


@pytest.fixture(scope="module")
async def planes(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[ControlPlane, ...]]:
    """Three small clusters that differ, each with a namespace named after it and one ConfigMap in it."""
    async with AsyncExitStack() as stack:
        started: list[ControlPlane] = []
        for name in ("one", "two", "three"):
            url = started[0].etcd_url if started else ""
            options = ControlPlaneOptions(minimal=True, etcd_url=url, etcd_prefix=f"/{name}")
            folder = tmp_path_factory.mktemp(name)
            plane = await stack.enter_async_context(ControlPlane.start(folder, options, report=silent))
            started.append(plane)
            await plane.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
            await change(plane, name, "first")
        yield tuple(started)


async def is_served(plane: ControlPlane, path: str) -> bool:
    """Whether the apiserver has a path."""
    try:
        await plane.request("GET", path)
    except httpx.HTTPStatusError:
        return False
    return True


async def change(plane: ControlPlane, namespace: str, name: str) -> None:
    """Make a ConfigMap."""
    await plane.request("POST", f"/api/v1/namespaces/{namespace}/configmaps", {"metadata": {"name": name}})


def given(plane: ControlPlane, name: str, **more: Any) -> GivenCluster:
    """A cluster as a caller gives it."""
    login = {"server": plane.server, "ca": plane.ca_file.read_text(), "token": plane.admin_token}
    return GivenCluster(id=name, **{**login, **more})


def settings(plane: ControlPlane, name: str) -> ClusterSettings:
    """A cluster as the configuration has it."""
    return ClusterSettings(id=name, kubeconfig_path=str(plane.kubeconfig), qps=0)


@asynccontextmanager
async def process(
    store: Store, *configured: ClusterSettings, sealer: Sealer = SEALER, options: SyncOptions = SMALL
) -> AsyncIterator[Keeper]:
    """What `kgraph worker` runs: the configured clusters, and those of the registry."""
    async with Keeper(store, Workers(store, configured, options), sealer, "here") as keeper:
        task = asyncio.create_task(keeper.run(), name="keep")
        try:
            yield keeper
        finally:
            task.cancel()
            await asyncio.wait([task])


async def shown(store: Store, name: str) -> Shown | None:
    """A cluster as the API shows it."""
    return next((one for one in await all_clusters(Reader(store), timeout=10) if one.id == name), None)


def is_ready(store: Store, name: str) -> Callable[[], Awaitable[Shown | None]]:
    """The cluster, once nothing is wrong with it."""

    async def ready() -> Shown | None:
        found = await shown(store, name)
        return found if found and found.status.ready else None

    return ready


def is_gone(store: Store, name: str) -> Callable[[], Awaitable[bool]]:
    """Whether nothing of a cluster is in the graph."""

    async def gone() -> bool:
        return await left_of(store, name) == 0

    return gone


async def left_of(store: Store, name: str) -> int:
    """How many nodes are a cluster's: its own, its resources', kinds', subjects', its registration."""
    text = (
        "MATCH (n) WHERE n.cluster = $id OR n.key IN ['cluster:' + $id, 'registration:' + $id] RETURN count(n) AS left"
    )
    return int((await store.read_text(text, {"id": name}))[0]["left"])


def has(store: Store, cluster: str, namespace: str, name: str) -> Callable[[], Awaitable[bool]]:
    """Whether a ConfigMap is in the graph."""

    async def there() -> bool:
        text = "MATCH (n:ConfigMap {key: $key}) RETURN n.key"
        return bool(await store.read_text(text, {"key": f"{cluster}/core/ConfigMap/{namespace}/{name}"}))

    return there


async def test_a_cluster_that_is_added_is_synced_again_after_a_restart_and_gone_once_it_is_removed(
    store: Store, planes: tuple[ControlPlane, ...]
) -> None:
    """The registry outlives processes; removal leaves nothing of the cluster and all of the others."""
    one, two, _ = planes
    async with process(store, settings(two, "two")):
        await add_cluster(store, SEALER, given(one, "one"))
        found = await until(is_ready(store, "one"), "the added cluster is in step")
        assert (found.connected, found.failing_kinds, found.version) == (True, 0, "v1.37.2")
        await in_step(store, settings(one, "one"), SMALL)
    found = await shown(store, "one")
    assert found is not None
    assert "nothing syncs it" in found.status.message
    await change(one, "one", f"later-{secrets.token_hex(4)}")
    async with process(store, settings(two, "two")):
        await until(is_ready(store, "one"), "it is in step after the restart")
        await in_step(store, settings(one, "one"), SMALL)
        await remove_cluster(store, "one")
        await until(is_gone(store, "one"), "the removed cluster is gone")
        await until(is_ready(store, "two"), "the other is in step")
        await in_step(store, settings(two, "two"), SMALL)


async def test_an_application_leads_to_a_cluster_as_soon_as_that_is_added(
    store: Store, planes: tuple[ControlPlane, ...]
) -> None:
    """What an Argo CD Application deploys to is found by the cluster's address, and lost again with the cluster."""
    one, two, _ = planes
    await two.request("POST", DEFINITIONS, APPLICATIONS)
    applications = "/apis/argoproj.io/v1alpha1/namespaces/two/applications"
    spec = {"destination": {"server": f"{one.server}/", "namespace": "one"}}
    await until(lambda: is_served(two, applications), "Applications are served")
    await two.request("POST", applications, {**APPLICATION, "spec": spec})
    watched = (*SMALL.watch_resources, "crd", "*.argoproj.io")
    options = msgspec.structs.replace(SMALL, watch_resources=watched)

    async def ends() -> list[str]:
        text = "MATCH (:Resource {key: $key})-[:DEPLOYS]->(e) RETURN e.key AS end, e:Missing AS missing"
        found = await store.read_text(text, {"key": "two/argoproj.io/Application/two/far"})
        return [row["end"] for row in found if not row["missing"]]

    async def leads_there() -> bool:
        return await ends() == ["one/core/Namespace/_/one"]

    async def leads_nowhere() -> bool:
        return await ends() == []

    async with process(store, settings(two, "two"), options=options):
        await until(is_ready(store, "two"), "the Application's cluster is in step")
        assert await leads_nowhere()
        await add_cluster(store, SEALER, given(one, "one"))
        await until(leads_there, "the Application leads to the cluster that was added")
        await remove_cluster(store, "one")
        await until(leads_nowhere, "the Application leads nowhere")
        await until(is_gone(store, "one"), "nothing is left of the cluster that was removed")


async def test_what_cannot_be_added_or_removed_is_refused_in_words(
    store: Store, planes: tuple[ControlPlane, ...]
) -> None:
    """No key, a taken id, a configured one, an unknown one: each refusal says what to do, and nothing is written."""
    one = planes[0]
    with pytest.raises(BadUserInput, match=VARIABLE):
        await add_cluster(store, Sealer.of({}), given(one, "one"))
    with pytest.raises(NotFound):
        await remove_cluster(store, "one")
    await add_cluster(store, SEALER, given(one, "one"), dry_run=True)
    assert await left_of(store, "one") == 0
    await add_cluster(store, SEALER, given(one, "one"))
    with pytest.raises(Conflict, match="already"):
        await add_cluster(store, SEALER, given(one, "one"))
    await shards.look(store, Worker("worker:x", "x", "", ("two",)))
    with pytest.raises(Conflict, match="configuration"):
        await add_cluster(store, SEALER, given(one, "two"))
    await Writer.claim(store, "two", {})
    with pytest.raises(Conflict, match="configuration"):
        await remove_cluster(store, "two")
    await remove_cluster(store, "one")
    with pytest.raises(Conflict, match="being removed"):
        await add_cluster(store, SEALER, given(one, "one"))


async def test_credentials_are_gone_from_the_registry_once_a_cluster_is_to_be_removed(
    store: Store, planes: tuple[ControlPlane, ...]
) -> None:
    """Neither the open part nor the seal shows a token, and a mark of removal keeps neither of the two."""
    one = planes[0]
    await add_cluster(store, SEALER, given(one, "one"))
    found = await registry.registration(store, "one")
    assert one.server in found.settings
    assert one.admin_token not in found.settings + found.sealed
    assert SEALER.open("one", found.sealed) == {"token": one.admin_token}
    await remove_cluster(store, "one")
    found = await registry.registration(store, "one")
    assert (found.settings, found.sealed, found.removing) == ("", "", True)


@pytest.mark.parametrize("wrong", [Sealer.of({VARIABLE: key()}), Sealer.of({})], ids=["another-key", "no-key"])
async def test_a_seal_that_does_not_open_fails_alone(
    store: Store, planes: tuple[ControlPlane, ...], wrong: Sealer
) -> None:
    """The cluster says which variable is at fault, and the others are in step; with the key put back it is too."""
    one, two, _ = planes
    await add_cluster(store, SEALER, given(one, "one"))
    async with process(store, settings(two, "two"), sealer=wrong):
        await until(is_ready(store, "two"), "the configured cluster is in step")

        async def says_why() -> bool:
            found = await shown(store, "one")
            return found is not None and found.connected is False and VARIABLE in found.status.message

        await until(says_why, "the cluster says that no key opens its seal")
    rotated = Sealer.of({VARIABLE: f"{key()},{KEY}"})
    async with process(store, settings(two, "two"), sealer=rotated):
        await until(is_ready(store, "one"), "the old key behind the new one opens it")


async def test_a_removal_that_is_killed_goes_on_where_it_was(store: Store, planes: tuple[ControlPlane, ...]) -> None:
    """Cancelled after each few transactions, the removal ends in the same graph; images shared with others stay."""
    one, two, _ = planes
    for plane, name in ((one, "one"), (two, "two")):
        await pods(plane, name)
    async with process(store, settings(two, "two")):
        await add_cluster(store, SEALER, given(one, "one"))
        await until(is_ready(store, "one"), "it is in step")
    before = await images(store)
    assert {"docker.io/library/shared:1", "docker.io/library/of-one:1"} <= before
    await remove_cluster(store, "one")
    killed = 0
    while not await cut_short(store, "one", after=2 + killed):
        killed += 1
    assert killed > 1
    assert await left_of(store, "one") == 0
    assert await images(store) == before - {"docker.io/library/of-one:1"}
    await in_step(store, settings(two, "two"), SMALL)


async def test_a_removal_leaves_neo4j_to_the_clusters_that_stay(store: Store, planes: tuple[ControlPlane, ...]) -> None:
    """After each piece that a removal takes away it writes nothing for four times as long as the piece took."""
    async with process(store, settings(planes[0], "one")):
        await until(is_ready(store, "one"), "it is in step")
    written: list[tuple[float, float]] = []

    class Clocked(Store):
        async def write(self, work: Callable[[Transaction], Awaitable[Any]], **options: Any) -> Any:
            began = time.monotonic()
            try:
                return await super().write(work, **options)
            finally:
                written.append((began, time.monotonic()))

    removal = Removal(Clocked(store._driver, store._settings), "one")
    removal._most = 3
    await removal.run()
    assert await left_of(store, "one") == 0
    rested = [after - end >= RESTS * (end - began) for (began, end), (after, _) in itertools.pairwise(written)]
    # Those that found nothing left, and the ones that claim, bury and forget, are followed at once.
    assert rested.count(True) >= 3, rested


async def test_a_dead_cluster_and_a_frozen_one_cost_the_others_nothing(
    store: Store, planes: tuple[ControlPlane, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One apiserver away, one that hangs, one that never was: changes of the fourth become visible at once."""
    monkeypatch.setattr(vitals, "PROBE_SECONDS", 5.0)
    monkeypatch.setattr(vitals, "PROBE_TIMEOUT_SECONDS", 5.0)
    one, two, three = planes
    await add_cluster(store, SEALER, given(one, "nobody", server=NOBODY))
    async with process(store, *(settings(plane, name) for plane, name in zip(planes, NAMES, strict=True))):
        for name in NAMES:
            await until(is_ready(store, name), f"{name} is in step")
        await two.kill(APISERVER)
        three.pause(APISERVER)
        try:

            async def known_as_lost() -> bool:
                found = [await shown(store, name) for name in ("two", "three", "nobody")]
                return all(each is not None and each.connected is False for each in found)

            waiting = asyncio.create_task(until(known_as_lost, "both are known as lost, and the third", seconds=75))
            while not waiting.done():
                name = f"beside-{secrets.token_hex(4)}"
                await change(one, "one", name)
                await until(has(store, "one", "one", name), "a change of the live cluster is visible", seconds=5)
            await waiting
            alive = await shown(store, "one")
            assert alive is not None
            assert alive.status.ready
            assert alive.lag_seconds is not None
            assert alive.last_event_at is not None
        finally:
            three.resume(APISERVER)
            await two.start_again(APISERVER)
        for name in NAMES:
            await until(is_ready(store, name), f"{name} is in step again")
        await change(two, "two", marker := f"after-{secrets.token_hex(4)}")
        await until(has(store, "two", "two", marker), "the revived cluster's change is visible")


async def test_a_second_process_takes_over_what_a_lost_one_had(store: Store, planes: tuple[ControlPlane, ...]) -> None:
    """A registration has one owner; when that is not seen any more, another process syncs the cluster."""
    await add_cluster(store, SEALER, given(planes[0], "one"))
    first = Worker("worker:first", "first", "", ())
    (shard,) = (await shards.look(store, first)).shards
    assert (shard.cluster, shard.holder) == ("one", "worker:first")
    async with process(store) as second:
        await second.look()
        (shard,) = (await shards.look(store, first)).shards
        assert shard.holder == "worker:first"
        lost = "MATCH (w:SyncWorker {key: 'worker:first'}) SET w.until = datetime()"
        await store.run_alone(lost, what="a process is lost")
        found = await until(is_ready(store, "one"), "the second process syncs it")
        assert found.worker == "here"


NAMES = ("one", "two", "three")


async def pods(plane: ControlPlane, namespace: str) -> None:
    """Pods that nobody runs, of an image that all clusters have and of one that is the cluster's own."""
    account = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    if not (await plane.request("GET", account))["items"]:
        await plane.request("POST", account, {"metadata": {"name": "default"}})
    for name in ("shared", f"of-{namespace}"):
        spec = {"containers": [{"name": "c", "image": f"{name}:1"}], "automountServiceAccountToken": False}
        body = {"metadata": {"name": f"{name}-{secrets.token_hex(4)}"}, "spec": spec}
        await plane.request("POST", f"/api/v1/namespaces/{namespace}/pods", body)


async def images(store: Store) -> set[str]:
    """The references of all images."""
    return {row["name"] for row in await store.read_text("MATCH (i:Image) RETURN i.reference AS name")}


class CutShort(Exception):
    """The process is killed here."""


async def cut_short(store: Store, cluster: str, *, after: int) -> bool:
    """Run a removal that dies at its transaction `after`; whether it came to its end before."""
    written = 0

    class Mortal(Store):
        async def write(self, work: Callable[[Transaction], Awaitable[Any]], **options: Any) -> Any:
            nonlocal written
            written += 1
            if written > after:
                raise CutShort
            return await super().write(work, **options)

    removal = Removal(Mortal(store._driver, store._settings), cluster)
    removal._most = 7
    try:
        await removal.run()
    except CutShort:
        return False
    return True
