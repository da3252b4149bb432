"""An event as a message: what Kafka, or whoever takes its place, is given of it, in the same bytes each time.

CloudEvents 1.0 in binary mode (its Kafka protocol binding, 3.2): the attributes are headers, the value is the event's
JSON. A transaction's messages are packed together for the outbox.
"""

from collections.abc import Iterator, Sequence

import cramjam
import msgspec

from kgraph.feed.event import NO_OBJECT, SOURCE, Event, decoded, encoded, is_there

# What is left out of a message that is too large, in this order; SPEC.md and the guide name them.
_LEFT_OUT = ("old_object", "new_object", "diff")
# zstd's fastest level: the JSON of objects shrinks to a sixth at 400 MB/s; its default takes twice as long for a tenth.
_LEVEL = 1


class Message(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One message: where it goes, its key and value, and what its headers say beside that.

    `sequence` is the event's, `time` is RFC 3339, `traceparent` is W3C's.
    """

    topic: str
    key: str
    value: bytes
    id: str
    time: str
    sequence: int
    traceparent: str

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        """The headers, as Kafka takes them."""
        cluster, _, _ = self.key.partition("/")
        return [
            ("ce_specversion", b"1.0"),
            ("ce_id", self.id.encode()),
            ("ce_source", f"/{SOURCE}/{cluster}".encode()),
            ("ce_type", self.topic.encode()),
            ("ce_subject", self.key.encode()),
            ("ce_time", self.time.encode()),
            ("ce_sequence", str(self.sequence).encode()),
            ("content-type", b"application/json"),
            ("traceparent", self.traceparent.encode()),
        ]

    @property
    def size(self) -> int:
        """Bytes that it takes in a record batch at most, the headers and the batch's own head included."""
        written = sum(len(name) + len(value) for name, value in self.headers)
        return len(self.key.encode()) + len(self.value) + written + _OVERHEAD_BYTES

    def fits(self, most: int) -> bool:
        """Whether it has `most` bytes, or fewer."""
        # The key stands in it three times, in four bytes a character at most; to count all takes as long as to send.
        return len(self.value) + 12 * len(self.key) + _HEADERS_BYTES <= most or self.size <= most


# A batch's head has 61 bytes, a record's 21 at most, and a header's lengths 10 (Kafka's message format, version 2).
_OVERHEAD_BYTES = 200
_HEADERS_BYTES = 1024  # of all headers without the key, and the overhead


def message_of(event: Event, *, sampled: bool = True) -> Message:
    """The message of an event; `sampled` is whether somebody may get its trace."""
    metadata = event.metadata
    return Message(
        topic=event.event_type.topic,
        key=event.key,
        value=encoded(event),
        id=event.event_id,
        time=event.timestamp,
        sequence=metadata.sequence,
        traceparent=f"00-{metadata.trace_id}-{metadata.span_id}-{sampled:02x}",
    )


def fitted(message: Message, most: int) -> Message:
    """The message, without its event's objects and diff as far as it must do without them to have `most` bytes.

    One that is still too large is given as it is.
    """
    made = message
    if not message.fits(most):
        for smaller in shrunk(decoded(message.value)):
            made = msgspec.structs.replace(message, value=encoded(smaller))
            if made.fits(most):
                break
    return made


def shrunk(event: Event) -> Iterator[Event]:
    """The event with less and less in it; what is left out stands in `metadata.truncated`, in its order."""
    for name in _LEFT_OUT:
        if name == "diff" and not event.diff:
            continue
        if name != "diff" and not is_there(getattr(event, name)):
            continue
        truncated = (*event.metadata.truncated, name)
        event = msgspec.structs.replace(
            event,
            **{name: {} if name == "diff" else NO_OBJECT},
            metadata=msgspec.structs.replace(event.metadata, truncated=truncated),
        )
        yield event


def packed(messages: Sequence[Message]) -> bytes:
    """Messages as the outbox keeps them."""
    return bytes(cramjam.zstd.compress(_encoder.encode(messages), level=_LEVEL))


def unpacked(row: bytes) -> list[Message]:
    """What was packed; msgspec.MsgspecError or cramjam.DecompressionError where it was not."""
    return _decoder.decode(bytes(cramjam.zstd.decompress(row)))


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Message])
