"""What one caller sees of the graph, learnt as their question meets it.

A resource is seen by whoever may `list` its kind in its namespace, or may `get` it and has its name from elsewhere than
us: from their own question, or from the object of a resource that they see. A Namespace is seen by whoever may get it,
which is asked in that namespace, as kubectl does: a tenant sees their own.

Statements are told what is known as a map, and give back what they met that it does not have; that is reviewed, and
they run again (`Reader`). So what is asked of a cluster depends on what is near, not on how large it is: a tenant's
first graph takes some tens of reviews, and those after it none. A map's keys are

- a cluster's id, where everything in it is seen;
- `cluster/group/Kind/namespace` (with `_` for none), whether that kind may be listed there;
- a resource's own key, whether it may be got by its name.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping

import structlog

from kgraph.api.callers.caller import Caller
from kgraph.api.errors import ApiError, Forbidden, TooComplex
from kgraph.api.kinds import KindReader
from kgraph.api.reading.verdicts import Verdicts
from kgraph.graphdb.kinds import Kind
from kgraph.graphdb.model import CORE, NAMESPACE, NO_NAMESPACE, GroupKind, ResourceKey, kind_prefix
from kgraph.kube.errors import KubeError
from kgraph.kube.metrics import GROUP as METRICS_GROUP
from kgraph.kube.reviews import Attributes

log = structlog.get_logger(__name__)

# What one question may ask a cluster, a kind in a namespace each: some seconds' worth of reviews.
REVIEWS_MOST = 5_000
# How long a caller's requests share what they have learnt, beside what the verdicts are kept for: with it the first run
# of a statement knows all that it meets, and no second one is needed.
RECENT_SECONDS = 3.0
RECENT_MOST = 5_000  # scopes of one caller, some 150 bytes each
CALLERS_MOST = 100
_KEY = 4  # how many slashes a resource's key has: cluster/group/Kind/namespace/name
_NAMESPACES = f"/{CORE}/Namespace/"
_EVERYTHING = Attributes("list", "*", "*")


def _is_lasting(one: str, *, seen: bool) -> bool:
    """Whether the next request may know it. Not that a resource was seen by its name: that takes the name each time."""
    return not seen or one.count("/") < _KEY or _NAMESPACES in one


class Sights:
    """Makes the sights of requests; what one has learnt is known to the caller's next ones for a moment."""

    def __init__(self, kinds: KindReader, verdicts: Verdicts) -> None:
        self._kinds = kinds
        self._verdicts = verdicts
        self._recent: OrderedDict[Hashable, tuple[float, dict[str, bool]]] = OrderedDict()  # with when each ends

    def of(self, caller: Caller) -> "Sight":
        """What a caller sees, for one request."""
        who = caller.who
        kept = self._recent.get(who)
        if kept is None or time.monotonic() >= kept[0]:
            kept = self._recent[who] = (time.monotonic() + RECENT_SECONDS, {})
            self._recent.move_to_end(who)
            while len(self._recent) > CALLERS_MOST:
                self._recent.popitem(last=False)
        return Sight(caller, self._kinds, self._verdicts, kept[1])


