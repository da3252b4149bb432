"""Which messages configured feeds add to those of all events."""

from typing import Any

import msgspec

from kgraph.feed.configured import FeedSettings, FilterSettings
from kgraph.feed.event import TOPICS, Severity, decoded
from kgraph.feed.feeds import Feeds
from kgraph.feed.message import Message, message_of
from tests.unit.feed.events import event

SMALL, LARGE = 2_000, 1_000_000


def made(feeds: Feeds, message: Message, **most: int) -> dict[str, Message]:
    """The messages by topic."""
    sizes = dict.fromkeys(feeds.topics, LARGE) | most
    return {one.topic: one for one in feeds.messages(message, sizes)}


def feed(topic: str, template: dict[str, Any] | None = None, **given: Any) -> FeedSettings:
    """A feed called as its topic."""
    return FeedSettings(name=topic, topic=topic, template=template, filter=FilterSettings(**given))


def test_without_feeds_there_is_the_event_alone() -> None:
    """What nobody has configured costs nothing, not even a look at the event."""
    message = msgspec.structs.replace(message_of(event({"a": 1})), value=b"no JSON")
    assert list(made(Feeds(), message).values()) == [message]
    assert Feeds().topics == TOPICS


def test_an_event_goes_to_everybody_who_wants_it() -> None:
    """All get the event on its own topic; each feed whose filter takes it gets it on its own, with the same key."""
    feeds = Feeds(
        [feed("all"), feed("shops", namespaces=("shop",)), feed("others", namespaces=("other",)), feed("again")]
    )
    message = message_of(event({"a": 1}))
    found = made(feeds, message)
    assert list(found) == [message.topic, "all", "again", "shops"]
    assert {(one.key, one.value) for one in found.values()} == {(message.key, message.value)}
    assert feeds.topics == (*TOPICS, "all", "shops", "others", "again")


def test_a_feeds_message_is_a_cloudevent_of_the_events_type() -> None:
    """The id, the type and the trace are the event's own, whatever the topic and the template."""
    message = message_of(event({"a": 1}))
    found = made(Feeds([feed("mine", {"pod": ".resource.name"})]), message)["mine"]
    assert dict(found.headers) == dict(message.headers)
    assert found.value == b'{"pod":"web-1"}'


def test_what_a_topic_does_not_take_is_left_out() -> None:
    """A feed's message that is too large for its topic is made of the event without its objects, which says so."""
    big = {"metadata": {"name": "web-1"}, "text": "x" * SMALL}
    message = message_of(event(big, big))
    found = made(Feeds([feed("whole"), feed("part", {"text": ".new_object.text", "said": ".metadata.truncated"})]),
                 message, whole=SMALL, part=SMALL)  # fmt: skip
    assert found[message.topic] == message
    assert decoded(found["whole"].value).metadata.truncated == ("old_object", "new_object")
    assert msgspec.json.decode(found["part"].value) == {"text": None, "said": ["old_object", "new_object"]}
    assert all(found[topic].size <= SMALL for topic in ("whole", "part"))


def test_severity_and_types_narrow_a_feed() -> None:
    """A feed of errors of Pods has nothing else."""
    feeds = Feeds([feed("errors", resource_types=("pod",), minimum_severity=Severity.ERROR)])
    assert "errors" in made(feeds, message_of(event({"a": 1}, severity=Severity.ERROR)))
    assert "errors" not in made(feeds, message_of(event({"a": 1}, severity=Severity.WARNING)))
    assert "errors" not in made(feeds, message_of(event({"a": 1}, kind="Service", severity=Severity.ERROR)))
