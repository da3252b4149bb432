"""How clusters are synced, whichever they are."""

from collections.abc import Mapping

import msgspec

from kgraph.sync.start import Elsewhere


class SyncOptions(msgspec.Struct, frozen=True):
    """What holds for every cluster: the kinds to sync, and how often all is listed and compared again (0: never).

    `clusters` and `homes` are what objects mean that their own cluster does not say, as `elsewhere` has it.
    """

    watch_resources: tuple[str, ...] = ()
    resync_seconds: float = 600.0
    default_namespace: str = "default"
    clusters: Mapping[str, str] = {}
    homes: Mapping[str, str] = {}

    @property
    def elsewhere(self) -> Elsewhere:
        """What objects mean that their own cluster does not say."""
        return Elsewhere(self.clusters, self.homes)
