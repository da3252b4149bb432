"""Graphs for these tests, written as docs/graph.md has them: nodes by key, edges by (start, type, end).

`shop` is a small cluster in which every question of the API has an answer that a reader can check by eye.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
from neo4j import AsyncDriver

from kgraph.graphdb.model import ResourceKey
from kgraph.graphdb.schema import prepare
from kgraph.graphdb.store import Store
from tests.servers import Graph
from tests.workers import graph_settings

BUILTIN_GROUPS = {"", "apps", "batch", "policy", "autoscaling"}
Node = tuple[str, Mapping[str, Any]]
EdgeRow = tuple[str, str, str, Mapping[str, Any]]

_LABELS = {
    "cluster": "Cluster",
    "image": "Image",
    "host": "Host",
    "subject": "Subject",
    "release": "HelmRelease",
}

WRITE_NODES = """
UNWIND $rows AS row
CREATE (n:$(row.labels)) SET n = row.properties
"""
WRITE_EDGES = """
UNWIND $rows AS row
MATCH (s:%s {key: row.start})
MATCH (e:%s {key: row.end})
CREATE (s)-[r:$(row.type)]->(e) SET r = row.properties
"""


def is_resource(key: str) -> bool:
    """Whether the key is a resource's: the others have a word and a colon in front."""
    return key.partition(":")[0] not in _LABELS


