"""Make the bundled demo: the manifests in a real control plane, dumped when everything has settled.

`make demo` runs it. KWOK takes the place of kubelets, so that Pods run without images.
"""

import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from kgraph.kube.connection import Connection
from kgraph.kube.dump import dump
from kgraph.kube.settings import ClusterSettings
from kgraph.stack.kubernetes import ControlPlane

HERE = Path(__file__).parent
MANIFESTS = HERE / "manifests"
TARGET = HERE.parent / "kgraph" / "cli" / "demo"
SETTLE_SECONDS = 120.0
POLL_SECONDS = 0.5

# Nothing runs behind the webhook, so it comes when all that it would have to check is there.
LAST = "45-webhook.yaml"
CRDS = "10-crds.yaml"

# What a controller that does not run here would have written: certificates are issued, the sale is live.
STATUSES: Mapping[tuple[str, str, str], Mapping[str, Any]] = {
    ("certificates.cert-manager.io", "shop", "shop"): {
        "conditions": [{"type": "Ready", "status": "True", "reason": "Ready", "message": "Certificate is up to date"}]
    },
    ("clusterissuers.cert-manager.io", "", "internal-ca"): {
        "conditions": [{"type": "Ready", "status": "True", "reason": "KeyPairVerified", "message": "Verified"}]
    },
    ("promotions.shop.example.com", "shop", "summer-sale"): {
        "conditions": [{"type": "Ready", "status": "True", "reason": "Live", "message": "shown on the front page"}]
    },
    ("ingresses.networking.k8s.io", "shop", "shop"): {"loadBalancer": {"ingress": [{"ip": "203.0.113.10"}]}},
    ("services", "ingress", "gateway"): {"loadBalancer": {"ingress": [{"ip": "203.0.113.10"}]}},
}
# No metrics server runs here: what the autoscalers would say with one.
AUTOSCALERS = {"web": (3, 55), "catalog": (2, 30), "checkout": (2, 41)}
# The kubelet's words for a Pod whose image pull secret is not there.
PULL_FAILS = {
    "phase": "Pending",
    "conditions": [
        {"type": "Ready", "status": "False", "reason": "ContainersNotReady"},
        {"type": "ContainersReady", "status": "False", "reason": "ContainersNotReady"},
    ],
    "containerStatuses": [
        {
            "name": "loyalty",
            "image": "registry.shop.example/loyalty:0.1.0",
            "imageID": "",
            "ready": False,
            "restartCount": 0,
            "started": False,
            "state": {
                "waiting": {
                    "reason": "ImagePullBackOff",
                    "message": 'Back-off pulling image "registry.shop.example/loyalty:0.1.0": unauthorized',
                }
            },
        }
    ],
}
# Heartbeats; and what EndpointSlices say already, which is not synced from a live cluster either.
LEFT_OUT = {"leases.coordination.k8s.io", "endpoints", "componentstatuses"}


async def make() -> None:
    """Start, apply, wait, finish, dump, stop."""
    with tempfile.TemporaryDirectory(prefix="kgraph-demo-") as folder:
        async with ControlPlane.start(Path(folder)) as plane:
            await apply(plane)
            await adopt(plane)
            await settled(plane)
            await finish(plane)
            await write(plane)


async def apply(plane: ControlPlane) -> None:
    """Apply all manifests in the order of their names, the CRDs first of those that need them."""
    for file in sorted(MANIFESTS.glob("*.yaml")):
        if file.name == LAST:
            continue
        # Server-side, so that no annotation repeats each manifest in the dump.
        await plane.kubectl("apply", "--server-side", "-f", str(file))
        if file.name == CRDS:
            await plane.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
        if file.name.startswith("00"):
            for node in (each for each in documents(file) if each["kind"] == "Node"):
                status = json.dumps({"status": node["status"]})
                await plane.kubectl("patch", "node", node["metadata"]["name"], "--subresource=status", "-p", status)
    await plane.kubectl("apply", "--server-side", "-f", str(MANIFESTS / LAST))
    # One run of the nightly backup, as if a night had passed.
    await plane.kubectl("create", "job", "-n", "data", "postgres-backup-1", "--from=cronjob/postgres-backup")
    for one in await items(plane, "storageclasses"):
        if one["metadata"]["name"] != "fast":  # the test stack's own
            await plane.kubectl("delete", "storageclass", one["metadata"]["name"])


async def settled(plane: ControlPlane) -> None:
    """Wait until every workload has what it asks for, and every claim its volume."""

    async def unsettled() -> list[str]:
        waiting: list[str] = []
        for kind, wants, has in (
            ("deployments", ("spec", "replicas"), ("status", "availableReplicas")),
            ("statefulsets", ("spec", "replicas"), ("status", "readyReplicas")),
            ("daemonsets", ("status", "desiredNumberScheduled"), ("status", "numberReady")),
        ):
            waiting += [_name(one) for one in await items(plane, kind) if at(one, *wants) != at(one, *has)]
        waiting += [_name(one) for one in await items(plane, "pvc") if at(one, "status", "phase") != "Bound"]
        waiting += [_name(one) for one in await items(plane, "jobs") if not at(one, "status", "succeeded")]
        return waiting

    async with asyncio.timeout(SETTLE_SECONDS):
        while waiting := await unsettled():
            say(f"waiting for {', '.join(waiting)}")
            await asyncio.sleep(POLL_SECONDS)


