"""The API's own connections to the clusters: for reviews, mutations and logs. None is opened before it is needed."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec

from kgraph.api.errors import ClusterUnavailable, NotFound
from kgraph.graphdb import registry
from kgraph.graphdb.store import Store
from kgraph.kube.connection import Connection
from kgraph.kube.errors import KubeError
from kgraph.kube.given import joined
from kgraph.kube.sealing import Sealer
from kgraph.kube.settings import AuthMethod, ClusterSettings

# How long a cluster of the registry is taken for what it was: `removeCluster` and a new login are seen so soon.
LOOK_SECONDS = 5.0


class _Open(msgspec.Struct):
    connection: Connection
    stack: AsyncExitStack
    stamp: str
    looked_at: float

    @property
    def is_fresh(self) -> bool:
        """Whether it is what the configuration names, or was looked up just now."""
        return not self.stamp or time.monotonic() - self.looked_at < LOOK_SECONDS


class Connections:
    """One connection a cluster, of the configuration or of the registry."""

    def __init__(self, store: Store, sealer: Sealer, configured: Iterable[ClusterSettings]) -> None:
        self._store = store
        self._sealer = sealer
        self._configured = {one.id: one for one in configured}
        self._open: dict[str, _Open] = {}
        self._opening: dict[str, asyncio.Lock] = {}

    @classmethod
    @asynccontextmanager
    async def serving(
        cls, store: Store, sealer: Sealer, configured: Iterable[ClusterSettings]
    ) -> AsyncIterator["Connections"]:
        """Connections that are closed at the end."""
        connections = cls(store, sealer, configured)
        try:
            yield connections
        finally:
            await connections.close()

    async def of(self, cluster: str) -> Connection:
        """The connection to a cluster; NotFound, or ClusterUnavailable where it has no server or no usable login."""
        found = self._open.get(cluster)
        if found is not None and found.is_fresh:
            return found.connection
        async with self._opening.setdefault(cluster, asyncio.Lock()):
            return await self._looked_up(cluster)

    async def close(self) -> None:
        """Close all of them."""
        for cluster in list(self._open):
            await self._drop(cluster)

    async def _looked_up(self, cluster: str) -> Connection:
        found = self._open.get(cluster)
        if found is not None and found.is_fresh:
            return found.connection  # another caller has waited for the lock first
        settings, stamp = self._configured.get(cluster), ""
        if settings is None:
            known = await registry.registration(self._store, cluster)
            if found is not None and found.stamp == known.stamp and not known.removing:
                found.looked_at = time.monotonic()
                return found.connection
            await self._drop(cluster)
            if not known.stamp or known.removing:
                raise NotFound(f"there is no cluster {cluster!r} that this server can reach")
            try:
                settings, stamp = joined(known.settings, self._sealer.open(cluster, known.sealed)), known.stamp
            except KubeError as error:
                raise ClusterUnavailable(f"cluster {cluster}: {error}") from error
        if settings.auth_method is AuthMethod.SNAPSHOT:
            raise ClusterUnavailable(f"cluster {cluster} is a snapshot: there is no server to ask")
        stack = AsyncExitStack()
        try:
            connection = await stack.enter_async_context(Connection.open(settings))
        except KubeError as error:
            raise ClusterUnavailable(f"cluster {cluster}: {error}") from error
        self._open[cluster] = _Open(connection, stack, stamp, time.monotonic())
        return connection

    async def _drop(self, cluster: str) -> None:
        found = self._open.pop(cluster, None)
        if found is not None:
            await found.stack.aclose()
