"""Which events one caller sees: those of what they may list, asked again as verdicts end.

A verdict is as old as `Verdicts` keeps it and as the caller's requests share it, at most: some fourteen seconds.
"""

import time
from collections.abc import Iterable

from kgraph.api.callers.caller import Caller
from kgraph.api.events.told import Told
from kgraph.api.reading.sight import Sight, Sights
from kgraph.feed.event import EventType

# What comes of all that is in a cluster, as its health, is for who sees all of it.
OF_ALL = frozenset({EventType.CLUSTER_HEALTH_CHANGED})
# For how long a sight is used before a new one is made, which asks again what has ended.
GLANCE_SECONDS = 1.0


class Viewer:
    """One caller's eyes on the stream."""

    def __init__(self, sights: Sights, caller: Caller) -> None:
        self.who = caller.who
        self._sights = sights
        self._caller = caller
        self._glance: Glance | None = None

    def glance(self) -> "Glance":
        """What they see now."""
        if self._glance is None or time.monotonic() >= self._glance.until:
            self._glance = Glance(self._sights.of(self._caller))
        return self._glance


class Glance:
    """What they see, for a moment."""

    def __init__(self, sight: Sight) -> None:
        self.until = time.monotonic() + GLANCE_SECONDS
        self._sight = sight
        self._whole: dict[str, bool] = {}  # by cluster, whether everything in it is seen

    def knows(self, told: Told) -> bool:
        """Whether it is known if they see it, without asking."""
        whole = self._whole.get(told.event.cluster_id)
        return whole is True or (whole is False and (not told.scope or told.scope in self._sight.known))

    async def learn(self, some: Iterable[Told]) -> None:
        """Find out about all of these; Forbidden where a cluster does not let them be whom they impersonate."""
        wanted = []
        for told in some:
            cluster = told.event.cluster_id
            if cluster not in self._whole:
                self._whole[cluster] = await self._sight.sees_everything_of(cluster)
            if told.scope and not self._whole[cluster]:
                wanted.append(told.scope)
        await self._sight.learn(wanted)

    def shown(self, told: Told) -> Told | None:
        """The event as they see it; None where they do not. It was learnt about before."""
        if self._whole[told.event.cluster_id]:
            return told
        if told.event.event_type in OF_ALL:
            return None
        return told.narrowed if not told.scope or self._sight.known[told.scope] else None

    def why_not(self, cluster: str) -> str | None:
        """Why a cluster could not be asked; None where it could."""
        why = self._sight.unavailable.get(cluster)
        if why is not None:
            self.until = 0.0
        return why
