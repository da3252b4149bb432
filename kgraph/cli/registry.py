"""A process's workers follow the registry: what was added at run time starts, what is to be removed goes.

One look is one small transaction. It also says that this process lives, so that another takes its clusters over when
it does not, and that nothing syncs a cluster which no living process names.
"""

import asyncio
import secrets

import structlog

from kgraph.cli.workers import Workers
from kgraph.graphdb import registry
from kgraph.graphdb.errors import Fenced, GraphError
from kgraph.graphdb.registry import Owned
from kgraph.graphdb.store import Store
from kgraph.kube.errors import KubeError
from kgraph.kube.given import joined
from kgraph.kube.sealing import Sealer
from kgraph.sync.removal import Removal
from kgraph.sync.vitals import tell_failure

log = structlog.get_logger(__name__)

LOOK_SECONDS = 5.0


class Follower:
    """Starts and stops the workers of clusters that the registry gives to this process."""

    def __init__(self, store: Store, workers: Workers, sealer: Sealer) -> None:
        self._store = store
        self._workers = workers
        self._sealer = sealer
        self._key = f"worker:{secrets.token_hex(8)}"
        self._followed: dict[str, Owned] = {}
        self._removals: dict[str, asyncio.Task[None]] = {}

    @property
    def is_busy(self) -> bool:
        """Whether the registry gives it anything to do."""
        return bool(self._followed) or any(not task.done() for task in self._removals.values())

    async def run(self) -> None:
        """Follow for ever; what it has started ends with it."""
        withdrawn = False
        try:
            while True:
                try:
                    if not withdrawn:
                        await registry.withdraw_removals(self._store, self._workers.configured)
                        withdrawn = True
                    await self.look()
                except GraphError as error:
                    log.warning("the registry cannot be read", why=str(error))
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            await self._end()

    async def look(self) -> None:
        """One look: start, stop and remove what is due."""
        owned = {one.id: one for one in await registry.follow(self._store, self._key, self._workers.configured)}
        gone = [id_ for id_, one in self._followed.items() if owned.get(id_) != one]
        await self._workers.stop(*gone)
        for cluster in gone:
            del self._followed[cluster]
        for cluster, one in owned.items():
            if one.removing:
                self._remove(cluster)
            elif cluster not in self._followed:
                self._followed[cluster] = one
                await self._begin(cluster)

    async def _begin(self, cluster: str) -> None:
        found = await registry.registration(self._store, cluster)
        if found.stamp != self._followed[cluster].stamp:
            del self._followed[cluster]  # removed or added anew meanwhile: the next look has it
            return
        try:
            settings = joined(found.settings, self._sealer.open(cluster, found.sealed))
        except KubeError as error:
            log.warning("a cluster's registration cannot be used", cluster=cluster, why=str(error))
            await tell_failure(self._store, cluster, str(error))
            return
        log.info("a cluster was added", cluster=cluster)
        self._workers.start(settings)

    def _remove(self, cluster: str) -> None:
        running = self._removals.get(cluster)
        if running is None or running.done():
            self._removals[cluster] = asyncio.create_task(self._removed(cluster), name=f"remove {cluster}")

    async def _removed(self, cluster: str) -> None:
        try:
            await Removal(self._store, cluster, self._workers.feed).run()
        except Fenced:
            log.warning("a removal stops: another worker has the cluster", cluster=cluster)
        except GraphError as error:
            log.warning("a removal failed and is tried again", cluster=cluster, why=str(error))

    async def _end(self) -> None:
        for task in self._removals.values():
            task.cancel()
        if self._removals:
            await asyncio.wait(self._removals.values())
        await self._workers.stop(*self._followed)
        try:
            await registry.leave(self._store, self._key)
        except GraphError as error:
            log.warning("leaving the registry", why=str(error))
