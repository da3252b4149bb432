"""What the graph is made of: keys, resources, edges.

Identity is the key, never the uid: the uid tells incarnations of one key apart. Nodes that are no resources have
keys of their own: `cluster:<id>`, `image:<reference>`, `host:<name>`, `subject:<cluster>/User/<name>`,
`release:<cluster>/<namespace>/<name>`.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from kgraph.groups import with_group

CORE = "core"  # how the empty API group is written in a key
NO_NAMESPACE = "_"  # how a cluster-scoped resource's namespace is written in a key
PII_LABEL = "dictamesh.io/pii"  # on what has personal data, or on a Namespace whose resources have
# The properties that any resource's node may have; those that the kinds table and users promote have other names.
RESOURCE_PROPERTIES = frozenset({
    "key", "cluster", "group", "kind", "version", "namespace", "name", "uid", "resourceVersion", "generation",
    "createdAt", "deletedAt", "labels", "fingerprint", "edgesFingerprint", "manifest", "problems",
    "health", "healthReason", "healthImage", "images", "annotations", "managers", "firstSeen", "lastChanged", "changes",
})  # fmt: skip


class GroupKind(NamedTuple):
    """A kind and its API group, versions left out; written as kubectl does: `Deployment.apps`, `Pod`."""

    group: str
    kind: str

    def __str__(self) -> str:
        """`Kind.group`, or `Kind` alone for Kubernetes' core group."""
        return with_group(self.kind, self.group)

    @classmethod
    def parse(cls, text: str) -> "GroupKind":
        """Read `Kind.group` or `Kind`: `Deployment.apps`, `Pod`."""
        kind, _, group = text.partition(".")
        return cls(group, kind)


NAMESPACE = GroupKind("", "Namespace")


class ResourceKey(NamedTuple):
    """The identity of a resource: cluster, API group, kind, namespace ("" where it has none), name."""

    cluster: str
    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """`prod/apps/Deployment/shop/web`, `prod/core/Node/_/node-1`."""
        return f"{self.cluster}/{self.group or CORE}/{self.kind}/{self.namespace or NO_NAMESPACE}/{self.name}"

    @property
    def group_kind(self) -> GroupKind:
        """The kind with its group."""
        return GroupKind(self.group, self.kind)

    @classmethod
    def parse(cls, text: str) -> "ResourceKey":
        """Read a key as it is written; ValueError says what a key looks like."""
        parts = text.split("/")
        if len(parts) != 5 or not all(parts):
            raise ValueError(
                f"{text!r} is no resource key: write cluster/group/Kind/namespace/name, with {CORE} for the core "
                f"group and {NO_NAMESPACE} for no namespace, such as prod/core/Node/_/node-1"
            )
        cluster, group, kind, namespace, name = parts
        return cls(
            cluster,
            "" if group == CORE else group,
            kind,
            "" if namespace == NO_NAMESPACE else namespace,
            name,
        )


def entity_type(kind: str) -> str:
    """What a kind is called in DictaMesh's form of resources: `kubernetes.pod`."""
    return f"kubernetes.{kind.lower()}"


def kind_prefix(cluster: str, kind: GroupKind) -> str:
    """What the keys of all resources of a kind in a cluster begin with: `prod/apps/Deployment/`."""
    return f"{cluster}/{kind.group or CORE}/{kind.kind}/"


def cluster_key(cluster: str) -> str:
    """The key of a cluster's own node."""
    return f"cluster:{cluster}"


def image_key(reference: str) -> str:
    """The key of a container image's node; the reference is written in full, so that clusters share it."""
    return f"image:{reference}"


def host_key(name: str) -> str:
    """The key of a host name's node: lower case, without a trailing dot."""
    return f"host:{name.lower().rstrip('.')}"


def subject_key(cluster: str, kind: str, name: str) -> str:
    """The key of a User or Group that role bindings name."""
    return f"subject:{cluster}/{kind}/{name}"


def release_key(cluster: str, namespace: str, name: str) -> str:
    """The key of a Helm release, which is one over all its revisions."""
    return f"release:{cluster}/{namespace}/{name}"


class Edge(msgspec.Struct, frozen=True, gc=False):
    """One edge as its start's object states it, from the dependent to what it depends on.

    There is one for each (start, type, end). `fields` are the paths that gave it; `uid` is the uid that the
    reference names, "" where it names none; `properties` are what the edge table's row adds (host, port, ...).
    """

    type: str
    end: str
    fields: tuple[str, ...]
    optional: bool = False
    inferred: bool = False
    uid: str = ""
    properties: Mapping[str, Any] = {}


class Resource(msgspec.Struct, frozen=True, gc=False):
    """One node as the writer stores it: its key, its kind's label, and its properties as Neo4j takes them.

    `fingerprint` is a hash of all that a reader would call a change; `edges_fingerprint` one of the edges that
    the object itself states.
    """

    key: str
    label: str
    uid: str
    resource_version: str
    fingerprint: str
    properties: Mapping[str, Any]
    edges: tuple[Edge, ...]
    edges_fingerprint: str


def kind_label(group: str, kind: str, *, builtin: bool) -> str:
    """The second label of a resource's node: `Pod`, or `Certificate.cert-manager.io` for a kind of someone else."""
    return kind if builtin else f"{kind}.{group}"
