"""The published JSON Schema of events, and what may become of it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from kgraph.cli.reference.events import EXAMPLE, event_schema, schema_page
from kgraph.feed.event import Event, EventType, Metadata, Severity, encoded, event_id
from tests.breaking import breaking_event_changes
from tests.published import validate
from tests.unit.feed.events import event

CLUSTER_EVENT = Event(
    event_id=event_id(EventType.CLUSTER_LOST, "prod", "1"),
    event_type=EventType.CLUSTER_LOST,
    timestamp="2026-11-25T10:00:00.000Z",
    cluster_id="prod",
    metadata=Metadata(trace_id="0" * 32, span_id="0" * 16, severity=Severity.ERROR, reason="Unreachable"),
)


@pytest.mark.parametrize(
    "one", [event({"kind": "Pod"}), event({"a": 1}, {"a": 2}), event(None, {"a": 2}), CLUSTER_EVENT, EXAMPLE]
)
def test_every_kind_of_event_is_what_the_schema_says(one: Event) -> None:
    """Events as the feed writes them fulfil the published schema, with and without objects."""
    assert validate(encoded(one))["event_id"] == one.event_id


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda it: it.pop("diff"), "'diff' is a required property"),
        (lambda it: it.update(event_type="BROKEN"), "event_type"),
        (lambda it: it["metadata"].update(severity="fatal"), "metadata.severity"),
        (lambda it: it.update(new_object="a text"), "new_object"),
        (lambda it: it["metadata"].update(trace_id="none"), "trace_id"),
        (lambda it: it.update(event_id="none"), "event_id"),
        (lambda it: it.update(timestamp="yesterday"), "timestamp"),
        (lambda it: it["diff"]["status.phase"].pop("old"), "'old' is a required property"),
    ],
)
def test_what_is_no_event_is_refused(change: Callable[[Any], Any], said: str) -> None:
    """The schema says more than that an event is an object, and the words of a failure say where it fails."""
    value = json.loads(encoded(EXAMPLE))
    change(value)
    with pytest.raises(AssertionError, match=said):
        validate(json.dumps(value).encode())


def test_a_later_versions_fields_fulfil_todays_schema() -> None:
    """Fields may be added: a consumer that validates does not refuse them."""
    value = json.loads(encoded(EXAMPLE))
    value["more"] = value["metadata"]["more"] = 1
    assert validate(json.dumps(value).encode())["more"] == 1


def test_the_schema_is_one() -> None:
    """The file is a JSON Schema of draft 2020-12 which names no host, and each of its fields says what it is."""
    schema = event_schema()
    Draft202012Validator.check_schema(schema)
    assert schema["$id"].startswith("urn:")
    for part in (schema, *schema["$defs"].values()):
        assert all(field["description"] for field in part.get("properties", {}).values())


@pytest.mark.parametrize(
    ("change", "breaks"),
    [
        (lambda it: it["properties"].update(more={"type": "string"}), []),
        (lambda it: it["$defs"]["EventType"]["enum"].remove("UPDATED"), []),
        (
            lambda it: it["$defs"]["EventType"]["enum"].append("MOVED"),
            ["event_type: MOVED is a new enum"],
        ),
        (lambda it: it["properties"].pop("diff"), ["diff: is no longer described"]),
        (lambda it: it["required"].remove("diff"), ["diff: may be absent"]),
        (
            lambda it: it["$defs"]["Metadata"]["properties"]["sequence"].update(type=["integer", "null"]),
            ["metadata.sequence: null is a new type"],
        ),
        (
            lambda it: it["$defs"]["Gvk"]["properties"]["kind"].pop("type"),
            ["resource.group_version_kind.kind: its type is no longer said"],
        ),
        (
            lambda it: it["properties"]["timestamp"].pop("format"),
            ["timestamp: its format was date-time and is None"],
        ),
        (
            lambda it: it["$defs"]["Metadata"]["properties"]["truncated"]["items"].update(type="integer"),
            ["metadata.truncated[]: integer is a new type"],
        ),
        (
            lambda it: it["$defs"]["FieldChange"]["required"].remove("old"),
            ["diff.*.old: may be absent"],
        ),
    ],
)
def test_a_change_that_an_old_consumer_is_not_ready_for_is_a_break(
    change: Callable[[Any], Any], breaks: list[str]
) -> None:
    """Fields may be added and values fall out of use; nothing that a consumer relies on may go, or become another."""
    after = event_schema()
    change(after)
    assert breaking_event_changes(schema_page(), json.dumps(after)) == breaks
