"""A resource's object as the graph keeps it: normalised, as JSON, and as a fingerprint of what is not noise.

Secrets arrive without their values; redacting them here again, which changes nothing, is the second lock.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from kgraph.graphdb.model import Edge
from kgraph.groups import api_version
from kgraph.kube.objects import redact
from kgraph.sync.paths import EACH, Path

_FINGERPRINT_BYTES = 12  # a chance of one in 10^10 that any two of a billion versions collide

_compact = msgspec.json.Encoder(enc_hook=str)
_sorted = msgspec.json.Encoder(enc_hook=str, order="deterministic")

# Paths to leave out, as nested keys: a None ends one.
Without = Mapping[str, "Without | None"]


def normalised(obj: Mapping[str, Any], group: str, version: str, kind: str) -> dict[str, Any]:
    """The object as it is kept: with its kind, which lists leave out, without managedFields and secret values."""
    kept = {"apiVersion": "", "kind": "", **obj}
    kept["apiVersion"], kept["kind"] = api_version(group, version), kind
    metadata = kept.get("metadata")
    if type(metadata) is dict and "managedFields" in metadata:
        metadata = {key: value for key, value in metadata.items() if key != "managedFields"}
        kept["metadata"] = metadata
    if not group and kind == "Secret":
        if type(metadata) is dict:  # redact changes what it is given, which is the caller's
            annotations = metadata.get("annotations")
            copied = {"annotations": dict(annotations)} if type(annotations) is dict else {}
            kept["metadata"] = {**metadata, **copied}
        redact(kept, group, kind)
    return kept


def of_real_text(value: Any) -> Any:
    """The value with `?` for each half of a surrogate pair: YAML can say what neither JSON nor Neo4j can."""
    if type(value) is str:
        return value.encode("utf-8", "replace").decode()
    if type(value) is dict:
        return {of_real_text(key): of_real_text(item) for key, item in value.items()}
    return [of_real_text(item) for item in value] if type(value) is list else value


def manifest(kept: Mapping[str, Any]) -> str:
    """The normalised object as JSON."""
    return _compact.encode(kept).decode()


def without_tree(paths: Sequence[Path]) -> Without:
    """Paths as the nested keys that `fingerprint` goes through once."""
    tree: dict[str, Any] = {}
    for path in paths:
        node = tree
        for step in path[:-1]:
            assert isinstance(step, str)
            node = node.setdefault(step, {})
        assert isinstance(path[-1], str)
        node[path[-1]] = None
    return tree


def without(value: Any, tree: Without) -> Any:
    """The value without the paths of the tree; what they do not touch is shared, not copied."""
    if type(value) is dict:
        kept = value
        for key, below in tree.items():
            if key in value:
                if kept is value:
                    kept = dict(value)
                if below is None:
                    del kept[key]
                else:
                    kept[key] = without(value[key], below)
        return kept
    below = tree.get(EACH)
    if type(value) is list and below is not None:
        return [without(item, below) for item in value]
    return value


def fingerprint(value: Any, salt: bytes = b"", verdict: Sequence[str] | None = None) -> str:
    """A short hash of a value, whatever the order of its keys, and of what is concluded from it.

    A rule that says something new of the same object gives another fingerprint, so that the node is written.
    """
    try:
        text = _sorted.encode(value)
    except TypeError:  # a YAML snapshot may have keys that are no texts, which JSON makes of them
        text = _sorted.encode(msgspec.json.decode(_compact.encode(value)))
    digest = hashlib.blake2b(text, digest_size=_FINGERPRINT_BYTES, key=salt)
    if verdict is not None:
        digest.update("\0".join(verdict).encode())
    return digest.hexdigest()


def edges_fingerprint(edges: Sequence[Edge]) -> str:
    """A short hash of the edges that an object states, after their number.

    The number tells a reader of the graph whether someone has taken an edge away by hand.
    """
    text = _compact.encode(edges)
    return f"{len(edges)}:{hashlib.blake2b(text, digest_size=_FINGERPRINT_BYTES).hexdigest()}"


def timestamp(value: Any) -> datetime | None:
    """A Kubernetes time, RFC 3339 as in `2024-05-01T10:00:00Z`, aware and in UTC; None where it is none."""
    if type(value) is str:
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
