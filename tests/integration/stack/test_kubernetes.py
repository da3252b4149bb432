"""The control plane is a real one: Pods run, users are told apart, history ends, and its parts can break."""

import json
import ssl
import stat
from pathlib import Path

import httpx
import pytest

from kgraph.stack.errors import CommandFailed
from kgraph.stack.kubernetes import ControlPlane
from kgraph.stack.kubernetes_setting import ControlPlaneOptions
from kgraph.stack.progress import silent
from tests.integration.stack.test_process import ended
from tests.servers import Cluster

pytestmark = pytest.mark.kubernetes

DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {
        "replicas": 3,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "registry.k8s.io/pause:3.10"}]},
        },
    },
}
CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}
READ_PODS = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "RoleBinding",
    "metadata": {"name": "developers-view"},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
    "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "developers"}],
}


async def ask(
    plane: Cluster,
    path: str,
    *,
    token: str = "",
    certificate: tuple[Path, Path] | None = None,
    timeout_seconds: float = 30.0,
) -> int:
    """The status of a GET of this path by this caller."""
    context = ssl.create_default_context(cafile=plane.ca_file)
    if certificate:
        context.load_cert_chain(*certificate)
    headers = {"authorization": f"Bearer {token}"} if token else {}
    async with httpx.AsyncClient(verify=context, trust_env=False, headers=headers, timeout=timeout_seconds) as client:
        return (await client.get(plane.server + path)).status_code


async def watch_code(plane: ControlPlane, path: str, resource_version: str) -> int:
    """The code of the error that a watch from this version gets at once; 0 for anything else."""
    context = ssl.create_default_context(cafile=plane.ca_file)
    headers = {"authorization": f"Bearer {plane.admin_token}"}
    query = {"watch": "1", "resourceVersion": resource_version, "timeoutSeconds": "2"}
    async with httpx.AsyncClient(verify=context, trust_env=False, headers=headers) as client:
        text = (await client.get(plane.server + path, params=query)).text
    events = [json.loads(line) for line in text.splitlines()]
    return int(events[0]["object"]["code"]) if events and events[0]["type"] == "ERROR" else 0


async def test_deployment_runs(control_plane: Cluster, namespace: str) -> None:
    """A Deployment's Pods are made, scheduled and run."""
    await control_plane.kubectl("-n", namespace, "apply", "-f", "-", stdin=json.dumps(DEPLOYMENT))
    await control_plane.kubectl("-n", namespace, "rollout", "status", "deployment/web", "--timeout=60s")
    pods = (await control_plane.request("GET", f"/api/v1/namespaces/{namespace}/pods"))["items"]
    assert [pod["status"]["phase"] for pod in pods] == ["Running"] * 3
    assert all(pod["spec"]["nodeName"] for pod in pods)


async def test_claim_is_bound(own_control_plane: ControlPlane, namespace: str) -> None:
    """A claim of the default storage class gets its volume."""
    await own_control_plane.kubectl("-n", namespace, "apply", "-f", "-", stdin=json.dumps(CLAIM))
    bound = ("wait", "--for=jsonpath={.status.phase}=Bound", "pvc/data", "--timeout=60s")
    await own_control_plane.kubectl("-n", namespace, *bound)


async def test_users_see_what_rbac_gives(control_plane: Cluster, namespace: str) -> None:
    """The test users are known by their tokens, and their groups count."""
    path = f"/api/v1/namespaces/{namespace}/pods"
    await control_plane.kubectl("-n", namespace, "apply", "-f", "-", stdin=json.dumps(READ_PODS))
    assert await ask(control_plane, path, token=control_plane.token_of("alice")) == 200
    assert await ask(control_plane, path, token=control_plane.token_of("bob")) == 403
    assert await ask(control_plane, path, token="unknown") == 401


