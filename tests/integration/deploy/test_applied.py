"""The chart in a real cluster: every object is taken, strictly, and its Pods are let in."""

import json
from typing import Any

import pytest
import yaml

from kgraph.stack.errors import CommandFailed
from kgraph.stack.kubernetes import ControlPlane
from tests.chart import ALL, FOLDER, MANIFESTS, NAME, NAMESPACE, TRIAL, Chart
from tests.definitions import installed
from tests.workers import until

pytestmark = [pytest.mark.kubernetes]

EVERYTHING = {
    **ALL,
    "kafka": {"tlsSecret": "feed", "tlsKeys": ["ca.crt", "tls.crt", "tls.key"]},
    "networkPolicy": {"metricsFrom": [{"namespaceSelector": {}}], "extraEgress": [{"ports": [{"port": 8081}]}]},
    "rbac": {"userExtras": ["example.com/team"]},
    "extraEnv": [{"name": "A", "value": "b"}],
}


async def dry_run(plane: ControlPlane, objects: list[dict[str, Any]]) -> list[str]:
    """Apply objects on trial, unknown fields being errors; the names of all that are taken."""
    listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    said = await plane.kubectl(
        "apply", "--server-side", "--dry-run=server", "--validate=strict", "-o", "name", "-f", "-", stdin=listed
    )
    return said.split()


async def test_every_object_is_valid(own_control_plane: ControlPlane, chart: Chart, namespace: str) -> None:
    """The apiserver itself takes all that the chart can render, with fieldValidation=Strict, ServiceMonitors too."""

    async def can_have_pods() -> bool:
        accounts = await own_control_plane.request("GET", f"/api/v1/namespaces/{namespace}/serviceaccounts")
        return any(each["metadata"]["name"] == "default" for each in accounts["items"])

    await until(can_have_pods, "the namespace has its service account")
    async with installed(own_control_plane, "prometheus"):
        objects = (await chart.objects(EVERYTHING, namespace=namespace)).all
        assert len(await dry_run(own_control_plane, objects)) == len(objects) > 20


async def test_a_strict_apiserver_refuses_what_the_chart_must_not_have(
    own_control_plane: ControlPlane, chart: Chart, namespace: str
) -> None:
    """The check above is one that can fail: a field that is not there is an error, not left out."""
    objects = (await chart.objects(TRIAL, namespace=namespace)).all
    (deployment,) = (each for each in objects if each["kind"] == "Deployment" and each["metadata"]["name"] == NAME)
    deployment["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(CommandFailed, match="readynessProbe"):
        await dry_run(own_control_plane, objects)


async def test_plain_manifests_run_in_a_restricted_namespace(own_control_plane: ControlPlane) -> None:
    """`kubectl apply -f` makes the namespace, in which Pod Security's `restricted` lets every Pod in."""
    text = MANIFESTS.read_text("utf-8")
    kinds = [each["kind"] for each in yaml.safe_load_all(text)]
    assert kinds[0] == "Namespace"
    try:
        said = await own_control_plane.kubectl("apply", "--server-side", "--validate=strict", "-f", str(MANIFESTS))
        assert said.count("serverside-applied") == len(kinds)
        await all_ready(own_control_plane, NAMESPACE)
    finally:
        await own_control_plane.kubectl("delete", "--ignore-not-found", "--timeout=120s", "-f", str(MANIFESTS))


async def test_install_upgrade_uninstall(
    own_control_plane: ControlPlane, chart: Chart, namespace: str, tmp_path: Any
) -> None:
    """Helm installs it, keeps a trial's password when it upgrades it, and leaves nothing behind."""
    plane, release = own_control_plane, "trial"
    where = (f"--kubeconfig={plane.kubeconfig}", "-n", namespace)
    file = tmp_path / "values.json"
    file.write_text(json.dumps({**TRIAL, "fullnameOverride": namespace}))
    notes = await chart.helm("install", release, str(FOLDER), *where, "-f", str(file))
    assert f"port-forward service/{namespace}" in notes
    await all_ready(plane, namespace, owner=namespace)
    secret = f"/api/v1/namespaces/{namespace}/secrets/{namespace}-neo4j"
    before = (await plane.request("GET", secret))["data"]
    await chart.helm(
        "upgrade", release, str(FOLDER), *where, "-f", str(file), "--set", "worker.replicas=3,config.resync_period=5m"
    )
    await all_ready(plane, namespace, owner=namespace, workers=3)
    assert (await plane.request("GET", secret))["data"] == before
    await chart.helm("uninstall", release, *where)
    left = await plane.kubectl(
        "get", "clusterroles,clusterrolebindings", "-l", f"app.kubernetes.io/instance={namespace}", "-o", "name"
    )
    assert left == ""
    left = await plane.kubectl("get", "deploy,sts,svc,cm,secret,pdb,netpol,sa", "-n", namespace, "-o", "name")
    assert set(left.split()) <= {"serviceaccount/default", "configmap/kube-root-ca.crt"}


async def all_ready(plane: ControlPlane, namespace: str, *, owner: str = NAME, workers: int = 2) -> None:
    """Wait until the API and the workers have all their Pods, as their newest template has them."""
    owners = {
        f"/apis/apps/v1/namespaces/{namespace}/deployments/{owner}": 3,
        f"/apis/apps/v1/namespaces/{namespace}/statefulsets/{owner}-worker": workers,
    }

    async def ready() -> bool:
        for path, wanted in owners.items():
            found = await plane.request("GET", path)
            status = found["status"]
            if status.get("observedGeneration") != found["metadata"]["generation"]:
                return False
            if not status.get("readyReplicas") == status.get("updatedReplicas") == status.get("replicas") == wanted:
                return False
        return True

    await until(ready, f"all Pods of {namespace} are ready")
