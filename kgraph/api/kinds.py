"""Which kind a caller means: `po`, `pods`, `deployments.apps`, a CRD's short name, per cluster.

Each cluster has its own catalogue: the built-in kinds and those that its `:SyncedKind` nodes name. Nodes that are
no resources have kinds of their own here (`image`, `host`, `subject`, `release`, `cluster`), so that a walk can start
at them.
"""

import difflib
import time
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from kgraph.api.errors import BadUserInput, NotFound
from kgraph.graphdb.catalogue import Catalogue, is_builtin
from kgraph.graphdb.kinds import Kind
from kgraph.graphdb.model import GroupKind
from kgraph.graphdb.store import Store
from kgraph.groups import with_group

# How long a new CRD may go unnoticed here; its own sync takes longer.
FRESH_SECONDS = 5.0
# A plural has 63 characters, a group 253: what is longer is not even searched for something like it.
SPELLING_MOST = 63 + 1 + 253
SUGGESTIONS = 8
# What else is in the graph beside resources: the word for it, and its kind.
NODE_KINDS: Mapping[str, GroupKind] = {
    spelling: GroupKind("", kind)
    for kind, spellings in {
        "Image": ("image", "images"),
        "Host": ("host", "hosts"),
        "Subject": ("subject", "subjects"),
        "HelmRelease": ("release", "releases"),
        "Cluster": ("cluster", "clusters"),
    }.items()
    for spelling in spellings
}


class ClusterKinds(msgspec.Struct, frozen=True):
    """One cluster's catalogue, the kinds of it that are synced, and where the cluster is."""

    catalogue: Catalogue
    synced: frozenset[GroupKind]
    environment: str | None = None
    region: str | None = None


class KindReader:
    """Knows every cluster's kinds, as they were at most a few seconds ago."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read_at: float | None = None
        self._clusters: Mapping[str, ClusterKinds] = {}

    async def clusters(self, *, now: bool = False) -> Mapping[str, ClusterKinds]:
        """All clusters with their kinds; with `now` as they are in the graph at this moment."""
        if now or self._read_at is None or time.monotonic() - self._read_at >= FRESH_SECONDS:
            record = await self._store.read_one("read/kinds_of_clusters")
            places = {identity: where for identity, *where in record["clusters"]}
            kinds: dict[str, list[Mapping[str, Any]]] = {identity: [] for identity in places}
            for row in record["kinds"]:
                kinds.setdefault(row["cluster"], []).append(row)
            self._clusters = {
                cluster: _cluster_kinds(rows, *places.get(cluster, ())) for cluster, rows in sorted(kinds.items())
            }
            self._read_at = time.monotonic()
        return self._clusters

    async def named_clusters(self, names: Iterable[str] | None) -> tuple[str, ...]:
        """The clusters named, or all; NotFound lists those that there are."""
        known = await self.clusters()
        wanted = tuple(sorted(set(names))) if names else tuple(known)
        for name in wanted:
            if name not in known:
                there_are = ", ".join(known) or "none yet"
                raise NotFound(f"there is no cluster {name!r}; clusters: {there_are}")
        return wanted

    async def of(self, cluster: str) -> ClusterKinds:
        """One cluster's kinds; NotFound lists the clusters that there are."""
        await self.named_clusters([cluster])
        return (await self.clusters())[cluster]

    async def resolve(self, cluster: str, spelling: str) -> Kind:
        """The kind that `spelling` means in a cluster; BadUserInput says what comes near."""
        return resolve((await self.of(cluster)).catalogue, spelling, cluster)


def resolve(catalogue: Catalogue, spelling: str, cluster: str) -> Kind:
    """The kind that `spelling` means; BadUserInput where it means none, or several of which none is Kubernetes' own."""
    if len(spelling) > SPELLING_MOST:
        raise BadUserInput(f"a resource type of {len(spelling):,} characters is none; {SPELLING_MOST} are the most")
    found = catalogue.resolve(spelling)
    if found is None:
        near = ", ".join(_near(catalogue, spelling))
        raise BadUserInput(
            f"cluster {cluster} has no resource type {spelling!r}"
            + (f"; did you mean {near}?" if near else "; write what kubectl accepts: pods, po, deployments.apps")
        )
    if is_builtin(found.group) or "." in spelling:
        return found
    rivals = sorted(
        f"{kind.plural}.{kind.group}" for kind in catalogue.kinds if spelling.strip().lower() in _spellings(kind)
    )
    if len(rivals) > 1:
        raise BadUserInput(f"{spelling!r} is ambiguous in cluster {cluster}: write one of {', '.join(rivals)}")
    return found


def _cluster_kinds(
    rows: Iterable[Mapping[str, Any]], environment: str | None = None, region: str | None = None
) -> ClusterKinds:
    kinds = [
        Kind(
            group=row.get("group") or "",
            kind=row["kind"],
            plural=row.get("plural") or f"{row['kind'].lower()}s",
            singular=row.get("singular") or "",
            short_names=tuple(row.get("shortNames") or ()),
            namespaced=bool(row.get("namespaced", True)),
        )
        for row in rows
        if row.get("kind")
    ]
    synced = frozenset(kind.group_kind for kind in kinds)
    return ClusterKinds(Catalogue(kinds), synced, environment, region)


def _spellings(kind: Kind) -> set[str]:
    return {kind.plural.lower(), kind.kind.lower(), kind.singular.lower(), *(name.lower() for name in kind.short_names)}


def _near(catalogue: Catalogue, spelling: str) -> list[str]:
    """Plurals that look like what was written, the likeliest first."""
    written = spelling.strip().lower().partition(".")[0]
    names = {word: kind for kind in catalogue.kinds for word in _spellings(kind) if len(word) > 2}
    near = difflib.get_close_matches(written, names, n=SUGGESTIONS, cutoff=0.6)
    found = (names[word] for word in near)
    return list(dict.fromkeys(with_group(k.plural, k.group) for k in found))
