"""What REST answers, as OpenAPI describes it."""

from typing import Any

import msgspec

from kgraph.kube.given import GivenCluster


class Entity(msgspec.Struct, frozen=True):
    """A resource in DictaMesh's form."""

    id: str
    type: str
    attributes: dict[str, Any]
    relationships: dict[str, Any]
    metadata: dict[str, Any]


class ListMetadata(msgspec.Struct, frozen=True, rename={"after": "continue"}):
    """Where the next page begins: pass it as `continue`; left out on the last one."""

    after: str | None = None


class EntityList(msgspec.Struct, frozen=True):
    """A page of entities in the order of their keys; with `form=object` the items are Kubernetes' objects."""

    items: list[Entity]
    metadata: ListMetadata


class ProblemCause(msgspec.Struct, frozen=True):
    """A field that the apiserver objects to."""

    field: str
    reason: str
    message: str | None = None


class Problem(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """An error, as RFC 9457 has it; `code` is the same as in GraphQL, `reason` and `causes` are Kubernetes' own."""

    title: str
    status: int
    detail: str
    code: str
    trace_id: str | None = None
    reason: str | None = None
    causes: list[ProblemCause] | None = None


class ClusterComponent(msgspec.Struct, frozen=True):
    """One part of what keeps the graph in step with a cluster, or a kind with which something is wrong."""

    name: str
    ready: bool
    message: str


class ClusterStatus(msgspec.Struct, frozen=True, rename="camel"):
    """Whether the graph is in step with a cluster."""

    ready: bool
    message: str
    components: list[ClusterComponent]


class Cluster(msgspec.Struct, frozen=True, rename="camel"):
    """A cluster; counts are null for who may not list what is counted."""

    id: str
    name: str
    environment: str | None
    region: str | None
    version: str | None
    server: str | None
    source: str | None
    node_count: int | None
    namespace_count: int | None
    resource_count: int | None
    created_at: str | None
    synced_at: str | None
    status: ClusterStatus


class ClusterList(msgspec.Struct, frozen=True):
    """All clusters by id."""

    items: list[Cluster]


class NewCluster(GivenCluster, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A cluster to keep in the graph: its names, and either `server` with a login, or a `kubeconfig`.

    Logins are PEM and token texts; nothing here is a path, and no program is run.
    """


class Scale(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many Pods there are to be."""

    replicas: int


class GraphNode(msgspec.Struct, frozen=True, rename="camel"):
    """A node of a graph; `missing` where it is only referred to."""

    key: str
    kind: str
    group: str
    namespace: str | None
    name: str
    cluster: str | None
    missing: bool
    health: str | None
    health_reason: str | None
    depth: int


class GraphEdge(msgspec.Struct, frozen=True):
    """An edge by its ends' keys: the source depends on the target."""

    type: str
    source: str
    target: str
    fields: list[str]
    optional: bool


class GraphOmission(msgspec.Struct, frozen=True):
    """Neighbours that were not followed, being more than `fanout` by one type."""

    key: str
    type: str
    direction: str
    count: int


class Graph(msgspec.Struct, frozen=True):
    """What is near a resource: nodes by (depth, key), the root first."""

    root: GraphNode
    nodes: list[GraphNode]
    edges: list[GraphEdge]
    omitted: list[GraphOmission]
    truncated: bool
    depth: int
