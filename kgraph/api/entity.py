"""The DictaMesh form of a resource, made of its manifest and its edges."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kgraph.api.nodes import Name, Node, read_key
from kgraph.graphdb.model import PII_LABEL, entity_type
from kgraph.kube.quantities import ZERO, Quantity, QuantityError
from kgraph.lenient import mapping, mappings

SOURCE = "kubernetes-adapter"

# Edge type and the end's kind, "" for any -> the relationship's name, and whether it is a list.
RELATIONSHIPS: tuple[tuple[str, str, str, bool], ...] = (
    ("OWNED_BY", "", "owned_by", False),
    ("RUNS_ON", "", "runs_on", False),
    ("USES_CONFIGMAP", "", "uses_configmaps", True),
    ("USES_SECRET", "", "uses_secrets", True),
    ("ROUTES_TO", "Service", "uses_services", True),
    ("GOVERNED_BY", "Service", "uses_services", True),
    ("CALLS", "Service", "uses_services", True),
)
EDGE_TYPES = tuple(dict.fromkeys(row[0] for row in RELATIONSHIPS))


def entity_id(name: Name) -> str:
    """`cluster:namespace:name`; the namespace is empty for kinds that have none."""
    return f"{name.cluster or ''}:{name.namespace or ''}:{name.name}"


def entity(
    node: Node,
    manifest: Mapping[str, Any],
    edges: Iterable[tuple[str, str]],
    *,
    namespace_labels: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The entity of one resource; `edges` are (type, the end's key), `namespace_labels` those of its namespace."""
    name = node.name
    metadata = mapping(manifest.get("metadata"))
    own_labels = dict(mapping(metadata.get("labels")))
    attributes: dict[str, Any] = {
        "cluster": name.cluster,
        "namespace": name.namespace,
        "name": name.name,
        "uid": metadata.get("uid"),
        "labels": own_labels,
        "annotations": dict(mapping(metadata.get("annotations"))),
        **ATTRIBUTES.get((name.group, name.kind), _no_more)(manifest),
    }
    created_at = metadata.get("creationTimestamp")
    return {
        "id": entity_id(name),
        "type": entity_type(name.kind),
        "attributes": attributes,
        "relationships": relationships(edges),
        "metadata": {
            "uid": metadata.get("uid"),
            "resource_version": metadata.get("resourceVersion"),
            "created_at": created_at,
            "updated_at": _updated_at(manifest) or created_at,
            "source": SOURCE,
            "pii": PII_LABEL in own_labels or PII_LABEL in (namespace_labels or {}),
        },
    }


def relationships(edges: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """What it is owned by, runs on and uses: `{type, id}` or lists of it."""
    found: dict[str, Any] = {"uses_services": [], "uses_configmaps": [], "uses_secrets": []}
    for kind, end in sorted(edges):
        name = read_key(end)
        for edge_type, end_kind, relationship, many in RELATIONSHIPS:
            if kind != edge_type or end_kind not in ("", name.kind):
                continue
            reference = {"type": entity_type(name.kind), "id": entity_id(name)}
            if many:
                if reference not in found[relationship]:
                    found[relationship].append(reference)
            else:
                found.setdefault(relationship, reference)
    return found


def totals(parts: Iterable[Any]) -> dict[str, str]:
    """The sum of several `{cpu: 500m, memory: 128Mi}`, by resource; what is no quantity is left out."""
    sums: dict[str, Quantity] = {}
    for part in parts:
        for resource, written in mapping(part).items():
            try:
                quantity = Quantity.parse(written)
            except QuantityError:
                continue
            sums[resource] = sums.get(resource, ZERO) + quantity
    return {resource: str(total) for resource, total in sorted(sums.items())}


def _no_more(_: Mapping[str, Any]) -> dict[str, Any]:
    return {}


def _pod(manifest: Mapping[str, Any]) -> dict[str, Any]:
    spec, status = mapping(manifest.get("spec")), mapping(manifest.get("status"))
    states = {
        entry.get("name"): entry
        for field in ("containerStatuses", "initContainerStatuses")
        for entry in mappings(status.get(field))
    }
    containers = mappings(spec.get("containers"))
    return {
        "phase": status.get("phase"),
        "node_name": spec.get("nodeName"),
        "pod_ip": status.get("podIP"),
        "host_ip": status.get("hostIP"),
        "start_time": status.get("startTime"),
        "containers": [
            {
                "name": container.get("name"),
                "image": container.get("image"),
                "state": next(iter(mapping(mapping(states.get(container.get("name"))).get("state"))), None),
                "ready": bool(mapping(states.get(container.get("name"))).get("ready", False)),
            }
            for container in containers
        ],
        "conditions": _conditions(status),
        "resource_requests": totals(mapping(c.get("resources")).get("requests") for c in containers),
        "resource_limits": totals(mapping(c.get("resources")).get("limits") for c in containers),
    }


def _workload(manifest: Mapping[str, Any]) -> dict[str, Any]:
    spec, status = mapping(manifest.get("spec")), mapping(manifest.get("status"))
    return {
        "replicas": spec.get("replicas"),
        "ready_replicas": status.get("readyReplicas", 0),
        "available_replicas": status.get("availableReplicas", 0),
        "updated_replicas": status.get("updatedReplicas", 0),
        "selector": spec.get("selector"),
        "conditions": _conditions(status),
    }


def _service(manifest: Mapping[str, Any]) -> dict[str, Any]:
    spec = mapping(manifest.get("spec"))
    return {
        "type": spec.get("type", "ClusterIP"),
        "cluster_ip": spec.get("clusterIP"),
        "external_ips": addresses if isinstance(addresses := spec.get("externalIPs"), list) else [],
        "selector": spec.get("selector"),
        "ports": mappings(spec.get("ports")),
    }


def _node(manifest: Mapping[str, Any]) -> dict[str, Any]:
    spec, status = mapping(manifest.get("spec")), mapping(manifest.get("status"))
    return {
        "unschedulable": bool(spec.get("unschedulable", False)),
        "capacity": mapping(status.get("capacity")),
        "allocatable": mapping(status.get("allocatable")),
        "node_info": mapping(status.get("nodeInfo")),
        "conditions": _conditions(status),
    }


def _data(manifest: Mapping[str, Any]) -> dict[str, Any]:
    keys = [*mapping(manifest.get("data")), *mapping(manifest.get("binaryData"))]
    return {"type": manifest.get("type"), "data_keys": sorted(set(keys))}


# What a user looks at first, by kind; other kinds have what all have.
ATTRIBUTES: Mapping[tuple[str, str], Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    ("", "Pod"): _pod,
    ("apps", "Deployment"): _workload,
    ("apps", "StatefulSet"): _workload,
    ("apps", "ReplicaSet"): _workload,
    ("", "Service"): _service,
    ("", "Node"): _node,
    ("", "ConfigMap"): _data,
    ("", "Secret"): _data,
}


def _conditions(status: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "type": condition.get("type"),
            "status": condition.get("status"),
            "reason": condition.get("reason"),
            "message": condition.get("message"),
        }
        for condition in mappings(status.get("conditions"))
    ]


def _updated_at(manifest: Mapping[str, Any]) -> str | None:
    """The latest time that the object itself tells of: its conditions' transitions."""
    status = mapping(manifest.get("status"))
    times = [str(c["lastTransitionTime"]) for c in mappings(status.get("conditions")) if c.get("lastTransitionTime")]
    return max(times, default=None)
