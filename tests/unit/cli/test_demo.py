"""The bundled demo: what is promised to be in it is, and what must not be is not."""

from functools import cache
from typing import Any

from kgraph.cli.sources import demo_folder
from kgraph.kube.snapshot import Document, read

MOST_BYTES = 1_000_000


@cache
def objects() -> dict[tuple[str, str, str], dict[str, Any]]:
    """All objects by kind, namespace and name; the dump has no problem."""
    documents = list(read(demo_folder()))
    assert [each for each in documents if not isinstance(each, Document)] == []
    found = [each.object for each in documents if isinstance(each, Document)]
    return {(one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]): one for one in found}


def test_the_demo_is_small() -> None:
    """The dump goes with every installation."""
    assert sum(file.stat().st_size for file in demo_folder().rglob("*")) < MOST_BYTES


def test_no_fake_secret_got_in() -> None:
    """Not even the made-up values of the manifests' Secrets are in the dump."""
    assert not [file for file in demo_folder().rglob("*.yaml") if "a-fake-value" in file.read_text("utf-8")]
    assert any(kind == "Secret" for kind, _, _ in objects())


def test_the_shop_is_whole() -> None:
    """It has what a plausible cluster has, of many kinds, with Pods that run."""
    kinds = {kind for kind, _, _ in objects()}
    assert kinds >= {
        "Node", "Namespace", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod", "Service",
        "EndpointSlice", "Ingress", "IngressClass", "NetworkPolicy", "PersistentVolume", "PersistentVolumeClaim",
        "StorageClass", "HorizontalPodAutoscaler", "PodDisruptionBudget", "ResourceQuota", "LimitRange",
        "PriorityClass", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "ServiceAccount",
        "ValidatingWebhookConfiguration", "CustomResourceDefinition", "Promotion", "Certificate", "Event",
    }  # fmt: skip
    web = objects()["Deployment", "shop", "web"]
    assert web["status"]["readyReplicas"] == web["spec"]["replicas"] == 3


def test_the_planted_faults_are_there() -> None:
    """What demo/README.md says is wrong is wrong."""
    found = objects()
    assert ("ConfigMap", "shop", "recommendations-model") not in found
    volumes = found["Deployment", "shop", "recommendations"]["spec"]["template"]["spec"]["volumes"]
    assert [volume["configMap"]["name"] for volume in volumes] == ["recommendations-model"]
    claimed = [
        volume["persistentVolumeClaim"]["claimName"]
        for (kind, _, _), one in found.items()
        if kind == "Pod"
        for volume in one["spec"].get("volumes", ())
        if "persistentVolumeClaim" in volume
    ]
    assert ("PersistentVolumeClaim", "data", "exports-2023") in found
    assert "exports-2023" not in claimed
    selector = found["Service", "shop", "legacy-checkout"]["spec"]["selector"]
    pods = [
        one["metadata"].get("labels", {}) for (kind, space, _), one in found.items() if (kind, space) == ("Pod", "shop")
    ]
    assert not [labels for labels in pods if selector.items() <= labels.items()]
    binding = found["ClusterRoleBinding", "", "ci-deployer-admin"]
    assert (binding["roleRef"]["name"], binding["subjects"][0]["name"]) == ("cluster-admin", "ci-deployer")
    assert ("Secret", "shop", "loyalty-registry") not in found
    assert found["Deployment", "shop", "payments"]["spec"]["replicas"] == 1
    assert ("PodDisruptionBudget", "shop", "payments") not in found
    assert ("Deployment", "shop", "search") not in found
    assert ("Service", "shop", "storefront-v1") not in found
    assert ("ServiceAccount", "data", "reporting") not in found
