"""Two clusters in one process, one of which suffers: the other does not lag, and both are in step in the end."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path

import pytest
from aiohttp import web

from kgraph.graphdb.store import Store
from kgraph.kube.connection import Connection
from kgraph.kube.errors import Unauthenticated
from kgraph.kube.settings import AuthMethod, ClusterSettings, TlsSettings
from kgraph.stack.kubernetes import ControlPlane
from kgraph.stack.kubernetes_setting import ADMIN_GROUP
from kgraph.sync import followed_kinds
from kgraph.sync import reflector as reflectors
from kgraph.sync.options import SyncOptions
from tests.certificates import issue_client_until
from tests.integration.sync.live import Api, core, kind_errors, login, nodes
from tests.integration.sync.meddling import Forward, Meddler, Wire, is_watch, status
from tests.servers import Cluster
from tests.workers import cluster_settings, in_step, running, until

pytestmark = pytest.mark.kubernetes

SMALL = SyncOptions(watch_resources=("namespaces", "configmaps"))
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
API_SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
GROUP = "faults.kgraph.dev"
# As much as a ConfigMap may hold, and its annotations: 1.3 MB together, where etcd takes 1.5.
LARGE_BYTES = 1024 * 1024
LARGE_ANNOTATION_BYTES = 250 * 1024
HUGE_BYTES = 5_000_000
REFUSALS = 10


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let retries come soon."""
    monkeypatch.setattr(reflectors, "RETRY_FIRST_SECONDS", 0.05)
    monkeypatch.setattr(reflectors, "RETRY_MOST_SECONDS", 0.5)
    monkeypatch.setattr(followed_kinds, "FAILURES_LOOK_AGAIN_SECONDS", 1.0)


def has(store: Store, cluster: str, *names: str) -> Callable[[], Awaitable[bool]]:
    """A condition: a cluster's graph has these ConfigMaps."""

    async def holds() -> bool:
        return set(names) <= set(await nodes(store, cluster, "ConfigMap"))

    return holds


def fails(store: Store, cluster: str, said: str) -> Callable[[], Awaitable[bool]]:
    """A condition: the node of the ConfigMaps says what is wrong."""

    async def holds() -> bool:
        return said in (await kind_errors(store, cluster)).get("configmaps", "")

    return holds


def recovered(store: Store, cluster: str) -> Callable[[], Awaitable[bool]]:
    """A condition: no kind fails."""

    async def holds() -> bool:
        return not await kind_errors(store, cluster)

    return holds


async def busy(_: web.Request, __: Forward) -> web.StreamResponse | None:
    """Asks everybody to come back in a second."""
    answer = status(429, "TooManyRequests", "please try again later")
    answer.headers["Retry-After"] = "1"
    return answer


async def down(_: web.Request, __: Forward) -> web.StreamResponse | None:
    """What a load balancer without an apiserver says."""
    return web.Response(status=503, text="<html>no healthy upstream</html>", content_type="text/html")


async def silent(_: web.Request, __: Forward) -> web.StreamResponse | None:
    """Takes each request and says nothing."""
    await asyncio.Event().wait()
    return None


async def cut(request: web.Request, forward: Forward) -> web.StreamResponse | None:
    """Breaks off in the middle of each body; a body that says its length says the whole."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = None if is_watch(request) else 10_000
    await response.prepare(request)
    await response.write(b'{"type":"ADDED","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"ha')
    assert request.transport is not None
    request.transport.abort()
    return response


FAULTS = {"429": busy, "503": down, "silence": silent, "bodies cut": cut}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_cluster_that_suffers_holds_up_no_other(
    store: Store, api: Api, control_plane: Cluster, namespace: str, tmp_path: Path, fault: str
) -> None:
    """While one cluster's server fails for long, a change of the other is seen; afterwards both are in step."""
    healthy = cluster_settings(control_plane, "healthy")
    path = core(namespace, "configmaps")
    async with Meddler.before(control_plane, tmp_path) as meddler:
        through = login(control_plane, "sick", server=meddler.url, ca_file=meddler.ca_file, timeout=1)
        async with running(store, healthy, SMALL), running(store, through, SMALL):
            meddler.rule = FAULTS[fault]
            meddler.cut()
            asked = len(meddler.asked)
            made: list[str] = []
            while len(meddler.asked) < asked + REFUSALS or len(made) < 3:
                made.append(f"{namespace}-{len(made)}")
                await api.make(path, metadata={"name": made[-1]})
                await until(has(store, "healthy", made[-1]), "the other cluster's change is seen")
            await api.delete(f"{path}/{made[0]}")
            assert not set(made) & set(await nodes(store, "sick", "ConfigMap"))
            meddler.rule = None
            await until(has(store, "sick", *made[1:]), "what happened meanwhile is seen")
            await until(recovered(store, "sick"), "no kind fails any more")
            await in_step(store, through, SMALL)
            await in_step(store, healthy, SMALL)


