"""Whether a worker does what it is for: Neo4j answers, its clusters are read, and not all of them lag.

Nobody is sent to a worker or kept from it by this: a rollout waits for it before it goes on to the next.
"""

import asyncio
import time

from kgraph.cli.process.metrics import Ready
from kgraph.cli.process.workers import Workers
from kgraph.graphdb.errors import GraphError
from kgraph.graphdb.store import Store

# Probes and people together: one question a second is enough for all of them.
FRESH_SECONDS = 1.0
TIMEOUT_SECONDS = 5.0


class WorkerReadiness:
    """Asks the graph for an answer, and the clusters of this process how far they are."""

    def __init__(self, store: Store, workers: Workers, max_lag: float) -> None:
        """`max_lag` in seconds; 0: however far."""
        self._store = store
        self._workers = workers
        self._max_lag = max_lag
        self._asking = asyncio.Lock()
        self._answers = False
        self._asked_at = float("-inf")

    async def ask(self) -> Ready:
        """The state now; never raises what the graph raises."""
        if not await self._graph_answers():
            return Ready(ready=False, message="Neo4j does not answer: nothing is written until it does")
        workers, failed = self._workers.by_cluster, self._workers.failed
        reading = [
            cluster for cluster, worker in workers.items() if cluster not in failed and not worker.synced.is_set()
        ]
        unreached = [cluster for cluster in reading if workers[cluster].is_unreachable]
        if waiting := sorted(set(reading) - set(unreached)):
            return Ready(ready=False, message=f"read for the first time: {', '.join(waiting)}")
        lags = [worker.pipeline.age_seconds for worker in workers.values() if worker.pipeline is not None]
        if self._max_lag and lags and min(lags) > self._max_lag:
            return Ready(ready=False, message=f"the graph is {min(lags):.0f} s or more behind all clusters")
        missing = sorted({*failed, *unreached})
        return Ready(ready=True, message=f"without {', '.join(missing)}" if missing else "all clusters are in step")

    async def _graph_answers(self) -> bool:
        async with self._asking:
            if time.monotonic() - self._asked_at >= FRESH_SECONDS:
                try:
                    await self._store.read_one("read/answers", timeout=TIMEOUT_SECONDS)
                except GraphError:
                    self._answers = False
                else:
                    self._answers = True
                self._asked_at = time.monotonic()
            return self._answers
