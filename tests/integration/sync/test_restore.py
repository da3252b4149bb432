"""An etcd that is restored from a backup: resourceVersions go back, and are given a second time to other changes."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from kgraph.graphdb.store import Store
from kgraph.stack.kubernetes import ControlPlane
from kgraph.stack.kubernetes_setting import ControlPlaneOptions
from kgraph.stack.progress import silent
from kgraph.sync.options import SyncOptions
from tests.integration.sync.live import Api, core, nodes
from tests.workers import cluster_settings, in_step, running, until

pytestmark = pytest.mark.kubernetes

MAPS = core("default", "configmaps")
SMALL = SyncOptions(watch_resources=("namespaces", "configmaps"))


class Etcd:
    """The etcd of a control plane of one's own, with one backup."""

    def __init__(self, plane: ControlPlane, folder: Path) -> None:
        self._plane = plane
        self._data = folder / "etcd"
        self._backup = folder / "backup"

    async def back_up(self) -> None:
        """Keep all that there is, as a copy of the disk at one moment does."""
        self._plane.pause("etcd")
        try:
            await asyncio.to_thread(_copy, self._data, self._backup)
        finally:
            self._plane.resume("etcd")

    async def restore(self) -> None:
        """Have all that there was again, and nothing that came since."""
        for name in ("kube-apiserver", "etcd"):
            await self._plane.kill(name)
        await asyncio.to_thread(_copy, self._backup, self._data)
        for name in ("etcd", "kube-apiserver"):
            await self._plane.start_again(name)


def _copy(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def plane(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[ControlPlane, Etcd]]:
    """A control plane of etcd and apiserver alone."""
    folder = tmp_path_factory.mktemp("restored")
    async with ControlPlane.start(folder, ControlPlaneOptions(minimal=True), report=silent) as started:
        yield started, Etcd(started, folder)


@pytest_asyncio.fixture(loop_scope="session")
async def restored(plane: tuple[ControlPlane, Etcd]) -> AsyncIterator[Api]:
    """The apiserver as the administrator asks it."""
    async with Api(plane[0]) as opened:
        yield opened


async def put(api: Api, name: str, value: str) -> int:
    """A ConfigMap with this value; its resourceVersion."""
    if await api.get(f"{MAPS}/{name}") is None:
        made = await api.make(MAPS, metadata={"name": name}, data={"value": value})
    else:
        made = await api.merge(f"{MAPS}/{name}", data={"value": value})
    return int(made["metadata"]["resourceVersion"])


async def value_of(store: Store, cluster: str, name: str) -> str:
    """A ConfigMap's value in the graph."""
    key = {"key": f"{cluster}/core/ConfigMap/default/{name}"}
    found = await store.read_text("MATCH (n:Resource {key: $key}) RETURN n.manifest AS manifest", key)
    return str(found[0]["manifest"]) if found else ""


async def test_a_worker_that_watches_follows_a_restored_etcd(
    store: Store, restored: Api, plane: tuple[ControlPlane, Etcd]
) -> None:
    """What was made since the backup goes, what was deleted or changed since is as it was, and new changes are seen."""
    control_plane, etcd = plane
    settings = cluster_settings(control_plane, "restored")
    await put(restored, "deleted-since", "here")
    await put(restored, "changed-since", "before")
    await etcd.back_up()

    async def maps() -> set[str]:
        return set(await nodes(store, "restored", "ConfigMap"))

    async with running(store, settings, SMALL):
        await put(restored, "changed-since", "after")
        await restored.delete(f"{MAPS}/deleted-since")
        for number in range(200):
            await put(restored, "made-since", str(number))

        async def all_is_seen() -> bool:
            last = await value_of(store, "restored", "made-since")
            return '"199"' in last and "deleted-since" not in await maps()

        await until(all_is_seen, "what happened since the backup is in the graph")
        await etcd.restore()

        async def all_is_as_it_was() -> bool:
            there, changed = await maps(), await value_of(store, "restored", "changed-since")
            return "made-since" not in there and "deleted-since" in there and '"before"' in changed

        await until(all_is_as_it_was, "the graph is as it was at the backup")
        await put(restored, "made-after", "here")
        await until(lambda: value_of(store, "restored", "made-after"), "a new change is seen")
        await in_step(store, settings, SMALL)


@pytest.mark.parametrize("overtaken", [False, True], ids=["behind", "overtaken"])
async def test_an_equal_resource_version_of_another_history_is_not_taken_for_no_change(
    store: Store,
    restored: Api,
    plane: tuple[ControlPlane, Etcd],
    overtaken: bool,
) -> None:
    """A worker that starts after a restore finds an object whose content differs at the version that it has already."""
    control_plane, etcd = plane
    cluster = f"twin-{overtaken}"
    settings = cluster_settings(control_plane, cluster)
    await put(restored, "bystander", "before")
    await etcd.back_up()
    # Long after the backup, so that the second history reaches the same version; then there is more of the first.
    for number in range(40):
        await put(restored, "filler", str(number))
    wanted = await put(restored, "bystander", "after") and await put(restored, "twin", "one")
    for number in range(40):
        reached = await put(restored, "filler", str(number))
    async with running(store, settings, SMALL):
        assert '"one"' in await value_of(store, cluster, "twin")
    await until(lambda: second_history(restored, etcd, wanted), "another history has reached the same version")
    if overtaken:
        while await put_secret(restored) <= reached:
            pass
    async with running(store, settings, SMALL):
        assert '"two"' in await value_of(store, cluster, "twin")
        await in_step(store, settings, SMALL)
    # What the graph has now is of this history: the next start trusts it again.
    with capture_logs() as said:
        async with running(store, settings, SMALL):
            await in_step(store, settings, SMALL)
    assert "a list starts again" not in {line["event"] for line in said}


async def second_history(api: Api, etcd: Etcd, wanted: int) -> bool:
    """Restore, and change the twin until it has this version; False where another's change has taken it."""
    await etcd.restore()
    reached, number = 0, 0
    while reached < wanted:
        reached = await put(api, "twin", "two" if reached == wanted - 1 else f"other-{number}")
        number += 1
    found: Any = await api.get(f"{MAPS}/twin")
    return reached == wanted and found["data"]["value"] == "two"


async def put_secret(api: Api) -> int:
    """A change of a kind that is not watched; its resourceVersion."""
    path = core("default", "secrets")
    await api.delete(f"{path}/filler")
    made = await api.make(path, metadata={"name": "filler"})
    return int(made["metadata"]["resourceVersion"])