@asynccontextmanager
async def beside_another(
    store: Store, api: Api, cluster: Cluster, settings: ClusterSettings, namespace: str
) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """A worker of a cluster and one of a healthy one; what is given makes sure that the latter does not lag."""
    healthy = cluster_settings(cluster, "healthy")
    numbers = iter(range(10**6))

    async def does_not_lag() -> None:
        name = f"{namespace}-{next(numbers)}"
        await api.make(core(namespace, "configmaps"), metadata={"name": name})
        await until(has(store, "healthy", name), "the other cluster's change is seen")

    async with running(store, healthy, SMALL), running(store, settings, SMALL):
        yield does_not_lag
        await until(recovered(store, settings.id), "no kind fails any more")
        await in_step(store, settings, SMALL)
        await in_step(store, healthy, SMALL)


async def test_a_client_certificate_that_ends_is_told_and_a_new_one_in_the_kubeconfig_is_used(
    store: Store, api: Api, own_control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    """A certificate ends while its bearer watches; whoever renews it writes the kubeconfig, and nobody restarts."""
    file = tmp_path / "config"
    ca = own_control_plane._setting.authority.ca

    async def log_in(seconds: float) -> None:
        pair = await issue_client_until(ca, tmp_path / f"{seconds:g}", "renewed", ADMIN_GROUP, seconds)
        user = {"client-certificate": str(pair.certificate), "client-key": str(pair.key)}
        content = {
            "current-context": "x",
            "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
            "clusters": [{"name": "x", "cluster": {"server": wire.url, "certificate-authority": str(ca.certificate)}}],
            "users": [{"name": "x", "user": user}],
        }
        file.write_text(json.dumps(content))

    async def has_ended() -> bool:
        async with Connection.open(settings) as connection:
            try:
                await connection.get("/api/v1/namespaces", {"limit": "1"})
            except Unauthenticated:
                return True
        return False

    async with Wire.before(own_control_plane) as wire:
        settings = ClusterSettings(id="sick", kubeconfig_path=str(file), qps=0)
        await log_in(8)
        async with beside_another(store, api, own_control_plane, settings, namespace) as does_not_lag:
            await does_not_lag()
            await until(has(store, "sick", f"{namespace}-0"), "the certificate is good")
            await until(has_ended, "the certificate has ended")
            wire.cut()
            await until(fails(store, "sick", "401 Unauthorized"), "the kind's node says why")
            await does_not_lag()
            assert f"{namespace}-1" not in await nodes(store, "sick", "ConfigMap")
            await log_in(3600)
            await until(has(store, "sick", f"{namespace}-1"), "the new certificate is used")


async def test_a_token_that_is_revoked_is_told_and_the_next_one_is_used(
    store: Store, api: Api, control_plane: Cluster, namespace: str, tmp_path: Path
) -> None:
    """With its service account deleted a worker is told so by each kind; a new token in the file makes it go on."""
    accounts, file = core(namespace, "serviceaccounts"), tmp_path / "token"
    bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    subject = {"kind": "ServiceAccount", "name": "watcher", "namespace": namespace}

    async def issue() -> None:
        await api.make(accounts, metadata={"name": "watcher"})
        answer = await api.make(f"{accounts}/watcher/token", spec={"expirationSeconds": 600})
        file.write_text(answer["status"]["token"])

    async def is_revoked() -> bool:
        async with Connection.open(settings) as connection:
            try:
                await connection.version()
            except Unauthenticated:
                return True
        return False

    async with Wire.before(control_plane) as wire:
        settings = ClusterSettings(
            id="sick",
            auth_method=AuthMethod.SERVICE_ACCOUNT,
            api_server_url=wire.url,
            service_account_token_file=str(file),
            tls_config=TlsSettings(ca_file=str(control_plane.ca_file)),
            qps=0,
        )
        await issue()
        await api.make(bindings, metadata={"name": namespace}, roleRef=role, subjects=[subject])
        try:
            async with beside_another(store, api, control_plane, settings, namespace) as does_not_lag:
                await api.delete(f"{accounts}/watcher")
                await until(is_revoked, "the apiserver knows the token no more")
                wire.cut()
                await until(fails(store, "sick", "401 Unauthorized"), "the kind's node says why")
                assert file.read_text() not in str(await kind_errors(store, "sick"))
                await does_not_lag()
                await issue()
                await until(has(store, "sick", f"{namespace}-0"), "the new token is used")
        finally:
            await api.delete(f"{bindings}/{namespace}")


async def test_a_group_that_is_gone_for_a_while_keeps_its_resources_and_costs_no_other_kind(
    store: Store, api: Api, control_plane: Cluster, namespace: str, tmp_path: Path
) -> None:
    """An APIService that leads nowhere makes its group fail, which is not taken for the end of its resources."""
    options = SyncOptions(watch_resources=("namespaces", "configmaps", "apiservices", f"*.{GROUP}"))
    widgets = f"/apis/{GROUP}/v1/namespaces/{namespace}/widgets"
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    names = {"kind": "Widget", "plural": "widgets"}
    spec = {"group": GROUP, "scope": "Namespaced", "names": names, "versions": [version]}
    service = f"{API_SERVICES}/v1.{GROUP}"

    async def served() -> bool:
        return await api.get(widgets) is not None

    async def not_served() -> bool:
        return not await served()

    async def cluster_error() -> str:
        found = await store.read_text("MATCH (c:Cluster {key: 'cluster:sick'}) RETURN c.error AS error")
        return str(found[0]["error"] or "")

    async def told() -> bool:
        return GROUP in await cluster_error()

    async def no_longer_told() -> bool:
        return not await cluster_error()

    await api.make(DEFINITIONS, metadata={"name": f"widgets.{GROUP}"}, spec=spec)
    try:
        await until(served, "the group is served")
        await api.make(widgets, apiVersion=f"{GROUP}/v1", kind="Widget", metadata={"name": "kept"})
        async with Meddler.before(control_plane, tmp_path) as meddler:
            settings = login(control_plane, "sick", server=meddler.url, ca_file=meddler.ca_file)
            async with running(store, settings, options):
                assert set(await nodes(store, "sick", "Widget")) == {"kept"}
                # Without the label the apiserver leaves the APIService to whoever took it away.
                nowhere = {"service": {"name": "nobody", "namespace": "default"}, "insecureSkipTLSVerify": True}
                labels = {"kube-aggregator.kubernetes.io/automanaged": None}
                await api.merge(service, metadata={"labels": labels}, spec=nowhere)
                await until(not_served, "the group leads nowhere")
                meddler.cut()
                await until(told, "the cluster's node names the group")
                await api.make(core(namespace, "configmaps"), metadata={"name": "meanwhile"})
                await until(has(store, "sick", "meanwhile"), "the other kinds go on")
                assert set(await nodes(store, "sick", "Widget")) == {"kept"}
                await api.delete(service)
                await until(served, "the apiserver has made the APIService again")
                await api.make(widgets, apiVersion=f"{GROUP}/v1", kind="Widget", metadata={"name": "new"})
                await until(no_longer_told, "the group is no longer named")
                await until(recovered(store, "sick"), "no kind fails any more")
                await in_step(store, settings, options)
                assert set(await nodes(store, "sick", "Widget")) == {"kept", "new"}
    finally:
        await api.delete(service)
        await api.delete(f"{DEFINITIONS}/widgets.{GROUP}")


async def test_objects_as_large_as_etcd_takes_are_synced(
    store: Store, api: Api, control_plane: Cluster, namespace: str
) -> None:
    """Objects of 1.3 MB, a page of several of them, and their changes are kept as any others."""
    path = core(namespace, "configmaps")
    settings = cluster_settings(control_plane, "large")
    for name in ("a", "b", "c", "d"):
        metadata = {"name": name, "annotations": {"text": name * LARGE_ANNOTATION_BYTES}}
        await api.make(path, metadata=metadata, data={"a": name * (LARGE_BYTES - 1)})
    async with running(store, settings, SMALL):
        assert await has(store, "large", "a", "b", "c", "d")()
        await api.merge(f"{path}/a", metadata={"labels": {"changed": "yes"}}, data={"a": "x" * (LARGE_BYTES - 1)})

        async def changed() -> bool:
            key = {"key": f"large/core/ConfigMap/{namespace}/a"}
            found = await store.read_text("MATCH (n:Resource {key: $key}) RETURN n.labels AS labels", key)
            return bool(found[0]["labels"] == ["changed=yes"])

        await until(changed, "the change is seen")
        await in_step(store, settings, SMALL)


async def test_an_object_larger_than_any_apiserver_keeps_is_no_harm(
    store: Store, api: Api, control_plane: Cluster, namespace: str, tmp_path: Path
) -> None:
    """An object of 5 MB in the middle of a watch is kept, and what comes after it too."""
    metadata = {"name": "huge", "namespace": namespace, "uid": "u", "resourceVersion": "1"}
    value = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata, "data": {"text": "x" * HUGE_BYTES}}
    line = json.dumps({"type": "ADDED", "object": value}).encode() + b"\n"

    async def enlarge(request: web.Request, forward: Forward) -> web.StreamResponse | None:
        if not is_watch(request) or "/configmaps" not in request.path:
            return None
        first = True

        def meddle(chunk: bytes) -> bytes:
            nonlocal first
            before, first = (line if first else b""), False
            return before + chunk

        return await meddler.forward(request, meddle)

    async with Meddler.before(control_plane, tmp_path) as meddler:
        meddler.rule = enlarge
        settings = login(control_plane, "huge", server=meddler.url, ca_file=meddler.ca_file)
        async with running(store, settings, SMALL) as worker:
            await until(has(store, "huge", "huge"), "the huge object is seen")
            await api.make(core(namespace, "configmaps"), metadata={"name": "after"})
            await until(has(store, "huge", "after"), "what comes after it is seen")
            assert not worker.progress.left_out


