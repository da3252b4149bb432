"""The data: a cluster's Deployments with all that hangs on them, made by real controllers once and kept.

What is kept is etcd's folder, so that a run starts with a cluster that has been there for a while in seconds. A run
works on a copy: whatever it changes, the next run finds the same.
"""

import asyncio
import hashlib
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

from kgraph.kube.connection import Connection
from kgraph.kube.settings import ClusterSettings
from kgraph.stack.cache import cached
from kgraph.stack.kubernetes import ControlPlane
from kgraph.stack.kubernetes_programs import ETCD, KUBERNETES, KWOK
from kgraph.stack.kubernetes_setting import ControlPlaneOptions
from kgraph.stack.progress import Report

CLUSTER = "bench"
# Events of an hour ago are gone by default, and with them a third of the resources of a kept data set.
EVENTS_LAST = "8760h"
OPTIONS = ControlPlaneOptions(apiserver_options=(f"--event-ttl={EVENTS_LAST}",))
WRITES_AT_ONCE = 8
# An apiserver that shares two cores with the controllers which make ten thousand Pods may be silent for long.
PATIENCE_SECONDS = 300.0
POLL_SECONDS = 2.0
# What a controller still has to say once all Pods run: the last Events, the last EndpointSlices.
QUIET_SECONDS = 10.0
NO_PROGRESS_SECONDS = 600.0


class DataSet(msgspec.Struct, frozen=True):
    """How much there is; `pods_per_node` is the kubelet's own limit, so that there are as many nodes as in life."""

    namespaces: int
    deployments: int
    replicas: int
    pods_per_node: int = 110

    @property
    def apps(self) -> int:
        """How many Deployments there are, and as many Services, ConfigMaps and Secrets."""
        return self.namespaces * self.deployments

    @property
    def pods(self) -> int:
        """How many Pods there are."""
        return self.apps * self.replicas

    @property
    def nodes(self) -> int:
        """How many Nodes they need."""
        return max(3, -(-self.pods // self.pods_per_node))

    @property
    def folder(self) -> str:
        """The name under which the data is kept: the parameters, and a digest of all else that decides what it is."""
        digest = hashlib.sha256()
        for module in (ETCD, KUBERNETES, KWOK):
            digest.update(module.fingerprint.encode())
        digest.update(msgspec.json.encode([OPTIONS, self, *_app("", "", self.replicas)]))
        return f"bench-{self.namespaces}x{self.deployments}x{self.replicas}-{digest.hexdigest()[:10]}"

    def __str__(self) -> str:
        return f"{self.namespaces} namespaces x {self.deployments} Deployments x {self.replicas} Pods"


FULL = DataSet(20, 50, 10)
SMALL = DataSet(2, 5, 4)


@asynccontextmanager
async def running(
    data: DataSet, folder: Path, report: Report, events_last: str = EVENTS_LAST
) -> AsyncIterator[ControlPlane]:
    """A control plane on a copy of the data, which is made first where this machine has none.

    Events that are made from then on last so long.
    """

    async def make(target: Path) -> None:
        async with ControlPlane.start(target / "plane", OPTIONS, report=report) as plane:
            await _fill(plane, data, report)
            await _compacted(plane)
        # The keys, tokens and logs are of no use to another control plane: each makes its own.
        (target / "plane" / "etcd").rename(target / "etcd")
        shutil.rmtree(target / "plane")

    kept = await cached(data.folder, make)
    await asyncio.to_thread(shutil.copytree, kept / "etcd", folder / "etcd")
    options = ControlPlaneOptions(apiserver_options=(f"--event-ttl={events_last}",))
    async with ControlPlane.start(folder, options, report=report) as plane:
        async with connected(plane) as connection:
            await _until_whole(connection, data, report)
        yield plane


def settings_of(plane: ControlPlane) -> ClusterSettings:
    """The cluster for a client of ours that may ask as fast as it can."""
    return ClusterSettings(id=CLUSTER, kubeconfig_path=str(plane.kubeconfig), qps=0, timeout=PATIENCE_SECONDS)


@asynccontextmanager
async def connected(plane: ControlPlane) -> AsyncIterator[Connection]:
    """A connection that may ask as fast as it can."""
    async with Connection.open(settings_of(plane)) as connection:
        yield connection


async def _fill(plane: ControlPlane, data: DataSet, report: Report) -> None:
    await plane.add_nodes(data.nodes)
    async with connected(plane) as connection:
        await _create(connection, "/api/v1/namespaces", _namespaces(data), ("Namespaces", data.namespaces), report)
        await _create(connection, "", _objects(data), ("Deployments and theirs", 4 * data.apps), report)
        await _until_whole(connection, data, report)
        await _until_quiet(connection)


async def _create(
    connection: Connection, path: str, objects: Iterator[dict[str, Any]], progress: tuple[str, int], report: Report
) -> None:
    what, total = progress
    done = 0

    async def create_some() -> None:
        nonlocal done
        for value in objects:
            await connection.request(
                "POST",
                path or _path(value),
                body=msgspec.json.encode(value),
                headers=[("Content-Type", "application/json")],
            )
            done += 1
            report(f"Creating {what}", done, total)

    async with asyncio.TaskGroup() as tasks:
        for number in range(WRITES_AT_ONCE):
            tasks.create_task(create_some(), name=f"create {number}")


async def _until_whole(connection: Connection, data: DataSet, report: Report) -> None:
    """Wait until every Pod runs and every Service knows its Pods."""
    loop = asyncio.get_running_loop()
    best, best_at = -1, loop.time()
    while True:
        running = await _count(connection, "/api/v1/pods", {"fieldSelector": "status.phase=Running"})
        slices = await _count(connection, "/apis/discovery.k8s.io/v1/endpointslices")
        report("Pods run", min(running, data.pods - 1), data.pods)
        if running >= data.pods and slices >= data.apps and await _endpoints(connection) >= data.pods:
            report("Pods run", data.pods, data.pods)
            return
        if running + slices > best:
            best, best_at = running + slices, loop.time()
        if loop.time() - best_at > NO_PROGRESS_SECONDS:
            raise TimeoutError(f"no further Pod has started for {NO_PROGRESS_SECONDS:g} s: {running} of {data.pods}")
        await asyncio.sleep(POLL_SECONDS)


async def _until_quiet(connection: Connection) -> None:
    """Wait until no controller adds anything."""
    before = -1
    while (now := await _count(connection, "/api/v1/events")) != before:
        before = now
        await asyncio.sleep(QUIET_SECONDS)


async def _count(connection: Connection, path: str, params: dict[str, str] | None = None) -> int:
    """How many objects there are, of which one is read; a selector has the server tell no count, so all are."""
    limit = {} if params else {"limit": "1"}
    listed = await connection.get_json(path, _List, {**limit, **(params or {})})
    return len(listed.items) + (listed.metadata.remaining or 0)


async def _endpoints(connection: Connection) -> int:
    listed = await connection.get_json("/apis/discovery.k8s.io/v1/endpointslices", _Slices)
    return sum(len(item.endpoints or ()) for item in listed.items)


class _ListMetadata(msgspec.Struct):
    remaining: int | None = msgspec.field(default=None, name="remainingItemCount")


class _List(msgspec.Struct):
    metadata: _ListMetadata
    items: list[msgspec.Raw]


class _Slice(msgspec.Struct):
    endpoints: list[msgspec.Raw] | None = None


class _Slices(msgspec.Struct):
    items: list[_Slice]


def objects(data: DataSet) -> Iterator[tuple[str, dict[str, Any]]]:
    """The Deployments and all that they need but their namespaces: where each is created, and what it is."""
    for value in _objects(data):
        yield _path(value), value


async def _compacted(plane: ControlPlane) -> None:
    """Forget etcd's history and give its space back: what is kept is copied by every run."""
    await plane.compact(forget_watch_cache=False)
    async with httpx.AsyncClient(base_url=plane.etcd_url, timeout=60, trust_env=False) as etcd:
        (await etcd.post("/v3/maintenance/defragment", json={})).raise_for_status()


def _namespaces(data: DataSet) -> Iterator[dict[str, Any]]:
    for number in range(data.namespaces):
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"team-{number:02}"}}


