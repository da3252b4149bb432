"""One subscriber: what waits for it, and why it ended."""

import asyncio
from collections import deque
from collections.abc import Sequence

from kgraph.api.errors import ApiError
from kgraph.api.events.told import Item, Told

# How many may wait for one subscriber; events are shared, so that this is bounded by time more than by memory. A
# subscriber that is so far behind loses nothing: it is told so, and goes on from the ring.
WAITING_MOST = 2_000


class Subscription:
    """A bounded queue between the hub, which never waits, and one subscriber, who takes what there is."""

    __slots__ = ("_ended", "_since", "_waiting", "_wake", "most")

    def __init__(self, since: int, most: int = WAITING_MOST) -> None:
        self._since = since  # what was told until then is not for the queue
        self.most = most
        self._waiting: deque[Item] = deque()
        self._wake: asyncio.Future[None] | None = None
        self._ended: ApiError | None = None

    def put(self, item: Item) -> bool:
        """Leave it for the subscriber; False where too many wait already."""
        if self._ended is not None or (item.position is not None and item.position.stamp <= self._since):
            return True
        if len(self._waiting) >= self.most:
            return not isinstance(item, Told)  # a mark says nothing that the next one does not
        self._waiting.append(item)
        self._awake()
        return True

    def end(self, why: ApiError) -> None:
        """End it: what still waits is dropped."""
        if self._ended is None:
            self._ended = why
            self._waiting.clear()
            self._awake()

    async def take(self) -> Sequence[Item]:
        """All that waits, once something does; raises why it ended."""
        while not self._waiting:
            if self._ended is not None:
                raise self._ended
            self._wake = asyncio.get_running_loop().create_future()
            await self._wake
        some = tuple(self._waiting)
        self._waiting.clear()
        return some

    def _awake(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)
