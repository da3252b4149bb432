"""Reading the graph as one caller may: every statement of an answer goes through here, and what is kept of answers.

A statement that meets resources takes what the caller sees as `sight` in its one parameter, a map, and names in
`unknown` what it met that the map does not have. It then runs again, until it has met nothing new: each run goes a step
further, and the next request's first run has all that the caches still know.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kgraph.api.errors import ClusterUnavailable, Forbidden, NotFound
from kgraph.api.reading.dependencies import RULES
from kgraph.api.reading.results import Results, Statement
from kgraph.api.reading.sight import Sight
from kgraph.api.reading.touches import Look
from kgraph.graphdb.model import CORE, GroupKind, cluster_key
from kgraph.graphdb.store import Record, Store

# A walk of ten steps learns at most three times at each: the lists, the names, the Namespaces.
RUNS_MOST = 40


class Reader:
    """The graph as one caller sees it, for one request; `sight` None sees everything.

    Without `results` every statement is sent.
    """

    def __init__(self, store: Store, sight: Sight | None = None, results: Results | None = None) -> None:
        self.store = store
        self.sight = sight
        self._results = results
        self._look: Look | None = None
        self._seen_prefixes: dict[tuple[str, ...], tuple[str, ...]] = {}

    async def read_one(
        self, name: str, parameters: Mapping[str, Any], *, timeout: float, about: Sequence[str] = ()
    ) -> Record:
        """The one record of a statement, of what the caller sees.

        `about` are the keys of the nodes that the parameters name by their handles: what is kept depends on them.
        """
        if self.sight is None:
            return await self._record(name, _with(parameters, None), about, timeout)
        for _ in range(RUNS_MOST):
            record = await self._record(name, _with(parameters, self.sight.known), about, timeout)
            unknown = record.get("unknown")
            if not unknown:
                return record
            await self.sight.learn(unknown)
        raise AssertionError(f"{name} still meets what it was told of")

    async def _record(self, name: str, parameters: Mapping[str, Any], about: Sequence[str], timeout: float) -> Record:
        """A record that is kept and still stands, or that the graph gives now."""
        if self._results is not None and name in RULES:
            self._look = await self._results.look(self._look)
            if self._look is not None:
                return await self._results.of(Statement(name, parameters, about, timeout), self._look)
        return await self.store.read_one(name, parameters, timeout=timeout)

    async def require(self, key: str, *, timeout: float) -> None:
        """Raise NotFound unless the caller sees what they have named, as if it were not there.

        What is no resource is seen through the resources that lead to it; a cluster's name is no secret.
        """
        cluster = key.partition("/")[0]
        if self.sight is None:
            return
        if key.startswith(cluster_key("")):
            await self.sight.sees_everything_of(key.removeprefix(cluster_key("")))  # for what is counted in it
            return
        if ":" in cluster:
            seen = (await self.read_one("read/shared", {"of": {"key": key}}, timeout=timeout))["seen"]
        else:
            seen = await self.sight.sees(key)
            if not seen:
                self.require_answer(cluster)
        if not seen:
            raise NotFound(f"{key} is not in the graph")

    async def require_everything(self, clusters: Iterable[str], what: str) -> None:
        """Raise Forbidden unless the caller may list all kinds in all namespaces of these clusters."""
        if self.sight is None:
            return
        for cluster in clusters:
            if not await self.sight.sees_everything_of(cluster):
                self.require_answer(cluster)
                raise Forbidden(f"{what} reads everything in cluster {cluster}, and you may not list all kinds there")

    async def require_lists(self, prefixes: Iterable[str], *, timeout: float) -> None:
        """Raise Forbidden unless the caller may list all of what begins so: kinds, some of them in one namespace."""
        for prefix in prefixes:
            if prefix not in await self.seen_prefixes([prefix], timeout=timeout):
                cluster, group, kind, *inside = prefix.removesuffix("/").split("/")
                self.require_answer(cluster)
                where = f" in namespace {inside[0]}" if inside else ""
                raise Forbidden(f"this takes listing {kind}.{group}{where} of cluster {cluster}, and you may not")

    async def seen_prefixes(self, prefixes: Iterable[str], *, timeout: float) -> tuple[str, ...]:
        """Beginnings of keys, narrowed to what the caller may list; Namespaces are left to the statements.

        A kind is asked for in all namespaces first, then in each that there is. Found out once: a list's pages, and its
        count, are of the same prefixes.
        """
        if self.sight is None:
            return tuple(prefixes)
        wanted = tuple(sorted(prefixes))
        if wanted in self._seen_prefixes:
            return self._seen_prefixes[wanted]
        clusters = sorted({prefix.partition("/")[0] for prefix in wanted})
        record = await self._record("read/namespaces", {"of": {"clusters": clusters}}, (), timeout)
        found = await self.sight.seen_prefixes(wanted, dict(record["namespaces"]))
        seen = self._seen_prefixes[wanted] = tuple(sorted(found))
        return seen

    async def listed(self, keys: Iterable[str]) -> frozenset[str]:
        """Those of these resources that the caller may list; of Namespaces those that they may get."""
        found = frozenset(keys)
        if self.sight is None:
            return found
        asked = {key: key if key.split("/")[1:3] == [CORE, "Namespace"] else key.rpartition("/")[0] for key in found}
        await self.sight.learn(asked.values())
        return frozenset(key for key, one in asked.items() if self.sight.known[one])

    async def without(self, clusters: Iterable[str], *kinds: GroupKind) -> frozenset[str]:
        """Those of these clusters in which the caller may not list all of these kinds in all namespaces."""
        if self.sight is None:
            return frozenset()
        found = set()
        for cluster in clusters:
            if not await self.sight.sees_everything_of(cluster):
                lists = [await self.sight.lists_kind(cluster, kind) for kind in kinds]
                found.update([] if all(lists) else [cluster])
        return frozenset(found)

    async def unmeasured(self, places: Iterable[tuple[str, str]], plural: str) -> frozenset[tuple[str, str]]:
        """Those (cluster, namespace), "" for all, of which the caller may not be told what these resources use."""
        asked = tuple(dict.fromkeys(places))
        if self.sight is None:
            return frozenset()
        sight = self.sight
        told = await asyncio.gather(*(sight.measures(cluster, plural, namespace) for cluster, namespace in asked))
        return frozenset(place for place, measured in zip(asked, told, strict=True) if not measured)

    def require_answer(self, cluster: str) -> None:
        """Raise ClusterUnavailable where a cluster that the caller has named could not be asked what they may see."""
        why = self.sight.unavailable.get(cluster) if self.sight else None
        if why is not None:
            raise ClusterUnavailable(f"what you may see of cluster {cluster} cannot be found out: {why}")


def _with(parameters: Mapping[str, Any], sight: Mapping[str, bool] | None) -> dict[str, Any]:
    ((name, given),) = parameters.items()
    return {name: {**given, "sight": sight}}
