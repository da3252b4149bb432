"""What an object says that was not read from the graph: that of a mutation's answer, or of an event."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from strawberry.schema.name_converter import NameConverter
from strawberry.types.base import get_object_definition

from kgraph.api.graphql.fields import At
from kgraph.api.graphql.resource import FACT_FIELDS, TYPES
from kgraph.api.nodes import Facts, read_key, with_image
from kgraph.graphdb.health import health_rule

# What an object says itself, or its key: for anything else the graph is asked.
OWN = frozenset({"__typename", "key", "id", "kind", "group", "name", "namespace", "cluster", "missing"}) | (
    FACT_FIELDS - {"properties"} | {"annotations", "manifest"}
)


def facts_of(key: str, obj: Mapping[str, Any], properties: Mapping[str, Any] = {}) -> Facts:
    """What a node says beside its key, of its object; `properties` are what its kind promotes, as the graph has it."""
    metadata = obj.get("metadata") or {}
    verdict = health_rule(read_key(key).group_kind)(obj) if obj else None
    return Facts(
        version=str(obj.get("apiVersion") or "").rpartition("/")[2] or None,
        uid=metadata.get("uid"),
        created_at=metadata.get("creationTimestamp"),
        labels=tuple(f"{name}={value}" for name, value in (metadata.get("labels") or {}).items()),
        health=verdict.health if verdict else None,
        health_reason=with_image(verdict.reason or None, verdict.image or None) if verdict else None,
        properties=properties,
    )


def says_all(paths: frozenset[str]) -> bool:
    """Whether an object says all that is selected of it, and the graph need not be asked."""
    return {path for path in paths if "." not in path} <= _own_fields()


@cache
def _own_fields() -> frozenset[str]:
    named = NameConverter().from_field
    fields = (field for kind in TYPES.values() for field in get_object_definition(kind, strict=True).fields)
    found = {(type(field) is At, named(field)) for field in fields}
    # A name that one kind takes from its object may be a relation of another.
    return (OWN | {name for is_at, name in found if is_at}) - {
        name for is_at, name in found if not is_at and name not in OWN
    }
