"""What a Pod asks for, as the scheduler counts it."""

from typing import Any

import pytest

from kgraph.kube.resources import CPU, MEMORY, Asked, asked_by_container, limited, requested


def container(cpu: str = "", limit: str = "", **more: Any) -> dict[str, Any]:
    """A container with a request and a limit of CPU."""
    resources = {"requests": {"cpu": cpu} if cpu else {}, "limits": {"cpu": limit} if limit else {}}
    return {"name": "c", "resources": resources, **more}


SIDECAR = {"restartPolicy": "Always"}


@pytest.mark.parametrize(
    ("spec", "request_cores", "limit_cores"),
    [
        ({"containers": [container("500m", "1"), container("1", "2")]}, 1.5, 3.0),
        ({"containers": [container("500m", "1"), container("1")]}, 1.5, None),
        ({"containers": [container()]}, None, None),
        ({"containers": [container(limit="2")]}, 2.0, 2.0),
        ({"containers": [container("0")]}, 0.0, None),
        ({"containers": [container("1")], "initContainers": [container("3")]}, 3.0, None),
        ({"containers": [container("1")], "initContainers": [container("3", **SIDECAR), container("2")]}, 5.0, None),
        ({"containers": [container("4")], "initContainers": [container("3", **SIDECAR), container("2")]}, 7.0, None),
        ({"containers": [container("1")], "initContainers": [container("2"), container("3", **SIDECAR)]}, 4.0, None),
        ({"containers": [container()], "initContainers": [container("2")]}, 2.0, None),
        ({"containers": [container("1")], "overhead": {"cpu": "250m"}}, 1.25, None),
        ({"containers": [container("1")], "resources": {"requests": {"cpu": "6"}, "limits": {"cpu": "8"}}}, 6.0, 8.0),
        ({"containers": [container("1")], "resources": {"limits": {"cpu": "8"}}}, 8.0, 8.0),
        ({"containers": [container("much"), container("1")]}, 1.0, None),
        ({"containers": "none"}, None, None),
        ({}, None, None),
    ],
    ids=[
        "sums",
        "one without a limit",
        "asks for nothing",
        "a limit is a request",
        "zero",
        "a large init container",
        "an init container beside a sidecar",
        "sidecars run on",
        "a sidecar after an init container",
        "only an init container asks",
        "overhead",
        "the Pod as a whole",
        "a limit of the whole",
        "no quantity",
        "malformed",
        "empty",
    ],
)
def test_requests_are_those_of_the_scheduler(
    spec: dict[str, Any], request_cores: float | None, limit_cores: float | None
) -> None:
    """A Pod requests what the scheduler reserves for it, and nothing is not zero."""
    assert requested(spec, CPU) == request_cores
    assert limited(spec, CPU) == limit_cores
    assert requested(spec, MEMORY) is None


def test_containers_are_told_apart() -> None:
    """Each container that runs on has its own amounts, an init container none."""
    spec = {
        "containers": [{"name": "web", "resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}],
        "initContainers": [{**container("2", "2", **SIDECAR), "name": "proxy"}, {**container("9"), "name": "migrate"}],
    }
    assert asked_by_container(spec) == {"web": Asked(1.0, 2.0**30), "proxy": Asked(2.0, None, 2.0, None)}
