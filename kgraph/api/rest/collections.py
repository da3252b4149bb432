"""The kinds that have paths of their own, as kubectl lists them; every other kind is GraphQL's."""

from typing import Annotated

import msgspec
from litestar.params import PathParameter

from kgraph.graphdb.model import GroupKind
from kgraph.groups import api_version, with_group

CLUSTER = "/clusters/{cluster:str}"
NAMESPACE = f"{CLUSTER}/namespaces/{{namespace:str}}"


ClusterId = Annotated[str, PathParameter(description="The id that the configuration gives the cluster.")]
NamespaceName = Annotated[str, PathParameter(description="The namespace.")]
ResourceName = Annotated[str, PathParameter(description="The resource's name.")]


class Collection(msgspec.Struct, frozen=True):
    """One kind's paths: `plural` is their last word."""

    plural: str
    kind: GroupKind
    version: str
    namespaced: bool

    @property
    def path(self) -> str:
        """Where the list is."""
        return f"{NAMESPACE if self.namespaced else CLUSTER}/{self.plural}"

    @property
    def resource_type(self) -> str:
        """The kind as kubectl takes it without doubt."""
        return with_group(self.plural, self.kind.group)

    @property
    def api_version(self) -> str:
        """As manifests write it."""
        return api_version(self.kind.group, self.version)


COLLECTIONS = (
    Collection("nodes", GroupKind("", "Node"), "v1", namespaced=False),
    Collection("namespaces", GroupKind("", "Namespace"), "v1", namespaced=False),
    Collection("pods", GroupKind("", "Pod"), "v1", namespaced=True),
    Collection("deployments", GroupKind("apps", "Deployment"), "v1", namespaced=True),
    Collection("services", GroupKind("", "Service"), "v1", namespaced=True),
)
