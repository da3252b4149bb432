"""The kinds that a cluster serves in the words of the graph: their own nodes, their rows, the order of a first sync."""

from collections.abc import Iterable, Mapping
from typing import Any

from kgraph.graphdb.catalogue import is_builtin
from kgraph.graphdb.kinds import Kind
from kgraph.graphdb.model import GroupKind, kind_label
from kgraph.groups import todays_group
from kgraph.kube.discovery import ApiResource

READ_VERBS = ("list", "watch")

# What others point at is listed first, so that a first sync makes few placeholders that it fills at once.
_FIRST = (
    "customresourcedefinitions", "namespaces", "nodes", "clusterroles", "storageclasses", "priorityclasses",
    "serviceaccounts", "configmaps", "secrets", "persistentvolumes", "persistentvolumeclaims", "services",
    "deployments", "statefulsets", "daemonsets", "cronjobs", "jobs", "replicasets", "pods", "endpointslices",
)  # fmt: skip


def listing_order(resource: ApiResource) -> tuple[int, str, str]:
    """Where a kind stands in a first sync."""
    place = _FIRST.index(resource.plural) if resource.plural in _FIRST else len(_FIRST)
    return place, resource.group, resource.plural


def group_kind(resource: ApiResource) -> GroupKind:
    """The kind behind a resource of the API."""
    return GroupKind(resource.group, resource.kind)


def label_of(group: str, kind: str) -> str:
    """The second label of a kind's nodes; groups of old are today's."""
    today = todays_group(group, kind)
    return kind_label(today, kind, builtin=is_builtin(today))


def todays_kind(kind: GroupKind) -> GroupKind:
    """The kind as keys have it: groups of old are today's."""
    return GroupKind(todays_group(kind.group, kind.kind), kind.kind)


def kind_key(cluster: str, resource: ApiResource) -> str:
    """The key of a kind's own node: `prod/deployments.apps`, `prod/pods`."""
    return f"{cluster}/{resource.plural}.{resource.group}" if resource.group else f"{cluster}/{resource.plural}"


def kind_properties(cluster: str, resource: ApiResource) -> dict[str, Any]:
    """What a kind's own node says of it, so that a reader resolves `deploy` as this cluster would."""
    return {
        "cluster": cluster,
        "group": resource.group,
        "version": resource.version,
        "kind": resource.kind,
        "plural": resource.plural,
        "singular": resource.singular,
        "shortNames": list(resource.short_names),
        "namespaced": resource.namespaced,
    }


def resource_of(properties: Mapping[str, Any]) -> ApiResource:
    """A kind's own node as the resource of the API that it stands for."""
    return ApiResource(
        group=properties["group"],
        version=properties["version"],
        kind=properties["kind"],
        plural=properties["plural"],
        singular=properties.get("singular", ""),
        short_names=tuple(properties.get("shortNames", ())),
        namespaced=properties["namespaced"],
        verbs=READ_VERBS,
    )


def discovered_kinds(found: Iterable[ApiResource]) -> list[Kind]:
    """What discovery says of each kind, as rows of the kinds table."""
    return [
        Kind(
            group=resource.group,
            kind=resource.kind,
            plural=resource.plural,
            singular=resource.singular,
            short_names=tuple(resource.short_names),
            namespaced=resource.namespaced,
        )
        for resource in found
    ]
