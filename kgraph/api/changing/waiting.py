"""Waiting until the graph shows what was done to a resource."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from kgraph.graphdb.store import Store
from kgraph.kube.history import is_before
from kgraph.kube.objects import DATA_SIZES

WAIT_SECONDS = 20.0
LOOK_SECONDS = 0.05
# What an object says that nobody has asked for: the graph keeps the rest as it is in the cluster.
_BOOKKEEPING = frozenset({"resourceVersion", "generation", "managedFields"})


async def shown(store: Store, key: str, obj: Mapping[str, Any]) -> bool:
    """Wait until the graph has an object as the apiserver gave it, or later; False where that takes too long."""
    return await _until(store, key, lambda state: state is not None and _shows(state, obj))


async def gone(store: Store, key: str, uid: str) -> bool:
    """Wait until the graph has an incarnation no more, or as one that is being deleted; False as above."""
    return await _until(store, key, lambda state: state is None or state[1] != uid or state[3])


async def _until(store: Store, key: str, holds: Any) -> bool:
    ends_at = time.monotonic() + WAIT_SECONDS
    while True:
        record, seen = await store.read_after("read/shown_state", {"of": {"key": key}}, after=None)
        if holds(record["state"]):
            store.told = (seen, time.monotonic())  # what is kept of answers is looked at again
            return True
        if time.monotonic() >= ends_at:
            return False
        await asyncio.sleep(LOOK_SECONDS)


def _shows(state: list[Any], obj: Mapping[str, Any]) -> bool:
    """Whether the graph has this resourceVersion or a later one; or the same object, for noise alone is not written."""
    metadata = obj.get("metadata") or {}
    _, uid, version, _, manifest = state
    if uid != metadata.get("uid"):
        return False
    if version == metadata.get("resourceVersion") or is_before(metadata.get("resourceVersion") or "", version or ""):
        return True
    if DATA_SIZES in obj:
        return False  # of a Secret two values of one size look the same, and its every version is written
    return _asked_for(msgspec.json.decode(manifest)) == _asked_for(obj)


def _asked_for(obj: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {name: value for name, value in obj["metadata"].items() if name not in _BOOKKEEPING}
    return {**{name: value for name, value in obj.items() if name != "status"}, "metadata": metadata}
