"""Amounts as node properties, in cores and bytes, so that they can be added up in Cypher."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from kgraph.kube.quantities import number
from kgraph.kube.resources import CPU, MEMORY, STORAGE, asked_by_container, limited, requested
from kgraph.lenient import mapping
from kgraph.sync.paths import dig

Object = Mapping[str, Any]


def _spec(obj: Object) -> Object:
    return mapping(obj.get("spec"))


def _container_resources(obj: Object) -> str | None:
    """By container [cores requested, bytes requested, cores at most, bytes at most], JSON."""
    found = asked_by_container(_spec(obj))
    return msgspec.json.encode(found).decode() if found else None


def _amount(*path: str) -> Callable[[Object], float | None]:
    return lambda obj: number(dig(obj, path))


AMOUNTS: Mapping[str, Callable[[Object], Any]] = {
    "cpu_request": lambda obj: requested(_spec(obj), CPU),
    "memory_request": lambda obj: requested(_spec(obj), MEMORY),
    "cpu_limit": lambda obj: limited(_spec(obj), CPU),
    "memory_limit": lambda obj: limited(_spec(obj), MEMORY),
    "container_resources": _container_resources,
    "cpu_capacity": _amount("status", "capacity", CPU),
    "memory_capacity": _amount("status", "capacity", MEMORY),
    "cpu_allocatable": _amount("status", "allocatable", CPU),
    "memory_allocatable": _amount("status", "allocatable", MEMORY),
    "claim_bytes": _amount("status", "capacity", STORAGE),
    "volume_bytes": _amount("spec", "capacity", STORAGE),
}
