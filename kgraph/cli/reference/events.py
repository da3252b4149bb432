"""The reference of events, written from the classes that they are made of: a JSON Schema, and a page for people."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import msgspec

from kgraph.feed.event import (
    SCHEMA_VERSION,
    TOPICS,
    Event,
    EventType,
    FieldChange,
    Gvk,
    Identity,
    Metadata,
    Severity,
    encoded,
)
from kgraph.feed.message import message_of
from kgraph.feed.severity import SEVERITIES

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
# A URN, for there is no host that everybody could ask: the major version alone, as a minor one only adds fields.
_ID = f"urn:dictamesh:kubernetes-adapter:event:{SCHEMA_VERSION.partition('.')[0]}"
_HEX = "^[0-9a-f]{{{}}}$"

_HEAD = """\
# Events

<!-- Written by `make docs` from kgraph/feed/event.py and kgraph/cli/reference/events.py. -->

What the change feed sends: on Kafka, as server-sent events and to subscribers the same JSON. Its
[JSON Schema](events.schema.json) (draft 2020-12) is for generators and validators of any language. Within a major
version fields are added and never change their meaning: a consumer ignores what it does not know.
"""

_HEADERS = """\
[CloudEvents](https://cloudevents.io) 1.0 in binary mode, and the trace's context. The key is the resource's, or the
cluster's id; messages of one key are in order. Those of the event below:"""
# What an event has beside the health of its resource, by `kgraph.sync.events`.
_SEVERITIES: Mapping[Severity, tuple[str, str]] = {
    Severity.INFO: ("nothing that needs anybody", "all else"),
    Severity.WARNING: ("worth a look, and may mend itself", "a Kubernetes Event of type Warning"),
    Severity.ERROR: ("somebody should see to it", "a cluster that is lost"),
}
_TYPES: Mapping[EventType, str] = {
    EventType.CREATED: "a resource is there that was not",
    EventType.UPDATED: "a resource is otherwise than it was",
    EventType.DELETED: "a resource is gone",
    EventType.CLUSTER_ADDED: "a cluster is to be read from now on",
    EventType.CLUSTER_REMOVED: "a cluster is read no more, and its resources go without an event each",
    EventType.CLUSTER_CONNECTED: "a cluster answers",
    EventType.CLUSTER_LOST: "a cluster answers no more",
    EventType.CLUSTER_SYNCED: "all kinds of a cluster have been read",
    EventType.CLUSTER_HEALTH_CHANGED: "a cluster is better or worse than it was",
}


class _Field(msgspec.Struct, frozen=True):
    """What a field is, and what of it JSON Schema can say beyond its type."""

    words: str
    more: Mapping[str, Any] = {}


# One without a row fails the suite.
_FIELDS: Mapping[str, _Field] = {
    "Event.event_id": _Field(
        "The id of the change, the same whenever the same change is sent again: deduplicate by it.",
        {"format": "uuid"},
    ),
    "Event.event_type": _Field("What happened. A type that you do not know is for later readers: skip it."),
    "Event.timestamp": _Field(
        "When the change was read, RFC 3339 in UTC.", {"format": "date-time", "pattern": r"\dZ$"}
    ),
    "Event.cluster_id": _Field("The cluster, as its configuration names it.", {"examples": ["prod"]}),
    "Event.resource": _Field("The resource; null where the event is of the cluster itself."),
    "Event.old_object": _Field(
        "The object before the change; null where there was none, nobody knows it, or `metadata.truncated` names it."
    ),
    "Event.new_object": _Field(
        "The object after the change; null where it is gone, or `metadata.truncated` names it. Without managedFields "
        "and without any Secret's values."
    ),
    "Event.diff": _Field(
        "What differs between the two, by flat path; items of lists by their merge key: "
        "`spec.containers[name=web].image`, `status.conditions[type=Ready].status`. Empty where nothing is compared."
    ),
    "Event.metadata": _Field("About the event itself."),
    "Identity.type": _Field("`kubernetes.` and the kind in lower case.", {"examples": ["kubernetes.pod"]}),
    "Identity.namespace": _Field("The namespace; empty for what has none.", {"examples": ["shop"]}),
    "Identity.name": _Field("The name.", {"examples": ["web-7d4b9c-x2x9k"]}),
    "Identity.uid": _Field("The uid, which tells incarnations of one name apart; empty where nobody knows it."),
    "Identity.group_version_kind": _Field("The kind in full."),
    "Gvk.group": _Field("The API group; empty for the core group.", {"examples": ["apps"]}),
    "Gvk.version": _Field("The version that the object was read in.", {"examples": ["v1"]}),
    "Gvk.kind": _Field("The kind.", {"examples": ["Deployment"]}),
    "FieldChange.old": _Field("What stood there before; null where nothing did."),
    "FieldChange.new": _Field("What stands there now; null where nothing does."),
    "Metadata.trace_id": _Field("The trace of the change, W3C's.", {"pattern": _HEX.format(32)}),
    "Metadata.span_id": _Field("The span in it, W3C's.", {"pattern": _HEX.format(16)}),
    "Metadata.source": _Field("Who sends.", {"examples": ["kubernetes-adapter"]}),
    "Metadata.version": _Field(
        "The version of this schema: within a major version fields are added, and none changes its meaning.",
        {"pattern": r"^\d+\.\d+$"},
    ),
    "Metadata.snapshot": _Field("Whether the object was found by a list, not told by a watch."),
    "Metadata.severity": _Field("How much it is worth a person's attention."),
    "Metadata.truncated": _Field(
        "What was left out because the broker takes no message so large.",
        {"examples": [["old_object"]]},
    ),
    "Metadata.sequence": _Field(
        "Orders the events of one cluster, over all topics and partitions: larger is later.",
        {"minimum": 0},
    ),
    "Metadata.pii": _Field("Whether the resource or its namespace is labelled `dictamesh.io/pii`."),
    "Metadata.reason": _Field("Why, in a word, for people."),
    "Metadata.message": _Field("What, in a sentence, for people."),
}

# Raw bytes have no schema of their own: what stands in them is said here.
_Object = Annotated[Any, msgspec.Meta(extra_json_schema={"type": ["object", "null"]})]
_Diff = Annotated[
    Any, msgspec.Meta(extra_json_schema={"type": "object", "additionalProperties": {"$ref": "#/$defs/FieldChange"}})
]
_STRUCTS = (Event, Identity, Gvk, FieldChange, Metadata)

EXAMPLE = Event(
    event_id="5b0c9d1e-8a7f-4a36-b1c2-90e0d6a5f3c4",
    event_type=EventType.UPDATED,
    timestamp="2026-11-02T08:00:09.412Z",
    cluster_id="prod",
    resource=Identity("kubernetes.pod", "shop", "web-1", "6f1c9f3e-2c1b-4a51-8c30-0d1a5e6f2b77", Gvk("", "v1", "Pod")),
    old_object=msgspec.Raw(
        b'{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-1"},"status":{"phase":"Pending"}}'
    ),
    new_object=msgspec.Raw(
        b'{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-1"},"status":{"phase":"Running"}}'
    ),
    diff={"status.phase": FieldChange(msgspec.Raw(b'"Pending"'), msgspec.Raw(b'"Running"'))},
    metadata=Metadata(
        trace_id="4bf92f3577b34da6a3ce929d0e0e4736", span_id="00f067aa0ba902b7", sequence=1_764_057_609_412_000
    ),
)


class _Published(Event, frozen=True, kw_only=True):
    """An event, for msgspec to make a schema of."""

    old_object: _Object
    new_object: _Object
    diff: _Diff


def event_schema() -> dict[str, Any]:
    """The JSON Schema of an event, draft 2020-12: every field is always there, and others may be added."""
    definitions = msgspec.json.schema(_Published)["$defs"]
    definitions["Event"] = {**definitions.pop(_Published.__name__), "title": "Event"}
    definitions["FieldChange"] = {
        "title": "FieldChange",
        "type": "object",
        "properties": {name: {} for name in FieldChange.__struct_fields__},
    }
    for struct in _STRUCTS:
        definition = definitions[struct.__name__]
        definition["description"] = _words(struct)
        definition["properties"] = {
            name: _described(f"{struct.__name__}.{name}", definition["properties"][name])
            for name in struct.__struct_fields__
        }
        definition["required"] = list(struct.__struct_fields__)
    for enum in (EventType, Severity):
        definitions[enum.__name__] |= {"description": _words(enum), "enum": [each.value for each in enum]}
    event = definitions.pop("Event")
    example = msgspec.json.decode(encoded(EXAMPLE))
    return {"$schema": _DIALECT, "$id": _ID, **event, "examples": [example], "$defs": definitions}


def schema_page() -> str:
    """The schema as a file."""
    return msgspec.json.format(msgspec.json.encode(event_schema()), indent=2).decode() + "\n"


def events_page() -> str:
    """The page for people."""
    parts = [_HEAD, "## Topics", "", "| topic | event types |", "|---|---|"]
    parts += [
        f"| `{topic}` | {', '.join(f'`{each.value}`' for each in EventType if each.topic == topic)} |"
        for topic in TOPICS
    ]
    parts += ["", "## Event types", "", "| type | when |", "|---|---|"]
    parts += [f"| `{each.value}` | {_TYPES[each]} |" for each in EventType]
    parts += ["", "## Severities", "", "From the least to the most, as `minimum_severity` of a filter takes them.", ""]
    parts += ["| severity | means | which |", "|---|---|---|"]
    parts += [f"| `{each.value}` | {_SEVERITIES[each][0]} | {_which(each)} |" for each in Severity]
    parts += ["", "## Fields", "", "Every field is always there.", "", "| field | type | meaning |", "|---|---|---|"]
    parts += [f"| `{path}` | {type_} | {words} |" for path, type_, words in _rows(event_schema())]
    example = msgspec.json.format(encoded(EXAMPLE), indent=2).decode()
    parts += ["", "## Headers", "", _HEADERS, "", "| header | here |", "|---|---|"]
    parts += [f"| `{name}` | `{value.decode()}` |" for name, value in message_of(EXAMPLE).headers]
    parts += ["", "## An event", "", f"Of the topic `{EXAMPLE.event_type.topic}`, with the key `{EXAMPLE.key}`:", ""]
    return "\n".join([*parts, f"```json\n{example}\n```", ""])


def _which(severity: Severity) -> str:
    """Which events have a severity."""
    healths = [f"`{health}`" for health, of in SEVERITIES.items() if of is severity]
    own = f"a resource, or a cluster by its worst, whose [health](health.md) is {' or '.join(healths)}"
    return "; ".join((own, _SEVERITIES[severity][1]) if healths else _SEVERITIES[severity][1:])


def _described(field: str, made: Mapping[str, Any]) -> dict[str, Any]:
    row = _FIELDS[field]
    return {"description": row.words, **{key: value for key, value in made.items() if key != "default"}, **row.more}


def _words(of: type) -> str:
    """The first paragraph of a docstring."""
    return " ".join((of.__doc__ or "").partition("\n\n")[0].split())


def _rows(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Each field's path, type and meaning, a section's before its fields."""
    definitions = schema["$defs"]

    def below(properties: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str, str]]:
        for name, field in properties.items():
            ways = [_resolved(way, definitions) for way in field.get("anyOf", [field])]
            yield f"{prefix}{name}", " or ".join(filter(None, map(_type, ways))), field["description"]
            for way in ways:
                yield from below(way.get("properties", {}), f"{prefix}{name}.")
                if isinstance(each := way.get("additionalProperties"), Mapping):
                    yield from below(_resolved(each, definitions)["properties"], f"{prefix}{name}.*.")

    return below(schema["properties"], "")


def _resolved(way: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = way.get("$ref")
    return definitions[reference.rpartition("/")[2]] if reference else way


def _type(way: Mapping[str, Any]) -> str:
    if "enum" in way:
        return str(way["title"])
    types = way.get("type", "any")
    return types if isinstance(types, str) else " or ".join(types)


PAGES = {"events.schema.json": schema_page, "events.md": events_page}
