"""What a Pod asks for: in cores and bytes, or in exact quantities.

A Pod requests what the scheduler sees (Kubernetes, "Init containers": resource sharing; "Pod overhead"; "Assign
Pod-level CPU and memory resources"): what its containers and sidecars request together, or while it starts the most
that an init container needs beside the sidecars before it, and the overhead of its runtime class; where the Pod as a
whole requests an amount, that instead. A container that has only a limit requests as much (apiserver's defaulting).
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from kgraph.kube.quantities import Quantity, number
from kgraph.lenient import mapping, mappings

N = TypeVar("N", float, Quantity)  # an amount: in cores or bytes, or exact
CPU, MEMORY, STORAGE = "cpu", "memory", "storage"


class Asked(msgspec.Struct, frozen=True, array_like=True):
    """Requests and limits in cores and bytes; None where there is none."""

    cpu_request: float | None = None
    memory_request: float | None = None
    cpu_limit: float | None = None
    memory_limit: float | None = None


def asked_by_container(spec: Mapping[str, Any]) -> dict[str, Asked]:
    """What each container of a Pod that runs on asks for, sidecars included, by its name."""
    running = [
        *mappings(spec.get("containers")),
        *(each for each in mappings(spec.get("initContainers")) if _stays(each)),
    ]
    return {each["name"]: _asked(each) for each in running if isinstance(each.get("name"), str)}


def requested(spec: Mapping[str, Any], resource: str) -> float | None:
    """What a Pod requests as a whole, in cores or bytes; None where it requests nothing."""
    return request_of(spec, resource, number)


def request_of(spec: Mapping[str, Any], resource: str, read: Callable[[Any], N | None]) -> N | None:
    """What a Pod requests as a whole, in the numbers that `read` makes; None where it requests nothing."""
    found = _at_once(spec, lambda part: _request(part, resource, read))
    overhead = read(mapping(spec.get("overhead")).get(resource))
    return found if overhead is None else overhead if found is None else found + overhead


def quota_limit(spec: Mapping[str, Any], resource: str, read: Callable[[Any], N | None]) -> N | None:
    """What a ResourceQuota counts as the limit of a Pod: what has none counts for nothing. None where nothing has."""
    found = _at_once(spec, lambda part: _of(part, "limits", resource, read))
    overhead = read(mapping(spec.get("overhead")).get(resource))
    return found if found is None or overhead is None else found + overhead


def resources_named(spec: Mapping[str, Any]) -> frozenset[str]:
    """The resources of which a Pod says anything."""
    parts = [spec, *mappings(spec.get("containers")), *mappings(spec.get("initContainers"))]
    said = [mapping(mapping(part.get("resources")).get(which)) for part in parts for which in ("requests", "limits")]
    return frozenset().union(*said, mapping(spec.get("overhead")))


def limited(spec: Mapping[str, Any], resource: str) -> float | None:
    """What a Pod may use at most, in cores or bytes; None where it, or a container of it, may use all there is."""
    whole = _of(spec, "limits", resource, number)
    if whole is not None:
        return whole
    limits = [_of(each, "limits", resource, number) for each in _running(spec)]
    given = [each for each in limits if each is not None]
    return sum(given) if given and len(given) == len(limits) else None


def _at_once(spec: Mapping[str, Any], amount: Callable[[Mapping[str, Any]], N | None]) -> N | None:
    """The most that a Pod needs at once, but for its overhead; `amount` is that of a container, or of the Pod."""
    running = amount(spec)
    if running is not None:
        return running
    sidecars: N | None = None
    starting: N | None = None
    for each in mappings(spec.get("containers")):
        found = amount(each)
        if found is not None:
            running = found if running is None else running + found
    for each in mappings(spec.get("initContainers")):
        found = amount(each)
        if found is not None:
            beside = found if sidecars is None else sidecars + found
            if _stays(each):
                sidecars = beside
            elif starting is None or starting < beside:
                starting = beside
    if sidecars is not None:
        running = sidecars if running is None else running + sidecars
    return running if starting is None or (running is not None and starting < running) else starting


def _asked(container: Mapping[str, Any]) -> Asked:
    return Asked(
        _request(container, CPU, number),
        _request(container, MEMORY, number),
        _of(container, "limits", CPU, number),
        _of(container, "limits", MEMORY, number),
    )


def _request(container: Mapping[str, Any], resource: str, read: Callable[[Any], N | None]) -> N | None:
    request = _of(container, "requests", resource, read)
    return _of(container, "limits", resource, read) if request is None else request


def _of(part: Mapping[str, Any], which: str, resource: str, read: Callable[[Any], N | None]) -> N | None:
    return read(mapping(mapping(part.get("resources")).get(which)).get(resource))


def _running(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The containers that run as long as the Pod does."""
    sidecars = [each for each in mappings(spec.get("initContainers")) if _stays(each)]
    return [*mappings(spec.get("containers")), *sidecars]


def _stays(container: Mapping[str, Any]) -> bool:
    """Whether an init container is a sidecar."""
    return container.get("restartPolicy") == "Always"
