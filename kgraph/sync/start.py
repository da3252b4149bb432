"""The start of edges: one resource as references and queries are read from it, and how it names other resources."""

from collections.abc import Mapping
from typing import Any

import msgspec

from kgraph.graphdb.catalogue import Catalogue
from kgraph.graphdb.model import CORE, NO_NAMESPACE, GroupKind
from kgraph.groups import todays_group


class Elsewhere(msgspec.Struct, frozen=True):
    """What objects mean that their own cluster does not say.

    `clusters` are the ids of the clusters that they name: by id, name or server's address. `homes` are the namespaces
    of controllers that run elsewhere than their projects have them: `infra` for `cert-manager`.
    """

    clusters: Mapping[str, str] = {}
    homes: Mapping[str, str] = {}


NOTHING_ELSEWHERE = Elsewhere()


class Keys:
    """Writes the keys of one cluster's resources; a kind's scope decides whether a key has a namespace."""

    __slots__ = ("_prefixes", "catalogue", "cluster", "elsewhere")

    def __init__(self, cluster: str, catalogue: Catalogue, elsewhere: Elsewhere = NOTHING_ELSEWHERE) -> None:
        self.cluster = cluster
        self.catalogue = catalogue
        self.elsewhere = elsewhere
        self._prefixes: dict[tuple[str, str], tuple[str, bool | None]] = {}

    def end(self, own_namespace: str, group: str, kind: str, namespace: str, name: str) -> str | None:
        """The key of what a resource in `own_namespace` refers to; None where there can be no such thing.

        Without a `namespace` it is the start's own; a cluster-scoped start then refers to nothing namespaced. Of a
        kind whose scope is unknown, the start's namespace stands until its definition is known.
        """
        prefix, namespaced = self._prefixes.get((group, kind)) or self._learn(group, kind)
        if namespaced is False:
            return f"{prefix}{NO_NAMESPACE}/{name}"
        namespace = namespace or own_namespace
        if namespace:
            return f"{prefix}{namespace}/{name}"
        return None if namespaced else f"{prefix}{NO_NAMESPACE}/{name}"

    def cluster_called(self, name: str) -> str | None:
        """The id of the cluster that is called so: by its id, its name or its apiserver's address."""
        return self.elsewhere.clusters.get(name.rstrip("/"))

    def home(self, usual: str) -> str:
        """The namespace of a controller that its project has in the namespace `usual`."""
        return self.elsewhere.homes.get(usual, usual)

    def prefix(self, group: str, kind: str) -> str:
        """What all keys of a kind begin with: `prod/core/ConfigMap/`."""
        return (self._prefixes.get((group, kind)) or self._learn(group, kind))[0]

    def _learn(self, group: str, kind: str) -> tuple[str, bool | None]:
        today = todays_group(group, kind)
        known = f"{self.cluster}/{today or CORE}/{kind}/", self.catalogue.is_namespaced(today, kind)
        self._prefixes[group, kind] = known
        return known


class Start(msgspec.Struct, frozen=True):
    """One resource whose object is read: its parts, the kinds that are known, and its Pod specs with their paths.

    A Pod has one and a template one; some templates have several, most kinds none.
    """

    cluster: str
    key: str
    group_kind: GroupKind
    version: str
    namespace: str
    name: str
    labels: Mapping[str, str]
    object: Mapping[str, Any]
    pods: tuple[tuple[str, Mapping[str, Any]], ...]
    catalogue: Catalogue
    keys: Keys

    def end(self, group: str, kind: str, namespace: str, name: Any) -> str | None:
        """The key of what this resource refers to; None where the name is none."""
        if not is_name(name) or "/" in namespace or "/" in group:
            return None
        return self.keys.end(self.namespace, group, kind, namespace, name)

    def section(self, *names: str) -> Mapping[str, Any]:
        """The map at a path of the object; empty where there is none."""
        value: Any = self.object
        for name in names:
            value = value.get(name) if type(value) is dict else None
        return value if type(value) is dict else {}

    @property
    def annotations(self) -> Mapping[str, Any]:
        """The resource's annotations as they stand in the object."""
        return self.section("metadata", "annotations")


def is_name(value: Any) -> bool:
    """Whether a value can be a resource's name: Kubernetes forbids `/` in all of them."""
    return type(value) is str and value != "" and "/" not in value


def maps(value: Any) -> list[tuple[int, Mapping[str, Any]]]:
    """The maps of a list with their indices; none where it is no list."""
    return [(at, item) for at, item in enumerate(value) if type(item) is dict] if type(value) is list else []


def text(value: Any) -> str:
    """The value if it is a text, else ""."""
    return value if type(value) is str else ""


def group_of(api_version: str) -> str:
    """The group of an apiVersion: `apps` of `apps/v1`, "" of `v1`."""
    return api_version.rpartition("/")[0]
