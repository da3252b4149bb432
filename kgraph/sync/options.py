"""How clusters are synced, whichever they are."""

import msgspec

from kgraph.sync.history import HistoryLimits


class SyncOptions(msgspec.Struct, frozen=True):
    """What holds for every cluster: the kinds to sync, and how often all is listed and compared again (0: never)."""

    watch_resources: tuple[str, ...] = ()
    resync_seconds: float = 600.0
    default_namespace: str = "default"
    history: HistoryLimits = HistoryLimits()
