"""A process's shards: what it holds starts, what it loses stops, what is to be removed goes.

Who holds what is decided by Kafka's group of workers, or where there is no Kafka by leases in the graph: the first
worker has all, and the next one waits. One look is one small transaction, which also says that this process lives.
"""

import asyncio
import secrets
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from typing import Self

import msgspec
import structlog

from kgraph.cli.errors import CliError
from kgraph.cli.process.presence import has_ended, this_process
from kgraph.cli.process.workers import START_AGAIN_SECONDS, Workers
from kgraph.graphdb import registry, shards
from kgraph.graphdb.errors import Fenced, GraphError, SchemaTooNew
from kgraph.graphdb.shards import LOOK_SECONDS, Assigned, Look, Shard, Worker
from kgraph.graphdb.store import Store
from kgraph.kube.errors import KubeError
from kgraph.kube.given import joined
from kgraph.kube.sealing import Sealer
from kgraph.kube.settings import ClusterSettings
from kgraph.sync.membership import GroupSettings, Membership, MembershipError
from kgraph.sync.removal import Removal
from kgraph.sync.vitals import tell_failure

log = structlog.get_logger(__name__)

# After another's lease: so that it has ended by the graph's clock when it has by ours.
LEASE_MARGIN_SECONDS = 0.1


class Due(msgspec.Struct, frozen=True):
    """What is to be done for a shard that this process holds, since it holds it: another `term` begins anew.

    So does another `rebuild`: the worker that starts finds out by its claim whether that is done already.
    """

    number: int
    term: int
    stamp: str | None  # of its registration; None where it is of the configuration
    removing: bool
    rebuild: str | None = None


