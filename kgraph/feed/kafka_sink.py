"""Kafka as the change feed's sink: an idempotent producer, a fresh one after each failure.

The one module that knows aiokafka's producer; its errors become SinkUnavailable here.
"""

import asyncio
from collections.abc import Awaitable, Generator, Mapping, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from kgraph.feed.feeds import Feeds
from kgraph.feed.kafka_settings import KafkaSettings
from kgraph.feed.message import Message
from kgraph.feed.sink import SinkUnavailable
from kgraph.feed.topics import Topics, prepared

log = structlog.get_logger(__name__)

# How long a message may take to be acknowledged, the election of a new leader included; then all is sent again.
DELIVERY_MS = 15_000
# Of what is packed together for one partition, before compression: twenty usual events.
BATCH_BYTES = 256 * 1024
# A record batch's head and the broker's own tolerance.
_SPARE_BYTES = 512
_ERRORS = (KafkaError, OSError, TimeoutError)


class KafkaSink:
    """Sends messages to the topics that they name, and to those of the feeds that want them; makes these first."""

    def __init__(self, settings: KafkaSettings, feeds: Feeds | None = None) -> None:
        self._settings = settings
        self._feeds = feeds or Feeds()
        self._producer: AIOKafkaProducer | None = None
        self._failed = False  # whether the producer has lost something, so that nothing may follow over it
        self._most: Mapping[str, int] = {}  # bytes of a topic's message
        self._changing = asyncio.Lock()
        self._differences: tuple[str, ...] = ()

    async def send(self, messages: Sequence[Message]) -> Awaitable[None]:
        """See `Sink`."""
        producer = await self._ready()
        handed: list[asyncio.Future[Any]] = []
        try:
            for message in messages:
                for one in self._feeds.messages(message, self._most):
                    # In aiokafka a future for each, which ends once the broker has the message.
                    sent = await producer.send(one.topic, one.value, one.key.encode(), headers=one.headers)
                    handed.append(sent)
        except _ERRORS as error:
            raise self._failure(error, producer, handed) from error
        return _Delivery(self, producer, asyncio.gather(*handed))

    async def close(self) -> None:
        """See `Sink`."""
        async with self._changing:
            await self._stop()

    def failure(self, error: Exception, producer: AIOKafkaProducer) -> SinkUnavailable:
        """What is to be said of an error; the producer is not used again."""
        if producer is self._producer:
            self._failed = True
        said = str(error) or type(error).__name__
        return SinkUnavailable(
            f"sending events to Kafka at {self._settings.where}: {said}; check that it runs and takes messages: they "
            "wait in the outbox until it does"
        )

    def _failure(
        self, error: Exception, producer: AIOKafkaProducer, handed: Sequence[asyncio.Future[Any]]
    ) -> SinkUnavailable:
        for future in handed:
            future.add_done_callback(_seen)
        return self.failure(error, producer)

    async def _ready(self) -> AIOKafkaProducer:
        if self._producer is not None and not self._failed:
            return self._producer
        async with self._changing:
            if self._failed:
                await self._stop()
            if self._producer is None:
                self._producer = await self._start()
            return self._producer

    async def _start(self) -> AIOKafkaProducer:
        try:
            await self._feeds.prepare()
            topics = await prepared(self._settings, self._feeds.topics)
            largest = max(topics.sizes.values())
            producer = AIOKafkaProducer(
                **self._settings.client_arguments(),
                enable_idempotence=True,
                compression_type="lz4",
                linger_ms=0,
                max_batch_size=min(BATCH_BYTES, *topics.sizes.values()),
                max_request_size=largest,
                request_timeout_ms=DELIVERY_MS,
            )
            try:
                await producer.start()
            except BaseException:
                await producer.stop()
                raise
        except _ERRORS as error:
            raise SinkUnavailable(
                f"connecting to Kafka at {self._settings.where}: {str(error) or type(error).__name__}; check "
                "KAFKA_BOOTSTRAP_SERVERS and that it runs: events wait in the outbox until it does"
            ) from error
        self._tell(topics)
        self._most = {name: size - _SPARE_BYTES for name, size in topics.sizes.items()}
        self._failed = False
        return producer

    def _tell(self, topics: Topics) -> None:
        for difference in topics.differences:
            if difference not in self._differences:
                log.warning("a topic is not as it should be", difference=difference)
        self._differences = topics.differences
        log.info("connected to Kafka", servers=self._settings.where, message_bytes=min(topics.sizes.values()))

    async def _stop(self) -> None:
        """Let go of the producer; what was handed to it is then there, or will never be."""
        producer, self._producer = self._producer, None
        if producer is not None:
            try:
                await producer.stop()
            except _ERRORS as error:
                log.info("a producer ended badly", why=repr(error))


class _Delivery:
    """What a row's delivery is waited for by; its errors are the sink's."""

    def __init__(self, sink: KafkaSink, producer: AIOKafkaProducer, handed: asyncio.Future[Any]) -> None:
        handed.add_done_callback(_seen)
        self._sink = sink
        self._producer = producer
        self._handed = handed

    def __await__(self) -> Generator[Any, None, None]:
        try:
            yield from self._handed
        except _ERRORS as error:
            raise self._sink.failure(error, self._producer) from error


def _seen(future: asyncio.Future[Any]) -> None:
    """An error that nobody waits for any more is no news."""
    if not future.cancelled():
        future.exception()
