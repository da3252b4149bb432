"""What objects use of quotas, and whether there is room, by the rules of the Kubernetes documentation."""

from typing import Any

import msgspec
import pytest

from kgraph.kube import usage
from kgraph.kube.discovery import ApiResource
from kgraph.kube.quantities import Quantity
from kgraph.kube.quotas import Quota, exceeded

PODS = ApiResource("", "v1", "Pod", "pods")
DEPLOYMENTS = ApiResource("apps", "v1", "Deployment", "deployments")
SERVICES = ApiResource("", "v1", "Service", "services")
CLAIMS = ApiResource("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims")


def asks(**resources: Any) -> dict[str, Any]:
    """A container that asks for something: `requests`, `limits`."""
    return {"name": "c", "resources": resources}


def written(amounts: usage.Usage) -> dict[str, str]:
    """Amounts as text."""
    return {name: str(amount) for name, amount in amounts.items()}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param(
            {"containers": [asks(requests={"cpu": "250m"}), asks(requests={"cpu": "1", "memory": "1Gi"})]},
            {"requests.cpu": "1250m", "cpu": "1250m", "requests.memory": "1Gi", "memory": "1Gi"},
            id="containers-add-up",
        ),
        pytest.param(
            {"containers": [asks(limits={"cpu": "2"})]},
            {"requests.cpu": "2", "cpu": "2", "limits.cpu": "2"},
            id="a-limit-is-a-request-too",
        ),
        pytest.param(
            {"containers": [asks(requests={"cpu": "1"})], "initContainers": [asks(requests={"cpu": "3"})]},
            {"requests.cpu": "3", "cpu": "3"},
            id="an-init-container-runs-alone",
        ),
        pytest.param(
            {
                "containers": [asks(requests={"cpu": "1"})],
                "initContainers": [
                    {**asks(requests={"cpu": "2"}), "restartPolicy": "Always"},
                    asks(requests={"cpu": "500m"}),
                ],
            },
            {"requests.cpu": "3", "cpu": "3"},
            id="a-sidecar-stays",
        ),
        pytest.param(
            {"containers": [asks(requests={"cpu": "1"})], "overhead": {"cpu": "100m", "memory": "1Mi"}},
            {"requests.cpu": "1100m", "cpu": "1100m", "requests.memory": "1Mi", "memory": "1Mi"},
            id="overhead",
        ),
        pytest.param(
            {"containers": [asks(requests={"cpu": "1"})], "resources": {"requests": {"cpu": "5"}}},
            {"requests.cpu": "5", "cpu": "5"},
            id="the-pod-as-a-whole",
        ),
        pytest.param({"containers": [asks(requests={"cpu": "many"}), "no container"]}, {}, id="malformed"),
    ],
)
def test_requests_of_a_pod(spec: dict[str, Any], expected: dict[str, str]) -> None:
    """They are the apiserver's own."""
    assert written(usage.of_pod(spec)) == expected


def test_a_deployment_uses_what_its_pods_will() -> None:
    """The template's requests count once for each replica, and Pods are counted as such."""
    template = {"spec": {"containers": [asks(requests={"cpu": "500m"})]}}
    own, of_pods = usage.of_object(DEPLOYMENTS, {"spec": {"replicas": 3, "template": template}})
    assert written(own) == {"count/deployments.apps": "1"}
    assert written(of_pods) == {"pods": "3", "count/pods": "3", "requests.cpu": "1500m", "cpu": "1500m"}
    assert usage.replicas(DEPLOYMENTS, {"spec": {}}) == 1


def test_services_and_claims_have_names_of_their_own() -> None:
    """A load balancer counts with its node ports, a claim's storage for all and for its class."""
    own, _ = usage.of_object(SERVICES, {"spec": {"type": "LoadBalancer", "ports": [{}, {}]}})
    assert written(own) == {
        "count/services": "1", "services": "1", "services.loadbalancers": "1", "services.nodeports": "2",
    }  # fmt: skip
    claim = {"spec": {"storageClassName": "gold", "resources": {"requests": {"storage": "5Gi"}}}}
    own, _ = usage.of_object(CLAIMS, claim)
    assert written(own) == {
        "count/persistentvolumeclaims": "1",
        "persistentvolumeclaims": "1",
        "requests.storage": "5Gi",
        "gold.storageclass.storage.k8s.io/requests.storage": "5Gi",
        "gold.storageclass.storage.k8s.io/persistentvolumeclaims": "1",
    }


def quota(hard: dict[str, str], used: dict[str, str], **spec: Any) -> Quota:
    """A quota as an apiserver would give it."""
    obj = {"metadata": {"name": "q"}, "spec": {"hard": hard, **spec}, "status": {"hard": hard, "used": used}}
    return msgspec.convert(obj, Quota)


def test_an_exact_fit_is_a_fit() -> None:
    """What takes the last of it is let in, one more is named with all numbers."""
    full = quota({"requests.cpu": "2"}, {"requests.cpu": "1500m"})
    fits = {"requests.cpu": Quantity.parse("500m")}
    assert exceeded([full], {}, fits, {}) == []
    more = {"requests.cpu": Quantity.parse("501m")}
    assert exceeded([full], {}, more, {}) == ["quota q: requests.cpu: 501m more asked for, 1500m of 2 used"]


PRIORITY = {"scopeName": "PriorityClass", "operator": "In", "values": ["high"]}


@pytest.mark.parametrize(
    ("spec", "pod", "counts"),
    [
        pytest.param({}, {}, True, id="no-scope"),
        pytest.param({"scopes": ["Terminating"]}, {"activeDeadlineSeconds": 5}, True, id="terminating"),
        pytest.param({"scopes": ["Terminating"]}, {}, False, id="not-terminating"),
        pytest.param({"scopes": ["BestEffort"]}, {"containers": [asks()]}, True, id="best-effort"),
        pytest.param(
            {"scopes": ["BestEffort"]}, {"containers": [asks(limits={"cpu": "1"})]}, False, id="not-best-effort"
        ),
        pytest.param(
            {"scopeSelector": {"matchExpressions": [PRIORITY]}}, {"priorityClassName": "high"}, True, id="priority"
        ),
        pytest.param({"scopeSelector": {"matchExpressions": [PRIORITY]}}, {}, False, id="another-priority"),
        pytest.param({"scopes": ["SomethingNew"]}, {}, False, id="a-scope-of-the-future"),
    ],
)
def test_scopes_choose_pods(spec: dict[str, Any], pod: dict[str, Any], counts: bool) -> None:
    """A quota with scopes is for the Pods that all of them are for."""
    full = quota({"pods": "1"}, {"pods": "1"}, **spec)
    assert bool(exceeded([full], {}, {"pods": usage.ONE}, pod)) is counts
    assert bool(exceeded([full], {"pods": usage.ONE}, {}, pod)) is counts


def test_a_scoped_quota_counts_no_other_objects() -> None:
    """A Deployment itself is in no scope."""
    full = quota({"count/deployments.apps": "0"}, {}, scopes=["NotTerminating"])
    assert exceeded([full], {"count/deployments.apps": usage.ONE}, {}, {}) == []
