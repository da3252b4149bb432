"""How clusters are synced, whichever they are."""

from collections.abc import Mapping

import msgspec

from kgraph.graphdb.edges.row import DEGRADES, NOTHING, Effect
from kgraph.sync.history import HistoryLimits
from kgraph.sync.start import Elsewhere


class OwnEdge(msgspec.Struct, frozen=True, kw_only=True):
    """One reference of a custom kind, as a user writes it; paths are JSONPath (`kgraph.kube.jsonpath`).

    `path` finds the name, or an object with it: `name` and `namespace` then stand in that object where they begin
    with `.`, and in the whole one where they begin with `$`.
    """

    type: str
    end: str
    path: str
    name: str = ".name"
    namespace: str = ""
    optional: bool = False
    on_delete: Effect = DEGRADES
    on_failure: Effect = NOTHING


class OwnKind(msgspec.Struct, frozen=True, kw_only=True):
    """What a user says of one custom kind: the version to read ("" is the server's choice), properties and edges.

    `edges` None leaves them to the kind's schema; those that are given, even none, take the place of such guesses.
    """

    group: str
    plural: str
    version: str = ""
    promote: Mapping[str, str] = {}
    edges: tuple[OwnEdge, ...] | None = None


class SyncOptions(msgspec.Struct, frozen=True):
    """What holds for every cluster: the kinds to sync, and how often all is listed and compared again (0: never).

    `own_kinds` are the only custom kinds where there are any. Without `relationships` the graph has no edges but those
    to where a resource is. `clusters` and `homes` are what objects mean that their own cluster does not say, as
    `elsewhere` has it. `writers` is how many transactions the clusters of one process may have under way together.
    Every `usage_seconds` the metrics API is asked what Nodes and Pods use (0: never). `worker` is what this process is
    called among the workers.
    """

    watch_resources: tuple[str, ...] = ()
    resync_seconds: float = 600.0
    default_namespace: str = "default"
    history: HistoryLimits = HistoryLimits()
    custom_resources: bool = True
    own_kinds: tuple[OwnKind, ...] = ()
    relationships: bool = True
    clusters: Mapping[str, str] = {}
    homes: Mapping[str, str] = {}
    writers: int = 4
    usage_seconds: float = 60.0
    worker: str = ""

    @property
    def versions(self) -> Mapping[tuple[str, str], str]:
        """The versions that are to be read, by group and plural."""
        return {(each.group, each.plural): each.version for each in self.own_kinds if each.version}

    @property
    def elsewhere(self) -> Elsewhere:
        """What objects mean that their own cluster does not say."""
        return Elsewhere(self.clusters, self.homes)
