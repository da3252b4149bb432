"""What nodes and Pods use, as a cluster's metrics API says it: metrics.k8s.io/v1beta1, which metrics-server serves.

A sample is an average of the CPU over a window of some seconds that ends at its timestamp, and the memory's working
set then (kubernetes/metrics, `pkg/apis/metrics/v1beta1/types.go`). The server looks at the nodes every fifteen to sixty
seconds: who asks more often gets the same sample, with the same timestamp, again.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from kgraph.kube.connection import Connection
from kgraph.kube.quantities import number

GROUP = "metrics.k8s.io"
ROOT = f"/apis/{GROUP}/v1beta1"


class _Metadata(msgspec.Struct):
    name: str
    namespace: str = ""


class _Container(msgspec.Struct):
    name: str
    usage: dict[str, str]


class _Pod(msgspec.Struct):
    metadata: _Metadata
    timestamp: datetime | None = None
    containers: list[_Container] = []


class _Node(msgspec.Struct):
    metadata: _Metadata
    timestamp: datetime | None = None
    usage: dict[str, str] = {}


class _Pods(msgspec.Struct):
    items: list[_Pod] | None = None


class _Nodes(msgspec.Struct):
    items: list[_Node] | None = None


class Sample(msgspec.Struct, frozen=True):
    """What one Pod or Node uses: cores and bytes by container; of a Node all of it, under "".

    `at` is in seconds since the epoch. A container whose amounts cannot be read is left out, and so is all that has
    no timestamp.
    """

    namespace: str
    name: str
    at: float
    usage: Mapping[str, tuple[float, float]]


async def pod_samples(conn: Connection) -> list[Sample]:
    """The last samples of all Pods; NotFound without such an API, Unavailable where its server is away."""
    found = await conn.get_json(f"{ROOT}/pods", _Pods)
    return [
        Sample(pod.metadata.namespace, pod.metadata.name, pod.timestamp.timestamp(), _by_container(pod.containers))
        for pod in found.items or ()
        if pod.timestamp
    ]


async def node_samples(conn: Connection) -> list[Sample]:
    """The last samples of all Nodes; errors as `pod_samples`."""
    found = await conn.get_json(f"{ROOT}/nodes", _Nodes)
    return [
        Sample("", node.metadata.name, node.timestamp.timestamp(), _by_container([_Container("", node.usage)]))
        for node in found.items or ()
        if node.timestamp
    ]


def _by_container(containers: list[_Container]) -> dict[str, tuple[float, float]]:
    found = {}
    for each in containers:
        cpu, memory = number(each.usage.get("cpu")), number(each.usage.get("memory"))
        if cpu is not None and memory is not None:
            found[each.name] = (cpu, memory)
    return found
