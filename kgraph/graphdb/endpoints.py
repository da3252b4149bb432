"""What an edge's end is by its key alone: its label, and the properties of the nodes that belong to no one."""

from typing import Any

from kgraph.graphdb.model import ResourceKey

# How keys of nodes that are no resources begin.
_PREFIXES = {
    "cluster:": "Cluster",
    "image:": "Image",
    "host:": "Host",
    "subject:": "Subject",
    "release:": "HelmRelease",
}


def end_label(key: str) -> str:
    """The label under which the node of a key is unique: `Resource`, `Cluster`, `Image`, `Host`, ..."""
    prefix, colon, _ = key.partition(":")
    # A resource's key may hold colons too (ClusterRole names do), but only after its first slash.
    return _PREFIXES.get(prefix + colon, "Resource") if "/" not in prefix else "Resource"


def end_properties(key: str) -> dict[str, Any]:
    """The properties of a placeholder, an image, a host, a subject or a release, which its key says in full."""
    label = end_label(key)
    rest = key.partition(":")[2]
    if label == "Image":
        return {"key": key, **image_parts(rest)}
    if label == "Host":
        return {"key": key, "name": rest}
    if label == "Subject":
        cluster, kind, name = rest.split("/", 2)
        return {"key": key, "cluster": cluster, "kind": kind, "name": name}
    if label == "HelmRelease":
        cluster, namespace, name = rest.split("/", 2)
        return {"key": key, "cluster": cluster, "namespace": namespace, "name": name}
    if label == "Cluster":
        return {"key": key, "id": rest}
    parsed = ResourceKey.parse(key)
    return {
        "key": key,
        "cluster": parsed.cluster,
        "group": parsed.group,
        "kind": parsed.kind,
        "namespace": parsed.namespace or None,
        "name": parsed.name,
    }


def image_parts(reference: str) -> dict[str, Any]:
    """A normalised image reference in its parts: registry, repository, tag, digest (None where it has none)."""
    name, _, digest = reference.partition("@")
    registry, _, path = name.partition("/")
    repository, _, tag = path.partition(":")
    return {
        "reference": reference,
        "name": repository,
        "registry": registry,
        "repository": repository,
        "tag": tag or None,
        "digest": digest or None,
    }
