"""A node of the graph as a reader has it: its key taken apart, and what else was asked for."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from kgraph.api.errors import NotFound
from kgraph.api.reading.reader import Reader
from kgraph.graphdb.model import CORE, NO_NAMESPACE, GroupKind

# Nodes that are no resources, by the word before the colon in their key.
_KINDS = {
    "cluster": "Cluster",
    "image": "Image",
    "host": "Host",
    "subject": "Subject",
    "release": "HelmRelease",
}

# What every resource has, or nobody looks at: not part of `properties`.
HIDDEN_PROPERTIES = (
    "key", "cluster", "group", "kind", "version", "namespace", "name", "uid", "createdAt", "labels", "manifest",
    "fingerprint", "edgesFingerprint", "resourceVersion", "generation", "images", "annotations", "managers",
    "firstSeen", "lastChanged", "changes", "health", "healthReason",
    "healthImage", "containerResources",
)  # fmt: skip


class Name(msgspec.Struct, frozen=True, gc=False):
    """A key taken apart; cluster and namespace are None where there is none."""

    cluster: str | None
    group: str
    kind: str
    namespace: str | None
    name: str

    @property
    def group_kind(self) -> GroupKind:
        """The kind with its group."""
        return GroupKind(self.group, self.kind)


class Facts(msgspec.Struct, frozen=True, gc=False):
    """What a node says beside its key; everything is empty for a placeholder."""

    version: str | None = None
    uid: str | None = None
    created_at: str | None = None
    labels: tuple[str, ...] = ()
    health: str | None = None
    health_reason: str | None = None
    properties: Mapping[str, Any] = {}
    manifest: str | msgspec.UnsetType | None = msgspec.UNSET  # JSON; unset when not asked for


Place = tuple[str, str]  # a node's handle and its key


class Node(msgspec.Struct, frozen=True, gc=False):
    """One node: `handle` is Neo4j's own name for it, good for this question only; `facts` None when not asked for."""

    handle: str
    key: str
    missing: bool = False
    facts: Facts | None = None

    @property
    def place(self) -> Place:
        """Where a later statement finds it, and nothing else: Neo4j gives handles of deleted nodes to new ones."""
        return self.handle, self.key

    @property
    def name(self) -> Name:
        """The key taken apart."""
        return read_key(self.key)


def read_key(key: str) -> Name:
    """Take any node's key apart: a resource's, or `image:…`, `host:…`, `subject:…`, `release:…`, `cluster:…`."""
    parts = key.split("/")
    if len(parts) == 5 and ":" not in parts[0]:
        cluster, group, kind, namespace, name = parts
        return Name(
            cluster,
            "" if group == CORE else group,
            kind,
            None if namespace == NO_NAMESPACE else namespace,
            name,
        )
    word, _, rest = key.partition(":")
    kind = _KINDS.get(word, word)
    if kind == "Subject":
        cluster, _, rest = rest.partition("/")
        subject_kind, _, name = rest.partition("/")
        return Name(cluster, "rbac.authorization.k8s.io", subject_kind, None, name)
    if kind == "HelmRelease":
        cluster, namespace, name = rest.split("/", 2)
        return Name(cluster, "", kind, namespace, name)
    return Name(rest if kind == "Cluster" else None, "", kind, None, rest)


async def named(reader: Reader, key: str, *, timeout: float) -> Node:
    """The node of a key that a caller has given; NotFound where there is none, or none that they see."""
    await reader.require(key, timeout=timeout)
    record = await reader.read_one("read/node", {"of": {"key": key}}, timeout=timeout)
    if record["node"] is None:
        raise NotFound(f"{key} is not in the graph")
    return node(record["node"])


async def named_if_there(reader: Reader, key: str, *, timeout: float) -> Node | None:
    """The same; None where `named` finds nothing."""
    try:
        return await named(reader, key, timeout=timeout)
    except NotFound:
        return None


def absent_handle(key: str) -> str:
    """What stands in for the handle of a resource that the graph does not have yet: no node's own."""
    return f"changed:{key}"


class Wanted(msgspec.Struct, frozen=True):
    """What is wanted of nodes beside their keys: facts, what their kinds promote, their objects."""

    facts: bool = False
    properties: bool = False
    manifests: bool = False

    def __or__(self, other: "Wanted") -> "Wanted":
        """What either wants."""
        return Wanted(self.facts or other.facts, self.properties or other.properties, self.manifests or other.manifests)

    @property
    def parameters(self) -> dict[str, Any]:
        """As the statements take it."""
        return {"properties": self.properties, "manifests": self.manifests, "hidden": HIDDEN_PROPERTIES}


async def with_facts(reader: Reader, nodes: Sequence[Node], wanted: Wanted, *, timeout: float) -> tuple[Node, ...]:
    """The same nodes with what they say beside their keys."""
    parameters = {"places": [one.place for one in nodes], **wanted.parameters}
    record = await reader.read_one("read/facts", {"of": parameters}, timeout=timeout)
    found = {row[0]: node_with_facts(row) for row in record["nodes"]}
    return tuple(found.get(one.handle, one) for one in nodes)


def node(row: Sequence[Any]) -> Node:
    """A node from what the statements return: [handle, key, missing]."""
    return Node(row[0], row[1], row[2])


def node_with_facts(row: Sequence[Any]) -> Node:
    """The same with facts: [.., version, uid, createdAt, labels, health, reason, image, properties, manifest].

    The properties are null, and the manifest is false, where they were not asked for.
    """
    handle, key, missing, version, uid, created_at, labels, health, reason, image, properties, manifest = row
    facts = Facts(
        version=version,
        uid=uid,
        created_at=created_at,
        labels=tuple(labels or ()),
        health=health,
        health_reason=with_image(reason, image),
        properties=plain(dict(properties or ())),
        manifest=msgspec.UNSET if manifest is False else manifest,
    )
    return Node(handle, key, missing, facts)


def with_image(reason: str | None, image: str | None) -> str | None:
    """A health's reason with the image that it is about: `ImagePullBackOff (nginx:1.99)`."""
    return f"{reason} ({image})" if reason and image else reason


def plain(value: Any) -> Any:
    """A value of Neo4j as JSON has it: times as ISO 8601."""
    if hasattr(value, "iso_format"):  # before tuples: a duration is one
        return value.iso_format()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
