"""Who set what: an object's managedFields, as the apiserver keeps them for server-side apply.

Each entry names a manager, its operation and the fields that it set, as nested keys: `f:spec` a key, `k:{"name":"web"}`
the item of a list by its merge keys, `v:"x"` an item of a set, `i:0` one by position, `.` the thing itself
(https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from kgraph.kube.merge_keys import Identity

# The same manager may have an entry for the object and one for each of its subresources.
_Fields = Mapping[str, Any]


class Manager(msgspec.Struct, frozen=True, gc=False):
    """One entry: who, when last (RFC 3339, of the apiserver's clock, "" where it does not say), and which fields."""

    name: str
    time: str
    fields: _Fields


def managers(managed_fields: Any) -> tuple[Manager, ...]:
    """The entries of `metadata.managedFields`, the latest first; what is malformed is left out."""
    found = []
    for entry in managed_fields if type(managed_fields) is list else ():
        if type(entry) is dict and type(name := entry.get("manager")) is str and name:
            time, fields = entry.get("time"), entry.get("fieldsV1")
            found.append(Manager(name, time if type(time) is str else "", fields if type(fields) is dict else {}))
    return tuple(sorted(found, key=lambda manager: manager.time, reverse=True))


def newest_time(managed_fields: Any) -> str:
    """When the object was last written, by its managedFields; "" where they do not say. All are in UTC."""
    times = (
        [entry.get("time") for entry in managed_fields if type(entry) is dict] if type(managed_fields) is list else ()
    )
    return max((time for time in times if type(time) is str), default="")


def owns(fields: _Fields, path: Sequence[Any]) -> bool:
    """Whether a manager set what stands at a path, or something in it; a list that is set as a whole is one thing."""
    for step in path:
        if not fields:
            return True
        below = _below(fields, step)
        if below is None:
            return False
        fields = below
    return True


def _below(fields: _Fields, step: Any) -> _Fields | None:
    found: Any = None
    match step:
        case str():
            found = fields.get(f"f:{step}")
        case int():
            found = fields.get(f"i:{step}")
        case tuple():
            for name, value in fields.items():
                if name.startswith("k:") and _names(name[2:], step):
                    found = value
                    break
    return found if type(found) is dict else None


def _names(written: str, identity: Identity) -> bool:
    """Whether an item's merge keys, as JSON, are those of an identity, as far as both name them."""
    try:
        keys = msgspec.json.decode(written)
    except msgspec.DecodeError:
        return False
    if type(keys) is not dict:
        return False
    wanted = dict(identity)
    shared = keys.keys() & wanted.keys()
    return bool(shared) and all(str(keys[key]) == wanted[key] for key in shared)
