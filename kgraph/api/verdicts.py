"""What the clusters have said that callers may do, kept for seconds.

The same question of many requests is asked once at a time. As the apiserver's own webhook authorizer does, what was
allowed is kept longer than what was not: somebody who has just been given access does not wait for it.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping

import structlog

from kgraph.api.callers import Caller
from kgraph.api.connections import Connections
from kgraph.kube.reviews import Attributes, Subject, Verdict, review

log = structlog.get_logger(__name__)

ALLOWED_SECONDS = 10.0
DENIED_SECONDS = 5.0
# Some 300 bytes each; a caller with a thousand namespaces has asked for ten thousand at most.
KEPT_MOST = 100_000
# How many reviews of one cluster are under way: the apiserver answers some thousand a second, and has others to serve.
AT_ONCE = 16

Question = tuple[str, Subject, Attributes]  # of this cluster


class Verdicts:
    """Asks clusters, and remembers for a moment what they said."""

    def __init__(self, connections: Connections) -> None:
        self.asked = 0  # how many reviews were sent: tests count a request's cost by it
        self._connections = connections
        self._kept: OrderedDict[Question, tuple[float, Verdict]] = OrderedDict()  # with the time when each ends
        self._asking: dict[Question, asyncio.Task[Verdict]] = {}
        self._places: dict[str, asyncio.Semaphore] = {}

    async def of(self, caller: Caller, cluster: str, wanted: Attributes) -> Verdict:
        """Whether the caller may; KubeError or ApiError where the cluster cannot be asked."""
        question = (cluster, caller.subject, wanted)
        kept = self._kept.get(question)
        if kept is not None and time.monotonic() < kept[0]:
            return kept[1]
        task = self._asking.get(question)
        if task is None:
            task = asyncio.create_task(self._ask(question), name="access review")
            self._asking[question] = task
            task.add_done_callback(lambda done: self._answered(question, done))
        # Others may wait for the same answer: one who goes away does not take it with them.
        return await asyncio.shield(task)

    async def of_all(self, caller: Caller, cluster: str, wanted: Iterable[Attributes]) -> Mapping[Attributes, Verdict]:
        """The verdicts on several questions, asked side by side."""
        questions = list(dict.fromkeys(wanted))
        verdicts = await asyncio.gather(*(self.of(caller, cluster, one) for one in questions))
        return dict(zip(questions, verdicts, strict=True))

    async def _ask(self, question: Question) -> Verdict:
        cluster, subject, wanted = question
        async with self._places.setdefault(cluster, asyncio.Semaphore(AT_ONCE)):
            connection = await self._connections.of(cluster)
            self.asked += 1
            return await review(connection, subject, wanted)

    def _answered(self, question: Question, task: asyncio.Task[Verdict]) -> None:
        del self._asking[question]
        if task.cancelled() or task.exception() is not None:
            return
        verdict = task.result()
        ends = time.monotonic() + (ALLOWED_SECONDS if verdict.allowed else DENIED_SECONDS)
        self._kept[question] = (ends, verdict)
        self._kept.move_to_end(question)
        while len(self._kept) > KEPT_MOST:
            self._kept.popitem(last=False)
