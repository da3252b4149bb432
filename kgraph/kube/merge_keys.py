"""Which items of two lists are the same item: the merge keys of Kubernetes' lists, as a table.

The keys are the `patchMergeKey` and `x-kubernetes-list-map-keys` of Kubernetes' OpenAPI. Where it has none (lists that
are replaced as a whole), but a reader would still say "the rule of this host" or "the subject of that name", the row
is ours. Lists that no row names are told apart by `name` where every item has one of its own, else by position.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

# What a key is where the item does not say: a port without protocol is TCP.
DEFAULTS: Mapping[str, Any] = {"protocol": "TCP"}
_NAME = ("name",)


class MergeKey(msgspec.Struct, frozen=True):
    """How the items of lists called `field` are told apart: by these fields of an item, which may be nested (`a.b`)."""

    field: str
    keys: tuple[str, ...]


MERGE_KEYS: tuple[MergeKey, ...] = (
    # ---- Pods and templates
    MergeKey("containers", _NAME),
    MergeKey("initContainers", _NAME),
    MergeKey("ephemeralContainers", _NAME),
    MergeKey("containerStatuses", _NAME),
    MergeKey("initContainerStatuses", _NAME),
    MergeKey("ephemeralContainerStatuses", _NAME),
    MergeKey("env", _NAME),
    MergeKey("envFrom", ("configMapRef.name",)),
    MergeKey("envFrom", ("secretRef.name",)),
    MergeKey("volumes", _NAME),
    MergeKey("volumeMounts", ("mountPath",)),
    MergeKey("volumeDevices", ("devicePath",)),
    MergeKey("volumeClaimTemplates", ("metadata.name",)),
    MergeKey("imagePullSecrets", _NAME),
    MergeKey("hostAliases", ("ip",)),
    MergeKey("podIPs", ("ip",)),
    MergeKey("hostIPs", ("ip",)),
    MergeKey("readinessGates", ("conditionType",)),
    MergeKey("schedulingGates", _NAME),
    MergeKey("resourceClaims", _NAME),
    MergeKey("claims", _NAME),
    MergeKey("topologySpreadConstraints", ("topologyKey", "whenUnsatisfiable")),
    MergeKey("items", ("key",)),  # of a volume's ConfigMap or Secret
    MergeKey("items", ("path",)),  # of the downward API
    # ---- everywhere
    MergeKey("conditions", ("type",)),
    MergeKey("ownerReferences", ("uid",)),
    MergeKey("ports", ("containerPort", "protocol")),
    MergeKey("ports", ("port", "protocol")),
    # ---- Services, Ingresses, Nodes
    MergeKey("addresses", ("type",)),
    MergeKey("taints", ("key", "effect")),
    MergeKey("rules", ("host",)),
    MergeKey("paths", ("path", "pathType")),
    MergeKey("ingress", ("ip",)),
    MergeKey("ingress", ("hostname",)),
    MergeKey("tls", ("secretName",)),
    # ---- RBAC, admission, definitions
    MergeKey("subjects", ("kind", "namespace", "name")),
    MergeKey("subjects", ("kind", "name")),
    MergeKey("webhooks", _NAME),
    MergeKey("versions", _NAME),
    MergeKey("matchConditions", _NAME),
)

# Lists of texts whose order means nothing: `x-kubernetes-list-type: set`, and those that the documentation calls so.
SETS: frozenset[str] = frozenset(
    {
        "accessModes", "apiGroups", "externalIPs", "finalizers", "hosts", "ipFamilies", "loadBalancerSourceRanges",
        "nonResourceURLs", "policyTypes", "resourceNames", "resources", "shortNames", "categories", "verbs",
    }
)  # fmt: skip

_BY_FIELD: dict[str, tuple[tuple[str, ...], ...]] = {}
for _row in MERGE_KEYS:
    _BY_FIELD[_row.field] = (*_BY_FIELD.get(_row.field, ()), _row.keys)

Identity = tuple[tuple[str, str], ...]


def identities(field: str, *lists: Sequence[Any]) -> tuple[list[Identity], ...] | None:
    """What tells the items of all these lists apart, item by item; None where only their position does.

    Each identity is unique in its own list; the same one in two lists is the same item.
    """
    for keys in (*_BY_FIELD.get(field, ()), _NAME):
        found = tuple([_identity(item, keys) for item in items] for items in lists)
        if all(None not in each and len(set(each)) == len(each) for each in found):
            return found  # type: ignore[return-value]  # None is in none of them
    return None


def _identity(item: Any, keys: tuple[str, ...]) -> Identity | None:
    if type(item) is not dict:
        return None
    found = []
    for key in keys:
        value: Any = item
        for step in key.split("."):
            value = value.get(step) if type(value) is dict else None
        if value is None:
            value = DEFAULTS.get(key)
        if type(value) not in (str, int):
            return None
        found.append((key, str(value)))
    return tuple(found)
