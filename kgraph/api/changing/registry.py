"""Clusters added and removed at run time: what is refused, and what is written into the registry.

Nothing is done to a cluster here, and nothing asked of it: workers follow the registry.
"""

from kgraph.api.errors import BadUserInput, Conflict, NotFound
from kgraph.graphdb import registry
from kgraph.graphdb.store import Store
from kgraph.kube.errors import ConfigurationError
from kgraph.kube.given import GivenCluster, settings_of, split
from kgraph.kube.sealing import Sealer


async def add_cluster(store: Store, sealer: Sealer, given: GivenCluster, *, dry_run: bool = False) -> None:
    """Register a cluster, its credentials sealed; with `dry_run` only say what is wrong with it.

    BadUserInput where it cannot be used or sealed, Conflict where its id is taken.
    """
    try:
        settings = settings_of(given)
        public, secrets = split(settings)
        sealed = sealer.seal(settings.id, secrets)
    except ConfigurationError as error:
        raise BadUserInput(str(error)) from error
    found = await registry.registration(store, settings.id)
    if found.configured:
        raise Conflict(
            f"the cluster {settings.id} is in the configuration of a worker: nothing can be added to it here"
        )
    if found.removing:
        raise Conflict(f"the cluster {settings.id} is being removed: add it when it is gone")
    if found.stamp:
        raise Conflict(f"there is a cluster {settings.id} already: remove it first, or choose another id")
    if dry_run:
        return
    described = {
        "name": settings.name or settings.id,
        "environment": settings.environment or None,
        "region": settings.region or None,
        "server": settings.api_server_url,
        "source": "live",
    }
    if not await registry.register(store, settings.id, public, sealed, described):
        raise Conflict(f"there is a cluster {settings.id} already: somebody else has added it just now")


async def remove_cluster(store: Store, cluster: str, *, dry_run: bool = False) -> None:
    """Mark a cluster for removal; its credentials are gone at once. NotFound, or Conflict where a configuration has it.

    Removing what is being removed changes nothing.
    """
    found = await registry.registration(store, cluster)
    if not found.known and not found.stamp:
        raise NotFound(f"there is no cluster {cluster!r}")
    if found.configured:
        raise Conflict(
            f"the cluster {cluster} is in the configuration of a worker, which would bring it back: take it out there, "
            "restart the worker, and remove it then"
        )
    if not dry_run and not found.removing:
        await registry.mark_removal(store, cluster)
