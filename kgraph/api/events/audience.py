"""Those who want the same events and see the same: each event is looked at once for all of them."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

import structlog

from kgraph.api.errors import ApiError, ClusterUnavailable, as_api_failure
from kgraph.api.events.subscription import WAITING_MOST, Subscription
from kgraph.api.events.told import Item, Mark, Told
from kgraph.api.events.viewer import Glance, Viewer
from kgraph.feed.filters import EventFilter

log = structlog.get_logger(__name__)


class Audience:
    """Subscriptions of one filter and one caller; `viewer` None sees everything.

    `drop` ends a subscription that does not keep up. Items keep their order: while the clusters are asked about one,
    those after it wait, `WAITING_MOST` of them.
    """

    def __init__(self, wanted: EventFilter, viewer: Viewer | None, drop: Callable[[Subscription], None]) -> None:
        self.members: set[Subscription] = set()
        self._wanted = wanted
        self._viewer = viewer
        self._drop = drop
        self._waiting: deque[Item] = deque()
        self._asking: asyncio.Task[None] | None = None

    def tell(self, item: Item) -> None:
        """Tell them of an event that the filter takes, as far as they see it; marks are for everybody."""
        if self._viewer is None:
            self._put(item)
            return
        if self._asking is None:
            if isinstance(item, Mark):
                self._put(item)
                return
            glance = self._viewer.glance()
            if glance.knows(item):
                self._show(glance, item)
                return
            self._asking = asyncio.create_task(self._ask(self._viewer), name="what an audience may see")
        if len(self._waiting) >= WAITING_MOST:
            for member in tuple(self.members):
                self._drop(member)
            self._waiting = deque()  # what is asked about belongs to the one before
            return
        self._waiting.append(item)

    def end(self, why: ApiError) -> None:
        """End all of them."""
        for member in self.members:
            member.end(why)

    def close(self) -> None:
        """Nobody is left."""
        if self._asking is not None:
            self._asking.cancel()

    async def seen(self, some: Sequence[Told]) -> list[Told]:
        """Those of some earlier events that the filter takes, as far as they are seen.

        Forbidden and ClusterUnavailable as for later ones.
        """
        wanted = [told for told in some if takes(self._wanted, told)]
        if self._viewer is None or not wanted:
            return wanted
        glance = self._viewer.glance()
        await glance.learn(wanted)
        self._require_answers(glance, wanted)
        return [shown for told in wanted if (shown := glance.shown(told)) is not None]

    async def _ask(self, viewer: Viewer) -> None:
        try:
            while self._waiting:
                waiting = self._waiting
                some = tuple(waiting)
                glance = viewer.glance()
                told = [item for item in some if isinstance(item, Told)]
                await glance.learn(told)
                self._require_answers(glance, told)
                for item in some if waiting is self._waiting else ():
                    waiting.popleft()
                    if isinstance(item, Mark):
                        self._put(item)
                    else:
                        self._show(glance, item)
        except ApiError as error:
            self._waiting.clear()
            self.end(error)
        except Exception as error:
            self._waiting.clear()
            log.exception("what an audience may see cannot be found out")
            self.end(ClusterUnavailable(as_api_failure(error).message))
        finally:
            self._asking = None

    def _require_answers(self, glance: Glance, some: Sequence[Told]) -> None:
        """Raise ClusterUnavailable where a cluster that they have named could not be asked: its events would be lost.

        Of others they are shown nothing, as in every answer.
        """
        for cluster in {told.event.cluster_id for told in some} & {*self._wanted.clusters}:
            if (why := glance.why_not(cluster)) is not None:
                raise ClusterUnavailable(f"what you may see of cluster {cluster} cannot be found out: {why}")

    def _show(self, glance: Glance, told: Told) -> None:
        shown = glance.shown(told)
        if shown is not None:
            self._put(shown)

    def _put(self, item: Item) -> None:
        slow = [member for member in self.members if not member.put(item)]
        for member in slow:
            self._drop(member)


def takes(wanted: EventFilter, told: Told) -> bool:
    """Whether a filter takes an event; not where its object is nothing that a selector can look at."""
    try:
        return wanted.matches(told.event)
    except (AttributeError, TypeError, ValueError):
        log.warning("an event's object is malformed: no selector takes it", key=told.key)
        return False