async def adopt(plane: ControlPlane) -> None:
    """Make the sale the owner of its banner, as the shop's operator would that wrote it."""
    (sale,) = [one for one in await items(plane, "promotions") if one["metadata"]["name"] == "summer-sale"]
    owner = {
        "apiVersion": "shop.example.com/v1",
        "kind": "Promotion",
        "name": "summer-sale",
        "uid": sale["metadata"]["uid"],
        "controller": True,
    }
    patch = json.dumps({"metadata": {"ownerReferences": [owner]}})
    await plane.kubectl("patch", "configmap", "summer-banner", "-n", "shop", "--type=merge", "-p", patch)


async def finish(plane: ControlPlane) -> None:
    """Write what only a real node, metrics server or operator would: statuses, and the broken image pull."""
    # Their controllers would take the statuses back; Pods are kwok's, and it has done with them.
    for (kind, namespace, name), status in STATUSES.items():
        await patch_status(plane, kind, namespace, name, dict(status))
    (pod,) = [one for one in await items(plane, "pods") if one["metadata"]["name"].startswith("loyalty-")]
    await patch_status(plane, "pods", "shop", pod["metadata"]["name"], PULL_FAILS)

    async def noticed() -> bool:
        (loyalty,) = [one for one in await items(plane, "deployments") if one["metadata"]["name"] == "loyalty"]
        return not at(loyalty, "status", "availableReplicas")

    async with asyncio.timeout(SETTLE_SECONDS):
        while not await noticed():  # noqa: ASYNC110 - the API tells nobody of it but who asks
            await asyncio.sleep(POLL_SECONDS)
    await plane.stop("kube-controller-manager")
    for event in await items(plane, "events"):
        # That there is no metrics server; that an autoscaler has no target is one of the planted faults.
        about = event["involvedObject"]["kind"]
        if about == "Endpoints" or (about == "HorizontalPodAutoscaler" and event["reason"] != "FailedGetScale"):
            await plane.kubectl("delete", "event", "-n", *_place(event))
    for name, (replicas, percent) in AUTOSCALERS.items():
        await patch_status(plane, "hpa", "shop", name, autoscaled(replicas, percent))


def autoscaled(replicas: int, percent: int) -> dict[str, Any]:
    """The status of an autoscaler that works."""
    return {
        "currentReplicas": replicas,
        "desiredReplicas": replicas,
        "currentMetrics": [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "current": {"averageUtilization": percent, "averageValue": "0"}},
            }
        ],
        "conditions": [
            {"type": "AbleToScale", "status": "True", "reason": "ReadyForNewScale"},
            {"type": "ScalingActive", "status": "True", "reason": "ValidMetricFound"},
            {"type": "ScalingLimited", "status": "False", "reason": "DesiredWithinRange"},
        ],
    }


async def write(plane: ControlPlane) -> None:
    """Dump into the package, in place of the dump that is there."""
    settings = ClusterSettings(id="demo", kubeconfig_path=str(plane.kubeconfig))
    shutil.rmtree(TARGET, ignore_errors=True)
    async with Connection.open(settings) as connection:
        kinds = await dump(connection, TARGET)
    for kind in kinds:
        if kind.error:
            raise SystemExit(f"{kind.resource}: {kind.error}")
        if kind.file and kind.resource in LEFT_OUT:
            kind.file.unlink()
        elif kind.file:
            kind.file.chmod(0o644)  # the dump of a real cluster is private; this one goes with the program
    for left in [folder for folder in TARGET.iterdir() if not any(folder.iterdir())]:
        left.rmdir()
    size = sum(file.stat().st_size for file in TARGET.rglob("*.yaml"))
    say(f"{sum(kind.objects for kind in kinds)} objects, {size // 1024} KiB in {TARGET}")


def say(words: str) -> None:
    """Tell who waits."""
    sys.stderr.write(f"{words}\n")


async def patch_status(plane: ControlPlane, kind: str, namespace: str, name: str, status: dict[str, Any]) -> None:
    """Merge a status into an object's."""
    where = ("-n", namespace) if namespace else ()
    patch = json.dumps({"status": status})
    await plane.kubectl("patch", kind, name, *where, "--subresource=status", "--type=merge", "-p", patch)


async def items(plane: ControlPlane, kind: str) -> list[dict[str, Any]]:
    """All objects of a kind."""
    found: list[dict[str, Any]] = json.loads(await plane.kubectl("get", kind, "-A", "-o", "json"))["items"]
    return found


def _name(value: dict[str, Any]) -> str:
    return f"{value['kind']} {value['metadata']['name']}"


def _place(value: dict[str, Any]) -> tuple[str, str]:
    return value["metadata"]["namespace"], value["metadata"]["name"]


def at(value: Any, *names: str) -> Any:
    """The value at a path; None where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def documents(file: Path) -> list[dict[str, Any]]:
    """The objects of a file."""
    return [each for each in yaml.safe_load_all(file.read_text("utf-8")) if each]


if __name__ == "__main__":
    asyncio.run(make())
