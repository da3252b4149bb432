"""Facts of an object that was not read from the graph: of a mutation's answer, of an event."""

from collections.abc import Mapping
from typing import Any

from kgraph.api.nodes import Facts, read_key, with_image
from kgraph.graphdb.health import health_rule


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
