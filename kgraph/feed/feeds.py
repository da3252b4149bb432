"""All configured feeds of a process: which messages there are beside those that everybody gets."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import structlog

from kgraph.feed.configured import Feed, FeedSettings
from kgraph.feed.event import TOPICS, Event, decoded
from kgraph.feed.filters import EventFilter
from kgraph.feed.message import Message, fitted, shrunk

log = structlog.get_logger(__name__)

# What libraries raise where a value is none of theirs.
_UNWRITABLE = (ValueError, TypeError, RecursionError, OverflowError, msgspec.MsgspecError)


class FeedMessage(Message, frozen=True, array_like=True, gc=False):
    """A message of a configured feed: its topic is its own, its CloudEvents type still that of the event."""

    type: str
    content_type: str

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        """The headers, as Kafka takes them."""
        own = {"ce_type": self.type.encode(), "content-type": self.content_type.encode()}
        return [(name, own.get(name, value)) for name, value in super().headers]


class Feeds:
    """The feeds, each filter being asked once of each event; `registry_url` is "" where nobody needs schemas."""

    def __init__(self, settings: Sequence[FeedSettings] = (), registry_url: str = "") -> None:
        """Raises ValueError where the settings cannot be meant."""
        self._feeds = [Feed(one) for one in settings]
        self._by_filter: dict[EventFilter, list[Feed]] = defaultdict(list)
        for feed in self._feeds:
            self._by_filter[feed.filter].append(feed)
        self._registry_url = registry_url
        self._preparing = asyncio.Lock()

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics of all events, and those of the feeds."""
        return (*TOPICS, *(feed.settings.topic for feed in self._feeds))

    async def prepare(self) -> None:
        """Have the registry know all schemas. Raises RegistryUnavailable and SchemaRefused."""
        async with self._preparing:
            waiting = [feed for feed in self._feeds if feed.needs_id]
            if not waiting:
                return
            # Its client takes long to import, and few have a feed that needs it.
            from kgraph.feed.schema_registry import SchemaRegistry  # noqa: PLC0415 - see above

            async with SchemaRegistry(self._registry_url) as registry:
                for feed in waiting:
                    assert feed.schema is not None
                    schema_id = await registry.register(feed.settings.topic, feed.schema)
                    feed.called(schema_id)
                    log.info("a schema is registered", feed=feed.settings.name, schema_id=schema_id)

    def messages(self, message: Message, most: Mapping[str, int]) -> Iterator[Message]:
        """What is sent of an event's message: itself, and that of each feed that wants it; `most` bytes by topic."""
        yield fitted(message, most[message.topic])
        if not self._feeds:
            return
        event = decoded(message.value)
        for wanted, feeds in self._by_filter.items():
            for feed in feeds if wanted.matches(event) else ():
                if made := _made(feed, event, message, most[feed.settings.topic]):
                    yield made


def _made(feed: Feed, event: Event, message: Message, most: int) -> FeedMessage | None:
    """The feed's message; None where the event cannot be written, which must not hold up all others for ever."""
    try:
        return _fitted(feed, event, message, most)
    except _UNWRITABLE:
        log.exception("an event is left out of a feed", feed=feed.settings.name, event_id=message.id)
        return None


def _fitted(feed: Feed, event: Event, message: Message, most: int) -> FeedMessage:
    made = _message(feed, event, message)
    if not made.fits(most):
        for smaller in shrunk(event):
            made = _message(feed, smaller, message)
            if made.fits(most):
                break
    return made


def _message(feed: Feed, event: Event, message: Message) -> FeedMessage:
    return FeedMessage(
        topic=feed.settings.topic,
        key=message.key,
        value=feed.value(event),
        id=message.id,
        time=message.time,
        sequence=message.sequence,
        traceparent=message.traceparent,
        type=message.topic,
        content_type=feed.settings.format.content_type,
    )
