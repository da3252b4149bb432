"""What a configured feed makes of an event, in JSON and in Avro."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import fastavro
import msgspec
import pytest

from kgraph.feed.configured import Feed, FeedSettings, FilterSettings, Format
from kgraph.feed.event import Event, EventType, FieldChange, Metadata, Severity, decoded, encoded, event_id
from tests.unit.feed.events import event

RUNNING = {"kind": "Pod", "spec": {"containers": [{"image": "nginx:1"}]}, "status": {"phase": "Running"}}
FAILED = {**RUNNING, "status": {"phase": "Failed", "exitCode": 137, "load": 0.5}}
CHANGED = msgspec.structs.replace(
    event(FAILED, RUNNING),
    diff={"status.phase": FieldChange(msgspec.Raw(b'"Running"'), msgspec.Raw(b'"Failed"'))},
)
CLUSTER_EVENT = Event(
    event_id=event_id(EventType.CLUSTER_LOST, "prod", "1"),
    event_type=EventType.CLUSTER_LOST,
    timestamp="2026-11-25T10:00:00.000Z",
    cluster_id="prod",
    metadata=Metadata(trace_id="0" * 32, span_id="0" * 16, severity=Severity.ERROR, sequence=2**60),
)
TEMPLATE = {
    "pod": ".resource.name",
    "was": "$.diff['status.phase'].old",
    "code": ".new_object.status.exitCode",
    "load": ".new_object.status.load",
    "status": ".new_object.status",
    "images": ".new_object.spec.containers[*].image",
    "snapshot": ".metadata.snapshot",
    "nothing": ".new_object.status.nothing",
    "team": "shop",
    "version": 2,
    "where": {"cluster": ".cluster_id", "words": "{.resource.namespace}/{.resource.name}"},
}
MADE = {
    "pod": "web-1",
    "was": "Running",
    "code": 137,
    "load": 0.5,
    "status": {"phase": "Failed", "exitCode": 137, "load": 0.5},
    "images": ["nginx:1"],
    "snapshot": False,
    "nothing": None,
    "team": "shop",
    "version": 2,
    "where": {"cluster": "prod", "words": "shop/web-1"},
}


def feed(template: Mapping[str, Any] | None = None, form: Format = Format.JSON, **given: Any) -> Feed:
    """A feed, which the registry has called 7."""
    found = Feed(
        FeedSettings(name="Failures", topic="failures", format=form, template=template, filter=FilterSettings(**given))
    )
    if found.schema is not None:
        found.called(7)
    return found


def read(found: Feed, value: bytes) -> Any:
    """A message as a reader of Confluent's wire format has it, who has got the schema by its id."""
    assert value[:5] == b"\x00\x00\x00\x00\x07"
    assert found.schema is not None
    stream = BytesIO(value[5:])
    record = fastavro.schemaless_reader(stream, fastavro.parse_schema(found.schema), None)
    assert stream.read() == b""
    return record


def test_without_a_template_json_is_the_event() -> None:
    """A feed that only filters has the very bytes that all others have."""
    assert feed().value(CHANGED) == encoded(CHANGED)


def test_a_template_makes_another_object() -> None:
    """Each property has what stands at its path."""
    assert msgspec.json.decode(feed(TEMPLATE).value(CHANGED)) == MADE


def test_avro_of_a_template_has_its_fields() -> None:
    """A reader gets each property in its type; what Avro has no type for is JSON in a text."""
    found = feed(TEMPLATE, Format.AVRO)
    made = {**MADE, "status": '{"phase":"Failed","exitCode":137,"load":0.5}'}
    assert read(found, found.value(CHANGED)) == made


@pytest.mark.parametrize("one", [CHANGED, event(FAILED), event(None, FAILED), CLUSTER_EVENT])
def test_avro_of_an_event_is_the_event(one: Event) -> None:
    """A reader of Avro can have all that a reader of JSON has: the objects are JSON in texts."""
    found = feed(form=Format.AVRO)
    record = read(found, found.value(one))
    for name in ("old_object", "new_object"):
        record[name] = msgspec.json.decode(record[name] or "null")
    for change in record["diff"].values():
        change.update({name: msgspec.json.decode(text or "null") for name, text in change.items()})
    assert decoded(msgspec.json.encode(record)).event_id == one.event_id
    assert record == msgspec.json.decode(encoded(one))


@pytest.mark.parametrize("value", [2**63 - 1, -(2**63), 2**64, 1e300, "x", True, None, [1], {"a": 1}])
def test_avro_takes_whatever_stands_at_a_path(value: Any) -> None:
    """No value of an object, however large or deep, keeps its event from being sent."""
    found = feed({"x": ".new_object.x", "all": ".new_object..x"}, Format.AVRO)
    record = read(found, found.value(event({"x": value})))
    plain = value if not isinstance(value, dict | list) else msgspec.json.encode(value).decode()
    assert record["x"] == (plain if value != 2**64 else str(value))
    assert record["all"][0] == record["x"]


def test_a_schemas_later_version_reads_what_was_written_before() -> None:
    """A property that is added to a template has a default, so that old messages are read with the new schema."""
    before, after = (
        feed({"a": ".cluster_id"}, Format.AVRO),
        feed({"a": ".cluster_id", "b": ".resource.uid"}, Format.AVRO),
    )
    assert before.schema is not None
    assert after.schema is not None
    written, reading = fastavro.parse_schema(before.schema), fastavro.parse_schema(after.schema)
    found = fastavro.schemaless_reader(BytesIO(before.value(CHANGED)[5:]), written, reading)
    assert found == {"a": "prod", "b": None}


def test_a_filter_is_that_of_subscriptions() -> None:
    """The keys of a feed's filter are EventFilter's."""
    found = feed(clusters=("prod",), field_selector="status.phase=Failed", minimum_severity=Severity.INFO)
    assert found.filter.matches(CHANGED)
    assert not found.filter.matches(event(RUNNING))


@pytest.mark.parametrize(
    ("written", "kind", "group", "takes"),
    [
        ("pods", "Pod", "", True),
        ("po", "Pod", "", True),
        ("kubernetes.pod", "Pod", "", True),
        ("deploy", "Deployment", "apps", True),
        ("deployments.apps", "Deployment", "apps", True),
        ("services", "Service", "serving.knative.dev", False),
        ("certificates.cert-manager.io", "Certificate", "cert-manager.io", True),
        ("*.cert-manager.io", "Issuer", "cert-manager.io", True),
        ("gizmo.example.com", "Gizmo", "example.com", True),
        ("cluster", "Cluster", "postgresql.cnpg.io", False),
    ],
)
def test_types_are_written_as_for_kubectl(written: str, kind: str, group: str, takes: bool) -> None:
    """A kind is its plural or a short name as well, and another group's kind of the same name is another kind."""
    assert feed(resource_types=(written,)).filter.matches(event({"a": 1}, kind=kind, group=group)) is takes


def test_what_happens_to_clusters_can_be_wanted_alone() -> None:
    """`cluster` is what happens to clusters themselves."""
    assert feed(resource_types=("cluster",)).filter.matches(CLUSTER_EVENT)
    assert not feed(resource_types=("pods",)).filter.matches(CLUSTER_EVENT)


def test_avro_waits_for_its_id() -> None:
    """Nothing is written in Avro before the registry has the schema."""
    found = Feed(FeedSettings(name="a", topic="t", format=Format.AVRO))
    before = found.needs_id
    found.called(1)
    assert (before, found.needs_id) == (True, False)
    assert not feed().needs_id
