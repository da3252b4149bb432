"""Is the process alive, and can it answer? /health/live and /health/ready.

Live says only that the process serves requests: restarting it would not bring Neo4j back. Ready asks Neo4j, at
most once a second however many ask us, and says which clusters are in the graph and how far they are. It is not so
where Neo4j does not answer, nor where the graph is too far behind all of its clusters. All replicas see the same graph:
to be unready because of one cluster would take all answers about the others away, see docs/decisions/0018-readiness.md.
"""

import asyncio
import time
from collections.abc import Iterable

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from kgraph.api.reading.results import Counters
from kgraph.api.status import SyncState, status_of
from kgraph.graphdb.errors import GraphError
from kgraph.graphdb.schema import newest
from kgraph.graphdb.store import Store
from kgraph.telemetry.meter import Meter, Sample

# Probes of three replicas, a load balancer and a person: one question a second is enough for all of them.
FRESH_SECONDS = 1.0
TIMEOUT_SECONDS = 5.0


class ClusterReadiness(msgspec.Struct, frozen=True, rename="camel"):
    """How far one cluster is in the graph."""

    id: str
    synced: bool
    synced_at: str | None
    error: str | None
    connected: bool | None
    lag_seconds: float | None
    last_event_at: str | None
    stale_seconds: float | None = None


class Kept(msgspec.Struct, frozen=True, rename="camel"):
    """What is kept of results in this process, and how often that was of use since its start (`hit_rate` 0 to 1)."""

    hits: int
    shared: int
    misses: int
    hit_rate: float
    entries: int
    bytes: int


class Readiness(msgspec.Struct, frozen=True):
    """Whether questions can be answered now, about which clusters, and what is kept of results, if any are."""

    ready: bool
    message: str
    clusters: tuple[ClusterReadiness, ...] = ()
    results: Kept | msgspec.UnsetType = msgspec.UNSET


class ReadinessProbe:
    """Asks the graph whether it answers, and remembers the answer for a second."""

    def __init__(self, store: Store, max_lag: float = 0.0, meter: Meter | None = None) -> None:
        """`max_lag` in seconds; 0: however far."""
        self._store = store
        self._max_lag = max_lag
        (meter or Meter()).reads("kgraph_graph_stale_seconds", self._stale)
        self._asking = asyncio.Lock()
        self._answer: Readiness | None = None
        self._asked_at = 0.0

    async def ask(self) -> Readiness:
        """The state now, or as it was a second ago; never raises what the graph raises."""
        async with self._asking:
            if self._answer is None or time.monotonic() - self._asked_at >= FRESH_SECONDS:
                self._answer = await self._asked()
                self._asked_at = time.monotonic()
            return self._answer

    async def _asked(self) -> Readiness:
        try:
            record = await self._store.read_one("read/readiness", timeout=TIMEOUT_SECONDS)
        except GraphError:
            return Readiness(ready=False, message="the graph does not answer")
        if (record["readableFrom"] or 0) > newest():
            return Readiness(ready=False, message="the graph is a later program's: replace this one")
        clusters = tuple(_readiness(identity, SyncState(*rest), stale) for identity, *rest, stale in record["clusters"])
        stale = [cluster.stale_seconds for cluster in clusters if cluster.stale_seconds is not None]
        if self._max_lag and stale and min(stale) > self._max_lag:
            message = f"the graph is {min(stale):.0f} s or more behind all of its clusters"
            return Readiness(ready=False, message=message, clusters=clusters)
        waiting = [cluster.id for cluster in clusters if not cluster.synced]
        message = f"not in step: {', '.join(waiting)}" if waiting else "the graph answers"
        return Readiness(ready=True, message=message, clusters=clusters)

    def _stale(self) -> Iterable[Sample]:
        """As of the last answer."""
        clusters = self._answer.clusters if self._answer else ()
        return [((one.id,), one.stale_seconds) for one in clusters if one.stale_seconds is not None]


def _readiness(identity: str, state: SyncState, stale: float | None) -> ClusterReadiness:
    status = status_of(state)
    return ClusterReadiness(
        id=identity,
        synced=status.ready,
        synced_at=state.synced_at,
        error=None if status.ready else status.message,
        connected=state.connected,
        lag_seconds=state.lag_seconds,
        last_event_at=state.last_event_at,
        stale_seconds=stale,
    )


def health_routes(
    probe: ReadinessProbe, counters: Counters | None = None, *, brief: bool = False
) -> list[HTTPRouteHandler]:
    """The two endpoints.

    Probes do not say who they are: where callers have to, the answer is `brief`, and names no cluster.
    """

    @get("/health/live", sync_to_thread=False, include_in_schema=False)
    def live() -> dict[str, str]:
        """The process serves requests."""
        return {"status": "live"}

    @get("/health/ready", include_in_schema=False)
    async def ready() -> Response[Readiness]:
        """Neo4j answers, and the graph is near enough to one of its clusters: 200, else 503."""
        state = await probe.ask()
        if brief:
            message = "the graph answers" if state.ready else state.message
            state = Readiness(ready=state.ready, message=message)
        elif counters is not None:
            kept = msgspec.convert(counters, Kept, from_attributes=True)
            state = msgspec.structs.replace(state, results=kept)
        return Response(state, status_code=200 if state.ready else 503)

    return [live, ready]
