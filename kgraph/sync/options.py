"""How clusters are synced, whichever they are."""

from collections.abc import Mapping

import msgspec


class SyncOptions(msgspec.Struct, frozen=True):
    """What holds for every cluster: the kinds to sync, and how often all is listed and compared again (0: never).

    `clusters` says which cluster's id an object means that names another cluster: by id, name or server's address.
    """

    watch_resources: tuple[str, ...] = ()
    resync_seconds: float = 600.0
    default_namespace: str = "default"
    clusters: Mapping[str, str] = {}
