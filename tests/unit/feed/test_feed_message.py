"""An event as a message: as CloudEvents has it, no larger than the broker takes, the same after the outbox."""

from typing import Any

import msgspec
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st

from kgraph.feed.event import FieldChange, decoded
from kgraph.feed.message import fitted, message_of, packed, unpacked
from tests.unit.feed.events import event

LARGE = {"metadata": {"name": "web-1"}, "data": "x" * 5000}


def test_cloudevents_own_sdk_reads_a_message() -> None:
    """The headers are binary mode as the SDK knows it, with the resource as the subject and the sequence beside."""
    one = event({"metadata": {"name": "web-1"}}, sequence=7)
    message = message_of(one)
    read = from_binary(
        KafkaMessage(headers=dict(message.headers), key=message.key.encode(), value=message.value),
        JSONFormat(),
        CloudEvent,
    )
    assert read.get_id() == one.event_id
    assert read.get_type() == "kubernetes.resource.created"
    assert read.get_source() == "/kubernetes-adapter/prod"
    assert read.get_subject() == "prod/core/Pod/shop/web-1"
    assert read.get_extension("sequence") == "7"
    assert read.get_datacontenttype() == "application/json"
    data: Any = read.get_data()
    assert data["new_object"] == {"metadata": {"name": "web-1"}}


def test_a_trace_goes_on_from_a_message() -> None:
    """The traceparent header is W3C's, of the ids in the event."""
    message = message_of(event({}))
    assert dict(message.headers)["traceparent"] == f"00-{'0' * 32}-{'0' * 16}-01".encode()


@pytest.mark.parametrize(
    ("most", "left_out"),
    [
        (1_000_000, ()),
        (11_500, ("old_object",)),
        (6_500, ("old_object", "new_object")),
        (2_000, ("old_object", "new_object", "diff")),
    ],
    ids=["fits", "old", "old and new", "all"],
)
def test_what_is_too_large_is_left_out_in_order_and_named(most: int, left_out: tuple[str, ...]) -> None:
    """First the state before, then the state after, then the differences: as few of them as will do."""
    long = msgspec.Raw(msgspec.json.encode("y" * 5000))
    one = msgspec.structs.replace(event(LARGE, LARGE), diff={"data": FieldChange(long, msgspec.Raw(b"null"))})
    message = fitted(message_of(one), most)
    assert message.size <= most
    read = decoded(message.value)
    assert read.metadata.truncated == left_out
    assert (read.event_id, message.id, message.key) == (one.event_id, one.event_id, one.key)


def test_what_cannot_be_made_small_enough_is_given_as_small_as_it_can_be() -> None:
    """A limit below an event without any object loses all of them, and no more."""
    message = fitted(message_of(event(LARGE)), 100)
    assert decoded(message.value).metadata.truncated == ("new_object",)


@given(st.lists(st.tuples(st.text(max_size=20), st.integers(1, 2**53)), max_size=20))
def test_the_outbox_gives_back_what_was_put_in(some: list[tuple[str, int]]) -> None:
    """Packed and unpacked, messages are the same, in their order."""
    messages = [message_of(event({"at": text}, sequence=number)) for text, number in some]
    assert unpacked(packed(messages)) == messages