def _objects(data: DataSet) -> Iterator[dict[str, Any]]:
    for number in range(data.namespaces):
        for app in range(data.deployments):
            yield from _app(f"team-{number:02}", f"app-{app:02}", data.replicas)


def _app(namespace: str, name: str, replicas: int) -> Iterator[dict[str, Any]]:
    """A Deployment as people write them: probes, resources, environment; its Service, ConfigMap and Secret."""
    metadata = {"name": name, "namespace": namespace, "labels": {"app.kubernetes.io/name": name, "team": namespace}}
    upstream = f"http://{name}.{namespace}.svc"
    config = {"LOG_LEVEL": "info", "UPSTREAM": upstream, "FEATURES": "search,checkout,reviews"}
    yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": config}
    yield {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "stringData": {"password": f"{namespace}-{name}"},
    }
    yield {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {"selector": {"app": name}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
    }
    container = {
        "name": "app",
        "image": f"registry.example.com/{namespace}/{name}:1.{len(name)}",
        "ports": [{"name": "http", "containerPort": 8080}],
        "envFrom": [{"configMapRef": {"name": name}}],
        "env": [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": name, "key": "password"}}}],
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "64Mi"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}},
        "livenessProbe": {"httpGet": {"path": "/live", "port": "http"}},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/app"}],
    }
    yield {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name, "team": namespace}},
                "spec": {"containers": [container], "volumes": [{"name": "config", "configMap": {"name": name}}]},
            },
        },
    }


def _path(value: dict[str, Any]) -> str:
    api = "apis/apps/v1" if value["kind"] == "Deployment" else "api/v1"
    return f"/{api}/namespaces/{value['metadata']['namespace']}/{value['kind'].lower()}s"