@pytest.mark.parametrize("hours", [-5, 5])
async def test_clocks_that_are_hours_apart_matter_to_nobody(
    store: Store, api: Api, control_plane: Cluster, namespace: str, tmp_path: Path, hours: int
) -> None:
    """A server whose clock, and objects whose times, are hours from ours are synced as any others."""
    there = time.time() + 3600 * hours
    options = SyncOptions(watch_resources=("namespaces", "configmaps", "events", "leases"))

    async def shift(request: web.Request, _: Forward) -> web.StreamResponse | None:
        return await meddler.forward(request, headers={"Date": formatdate(there, usegmt=True)})

    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(there))
    regarding = {"kind": "ConfigMap", "apiVersion": "v1", "name": "a", "namespace": namespace}
    event = {"involvedObject": regarding, "firstTimestamp": moment, "lastTimestamp": moment, "reason": "Apart"}
    async with Meddler.before(control_plane, tmp_path) as meddler:
        meddler.rule = shift
        cluster = f"apart{hours}"
        settings = login(control_plane, cluster, server=meddler.url, ca_file=meddler.ca_file)
        async with running(store, settings, options):
            await api.make(core(namespace, "events"), metadata={"name": "apart"}, **event)
            leases = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
            micro = moment.replace("Z", ".000000Z")
            await api.make(leases, metadata={"name": "apart"}, spec={"holderIdentity": "a", "renewTime": micro})
            await api.make(core(namespace, "configmaps"), metadata={"name": "a"})
            await until(has(store, cluster, "a"), "a change is seen")
            await in_step(store, settings, options)
