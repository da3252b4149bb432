"""A namespace's ResourceQuotas, and whether there is room in them.

Kubernetes itself refuses a Pod that goes beyond a quota, but takes a Deployment of any size, whose Pods are then
missing without a word to whoever asked for them. So what is asked for is compared with what is left before it is sent.
It remains Kubernetes that decides: between our look and its own others may take the room, or give some back.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from kgraph.kube.connection import Connection
from kgraph.kube.discovery import ApiResource
from kgraph.kube.listing import pages
from kgraph.kube.quantities import ZERO, Quantity, QuantityError
from kgraph.kube.usage import Usage

RESOURCE_QUOTAS = ApiResource("", "v1", "ResourceQuota", "resourcequotas")


class _ScopeRequirement(msgspec.Struct, frozen=True, rename="camel"):
    scope_name: str
    operator: str
    values: list[str] | None = None


class _ScopeSelector(msgspec.Struct, frozen=True, rename="camel"):
    match_expressions: list[_ScopeRequirement] | None = None


class _Spec(msgspec.Struct, frozen=True, rename="camel"):
    hard: dict[str, Any] | None = None
    scopes: list[str] | None = None
    scope_selector: _ScopeSelector | None = None


class _Status(msgspec.Struct, frozen=True):
    hard: dict[str, Any] | None = None
    used: dict[str, Any] | None = None


class _Metadata(msgspec.Struct, frozen=True):
    name: str = ""


class Quota(msgspec.Struct, frozen=True):
    """One ResourceQuota, as far as room in it goes."""

    metadata: _Metadata
    spec: _Spec = _Spec()
    status: _Status = _Status()

    @property
    def name(self) -> str:
        """Its name."""
        return self.metadata.name


async def quotas_of(conn: Connection, namespace: str) -> list[Quota]:
    """The quotas of a namespace, read with the connection's own login, as the apiserver's cache has them.

    The most recent state takes it up to 100 ms: its cache waits for etcd to say that nothing has changed since
    (KEP-2340; measured while other objects change: 91 ms, and 7 ms of the cache).
    """
    return [
        msgspec.json.decode(raw, type=Quota)
        async for page in pages(conn, RESOURCE_QUOTAS, namespace=namespace, cached=True)
        for raw in page.items
    ]


def exceeded(quotas: Sequence[Quota], own: Usage, of_pods: Usage, pod_spec: Mapping[str, Any]) -> list[str]:
    """What does not fit, a sentence each that names the quota: `own` of an object, and `of_pods` of its Pods.

    A quota with scopes counts only Pods, those that all of the scopes are for.
    """
    found: list[str] = []
    for quota in sorted(quotas, key=lambda each: each.name):
        parts = [of_pods] if _matches(quota, pod_spec) else []
        if not _scopes(quota):
            parts.append(own)
        elif "pods" in own and parts:
            parts = [own]
        found += _beyond(quota, parts)
    return found


def _beyond(quota: Quota, parts: Iterable[Usage]) -> list[str]:
    hard, used = quota.status.hard or quota.spec.hard or {}, quota.status.used or {}
    found = []
    for name, written in sorted(hard.items()):
        wanted = ZERO
        for part in parts:
            wanted += part.get(name, ZERO)
        try:
            most, taken = Quantity.parse(written), Quantity.parse(used.get(name, "0"))
        except QuantityError:
            continue
        if wanted.amount > 0 and taken.amount + wanted.amount > most.amount:
            found.append(f"quota {quota.name}: {name}: {wanted} more asked for, {taken} of {most} used")
    return found


def _scopes(quota: Quota) -> list[_ScopeRequirement]:
    selector = quota.spec.scope_selector
    simple = [_ScopeRequirement(name, "Exists") for name in quota.spec.scopes or ()]
    return simple + list((selector.match_expressions if selector else None) or ())


def _matches(quota: Quota, pod: Mapping[str, Any]) -> bool:
    return all(_in_scope(scope, pod) for scope in _scopes(quota))


def _in_scope(scope: _ScopeRequirement, pod: Mapping[str, Any]) -> bool:
    """Whether a scope is for a Pod; of one that is not known here, the apiserver alone decides."""
    match scope.scope_name:
        case "Terminating":
            return pod.get("activeDeadlineSeconds") is not None
        case "NotTerminating":
            return pod.get("activeDeadlineSeconds") is None
        case "BestEffort":
            return not _asks(pod)
        case "NotBestEffort":
            return _asks(pod)
        case "PriorityClass":
            own = pod.get("priorityClassName") or ""
            values = scope.values or ()
            match scope.operator:
                case "Exists":
                    return bool(own)
                case "DoesNotExist":
                    return not own
                case "In":
                    return own in values
                case "NotIn":
                    return own not in values
    return False


def _asks(pod: Mapping[str, Any]) -> bool:
    """Whether a Pod asks for cpu or memory anywhere, so that its class is not BestEffort."""
    containers = [*(pod.get("containers") or ()), *(pod.get("initContainers") or ()), pod]
    return any(
        name in ("cpu", "memory")
        for one in containers
        for which in ("requests", "limits")
        for name in ((one.get("resources") or {}).get(which) or {})
    )
