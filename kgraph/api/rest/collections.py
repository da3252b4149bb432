"""The kinds that have paths of their own, as kubectl lists them; every other kind is GraphQL's."""

from typing import Annotated

import msgspec
from litestar.params import PathParameter

from kgraph.graphdb.model import GroupKind

CLUSTER = "/clusters/{cluster:str}"
NAMESPACE = f"{CLUSTER}/namespaces/{{namespace:str}}"


ClusterId = Annotated[str, PathParameter(description="The id that the configuration gives the cluster.")]
NamespaceName = Annotated[str, PathParameter(description="The namespace.")]
ResourceName = Annotated[str, PathParameter(description="The resource's name.")]


class Collection(msgspec.Struct, frozen=True):
    """One kind's paths: `plural` is their last word, `example` a name in the documentation."""

    plural: str
    kind: GroupKind
    version: str
    namespaced: bool
    example: str

    @property
    def path(self) -> str:
        """Where the list is."""
        return f"{NAMESPACE if self.namespaced else CLUSTER}/{self.plural}"

    @property
    def resource_type(self) -> str:
        """The kind as kubectl takes it without doubt."""
        return f"{self.plural}.{self.kind.group}" if self.kind.group else self.plural

    @property
    def api_version(self) -> str:
        """As manifests write it."""
        return f"{self.kind.group}/{self.version}" if self.kind.group else self.version


COLLECTIONS = (
    Collection("nodes", GroupKind("", "Node"), "v1", namespaced=False, example="node-1"),
    Collection("namespaces", GroupKind("", "Namespace"), "v1", namespaced=False, example="shop"),
    Collection("pods", GroupKind("", "Pod"), "v1", namespaced=True, example="web-7f9c"),
    Collection("deployments", GroupKind("apps", "Deployment"), "v1", namespaced=True, example="web"),
    Collection("services", GroupKind("", "Service"), "v1", namespaced=True, example="web"),
)