class Sight:
    """One caller's, for one request. `recent` is what their requests of the last moments have learnt."""

    def __init__(
        self, caller: Caller, kinds: KindReader, verdicts: Verdicts, recent: dict[str, bool] | None = None
    ) -> None:
        self._recent = recent if recent is not None else {}
        self.known: dict[str, bool] = dict(self._recent)
        self.unavailable: dict[str, str] = {}  # clusters that could not be asked, and why: nothing of them is seen
        self._caller = caller
        self._kinds = kinds
        self._verdicts = verdicts

    async def learn(self, unknown: Iterable[str]) -> None:
        """Find out about scopes and keys; afterwards each of them is in `known`."""
        by_cluster: dict[str, list[str]] = {}
        for one in dict.fromkeys(unknown):
            if one not in self.known:
                by_cluster.setdefault(one.partition("/")[0], []).append(one)
        await asyncio.gather(*(self._learn(cluster, found) for cluster, found in by_cluster.items()))
        for cluster, found in by_cluster.items():
            if cluster not in self.unavailable and len(self._recent) < RECENT_MOST:
                self._recent.update((one, self.known[one]) for one in found if _is_lasting(one, seen=self.known[one]))

    async def sees_everything_of(self, cluster: str) -> bool:
        """Whether all kinds may be listed in all namespaces."""
        if cluster not in self.known and await self._may(cluster, _EVERYTHING):
            self.known[cluster] = True
        return cluster in self.known

    async def sees(self, key: str) -> bool:
        """Whether the caller sees a resource whose name they have given."""
        name = ResourceKey.parse(key)
        if await self.sees_everything_of(name.cluster):
            return True
        scope = key.rpartition("/")[0]
        await self.learn([scope])
        if self.known[scope]:
            return True
        await self.learn([key])
        return self.known[key]

    async def seen_prefixes(self, prefixes: Iterable[str], namespaces: Mapping[str, Iterable[str]]) -> list[str]:
        """Beginnings of keys (`cluster/`, `…group/Kind/`, `…namespace/`), narrowed to what may be listed.

        `namespaces` are each cluster's. That of the Namespaces stays if one of them is seen: each has its own key in
        `known`. TooComplex where it would take too many reviews.
        """
        narrowed = await asyncio.gather(*(self._narrowed(prefix, namespaces) for prefix in prefixes))
        wanted = [one for found in narrowed for one in found if not one.endswith("/")]
        if len(wanted) > REVIEWS_MOST:
            raise TooComplex(
                f"what you may list would have to be asked {len(wanted):,} times; name the kinds, or the namespaces"
            )
        await self.learn(wanted)
        prefixes = [one for found in narrowed for one in found if one.endswith("/")]
        return prefixes + [f"{scope}/" for scope in wanted if self.known[scope]]

    async def lists_kind(self, cluster: str, group_kind: GroupKind) -> bool:
        """Whether a kind may be listed in all namespaces of a cluster; no, where the cluster does not serve it."""
        catalogue = (await self._kinds.of(cluster)).catalogue
        return any([await self.lists(cluster, kind) for kind in catalogue.kinds if kind.group_kind == group_kind])

    async def lists(self, cluster: str, kind: Kind) -> bool:
        """The same of a kind that it serves."""
        return await self._may(cluster, Attributes("list", kind.group, kind.plural))

    async def measures(self, cluster: str, plural: str, namespace: str = "") -> bool:
        """Whether the caller may ask metrics.k8s.io itself what Pods or Nodes use, as `kubectl top` does."""
        if await self.sees_everything_of(cluster):
            return True
        places = dict.fromkeys(("", namespace))
        return any([await self._may(cluster, Attributes("list", METRICS_GROUP, plural, one)) for one in places])

    async def _narrowed(self, prefix: str, namespaces: Mapping[str, Iterable[str]]) -> list[str]:
        """A prefix where all of it may be listed; else the scopes in it, which no slash ends: each has to be asked."""
        cluster, *parts = prefix.removesuffix("/").split("/")
        if await self.sees_everything_of(cluster):
            return [prefix]
        known = await self._kinds.of(cluster)
        inside = self._verdicts.namespaces(self._caller, cluster, namespaces.get(cluster, ()))
        if len(parts) > len(("group", "Kind")):
            return [prefix.removesuffix("/")]
        kinds = known.catalogue.kinds
        if parts:
            meant = GroupKind("" if parts[0] == CORE else parts[0], parts[1])
            kinds = tuple(kind for kind in kinds if kind.group_kind == meant)
        elif known.synced:
            kinds = tuple(kind for kind in kinds if kind.group_kind in known.synced)
        listed = await asyncio.gather(*(self.lists(cluster, kind) for kind in kinds))
        found: list[str] = []
        for kind, everywhere in zip(kinds, listed, strict=True):
            start = kind_prefix(cluster, kind.group_kind)
            if everywhere:
                found.append(start)
                self.known.update((f"{start}{namespace}", True) for namespace in (*inside, NO_NAMESPACE))
            elif kind.group_kind == NAMESPACE:
                keys = [f"{start}{NO_NAMESPACE}/{name}" for name in inside]
                await self.learn(keys)
                found += [start] if any(self.known[key] for key in keys) else []
            elif kind.namespaced:
                found += [f"{start}{namespace}" for namespace in inside]
        return found

    async def _learn(self, cluster: str, unknown: list[str]) -> None:
        if await self.sees_everything_of(cluster):
            self.known.update(dict.fromkeys(unknown, True))
            return
        if cluster not in await self._kinds.clusters():
            self.known.update(dict.fromkeys(unknown, False))  # one that was removed: nobody can be asked
            return
        catalogue = {kind.group_kind: kind for kind in (await self._kinds.of(cluster)).catalogue.kinds}
        answers = await asyncio.gather(*(self._reviewed(cluster, one, catalogue) for one in unknown))
        self.known.update(zip(unknown, answers, strict=True))

    async def _reviewed(self, cluster: str, one: str, catalogue: Mapping[GroupKind, Kind]) -> bool:
        _, group, kind_name, namespace, *names = one.split("/", 4)
        kind = catalogue.get(GroupKind("" if group == CORE else group, kind_name))
        if kind is None:
            return False  # of what the cluster does not serve, it cannot be asked who may see it
        inside = "" if namespace == NO_NAMESPACE else namespace
        if names:
            if kind.group_kind == NAMESPACE:
                inside = names[0]
            return await self._may(cluster, Attributes("get", kind.group, kind.plural, inside, names[0]))
        if await self.lists(cluster, kind):
            return True
        return bool(inside) and await self._may(cluster, Attributes("list", kind.group, kind.plural, inside))

    async def _may(self, cluster: str, wanted: Attributes) -> bool:
        if cluster in self.unavailable:
            return False
        try:
            return (await self._verdicts.of(self._caller, cluster, wanted)).allowed
        except Forbidden:
            raise  # they may not be whom they impersonate: refused, never taken for an empty cluster
        except (KubeError, ApiError) as error:
            if cluster not in self.unavailable:
                log.warning("nothing of a cluster is shown: it cannot be asked", cluster=cluster, why=str(error))
            self.unavailable[cluster] = str(error)
            return False
