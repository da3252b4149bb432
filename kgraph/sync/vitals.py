"""How one cluster's sync is, as its own node says it: connected or why not, how much there is, how far behind.

What changes with every change (the count, the lag, the last event) rides on the transaction that writes it. The rest
is looked at every PROBE_SECONDS and written only where it differs, so that an idle cluster writes nothing, and one
that is dead or hangs is known to be within a minute: watches alone may be silent for minutes.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import structlog

from kgraph.feed.event import EventType, Severity
from kgraph.graphdb.errors import GraphError
from kgraph.graphdb.store import Store
from kgraph.kube.connection import Connection
from kgraph.kube.errors import KubeError
from kgraph.sync.cluster_health import ClusterHealth
from kgraph.sync.drafts import Happening
from kgraph.sync.part import WHOLE, Part
from kgraph.sync.pipeline import Pipeline
from kgraph.sync.writer import Writer

log = structlog.get_logger(__name__)

PROBE_SECONDS = 20.0
# /version is answered from memory, in milliseconds; whoever takes longer than this is not answering.
PROBE_TIMEOUT_SECONDS = 10.0
# What a lag must have changed by to be worth a write where nothing else is.
LAG_SECONDS = 1.0


class Vitals:
    """Knows one cluster's state, and what of it the graph has been told."""

    def __init__(self, writer: Writer, pipeline: Pipeline, synced: asyncio.Event, resources: Callable[[], int]) -> None:
        """`synced` is when the first sync is over."""
        self._cluster = writer.cluster
        self._writer = writer
        self._feed = writer.feed
        self._health = ClusterHealth(writer, pipeline, synced)
        self._pipeline = pipeline
        self._resources = resources
        self._told: dict[str, Any] = {}

    @property
    def connected(self) -> bool | None:
        """Whether the apiserver answered the last time; None where nobody has asked it yet."""
        found: bool | None = self._told.get("connected")
        return found

    def riding(self) -> dict[str, Any]:
        """What the next transaction may say in passing."""
        state: dict[str, Any] = {"resourceCount": self._resources(), "lagSeconds": self._lag()}
        if self._pipeline.changed_at is not None:
            state["lastEventAt"] = self._pipeline.changed_at
        self._told |= state
        return state

    async def follow(self, connection: Connection) -> None:
        """Look for ever."""
        while True:
            await self.look(connection)
            if self._writer.part.is_first:
                await self._health.look()
            await asyncio.sleep(PROBE_SECONDS)

    async def look(self, connection: Connection) -> None:
        """Ask the apiserver for its version, and write what has become of the cluster where that is new."""
        state: dict[str, Any] = {"connected": True, "problem": None, "resourceCount": self._resources()}
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_SECONDS):
                state["version"] = (await connection.version()).get("gitVersion")
        except KubeError as error:
            state |= {"connected": False, "problem": str(error)}
        except TimeoutError:
            problem = f"{connection.server} has not answered GET /version for {PROBE_TIMEOUT_SECONDS:g} s"
            state |= {"connected": False, "problem": problem}
        happened: tuple[Happening, ...] = ()
        if state["connected"] != self._told.get("connected"):
            state["connectedSince"] = datetime.now(UTC)
            happened = self._happening(state["problem"]) if self._writer.part.is_first else ()
            log.info("connected" if state["connected"] else "lost", cluster=self._writer.shard, why=state["problem"])
        state["lagSeconds"] = self._lag()
        if self._feed.relay is not None:
            state["feedProblem"] = self._feed.relay.problem(self._writer.shard)
        if self._is_news(state):
            await self._writer.describe(state, *happened)
            self._told |= state

    def _happening(self, problem: str | None) -> tuple[Happening, ...]:
        if problem is None:
            return self._feed.happening(
                EventType.CLUSTER_CONNECTED, self._cluster, "Connected", "the apiserver answers"
            )
        return self._feed.happening(EventType.CLUSTER_LOST, self._cluster, "Lost", problem, Severity.ERROR)

    def _lag(self) -> float:
        return round(self._pipeline.age_seconds or self._pipeline.lag_seconds, 3)

    def _is_news(self, state: Mapping[str, Any]) -> bool:
        lag = abs(state["lagSeconds"] - self._told.get("lagSeconds", 0.0))
        others = (name for name in state if name != "lagSeconds")
        return lag >= LAG_SECONDS or any(state[name] != self._told.get(name) for name in others)


async def tell_failure(store: Store, cluster: str, why: str, part: Part = WHOLE) -> None:
    """Say on a cluster's node that its worker cannot run; whoever wrote the cluster, or the part, is fenced off."""
    state = {"connected": False, "connectedSince": datetime.now(UTC), "problem": why}
    try:
        await Writer.claim(store, cluster, part.said(state), part=part)
    except GraphError as error:
        log.warning("a cluster's failure cannot be written down", cluster=cluster, why=str(error))
