"""Examples for the API's description, of the little shop in the guides."""

from collections.abc import Mapping
from typing import Any

ENTITY: Mapping[str, Any] = {
    "id": "prod:shop:web",
    "type": "kubernetes.deployment",
    "attributes": {
        "cluster": "prod",
        "namespace": "shop",
        "name": "web",
        "uid": "6f1c9f3e-2c1b-4a51-8c30-0d1a5e6f2b77",
        "labels": {"app": "web"},
        "annotations": {},
        "replicas": 2,
        "ready_replicas": 2,
    },
    "relationships": {"uses_services": [], "uses_configmaps": [], "uses_secrets": []},
    "metadata": {
        "uid": "6f1c9f3e-2c1b-4a51-8c30-0d1a5e6f2b77",
        "resource_version": "4711",
        "created_at": "2026-11-02T08:00:00Z",
        "updated_at": "2026-11-02T08:00:09Z",
        "source": "kubernetes-adapter",
        "pii": False,
    },
}
ENTITY_LIST = {"items": [ENTITY], "metadata": {"continue": "cHJvZC9hcHBzL0RlcGxveW1lbnQvc2hvcC93ZWI="}}
PROBLEM = {
    "title": "Not Found",
    "status": 404,
    "detail": "prod/apps/Deployment/shop/web is not in the graph",
    "code": "NOT_FOUND",
}
CLUSTER = {
    "id": "prod",
    "name": "Production",
    "environment": "prod",
    "region": "eu-west-1",
    "version": "v1.37.2",
    "server": "https://prod.example:6443",
    "source": "live",
    "nodeCount": 12,
    "namespaceCount": 40,
    "resourceCount": 5312,
    "createdAt": "2025-03-01T09:00:00Z",
    "syncedAt": "2026-11-02T08:00:00Z",
    "status": {"ready": True, "message": "in step at 2026-11-02T08:00:00Z", "components": []},
}
CLUSTER_LIST = {"items": [CLUSTER]}
NEW_CLUSTER = {
    "id": "prod",
    "name": "Production",
    "environment": "prod",
    "server": "https://prod.example:6443",
    "ca": "-----BEGIN CERTIFICATE-----\n…",
    "token": "eyJhbGciOi…",
}
LOG = "GET / 200\nGET /favicon.ico 404\n"
_POD_SPEC = {"containers": [{"name": "web", "image": "nginx:1.29"}]}
_LABELS = {"app": "web"}
# What is sent to create one; `kind` and `apiVersion` may be left out.
OBJECTS: Mapping[str, Mapping[str, Any]] = {
    "namespaces": {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},
    "pods": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": _POD_SPEC},
    "deployments": {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": _LABELS},
            "template": {"metadata": {"labels": _LABELS}, "spec": _POD_SPEC},
        },
    },
    "services": {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"selector": _LABELS, "ports": [{"port": 80}]},
    },
}
_NODE = {
    "key": "prod/apps/Deployment/shop/web",
    "kind": "Deployment",
    "group": "apps",
    "namespace": "shop",
    "name": "web",
    "cluster": "prod",
    "missing": False,
    "health": "HEALTHY",
    "healthReason": None,
    "depth": 0,
}
GRAPH = {
    "root": _NODE,
    "nodes": [
        _NODE,
        {**_NODE, "key": "prod/core/ConfigMap/shop/settings", "kind": "ConfigMap", "group": "", "name": "settings"}
        | {"health": None, "depth": 1},
    ],
    "edges": [
        {
            "type": "USES_CONFIGMAP",
            "source": "prod/apps/Deployment/shop/web",
            "target": "prod/core/ConfigMap/shop/settings",
            "fields": ["spec.template.spec.volumes[0].configMap.name"],
            "optional": False,
        }
    ],
    "omitted": [],
    "truncated": False,
    "depth": 1,
}
EVENT_STREAM = """\
retry: 3000
id: 1764151200000000.5f0c9a1e.
: connected

id: 1764151203482113.5f0c9a1e.0b1d6b3e-2f57-8c0a-9a55-51b4f3f4c1d2
event: UPDATED
data: {"event_id":"0b1d6b3e-2f57-8c0a-9a55-51b4f3f4c1d2","event_type":"UPDATED","cluster_id":"prod", …}

"""
