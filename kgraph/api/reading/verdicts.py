"""What the clusters have said that callers may do, kept for seconds.

The same question of many requests is asked once at a time. As the apiserver's own webhook authorizer does, what was
allowed is kept longer than what was not: somebody who has just been given access does not wait for it.

Who impersonates somebody is asked for as well, in each cluster that the request meets: what one cluster allows says
nothing of another. What is outside a caller's tenants is not allowed, and no cluster is asked. Replicas that share a
Redis share what clusters have said, until it ends.
"""

import asyncio
import time
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from kgraph.api.callers.caller import Caller
from kgraph.api.callers.tenants import Tenants
from kgraph.api.connections import Connections
from kgraph.api.errors import Forbidden
from kgraph.api.kept import Kept
from kgraph.api.reading.replicas import Replicas
from kgraph.kube.errors import KubeError
from kgraph.kube.reviews import Attributes, Subject, Verdict, review
from kgraph.telemetry.telemetry import Telemetry

ALLOWED_SECONDS = 10.0
DENIED_SECONDS = 5.0
# Some 300 bytes each; a caller with a thousand namespaces has asked for ten thousand at most.
KEPT_MOST = 100_000
# How many reviews of one cluster are under way: the apiserver answers some thousand a second, and has others to serve.
AT_ONCE = 16

Question = tuple[str, Subject, Attributes]  # of this cluster


class Verdicts:
    """Asks clusters, and remembers for a moment what they said."""

    def __init__(
        self,
        connections: Connections,
        tenants: Tenants,
        replicas: Replicas | None = None,
        telemetry: Telemetry | None = None,
    ) -> None:
        telemetry = telemetry or Telemetry()
        meter, self._tracing = telemetry.meter, telemetry.tracing
        self._seconds = meter.histogram("kgraph_access_review_seconds")
        self._failures = meter.counter("kgraph_access_review_failures")
        self.wanted = 0  # how many questions there were
        self.missed = 0  # to how many of them no answer was kept here
        self.asked = 0  # how many reviews were sent: tests count a request's cost by it
        self._connections = connections
        self._tenants = tenants
        self._replicas = replicas
        self._kept: Kept[Question, _Said] = Kept(KEPT_MOST, lambda said: said.seconds)
        self._places: dict[str, asyncio.Semaphore] = {}

    async def of(self, caller: Caller, cluster: str, wanted: Attributes, inside: str | None = None) -> Verdict:
        """Whether the caller may; `inside` is the namespace that it is about, where that is not the request's.

        Raises KubeError or ApiError where the cluster cannot be asked, Forbidden where it does not let the caller be
        whom they impersonate.
        """
        await self._require_impersonation(caller, cluster)
        outside = self._tenants.refusal(caller, cluster, wanted.namespace if inside is None else inside)
        if outside is not None:
            return Verdict(allowed=False, reason=outside)
        return await self._allowed(caller, cluster, wanted)

    def namespaces(self, caller: Caller, cluster: str, names: Iterable[str]) -> list[str]:
        """Those of a cluster's namespaces in which there may be something that the caller may do."""
        return self._tenants.narrowed(caller, cluster, names)

    async def subject(self, caller: Caller, cluster: str) -> Subject:
        """Who acts in a cluster when the caller does; Forbidden where they are nobody there, or may not be them."""
        await self._require_impersonation(caller, cluster)
        subject = caller.subject_in(cluster)
        if subject is None:
            raise Forbidden(_unknown(caller, cluster))
        return subject

    async def _require_impersonation(self, caller: Caller, cluster: str) -> None:
        wish = caller.impersonation
        if wish is None:
            return
        # Not what their tenants leave of it: those narrow what is then done in the other's name.
        verdicts = await asyncio.gather(*(self._allowed(wish.by, cluster, needed) for needed in wish.needs))
        for needed, verdict in zip(wish.needs, verdicts, strict=True):
            if not verdict.allowed:
                raise Forbidden(
                    f"cluster {cluster} does not let {wish.by.user} {needed}"
                    + (f": {verdict.reason}" if verdict.reason else "")
                )

    async def _allowed(self, caller: Caller, cluster: str, wanted: Attributes) -> Verdict:
        """What the cluster says."""
        subject = caller.subject_in(cluster)
        if subject is None:
            return Verdict(allowed=False, reason=_unknown(caller, cluster))
        question = (cluster, subject, wanted)
        self.wanted += 1
        return (await self._kept.of(question, lambda: self._ask(question), "access review")).verdict

    async def _ask(self, question: Question) -> "_Said":
        """What the cluster says, or has said to another replica, as long as that is to be believed."""
        self.missed += 1
        asked = _encoder.encode(question)
        found = None if self._replicas is None else await self._replicas.get("verdict", asked)
        if found is not None:
            try:
                return _said(_decoder.decode(found[0]), found[1])
            except msgspec.MsgspecError:
                pass  # nothing that a replica has put there
        said = _said(await self._review(question))
        if self._replicas is not None:
            self._replicas.put("verdict", asked, _encoder.encode(said.verdict), said.seconds)
        return said

    async def _review(self, question: Question) -> Verdict:
        cluster, subject, wanted = question
        async with self._places.setdefault(cluster, asyncio.Semaphore(AT_ONCE)):
            connection = await self._connections.of(cluster)
            self.asked += 1
            began = time.perf_counter()
            # Neither who asks nor for which object: a trace is read by others than an audit is.
            about = {"k8s.cluster.name": cluster, "kgraph.verb": wanted.verb, "kgraph.resource": wanted.resource}
            try:
                with self._tracing.inside("access review", about):
                    return await review(connection, subject, wanted)
            except KubeError:
                self._failures.labels(cluster).inc()
                raise
            finally:
                self._seconds.observe(time.perf_counter() - began)


class _Said(NamedTuple):
    verdict: Verdict
    seconds: float  # how long it is to be believed


def _said(verdict: Verdict, seconds: float = ALLOWED_SECONDS) -> _Said:
    return _Said(verdict, min(seconds, ALLOWED_SECONDS if verdict.allowed else DENIED_SECONDS))


_encoder = msgspec.msgpack.Encoder(order="deterministic")
_decoder = msgspec.msgpack.Decoder(Verdict)


def _unknown(caller: Caller, cluster: str) -> str:
    return f"{caller.user or 'nobody'} of cluster {caller.home} is nobody in cluster {cluster}"
