"""What the topics of the change feed have of the storm, as the judge takes it."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Self

import msgspec

from kgraph.feed.event import Event, is_there
from tests.chaos.ledger import Told
from tests.chaos.states import state_of
from tests.consumer import Consumer, Got


class Topics:
    """All events of a cluster's resources that Kafka has, each read and checked once: there are thousands."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer
        self._places: Counter[tuple[str, int]] = Counter()
        self._told: list[Told] = []

    @classmethod
    @asynccontextmanager
    async def of(cls, servers: str, cluster: str) -> AsyncIterator[Self]:
        """Those of a cluster, for as long as the block is."""
        async with Consumer.of(servers, cluster) as consumer:
            yield cls(consumer)

    async def told(self) -> Sequence[Told]:
        """What they tell by now, each partition's in its order."""
        for got in await self._consumer.more():
            event = got.event
            self._places[got.topic, got.partition] += 1
            if event.resource is not None:
                self._told.append(_told(got, event, self._places[got.topic, got.partition]))
        return self._told


def _told(got: Got, event: Event, place: int) -> Told:
    assert event.resource is not None
    metadata = msgspec.json.decode(event.object)["metadata"]
    return Told(
        place=(got.topic, got.partition, place),
        id=event.event_id,
        key=got.key,
        sequence=event.metadata.sequence,
        uid=event.resource.uid,
        version=int(metadata["resourceVersion"]),
        old=_state(event, event.old_object),
        new=_state(event, event.new_object),
    )


def _state(event: Event, raw: msgspec.Raw) -> bytes | None:
    assert event.resource is not None
    if not is_there(raw):
        return None
    return state_of(msgspec.json.decode(raw), *msgspec.structs.astuple(event.resource.group_version_kind))
