"""Small clusters with a history: objects that refer to, own, select and replace each other, as hypothesis draws them.

A history is a list of steps; each step is a new state of one object, or its deletion. Names are few, so that
objects are recreated under one name with another uid, and references dangle and are filled.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from hypothesis import strategies as st

from kgraph.kube.discovery import ApiResource

NAMESPACES = ("shop", "shop", "shop", "data")
LABELS = ({"app": "web"}, {"app": "web", "tier": "front"}, {"app": "db"})


def served(group: str, kind: str, plural: str, *, namespaced: bool = True) -> ApiResource:
    """A kind as a cluster serves it."""
    return ApiResource(
        group=group, version="v1", kind=kind, plural=plural, namespaced=namespaced, verbs=("list", "watch")
    )


NAMESPACE = served("", "Namespace", "namespaces", namespaced=False)
POD = served("", "Pod", "pods")
SERVICE = served("", "Service", "services")
CONFIG_MAP = served("", "ConfigMap", "configmaps")
REPLICA_SET = served("apps", "ReplicaSet", "replicasets")
CLAIM = served("", "PersistentVolumeClaim", "persistentvolumeclaims")
STORAGE_CLASS = served("storage.k8s.io", "StorageClass", "storageclasses", namespaced=False)
POLICY = served("networking.k8s.io", "NetworkPolicy", "networkpolicies")
LEASE = served("coordination.k8s.io", "Lease", "leases")
ROUTE = served("gateway.networking.k8s.io", "HTTPRoute", "httproutes")
GRANT = served("gateway.networking.k8s.io", "ReferenceGrant", "referencegrants")
MESH_GATEWAY = served("networking.istio.io", "Gateway", "gateways")
KINDS = (
    NAMESPACE, POD, SERVICE, CONFIG_MAP, REPLICA_SET, CLAIM, STORAGE_CLASS, POLICY, LEASE, ROUTE, GRANT, MESH_GATEWAY,
)  # fmt: skip
# Pods and what selects them change most, as in life.
_OFTEN = (*KINDS, POD, POD, POD, SERVICE, ROUTE, GRANT)

names = st.sampled_from(["a", "a", "b"])
labels = st.sampled_from(LABELS)
uids = st.sampled_from(["1", "2"])


class Step(msgspec.Struct, frozen=True):
    """One object's next state; no state is its deletion."""

    resource: ApiResource
    namespace: str
    name: str
    state: Mapping[str, Any] | None


@st.composite
def _pod(draw: st.DrawFn) -> dict[str, Any]:
    owner = draw(st.none() | st.tuples(names, uids))
    metadata: dict[str, Any] = {"labels": draw(labels)}
    if owner:
        metadata["ownerReferences"] = [
            {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner[0], "uid": f"ReplicaSet-{owner[1]}"}
        ]
    config = {"name": draw(names), "optional": draw(st.booleans())}
    container: dict[str, Any] = {"name": "c", "image": draw(st.sampled_from(["nginx", "nginx:1.27"]))}
    if draw(st.booleans()):
        container["envFrom"] = [{"configMapRef": config}]
    return {"metadata": metadata, "spec": {"containers": [container]}, "status": {"phase": "Running"}}


@st.composite
def _service(draw: st.DrawFn) -> dict[str, Any]:
    return {"spec": {"selector": draw(labels)}}


@st.composite
def _policy(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "spec": {
            "podSelector": {"matchLabels": draw(labels)},
            "ingress": [{"from": [{"namespaceSelector": {"matchLabels": draw(labels)}, "podSelector": {}}]}],
        }
    }


@st.composite
def _labelled(draw: st.DrawFn) -> dict[str, Any]:
    return {"metadata": {"labels": draw(labels)}}


@st.composite
def _storage_class(draw: st.DrawFn) -> dict[str, Any]:
    default = draw(st.sampled_from(["true", "false"]))
    return {
        "metadata": {"annotations": {"storageclass.kubernetes.io/is-default-class": default}},
        "provisioner": "csi.example.com",
    }


@st.composite
def _claim(draw: st.DrawFn) -> dict[str, Any]:
    return {"spec": {"storageClassName": draw(names)} if draw(st.booleans()) else {}}


@st.composite
def _lease(draw: st.DrawFn) -> dict[str, Any]:
    return {"spec": {"holderIdentity": draw(names), "renewTime": draw(st.sampled_from(["t1", "t2"]))}}


@st.composite
def _route(draw: st.DrawFn) -> dict[str, Any]:
    backends = [{"name": draw(names), "namespace": draw(st.sampled_from(NAMESPACES))} for _ in range(2)]
    return {"spec": {"rules": [{"backendRefs": backends}]}}


@st.composite
def _grant(draw: st.DrawFn) -> dict[str, Any]:
    source = {"group": ROUTE.group, "kind": ROUTE.kind, "namespace": draw(st.sampled_from(NAMESPACES))}
    return {"spec": {"from": [source], "to": [{"group": "", "kind": "Service", "name": draw(st.just("") | names)}]}}


@st.composite
def _mesh_gateway(draw: st.DrawFn) -> dict[str, Any]:
    # Of a Secret, which no worker of these histories lists.
    return {"spec": {"selector": draw(labels), "servers": [{"tls": {"credentialName": draw(names)}}]}}


_STATES: Mapping[ApiResource, st.SearchStrategy[dict[str, Any]]] = {
    NAMESPACE: _labelled(),
    POD: _pod(),
    SERVICE: _service(),
    CONFIG_MAP: _labelled(),
    REPLICA_SET: _labelled(),
    CLAIM: _claim(),
    STORAGE_CLASS: _storage_class(),
    POLICY: _policy(),
    LEASE: _lease(),
    ROUTE: _route(),
    GRANT: _grant(),
    MESH_GATEWAY: _mesh_gateway(),
}


@st.composite
def steps(draw: st.DrawFn) -> Step:
    """The next state of any object."""
    resource = draw(st.sampled_from(_OFTEN))
    if resource is NAMESPACE:
        namespace, name = "", draw(st.sampled_from(NAMESPACES))
    else:
        namespace = draw(st.sampled_from(NAMESPACES)) if resource.namespaced else ""
        name = draw(names)
    if draw(st.integers(0, 3)) == 0:
        return Step(resource, namespace, name, None)
    state = draw(_STATES[resource])
    metadata = {
        **state.get("metadata", {}),
        "name": name,
        "uid": f"{resource.kind}-{draw(uids)}",
        "creationTimestamp": "2026-01-01T00:00:00Z",
    }
    if namespace:
        metadata["namespace"] = namespace
    return Step(resource, namespace, name, {**state, "metadata": metadata})


histories = st.lists(steps(), min_size=15, max_size=40)
