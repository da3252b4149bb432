"""Reading the graph as one caller may: every statement of an answer goes through here.

A statement that meets resources takes what the caller sees as `sight` in its one parameter, a map, and names in
`unknown` what it met that the map does not have. It then runs again, until it has met nothing new: each run goes a step
further, and the next request's first run has all that the caches still know.
"""

from collections.abc import Mapping
from typing import Any

from kgraph.api.errors import ClusterUnavailable, NotFound
from kgraph.api.sight import Sight
from kgraph.graphdb.store import Record, Store

# A walk of ten steps learns at most three times at each: the lists, the names, the Namespaces.
RUNS_MOST = 40


class Reader:
    """The graph as one caller sees it; `sight` None sees everything."""

    def __init__(self, store: Store, sight: Sight | None = None) -> None:
        self.store = store
        self.sight = sight

    async def read_one(self, name: str, parameters: Mapping[str, Any], *, timeout: float) -> Record:
        """The one record of a statement, of what the caller sees."""
        if self.sight is None:
            return await self.store.read_one(name, _with(parameters, None), timeout=timeout)
        for _ in range(RUNS_MOST):
            record = await self.store.read_one(name, _with(parameters, self.sight.known), timeout=timeout)
            unknown = record.get("unknown")
            if not unknown:
                return record
            await self.sight.learn(unknown)
        raise AssertionError(f"{name} still meets what it was told of")

    async def require(self, key: str) -> None:
        """Raise NotFound unless the caller sees the resource that they have named, as if it were not there.

        What is no resource is seen through those that it belongs to: the statements look for these.
        """
        cluster = key.partition("/")[0]
        if self.sight is None or ":" in cluster:
            return
        if not await self.sight.sees(key):
            self.require_answer(cluster)
            raise NotFound(f"{key} is not in the graph")

    def require_answer(self, cluster: str) -> None:
        """Raise ClusterUnavailable where a cluster that the caller has named could not be asked what they may see."""
        why = self.sight.unavailable.get(cluster) if self.sight else None
        if why is not None:
            raise ClusterUnavailable(f"what you may see of cluster {cluster} cannot be found out: {why}")


def _with(parameters: Mapping[str, Any], sight: Mapping[str, bool] | None) -> dict[str, Any]:
    ((name, given),) = parameters.items()
    return {name: {**given, "sight": sight}}
