"""What a Pod asks for, in numbers: cores and bytes.

A Pod requests what the scheduler sees (Kubernetes, "Init containers": resource sharing; "Pod overhead"; "Assign
Pod-level CPU and memory resources"): what its containers and sidecars request together, or while it starts the most
that an init container needs beside the sidecars before it, and the overhead of its runtime class; where the Pod as a
whole requests an amount, that instead. A container that has only a limit requests as much (apiserver's defaulting).
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from kgraph.kube.quantities import number

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
        *_containers(spec, "containers"),
        *(each for each in _containers(spec, "initContainers") if _stays(each)),
    ]
    return {each["name"]: _asked(each) for each in running if isinstance(each.get("name"), str)}


def requested(spec: Mapping[str, Any], resource: str) -> float | None:
    """What a Pod requests as a whole; None where it requests nothing."""
    whole = _of(spec, "requests", resource)
    if whole is None:
        whole = _of(spec, "limits", resource)
    overhead = number(_map(spec.get("overhead")).get(resource))
    found = [whole] if whole is not None else _requests(spec, resource)
    amounts = [each for each in (*found, overhead) if each is not None]
    return sum(amounts) if amounts else None


def limited(spec: Mapping[str, Any], resource: str) -> float | None:
    """What a Pod may use at most; None where it, or a container of it, may use all there is."""
    whole = _of(spec, "limits", resource)
    if whole is not None:
        return whole
    limits = [_of(each, "limits", resource) for each in _running(spec)]
    given = [each for each in limits if each is not None]
    return sum(given) if given and len(given) == len(limits) else None


def _requests(spec: Mapping[str, Any], resource: str) -> list[float]:
    """The most that the containers of a Pod need at once; nothing where none requests any."""
    containers = [_request(each, resource) for each in _containers(spec, "containers")]
    sidecars, starting = 0.0, 0.0
    for each in _containers(spec, "initContainers"):
        request = _request(each, resource)
        containers.append(request if _stays(each) else (None if request is None else 0.0))
        if _stays(each):
            sidecars += request or 0.0
            starting = max(starting, sidecars)
        else:
            starting = max(starting, sidecars + (request or 0.0))
    given = [each for each in containers if each is not None]
    return [max(sum(given), starting)] if given else []


def _asked(container: Mapping[str, Any]) -> Asked:
    return Asked(
        _request(container, CPU),
        _request(container, MEMORY),
        _of(container, "limits", CPU),
        _of(container, "limits", MEMORY),
    )


def _request(container: Mapping[str, Any], resource: str) -> float | None:
    request = _of(container, "requests", resource)
    return _of(container, "limits", resource) if request is None else request


def _of(part: Mapping[str, Any], which: str, resource: str) -> float | None:
    return number(_map(_map(part.get("resources")).get(which)).get(resource))


def _running(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The containers that run as long as the Pod does."""
    sidecars = [each for each in _containers(spec, "initContainers") if _stays(each)]
    return [*_containers(spec, "containers"), *sidecars]


def _stays(container: Mapping[str, Any]) -> bool:
    """Whether an init container is a sidecar."""
    return container.get("restartPolicy") == "Always"


def _containers(spec: Mapping[str, Any], field: str) -> list[Mapping[str, Any]]:
    listed = spec.get(field)
    return [each for each in listed if type(each) is dict] if type(listed) is list else []


def _map(value: Any) -> Mapping[str, Any]:
    return value if type(value) is dict else {}
