"""Where a question starts: a resource by what a caller calls it, as a key."""

from kgraph.api.errors import BadUserInput
from kgraph.api.kinds import NODE_KINDS, KindReader
from kgraph.graphdb.model import GroupKind, ResourceKey, cluster_key, host_key, image_key, release_key, subject_key
from kgraph.kube.images import parse_image


class Namer:
    """Makes keys of cluster, namespace, resource type and name, with each cluster's own kinds."""

    def __init__(self, kinds: KindReader, default_namespace: str) -> None:
        self._kinds = kinds
        self._default_namespace = default_namespace

    async def key(self, cluster: str, namespace: str | None, resource_type: str, name: str) -> str:
        """The key; the default namespace where none is given, none where the kind has none.

        BadUserInput or NotFound say which of the words is not understood, and what there is.
        """
        for field, text in (("name", name), ("namespace", namespace or "")):
            if field == "name" and not text:
                raise BadUserInput("name is empty")
            if "/" in text and not (field == "name" and resource_type.lower() in NODE_KINDS):
                raise BadUserInput(f"{field} {text!r} has a slash; Kubernetes allows none in a {field}")
        catalogue = await self._kinds.of(cluster)
        if catalogue.catalogue.resolve(resource_type) is None and resource_type.strip().lower() in NODE_KINDS:
            kind = NODE_KINDS[resource_type.strip().lower()].kind
            return node_key(kind, cluster, namespace or self._default_namespace, name)
        found = await self._kinds.resolve(cluster, resource_type)
        own_namespace = (namespace or self._default_namespace) if found.namespaced else ""
        return str(ResourceKey(cluster, found.group, found.kind, own_namespace, name))

    async def group_kind(self, cluster: str, spelling: str) -> GroupKind:
        """The kind that a word means, images and other nodes that are no resources among them."""
        catalogue = (await self._kinds.of(cluster)).catalogue
        if catalogue.resolve(spelling) is None and spelling.lower() in NODE_KINDS:
            return NODE_KINDS[spelling.lower()]
        return (await self._kinds.resolve(cluster, spelling)).group_kind


def node_key(kind: str, cluster: str, namespace: str, name: str) -> str:
    """The key of a node that is no resource: an image as Pods write it; a subject `jane`, `User/jane`, `Group/ops`."""
    match kind:
        case "Image":
            return image_key(str(parse_image(name) or name))
        case "Host":
            return host_key(name)
        case "Cluster":
            return cluster_key(name)
        case "HelmRelease":
            return release_key(cluster, namespace, name)
    subject_kind, slash, subject = name.partition("/")
    if slash and subject_kind in ("User", "Group"):
        return subject_key(cluster, subject_kind, subject)
    return subject_key(cluster, "User", name)
