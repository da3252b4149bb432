"""The feed as server-sent events (HTML Living Standard, 9.2): each event's bytes are made once for all who get it.

`id:` is where a client goes on from, `event:` the event's type, `data:` the event as Kafka has it. What is there at the
start comes as `INITIAL`, and without an id: whoever is cut off before `SYNCED` begins anew.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import msgspec

from kgraph.api.errors import ApiError, Dropped, Gone, Unauthenticated, as_api_failure
from kgraph.api.events.told import Item, Mark, MarkKind, Told
from kgraph.feed.event import encoded
from kgraph.graphdb.errors import GraphError

RETRY_MILLISECONDS = 3_000
_HEADS = {MarkKind.OPENED: b"retry: %d\n" % RETRY_MILLISECONDS, MarkKind.SYNCED: b"", MarkKind.ALIVE: b""}
_TAILS = {
    MarkKind.OPENED: b": connected\n\n",
    MarkKind.SYNCED: b"event: SYNCED\ndata: {}\n\n",
    MarkKind.ALIVE: b": ping\n\n",
}


async def sent(items: AsyncGenerator[Sequence[Item], None]) -> AsyncGenerator[bytes, None]:
    """The stream's bytes until it ends, and then why."""
    try:
        async with aclosing(items):
            async for some in items:
                yield written(some[0]) if len(some) == 1 else b"".join(map(written, some))
    except (ApiError, GraphError) as error:
        yield ending(error)


def written(item: Item) -> bytes:
    """An item's bytes."""
    if isinstance(item, Mark):
        place = b"" if item.position is None else b"id: %b\n" % str(item.position).encode()
        return _HEADS[item.kind] + place + _TAILS[item.kind]
    found: bytes | None = item.made.get(written)
    if found is None:
        found = item.made[written] = _event(item)
    return found


def ending(error: ApiError | GraphError) -> bytes:
    """The last event: `gone` where a client has to begin anew, which takes its id away, `dropped`, or `error`."""
    failure = as_api_failure(error)
    data = {"code": failure.code, "detail": failure.message, **failure.extensions}
    name = {Gone: "gone", Dropped: "dropped", Unauthenticated: "unauthenticated"}.get(type(error), "error")
    head = b"id\n" if name == "gone" else b""
    return b"%bevent: %b\ndata: %b\n\n" % (head, name.encode(), msgspec.json.encode(data))


def _event(told: Told) -> bytes:
    data = encoded(told.event)
    if b"\n" in data or b"\r" in data:  # an object may be written over several lines, and a line ends the field
        data = msgspec.json.format(data, indent=-1)
    if told.position is None:
        return b"event: INITIAL\ndata: %b\n\n" % data
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (
        str(told.position).encode(), told.event.event_type.value.encode(), data,
    )  # fmt: skip
