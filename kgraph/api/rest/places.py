"""Where a collection is, as a path says it."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from kgraph.api.rest.collections import ClusterId, Collection, NamespaceName


class Place(NamedTuple):
    """Where a collection is: `namespace` is empty for kinds that have none."""

    cluster: str
    namespace: str = ""


PlaceOf = Callable[..., Awaitable[Place]]


async def in_cluster(cluster: ClusterId) -> Place:
    """A collection of a cluster."""
    return Place(cluster)


async def in_namespace(cluster: ClusterId, namespace: NamespaceName) -> Place:
    """A collection of a namespace."""
    return Place(cluster, namespace)


def place_of(collection: Collection) -> PlaceOf:
    """What reads the place in the paths of a collection."""
    return in_namespace if collection.namespaced else in_cluster