class Keeper:
    """Starts and stops the workers of this process's clusters."""

    def __init__(
        self,
        store: Store,
        workers: Workers,
        sealer: Sealer,
        name: str,
        *,
        group: GroupSettings | None = None,
        registered: bool = True,
    ) -> None:
        """`group` shares the shards out; without it leases do. Only with `registered` the registry's are among them."""
        self.worker = Worker(
            key=f"worker:{secrets.token_hex(8)}", name=name, process=this_process(), configured=workers.configured
        )
        self.elsewhere: Mapping[str, str] = {}  # of the configured clusters those that another holds, and its name
        self._store = store
        self._workers = workers
        self._sealer = sealer
        self._registered = registered
        self._membership = Membership(group, self) if group else None
        self._sharing: asyncio.Task[None] | None = None
        self._following: dict[str, Due] = {}
        self._removals: dict[str, asyncio.Task[None]] = {}
        self._look_now = asyncio.Event()
        self._unknown: set[str] = set()  # held by the group's word, but nobody has said how to reach them

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        """Give up all that is held, in good order, and say so."""
        if self._membership:
            await self._membership.leave()
        await self._stop(tuple(self._following))
        try:
            await shards.leave(self._store, self.worker.key)
        except GraphError as cause:
            log.warning("leaving the workers", why=str(cause))

    async def run(self) -> None:
        """Follow for ever. CliError where the group shuts this process out, SchemaTooNew where the graph does."""
        withdrawn = not self._registered
        while True:
            pause = LOOK_SECONDS
            try:
                if not withdrawn:
                    await registry.withdraw_removals(self._store, self._workers.configured)
                    withdrawn = True
                pause = await self.look()
            except SchemaTooNew:
                raise  # what this process holds is for a program that the graph has not outgrown
            except GraphError as error:
                log.warning("the shards cannot be looked at", why=str(error))
            if self._membership and self._membership.failure:
                raise CliError(str(self._membership.failure))
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._look_now.wait()

    async def look(self) -> float:
        """One look: start, stop and remove what is due; in how many seconds the next one is."""
        self._look_now.clear()
        found = await self._look()
        if ended := [other.key for other in found.others.values() if has_ended(other.process)]:
            for key in ended:
                await shards.leave(self._store, key)
            found = await self._look()
        self._workers.hear(await registry.called(self._store))
        await self._follow(found)
        if self._membership is None:
            return min(
                [LOOK_SECONDS, *(other.left_ms / 1000 + LEASE_MARGIN_SECONDS for other in found.others.values())]
            )
        if self._sharing is None or self._sharing.done():
            self._sharing = asyncio.create_task(self._share(shards.partitions(found.shards)), name="share out shards")
        return LOOK_SECONDS

    # What the membership calls

    def assigned(self) -> None:
        """There is more to do, or less."""
        self._look_now.set()

    def goes_well(self, number: int) -> bool:
        """Whether the shard is being synced, by what is known of it here."""
        return any(
            due.number == number and cluster not in self._workers.failed for cluster, due in self._following.items()
        )

    async def release(self, numbers: Collection[int]) -> None:
        """End the work on shards; returns when their last writes are done."""
        await self._stop([cluster for cluster, due in self._following.items() if due.number in numbers])

    # One look

    async def _look(self) -> Look:
        if self._membership is None:
            return await shards.look(self._store, self.worker, registered=self._registered)
        assigned = Assigned(tuple(self._membership.held), on_trust=self._membership.on_trust)
        return await shards.look(self._store, self.worker, assigned, registered=self._registered)

    async def _share(self, count: int) -> None:
        assert self._membership is not None
        try:
            await self._membership.share(count)
        except MembershipError as error:
            log.warning("the shards cannot be shared out, and nothing new is taken", why=str(error))

    async def _follow(self, found: Look) -> None:
        due = dict(self._due(found.shards))
        self._tell(found)
        await self._stop([cluster for cluster, one in self._following.items() if due.get(cluster) != one])
        for cluster, one in due.items():
            if self._is_due_again(cluster):
                await self._stop([cluster])
            if cluster not in self._following and self._holds(one):
                self._following[cluster] = one
                if not one.removing:
                    try:
                        await self._begin(cluster, one)
                    except GraphError:
                        self._following.pop(cluster, None)  # the next look begins again
                        raise
            if one.removing and self._following.get(cluster) == one:
                self._remove(cluster)

    def _due(self, found: Iterable[Shard]) -> Iterable[tuple[str, Due]]:
        configured = self._workers.configured
        for shard in found:
            term = self._term(shard)
            if term is None:
                continue
            if shard.cluster in configured:
                yield (
                    shard.cluster,
                    Due(number=shard.number, term=term, stamp=None, removing=False, rebuild=shard.rebuild),
                )
            elif self._registered and shard.stamp is not None:
                yield (
                    shard.cluster,
                    Due(
                        number=shard.number,
                        term=term,
                        stamp=shard.stamp,
                        removing=shard.removing,
                        rebuild=shard.rebuild,
                    ),
                )
            elif shard.cluster not in self._unknown:
                self._unknown.add(shard.cluster)
                log.warning(
                    "a shard is assigned here of which neither the configuration nor the registry says anything: "
                    "workers of one group need the same configuration",
                    cluster=shard.cluster,
                )

    def _term(self, shard: Shard) -> int | None:
        """Since which change of hands a shard is this process's; None where it is not."""
        is_ours = shard.holder == self.worker.key
        if self._membership is None:
            return shard.term if is_ours else None
        if self._membership.on_trust and shard.holder is not None and not is_ours:
            return None  # who has it heard more of Kafka than we do
        return self._membership.held.get(shard.number)

    def _tell(self, found: Look) -> None:
        others = {key: other.name for key, other in found.others.items()}
        elsewhere = {
            shard.cluster: others[shard.holder]
            for shard in found.shards
            if shard.holder in others and shard.cluster in self._workers.configured
        }
        if self._membership is None and elsewhere and elsewhere != self.elsewhere:
            log.info("waits as standby", clusters=len(elsewhere), held_by=sorted(set(elsewhere.values())))
        self.elsewhere = elsewhere

    def _holds(self, due: Due) -> bool:
        """Whether the group has not taken a shard back meanwhile; leases are told by looks alone."""
        return self._membership is None or self._membership.held.get(due.number) == due.term

    def _is_due_again(self, cluster: str) -> bool:
        """Whether a shard still is ours long after its writer was fenced off.

        One that was frozen would by now have heard that it lost the shard, and one that is cut off from Kafka is told
        nothing: two never take a shard from each other.
        """
        if self._membership is not None and self._membership.on_trust:
            return False
        since = self._workers.fenced.get(cluster)
        return since is not None and asyncio.get_running_loop().time() - since > START_AGAIN_SECONDS

    async def _stop(self, clusters: Collection[str]) -> None:
        removals = [task for cluster in clusters if (task := self._removals.pop(cluster, None))]
        for task in removals:
            task.cancel()
        for cluster in clusters:
            self._following.pop(cluster, None)
        await self._workers.stop(*clusters)
        if removals:
            await asyncio.wait(removals)

    async def _begin(self, cluster: str, due: Due) -> None:
        try:
            settings = await self._settings(cluster, due)
        except KubeError as error:
            log.warning("a cluster's registration cannot be used", cluster=cluster, why=str(error))
            await tell_failure(self._store, cluster, str(error))
            return
        await self._workers.stop(cluster)  # what was let go of a moment ago may still be ending
        if settings is None or not self._holds(due) or self._following.get(cluster) != due:
            self._following.pop(cluster, None)  # removed, added anew or given up meanwhile: the next look has it
            return
        log.info("a cluster is taken", cluster=cluster, shard=due.number)
        self._workers.start(cluster, settings)

    async def _settings(self, cluster: str, due: Due) -> ClusterSettings | None:
        if due.stamp is None:
            return self._workers.by_cluster[cluster].settings
        found = await registry.registration(self._store, cluster)
        return joined(found.settings, self._sealer.open(cluster, found.sealed)) if found.stamp == due.stamp else None

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
