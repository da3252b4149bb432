"""Events as JSON."""

import msgspec

from kgraph.feed.event import TOPICS, EventType, decoded, encoded, event_id
from tests.unit.feed.events import event


def test_an_event_reads_back_as_it_was_written() -> None:
    """What is written is read back, objects byte by byte."""
    one = event({"kind": "Pod", "a": 1.50}, {"kind": "Pod"})
    assert encoded(decoded(encoded(one))) == encoded(one)
    assert decoded(encoded(one)).key == "prod/core/Pod/shop/web-1"


def test_a_later_versions_fields_are_skipped() -> None:
    """A consumer of this version reads events that have more fields than it knows."""
    value = msgspec.json.decode(encoded(event({"kind": "Pod"})))
    value["more"] = 1
    value["metadata"]["more"] = {"x": 1}
    assert decoded(msgspec.json.encode(value)).event_type is EventType.CREATED


def test_one_change_has_one_id() -> None:
    """The same change has the same id, another state or type has another, and parts do not run into each other."""
    ids = {
        event_id(EventType.CREATED, "a/b", "1", "2"),
        event_id(EventType.CREATED, "a/b", "12", ""),
        event_id(EventType.UPDATED, "a/b", "1", "2"),
    }
    assert len(ids) == 3
    assert event_id(EventType.CREATED, "a/b", "1", "2") in ids


def test_each_type_has_a_topic() -> None:
    """Every event goes to one of the four topics."""
    assert {each.topic for each in EventType} == set(TOPICS)
