"""A small cluster whose Nodes have prices and whose Pods use what they are told to."""

from typing import Any

from kgraph.stack.kubernetes import ControlPlane

NODE = "small-0"
NODE_RESOURCES = {"cpu": "4", "memory": "16Gi", "pods": "110"}
INSTANCE_TYPE = "node.kubernetes.io/instance-type"


def node(name: str = NODE, instance_type: str = "m.small") -> dict[str, Any]:
    """A Node of 4 cores and 16 GiB, of which a little is the system's."""
    return {
        "metadata": {
            "name": name,
            "labels": {INSTANCE_TYPE: instance_type},
            "annotations": {"metrics.k8s.io/resource-metrics-path": f"/metrics/nodes/{name}/metrics/resource"},
        },
        "status": {"capacity": NODE_RESOURCES, "allocatable": {**NODE_RESOURCES, "cpu": "3800m", "memory": "15Gi"}},
    }


def usage_of(cpu: str, memory: str) -> dict[str, str]:
    """The annotations by which KWOK says that each container uses this."""
    return {"kwok.x-k8s.io/usage-cpu": cpu, "kwok.x-k8s.io/usage-memory": memory}


def container(name: str, cpu: str, memory: str) -> dict[str, Any]:
    """A container with requests, and a limit of memory of 2 GiB."""
    requests = {"cpu": cpu, "memory": memory}
    return {"name": name, "image": "shop/web:1", "resources": {"requests": requests, "limits": {"memory": "2Gi"}}}


def bare_pod(name: str, used: dict[str, str], **labels: str) -> dict[str, Any]:
    """A Pod of its own that requests a quarter of a core and half a GiB, and uses this."""
    return {
        "metadata": {"name": name, "annotations": used, "labels": labels},
        "spec": {"containers": [container("job", "250m", "512Mi")]},
    }


def deployment(name: str, replicas: int, used: dict[str, str], labels: dict[str, str]) -> dict[str, Any]:
    """A Deployment whose Pods request one core and one GiB each, and use this."""
    labels = {"app": name, **labels}
    return {
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": labels, "annotations": used},
                "spec": {"containers": [container("web", "1", "1Gi")]},
            },
        },
    }


async def furnish(plane: ControlPlane, namespace: str) -> None:
    """A Node, a Deployment `web` of two Pods of the team `shop`, a Pod `lone` that uses more than it asks, a claim."""
    await plane.request("POST", "/api/v1/nodes", node())
    await plane.request("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
    web = deployment("web", 2, usage_of("100m", "200Mi"), {"team": "shop"})
    await plane.request("POST", f"/apis/apps/v1/namespaces/{namespace}/deployments", web)
    lone = bare_pod("lone", usage_of("500m", "1Gi"), team="ops")
    await plane.request("POST", f"/api/v1/namespaces/{namespace}/pods", lone)
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "73Gi"}}},
    }
    await plane.request("POST", f"/api/v1/namespaces/{namespace}/persistentvolumeclaims", claim)
