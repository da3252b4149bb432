"""What an object would use of a ResourceQuota, by the names that quotas have for it.

The rules are those of https://kubernetes.io/docs/concepts/policy/resource-quotas/ and of the quota evaluators
(pkg/quota/v1/evaluator/core). Of a kind that makes Pods of a template, the Pods are counted too, which Kubernetes does
only when they are made. What a LimitRange would add is not known here.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from kgraph.kube.discovery import ApiResource
from kgraph.kube.quantities import ZERO, Quantity, QuantityError
from kgraph.kube.resources import quota_limit, request_of, resources_named
from kgraph.lenient import mapping, mappings

Usage = Mapping[str, Quantity]
ONE = Quantity(Decimal(1))
# How many Pods a kind makes of its template at the same time, and how many where it does not say.
REPLICAS: Mapping[tuple[str, str], str] = {
    ("apps", "deployments"): "replicas",
    ("apps", "statefulsets"): "replicas",
    ("apps", "replicasets"): "replicas",
    ("", "replicationcontrollers"): "replicas",
    ("batch", "jobs"): "parallelism",
}
# Kinds that quotas know by a name of their own, beside `count/...`.
_OWN_NAMES = frozenset(
    {"configmaps", "persistentvolumeclaims", "pods", "replicationcontrollers", "resourcequotas", "secrets", "services"}
)
# Resources that quotas know by their bare names too (as requests).
_BARE = ("cpu", "memory", "ephemeral-storage")


def of_object(resource: ApiResource, obj: Mapping[str, Any]) -> tuple[Usage, Usage]:
    """What a new object uses itself, and what its Pods do; each an amount by a quota's name for it."""
    own: dict[str, Quantity] = {f"count/{resource}": ONE}
    if not resource.group and resource.plural in _OWN_NAMES:
        own[resource.plural] = ONE
    spec = mapping(obj.get("spec"))
    match resource.group, resource.plural:
        case "", "pods":
            return {**own, **of_pod(spec)}, {}
        case "", "services":
            own |= _of_service(spec)
        case "", "persistentvolumeclaims":
            own |= _of_claim(spec)
    return own, of_pods(resource, obj, replicas(resource, obj))


def replicas(resource: ApiResource, obj: Mapping[str, Any]) -> int:
    """How many Pods an object makes of its template at the same time; 0 of other kinds."""
    field = REPLICAS.get((resource.group, resource.plural))
    if field is None:
        return 0
    count = mapping(obj.get("spec")).get(field, 1)
    return count if isinstance(count, int) and count > 0 else 0


def of_pods(resource: ApiResource, obj: Mapping[str, Any], count: int) -> Usage:
    """What so many Pods of an object's template use."""
    if count <= 0 or (resource.group, resource.plural) not in REPLICAS:
        return {}
    one = {"pods": ONE, "count/pods": ONE, **of_pod(pod_spec(resource, obj))}
    return {name: Quantity(amount.amount * count, amount.family) for name, amount in one.items()}


def pod_spec(resource: ApiResource, obj: Mapping[str, Any]) -> Mapping[str, Any]:
    """The Pod spec of an object: its own, or its template's."""
    spec = mapping(obj.get("spec"))
    if (resource.group, resource.plural) == ("", "pods"):
        return spec
    return mapping(mapping(spec.get("template")).get("spec"))


def of_pod(spec: Mapping[str, Any]) -> Usage:
    """The requests and limits of a Pod."""
    found: dict[str, Quantity] = {}
    for name in sorted(resources_named(spec)):
        limit = quota_limit(spec, name, _quantity)
        if limit is not None:
            found[f"limits.{name}"] = limit
        request = request_of(spec, name, _quantity)
        if request is not None:
            found[f"requests.{name}"] = request
            if name in _BARE:
                found[name] = request
    return found


def _of_service(spec: Mapping[str, Any]) -> Usage:
    ports = Quantity(Decimal(len(mappings(spec.get("ports")))))
    match spec.get("type"):
        case "NodePort":
            return {"services.nodeports": ports}
        case "LoadBalancer":
            some = ZERO if spec.get("allocateLoadBalancerNodePorts") is False else ports
            return {"services.loadbalancers": ONE, "services.nodeports": some}
    return {}


def _of_claim(spec: Mapping[str, Any]) -> Usage:
    storage = _quantity(mapping(mapping(spec.get("resources")).get("requests")).get("storage"))
    found = {} if storage is None else {"requests.storage": storage}
    storage_class = spec.get("storageClassName")
    if isinstance(storage_class, str) and storage_class:
        ending = f"{storage_class}.storageclass.storage.k8s.io"
        found |= {f"{ending}/{name}": amount for name, amount in found.items()}
        found[f"{ending}/persistentvolumeclaims"] = ONE
    return found


def _quantity(written: Any) -> Quantity | None:
    try:
        return Quantity.parse(written)
    except QuantityError:
        return None  # the apiserver has words for it