async def test_client_certificate_logs_in(own_control_plane: ControlPlane, namespace: str) -> None:
    """A client certificate says who its bearer is, groups included."""
    path = f"/api/v1/namespaces/{namespace}/pods"
    admin = await own_control_plane.client_certificate("dave", ("system:masters",))
    nobody = await own_control_plane.client_certificate("eve")
    assert await ask(own_control_plane, path, certificate=(admin.certificate, admin.key)) == 200
    assert await ask(own_control_plane, path, certificate=(nobody.certificate, nobody.key)) == 403


def test_kubeconfig_is_private(kubeconfig: Path) -> None:
    """The administrator's kubeconfig is for us alone."""
    assert stat.S_IMODE(kubeconfig.stat().st_mode) == 0o600


async def test_kubectl_failure_says_why(control_plane: Cluster) -> None:
    """A kubectl that fails is an error with its own words."""
    with pytest.raises(CommandFailed, match="NotFound"):
        await control_plane.kubectl("get", "pod", "no-such-pod")


async def test_compaction_gives_410(own_control_plane: ControlPlane, namespace: str) -> None:
    """After a compaction a watch, an exact list and a continue token from before get a real 410."""
    plane, path = own_control_plane, f"/api/v1/namespaces/{namespace}/configmaps"
    for name in ("one", "two", "three"):
        await plane.request("POST", path, {"metadata": {"name": name}})
    page = (await plane.request("GET", f"{path}?limit=1"))["metadata"]
    await plane.request("POST", path, {"metadata": {"name": "four"}})
    assert await watch_code(plane, path, page["resourceVersion"]) == 0
    await plane.compact()
    assert await watch_code(plane, path, page["resourceVersion"]) == 410
    old = f"resourceVersion={page['resourceVersion']}&resourceVersionMatch=Exact"
    assert await ask(plane, f"{path}?{old}", token=plane.admin_token) == 410
    assert await ask(plane, f"{path}?limit=1&continue={page['continue']}", token=plane.admin_token) == 410
    await plane.compact()


async def test_apiserver_outage(own_control_plane: ControlPlane) -> None:
    """An apiserver that is killed refuses connections, and comes back at the same address with all its data."""
    plane = own_control_plane
    server, pid = plane.server, plane.pid_of("kube-apiserver")
    await plane.kill("kube-apiserver")
    assert ended(pid)
    with pytest.raises(httpx.ConnectError):
        await plane.request("GET", "/api/v1/nodes")
    await plane.start_again("kube-apiserver")
    assert plane.server == server
    assert len((await plane.request("GET", "/api/v1/nodes"))["items"]) >= 3


async def test_apiserver_hang(own_control_plane: ControlPlane) -> None:
    """A paused apiserver takes connections and answers nothing, until it is resumed."""
    own_control_plane.pause("kube-apiserver")
    try:
        with pytest.raises(httpx.TimeoutException):
            await ask(own_control_plane, "/api/v1/nodes", timeout_seconds=0.5)
    finally:
        own_control_plane.resume("kube-apiserver")
    await own_control_plane.request("GET", "/api/v1/nodes")


async def test_two_clusters_on_one_etcd(own_control_plane: ControlPlane, tmp_path: Path) -> None:
    """A minimal control plane beside another one, on its etcd, is a cluster of its own."""
    options = ControlPlaneOptions(minimal=True, etcd_url=own_control_plane.etcd_url, etcd_prefix="/two")
    async with ControlPlane.start(tmp_path, options, report=silent) as second:
        await second.request("POST", "/api/v1/namespaces", {"metadata": {"name": "only-in-the-second"}})
        pod = {"metadata": {"name": "lone"}, "spec": {"containers": [{"name": "one", "image": "one"}]}}
        await second.request("POST", "/api/v1/namespaces/only-in-the-second/pods", pod)
        assert await ask(second, "/api/v1/nodes", token=own_control_plane.admin_token) == 401
    names = {ns["metadata"]["name"] for ns in (await own_control_plane.request("GET", "/api/v1/namespaces"))["items"]}
    assert "only-in-the-second" not in names
