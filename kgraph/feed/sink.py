"""Where messages go to: Kafka, or what takes its place."""

from collections.abc import Awaitable, Sequence
from typing import Protocol

from kgraph.feed.message import Message


class SinkUnavailable(Exception):
    """What was handed over may or may not have come; it says where to, what failed and what to do."""


class RegistryUnavailable(SinkUnavailable):
    """The registry of schemas does not answer, or not as one; it may later."""


class SchemaRefused(SinkUnavailable):
    """The registry does not take a schema, and will not as long as it has what it has."""


class Sink(Protocol):
    """Takes messages in order."""

    async def send(self, messages: Sequence[Message]) -> Awaitable[None]:
        """Hand messages over, behind all that were handed over before; what is returned ends when they are safe.

        Both raise SinkUnavailable. Nothing that was handed over before a failure comes after what is handed over later.
        """
        ...

    async def close(self) -> None:
        """Wait for what was handed over, and let go."""
        ...
