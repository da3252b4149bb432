"""What is wrong with the configuration's `tenants`, before somebody sees more than they should, or nothing."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from kgraph.api.callers.tenants import Tenant
from kgraph.cli.errors import BadConfiguration
from kgraph.kube.settings import ClusterSettings


def check_tenants(values: Mapping[str, Any], source: str) -> None:
    """Raise BadConfiguration for what cannot be meant; `values` are all settings, `source` is the file or variable."""
    tenants = values.get("tenants", ())
    if not tenants:
        return
    if not values.get("authentication"):
        raise BadConfiguration(f"{source}: tenants narrow nobody while nobody knows who asks: give authentication")
    if not values.get("enable_rbac", True):
        raise BadConfiguration(f"{source}: tenants narrow what enable_rbac shows, which is off: leave one of them out")
    seen: dict[str, int] = {}
    for at, tenant in enumerate(tenants):
        place, name = f"{source}: tenants[{at}]", tenant["name"]
        if not tenant.get("groups") and not tenant.get("users"):
            raise BadConfiguration(f"{place} ({name}) has nobody: give groups or users")
        before = seen.setdefault(name, at)
        if before != at:
            raise BadConfiguration(f"{place} is called {name}, as tenants[{before}] is: say all of it in one place")


def check_tenants_clusters(tenants: Iterable[Tenant], clusters: Collection[ClusterSettings], *, registry: bool) -> None:
    """Raise BadConfiguration where a tenant names a cluster that there is not.

    `registry` is whether there may be others than `clusters`: such as are added at run time.
    """
    known = {cluster.id for cluster in clusters}
    for tenant in tenants:
        if not registry and (unknown := sorted(set(tenant.namespaces) - known)):
            raise BadConfiguration(
                f"tenant {tenant.name} has namespaces of {unknown[0]!r}, which is none of the clusters; "
                f"there are: {', '.join(sorted(known)) or 'none'}"
            )
