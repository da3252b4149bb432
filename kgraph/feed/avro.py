"""Messages of configured feeds as Avro: their schemas, and the bytes that readers of Confluent's wire format expect.

Objects of Kubernetes have no Avro schema: they are JSON in a string, and so are the values of a diff. What a template
finds at a path is null, a truth, a number or a text, and JSON in a string where it is more; paths that find many give
an array of such. Every field of a record that may be added later has a default, so that schemas of one topic stay
compatible in the sense of a registry's BACKWARD.
"""

import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import fastavro
import msgspec

from kgraph.feed.event import Event, is_there
from kgraph.feed.template import Constant, Lookup, Part, Section, Words, made

NAMESPACE = "io.dictamesh.kubernetes"
# What Avro takes as a record's or a field's name (its specification, "Names").
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SCALARS = ["null", "boolean", "long", "double", "string"]
_LONGS = range(-(2**63), 2**63)
_MAGIC = b"\x00"  # Confluent's wire format: this, the schema's id in four bytes, the record
_ID_BYTES = 4

Schema = dict[str, Any]


class Packer:
    """Writes records of one schema; `schema_id` is what the registry calls it."""

    def __init__(self, schema: Schema, schema_id: int) -> None:
        self._schema = fastavro.parse_schema(schema)
        self._head = _MAGIC + schema_id.to_bytes(_ID_BYTES, "big")

    def packed(self, record: Mapping[str, Any]) -> bytes:
        """The record as a message's value."""
        written = BytesIO(self._head)
        written.seek(len(self._head))
        fastavro.schemaless_writer(written, self._schema, record)
        return written.getvalue()


def event_schema() -> Schema:
    """The schema of whole events."""
    return {**_record(Event), "namespace": NAMESPACE}


def event_record(event: Event) -> dict[str, Any]:
    """An event as a record of `event_schema`."""
    return {
        "event_id": event.event_id,
        "event_type": event.event_type.value,
        "timestamp": event.timestamp,
        "cluster_id": event.cluster_id,
        "resource": msgspec.to_builtins(event.resource),
        "old_object": _json(event.old_object),
        "new_object": _json(event.new_object),
        "diff": {path: {"old": _json(each.old), "new": _json(each.new)} for path, each in event.diff.items()},
        "metadata": msgspec.to_builtins(event.metadata),
    }


def template_schema(template: Section, name: str) -> Schema:
    """The schema of what a template makes, a record of that name; ValueError for names that Avro does not take."""
    return {**_section(template, _checked(name)), "namespace": NAMESPACE}


def template_record(template: Section, event: Mapping[str, Any]) -> dict[str, Any]:
    """What a template makes of an event's decoded JSON, as a record of `template_schema`."""
    return {name: _fitting(part, event) for name, part in template.parts.items()}


def _fitting(part: Part, event: Mapping[str, Any]) -> Any:
    if isinstance(part, Section):
        return template_record(part, event)
    value = made(part, event)
    return [_scalar(each) for each in value] if isinstance(part, Lookup) and part.every else _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, dict | list):
        return msgspec.json.encode(value).decode()
    if type(value) is int and value not in _LONGS:
        return str(value)
    return value


def _json(value: msgspec.Raw) -> str | None:
    return bytes(value).decode() if is_there(value) else None


def _section(section: Section, name: str) -> Schema:
    fields = [_field(_checked(field), part, name) for field, part in section.parts.items()]
    return {"type": "record", "name": name, "fields": fields}


def _field(name: str, part: Part, within: str) -> Schema:
    match part:
        case Section():
            return {"name": name, "type": _section(part, f"{within}_{name}")}
        case Words():
            return {"name": name, "type": "string", "default": ""}
        case Lookup(every=True):
            return {"name": name, "type": {"type": "array", "items": _SCALARS}, "default": []}
        case Lookup():
            return {"name": name, "type": _SCALARS, "default": None}
        case Constant():
            value = _scalar(part.value)
            kind = {bool: "boolean", int: "long", float: "double", str: "string"}.get(type(value), "null")
            return {"name": name, "type": kind, "default": value}


def _checked(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of Avro's: a letter or `_` first, then letters, digits and `_`")
    return name


def _record(struct: type[msgspec.Struct]) -> Schema:
    info = msgspec.inspect.type_info(struct)
    assert isinstance(info, msgspec.inspect.StructType)
    fields = []
    for field in info.fields:
        made_field: Schema = {"name": field.encode_name, "type": _type(field.type)}
        if not field.required:
            made_field["default"] = _default(field)
        fields.append(made_field)
    return {"type": "record", "name": struct.__name__, "fields": fields}


def _type(info: msgspec.inspect.Type) -> Any:
    match info:
        case msgspec.inspect.BoolType():
            return "boolean"
        case msgspec.inspect.IntType():
            return "long"
        case msgspec.inspect.RawType():
            return ["null", "string"]
        case msgspec.inspect.StructType():
            return _record(info.cls)
        case msgspec.inspect.UnionType():
            # Null first, for the first of a union's types is that of its default.
            others = [each for each in info.types if not isinstance(each, msgspec.inspect.NoneType)]
            return ["null", *map(_type, others)]
        case msgspec.inspect.VarTupleType():
            return {"type": "array", "items": _type(info.item_type)}
        case msgspec.inspect.DictType():
            return {"type": "map", "values": _type(info.value_type)}
    return "string"  # texts, and enums, whose values may become more


def _default(field: msgspec.inspect.Field) -> Any:
    value = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
    return msgspec.json.decode(msgspec.json.encode(value))
