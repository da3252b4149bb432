"""Clusters added and removed for a caller: who may, the audit, the registry."""

from contextlib import AbstractAsyncContextManager

import msgspec

from kgraph.api.callers.caller import Caller
from kgraph.api.changing.audit import Audit, entry_of
from kgraph.api.changing.registry import add_cluster, remove_cluster
from kgraph.api.clusters import Cluster, the_cluster
from kgraph.api.errors import Forbidden, NotFound
from kgraph.api.reading.reader import Reader
from kgraph.graphdb.model import cluster_key
from kgraph.kube.given import GivenCluster
from kgraph.kube.sealing import Sealer


class ClusterChange(msgspec.Struct, frozen=True):
    """Who changes the list of clusters, with what; `trace_id` is for the audit."""

    caller: Caller
    reader: Reader
    audit: Audit
    trace_id: str
    dry_run: bool

    async def add(self, sealer: Sealer, given: GivenCluster, *, timeout: float) -> Cluster | None:
        """Register a cluster; None for a dry run of a new one. Raises as `registry.add_cluster`, and Forbidden."""
        async with self._audited("addCluster", given.id):
            self._require_operator()
            await add_cluster(self.reader.store, sealer, given, dry_run=self.dry_run)
        try:
            return await the_cluster(self.reader, given.id, timeout=timeout)
        except NotFound as error:
            if self.dry_run:
                return None
            raise NotFound(f"the cluster {given.id} was removed just now") from error

    async def remove(self, cluster: str) -> None:
        """Mark a cluster for removal. Raises as `registry.remove_cluster`, and Forbidden."""
        async with self._audited("removeCluster", cluster):
            self._require_operator()
            await remove_cluster(self.reader.store, cluster, dry_run=self.dry_run)

    def _audited(self, mutation: str, cluster: str) -> AbstractAsyncContextManager[None]:
        entry = entry_of(
            self.caller,
            mutation,
            cluster,
            kind="Cluster",
            name=cluster,
            of=cluster_key(cluster),
            dry_run=self.dry_run,
            trace_id=self.trace_id,
        )
        return self.audit.around(entry)

    def _require_operator(self) -> None:
        """No cluster can say who may add others."""
        if self.reader.sight is not None:
            raise Forbidden("clusters are added and removed by the operators of this server, with `kgraph cluster`")
