"""Tenants: callers to whom the clusters are some namespaces, whatever else Kubernetes would show them.

A tenant allows nothing; it narrows what the clusters allow. Who is of several has the namespaces of all of them, who
is of none is not narrowed, and who impersonates somebody is narrowed as both are. What is in no namespace is outside,
but for the Namespaces that a tenant has.
"""

import re
from collections.abc import Iterable, Mapping
from fnmatch import translate

import msgspec

from kgraph.api.callers.caller import Caller


class Tenant(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever has one of the names or is in one of the groups, as the clusters call them, and what they are left with.

    `namespaces` are names, and patterns in which `*` is any text, by the cluster's id; in others there are none.
    """

    name: str
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    namespaces: Mapping[str, tuple[str, ...]]


class Tenants:
    """All tenants, and what they leave of a cluster to a caller."""

    def __init__(self, tenants: Iterable[Tenant] = ()) -> None:
        self._tenants = tuple(tenants)
        # Every access review asks here first: what is looked up grows with a caller's groups, not with the tenants.
        self._of_users: dict[str, set[int]] = {}
        self._of_groups: dict[str, set[int]] = {}
        for at, tenant in enumerate(self._tenants):
            for user in tenant.users:
                self._of_users.setdefault(user, set()).add(at)
            for group in tenant.groups:
                self._of_groups.setdefault(group, set()).add(at)
        self._within: Mapping[tuple[str, str], re.Pattern[str]] = {
            (tenant.name, cluster): re.compile("|".join(map(translate, written)))
            for tenant in self._tenants
            for cluster, written in tenant.namespaces.items()
        }

    def refusal(self, caller: Caller, cluster: str, namespace: str) -> str | None:
        """Why nothing in a namespace is the caller's affair; None where it may be. "" is what no namespace has."""
        for one in _behind(caller):
            tenants = self._of(one)
            if tenants and not any(self._has(tenant, cluster, namespace) for tenant in tenants):
                return _outside(one, tenants, cluster)
        return None

    def narrowed(self, caller: Caller, cluster: str, namespaces: Iterable[str]) -> list[str]:
        """Those of a cluster's namespaces that may be the caller's affair."""
        return [name for name in namespaces if self.refusal(caller, cluster, name) is None]

    def _of(self, caller: Caller) -> list[Tenant]:
        """The tenants that a caller is of."""
        of_groups = (self._of_groups.get(group, ()) for group in caller.groups)
        return [self._tenants[at] for at in sorted(set(self._of_users.get(caller.user, ())).union(*of_groups))]

    def _has(self, tenant: Tenant, cluster: str, namespace: str) -> bool:
        within = self._within.get((tenant.name, cluster))
        return bool(namespace) and within is not None and within.fullmatch(namespace) is not None


def _behind(caller: Caller) -> tuple[Caller, ...]:
    """The caller, and who really asks where that is somebody else."""
    return (caller, caller.sender) if caller.impersonation else (caller,)


def _outside(caller: Caller, tenants: Iterable[Tenant], cluster: str) -> str:
    names = ", ".join(tenant.name for tenant in tenants)
    written = dict.fromkeys(each for tenant in tenants for each in tenant.namespaces.get(cluster, ()))
    left = f"nothing but the namespaces {', '.join(written)}" if written else "nothing"
    return f"to {caller.user}, who is of tenant {names}, there is {left} in cluster {cluster}"