def node_row(key: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The labels and properties of one node; `missing: True` makes a placeholder."""
    given = dict(properties)
    if not is_resource(key):
        word, _, rest = key.partition(":")
        own = {"image": {"reference": rest}, "host": {"name": rest}, "cluster": {"id": rest, "name": rest}}.get(word)
        if own is None:
            cluster, second, name = rest.split("/")
            own = {"cluster": cluster, "namespace" if word == "release" else "kind": second, "name": name}
        return {"labels": [_LABELS[word]], "properties": {"key": key, **own, **given}}
    parts = ResourceKey.parse(key)
    base: dict[str, Any] = {"key": key, "cluster": parts.cluster, "group": parts.group, "kind": parts.kind}
    base |= {"name": parts.name} | ({"namespace": parts.namespace} if parts.namespace else {})
    if given.pop("missing", False):
        return {"labels": ["Resource", "Missing"], "properties": base}
    builtin = parts.group in BUILTIN_GROUPS or parts.group.endswith(".k8s.io")
    labels = given.pop("labels", [])
    manifest = {
        "apiVersion": f"{parts.group}/v1" if parts.group else "v1",
        "kind": parts.kind,
        "metadata": {
            "name": parts.name,
            **({"namespace": parts.namespace} if parts.namespace else {}),
            "uid": f"uid-{key}",
            "resourceVersion": "1",
            "labels": dict(label.split("=", 1) for label in labels),
            "annotations": given.pop("annotations", {}),
        },
        **given.pop("object", {}),
    }
    base |= {"version": "v1", "uid": f"uid-{key}", "resourceVersion": "1", "labels": sorted(labels)}
    base |= {"manifest": msgspec.json.encode(manifest).decode(), **given}
    return {"labels": ["Resource", parts.kind if builtin else f"{parts.kind}.{parts.group}"], "properties": base}


async def write_graph(driver: AsyncDriver, nodes: Iterable[Node], edges: Iterable[EdgeRow]) -> None:
    """Add nodes and edges to the graph."""
    rows = [node_row(key, properties) for key, properties in nodes]
    links = [
        {"start": start, "type": kind, "end": end, "properties": {"fields": [], "optional": False, **properties}}
        for start, kind, end, properties in edges
    ]
    for batch in batches(rows):
        await driver.execute_query(WRITE_NODES, rows=batch)
    by_labels: dict[tuple[str, str], list[Any]] = {}
    for link in links:
        labels = tuple(_LABELS.get(str(link[end]).partition(":")[0], "Resource") for end in ("start", "end"))
        by_labels.setdefault((labels[0], labels[1]), []).append(link)
    for labels, some in by_labels.items():
        for batch in batches(some):
            await driver.execute_query(WRITE_EDGES % labels, rows=batch)


def batches(rows: Sequence[Any], size: int = 2000) -> Iterable[Sequence[Any]]:
    """The rows in pieces of `size`."""
    return (rows[at : at + size] for at in range(0, len(rows), size))


async def clear_graph(driver: AsyncDriver) -> None:
    """Remove every node but the schema's own."""
    await driver.execute_query("MATCH (n) WHERE NOT n:GraphSchema DETACH DELETE n")


def placed(nodes: Iterable[Node]) -> list[EdgeRow]:
    """The containment edges that every resource has."""
    edges: list[EdgeRow] = []
    for key, properties in nodes:
        if not is_resource(key) or properties.get("missing"):
            continue
        parts = ResourceKey.parse(key)
        namespace = ResourceKey(parts.cluster, "", "Namespace", "", parts.namespace)
        end = ("IN_NAMESPACE", str(namespace)) if parts.namespace else ("IN_CLUSTER", f"cluster:{parts.cluster}")
        edges.append((key, *end, {}))
    return edges


def shop() -> tuple[list[Node], list[EdgeRow]]:
    """A cluster of three Nodes with two applications, things that nobody uses, and references that lead nowhere.

    `web` has three Pods, one a Node, behind a Service and an Ingress; `api` has one, on node-1, behind its own.
    """
    nodes: list[Node] = [("cluster:prod", {"version": "v1.34.0", "environment": "prod"})]
    edges: list[EdgeRow] = []
    image = "image:docker.io/library/nginx:1.27"
    nodes.append((image, {}))

    def add(kind: str, namespace: str, name: str, group: str = "core", **properties: Any) -> str:
        key = f"prod/{group}/{kind}/{namespace}/{name}"
        nodes.append((key, properties))
        return key

    def link(start: str, kind: str, end: str, **properties: Any) -> None:
        edges.append((start, kind, end, properties))

    for space in ("shop", "kube-system", "empty"):
        add("Namespace", "_", space)
    machines = [add("Node", "_", f"node-{at}", ready=True) for at in (1, 2, 3)]
    account = add("ServiceAccount", "shop", "default")
    add("ConfigMap", "shop", "kube-root-ca.crt")
    for app, where in (("web", machines), ("api", machines[:1])):
        many = len(where)
        label = [f"app={app}", "tier=front"]
        deployment = add("Deployment", "shop", app, "apps", replicas=many, readyReplicas=many, labels=label)
        replicas = add("ReplicaSet", "shop", f"{app}-1", "apps", replicas=many, labels=label)
        config = add("ConfigMap", "shop", app)
        secret = add("Secret", "shop", app, type="Opaque")
        service = add("Service", "shop", app, type="ClusterIP")
        ingress = add("Ingress", "shop", app, "networking.k8s.io")
        endpoints = add("EndpointSlice", "shop", f"{app}-x", "discovery.k8s.io", endpoints=many)
        link(replicas, "OWNED_BY", deployment, controller=True)
        link(ingress, "ROUTES_TO", service)
        link(endpoints, "ENDPOINT_OF", service)
        link(deployment, "USES_CONFIGMAP", config, fields=["spec.template.spec.volumes[0].configMap.name"])
        link(deployment, "RUNS_AS", account, inferred=True)
        for at, machine in enumerate(where, 1):
            pod = add(
                "Pod",
                "shop",
                f"{app}-1-{at}",
                labels=label,
                phase="Running",
                ready=True,
                nodeName=ResourceKey.parse(machine).name,
                images=[image.removeprefix("image:")],
                health="PROGRESSING" if app == "api" else "HEALTHY",
                annotations={"note": app},
                object={
                    "spec": {
                        "nodeName": ResourceKey.parse(machine).name,
                        "containers": [
                            {"name": "main", "image": "nginx", "resources": {"requests": {"cpu": "500m"}}},
                            {"name": "side", "image": "nginx", "resources": {"requests": {"cpu": "1"}}},
                        ],
                    },
                    "status": {"phase": "Running", "containerStatuses": [{"name": "main", "ready": True}]},
                },
            )
            link(pod, "OWNED_BY", replicas, controller=True)
            link(pod, "RUNS_ON", machine)
            link(pod, "USES_CONFIGMAP", config)
            link(pod, "USES_SECRET", secret)
            link(pod, "RUNS_AS", account, inferred=True)
            link(pod, "RUNS_IMAGE", image)
            link(service, "SELECTS", pod, matched=True)
            link(endpoints, "TARGETS", pod, ready=[True])
    daemons = add("DaemonSet", "kube-system", "proxy", "apps", replicas=3)
    for at, machine in enumerate(machines, 1):
        pod = add("Pod", "kube-system", f"proxy-{at}", phase="Running", ready=True, nodeName=f"node-{at}")
        link(pod, "OWNED_BY", daemons, controller=True)
        link(pod, "RUNS_ON", machine)
    # What nobody uses.
    add("ConfigMap", "shop", "left-over")
    add("Secret", "shop", "left-over", type="Opaque")
    add("Secret", "shop", "sh.helm.release.v1.web.v1", type="helm.sh/release.v1")
    add("PersistentVolumeClaim", "shop", "left-over", phase="Bound")
    add("PersistentVolume", "_", "left-over", phase="Released")
    add("Service", "shop", "left-over", type="ClusterIP")
    add("Service", "shop", "elsewhere", type="ExternalName")
    add("ReplicaSet", "shop", "left-over", "apps", replicas=0)
    add("Pod", "shop", "bare", phase="Running", ready=True)
    add("ServiceAccount", "shop", "left-over")
    add("Role", "shop", "left-over", "rbac.authorization.k8s.io")
    add("NetworkPolicy", "shop", "left-over", "networking.k8s.io")
    add("PodDisruptionBudget", "shop", "left-over", "policy")
    # Written by a certificate and used by nobody: deleted, it would be made again.
    certificate = add("Certificate", "shop", "tls", "cert-manager.io")
    link(certificate, "WRITES", add("Secret", "shop", "tls", type="kubernetes.io/tls"), optional=True)
    # References that lead nowhere, may lead nowhere, or name another incarnation.
    gone = add("Secret", "shop", "gone", missing=True)
    maybe = add("ConfigMap", "shop", "maybe", missing=True)
    unsynced = add("StorageClass", "_", "unsynced", "storage.k8s.io", missing=True)
    web = "prod/apps/Deployment/shop/web"
    link(web, "USES_SECRET", gone, fields=["spec.template.spec.imagePullSecrets[0].name"])
    link(web, "USES_CONFIGMAP", maybe, optional=True)
    link("prod/core/PersistentVolumeClaim/shop/left-over", "HAS_STORAGE_CLASS", unsynced)
    link("prod/core/Pod/shop/bare", "OWNED_BY", "prod/apps/ReplicaSet/shop/left-over", stale=True, uid="another")
    return nodes, [*edges, *placed(nodes)]


def synced_kinds(nodes: Iterable[Node], cluster: str, *, without: Iterable[str] = ()) -> list[dict[str, Any]]:
    """The `:SyncedKind` nodes of a cluster that serves the kinds of these nodes."""
    found = {}
    for key, _ in nodes:
        if is_resource(key) and key.startswith(f"{cluster}/"):
            parts = ResourceKey.parse(key)
            plural = f"{parts.kind.lower()}s"
            found[parts.group_kind] = {
                "key": f"{cluster}/{plural}.{parts.group}",
                "cluster": cluster,
                "group": parts.group,
                "version": "v1",
                "kind": parts.kind,
                "plural": plural,
                "namespaced": bool(parts.namespace),
                "syncedAt": datetime(2026, 1, 1, tzinfo=UTC),
            }
    return [row for row in found.values() if row["kind"] not in set(without)]


async def write_cluster(
    driver: AsyncDriver, nodes: Sequence[Node], edges: Iterable[EdgeRow], *, without: Iterable[str] = ()
) -> None:
    """Write a graph, and the kinds of its clusters as synced but for `without`."""
    await write_graph(driver, nodes, edges)
    clusters = {key.partition(":")[2] for key, _ in nodes if key.startswith("cluster:")}
    rows = [row for cluster in clusters for row in synced_kinds(nodes, cluster, without=without)]
    await driver.execute_query("UNWIND $rows AS row CREATE (k:SyncedKind) SET k = row", rows=rows)


@asynccontextmanager
async def opened_on(
    driver: AsyncDriver, server: Graph, nodes: Sequence[Node], edges: Iterable[EdgeRow], *, without: Iterable[str] = ()
) -> AsyncIterator[Store]:
    """A store on a graph that is this one and nothing else, as `write_cluster` writes it."""
    async with Store.open(graph_settings(server)) as store:
        await clear_graph(driver)
        await prepare(store)
        await write_cluster(driver, nodes, edges, without=without)
        yield store
