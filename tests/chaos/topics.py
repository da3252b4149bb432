"""What the topics of the change feed have of the storm, as the judge takes it."""

from collections import Counter

import msgspec

from kgraph.feed.event import Event, is_there
from tests.chaos.ledger import Told
from tests.chaos.states import state_of
from tests.consumer import Got, messages


async def told(servers: str, cluster: str) -> list[Told]:
    """All events of a cluster's resources that Kafka has now."""
    places: Counter[tuple[str, int]] = Counter()
    found = []
    for got in await messages(servers, cluster):
        places[got.topic, got.partition] += 1
        event = got.event
        if event.resource is not None:
            found.append(_told(got, event, places[got.topic, got.partition]))
    return found


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
