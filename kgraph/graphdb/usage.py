"""What the graph keeps of usage: one :Usage node for each workload, for each Pod that none has made, and each Node.

It has no edges and is no resource: what is measured every minute is noise on the things themselves, and no walk,
search or check should meet it. Its properties:

- `key`: `usage:` and the key of what it is of, which is `of`; `cluster` and `namespace` are those of that;
- `sampledAt`, `pods`, `cpu`, `memory`: the last sample: when, of how many Pods, cores and bytes in all;
- `last`: the same by Pod and container, JSON: `{"web-7f9": {"web": [0.25, 104857600]}}`; of a Node under its own name
  and the container "";
- `history`: histograms by container, MessagePack (`History`), written every few minutes. A steady container takes
  some 150 bytes, one whose use varies a lot 500, none can take more than 4 kB.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from kgraph.graphdb.catalogue import Catalogue
from kgraph.graphdb.histogram import CPU_CORES, HALF_LIFE_SECONDS, MEMORY_BYTES, Histogram
from kgraph.graphdb.model import ResourceKey

# What was used before such a pause weighs less than a thousandth of what is used after it, and tells of another time.
PAUSE_SECONDS = 10 * HALF_LIFE_SECONDS
# No Pod has so many containers; a workload whose containers have another name with every release would never end.
MOST_CONTAINERS = 100
_PREFIX = "usage:"
_TABLE = Catalogue()  # for where the kinds have their Pod templates, which no discovery says


class Amounts(NamedTuple):
    """An amount of each: cores, and bytes."""

    cpu: float
    memory: float


Last = Mapping[str, Mapping[str, Amounts]]  # by Pod and container


class ContainerHistory:
    """The samples of one container of a workload, of all its Pods together; times are seconds since the epoch."""

    __slots__ = ("cpu", "memory", "samples", "since", "until")

    def __init__(
        self, since: float, samples: int = 0, cpu: Histogram | None = None, memory: Histogram | None = None
    ) -> None:
        self.since = self.until = since
        self.samples = samples
        self.cpu = cpu or Histogram(CPU_CORES)
        self.memory = memory or Histogram(MEMORY_BYTES)

    def add(self, used: Amounts, at: float) -> None:
        """Count a sample."""
        self.since, self.until = min(self.since, at), max(self.until, at)
        self.samples += 1
        self.cpu.add(used.cpu, at)
        self.memory.add(used.memory, at)


class _Encoded(msgspec.Struct, array_like=True):
    name: str
    since: float
    until: float
    samples: int
    cpu: bytes
    memory: bytes


class _History(msgspec.Struct, array_like=True):
    at: float
    containers: list[_Encoded]


def usage_key(of: str) -> str:
    """The key of the :Usage node of a resource's key: `usage:prod/apps/Deployment/shop/web`."""
    return f"{_PREFIX}{of}"


def workload_of(pod: str, controllers: Sequence[str]) -> str:
    """The key of what a Pod's usage counts for, of its key and its controllers' as `read/controllers` gives them.

    It is the highest that has a Pod template, where requests are written: the Deployment, not its ReplicaSet; the
    CronJob, not its Jobs; and not the custom resource that an operator made these of. Without one it is the nearest
    controller, else the Pod itself.
    """
    templated = [key for key in controllers if _has_template(ResourceKey.parse(key))]
    return templated[-1] if templated else next(iter(controllers), pod)


def _has_template(key: ResourceKey) -> bool:
    row = _TABLE.get(key.group, key.kind)
    return row is not None and bool(row.pod_spec)


def add_sample(containers: dict[str, ContainerHistory], usage: Mapping[str, Amounts], at: float) -> None:
    """Count a Pod's sample, by container, in the histories of its workload.

    A container that has not run for PAUSE_SECONDS begins anew. There are never more than MOST_CONTAINERS: the one that
    has not run for longest makes room.
    """
    for name, amounts in usage.items():
        history = containers.get(name)
        if history is None or at - history.until > PAUSE_SECONDS:
            containers.pop(name, None)
            if len(containers) >= MOST_CONTAINERS:
                del containers[min(containers, key=lambda each: containers[each].until)]
            history = containers[name] = ContainerHistory(at)
        history.add(amounts, at)


def encode_history(containers: Mapping[str, ContainerHistory], at: float) -> bytes:
    """The histories by container, as the property `history`."""
    encoded = [
        _Encoded(name, each.since, each.until, each.samples, each.cpu.encode(at), each.memory.encode(at))
        for name, each in sorted(containers.items())
    ]
    return msgspec.msgpack.encode(_History(at, encoded))


def decode_history(encoded: bytes) -> dict[str, ContainerHistory]:
    """The histories by container; ValueError where the property is something else."""
    found = msgspec.msgpack.decode(encoded, type=_History)
    containers = {}
    for each in found.containers:
        cpu = Histogram.decode(CPU_CORES, each.cpu, found.at)
        memory = Histogram.decode(MEMORY_BYTES, each.memory, found.at)
        containers[each.name] = history = ContainerHistory(each.since, each.samples, cpu, memory)
        history.until = each.until
    return containers


def encode_last(last: Last) -> str:
    """The last sample as the property `last`."""
    return msgspec.json.encode(last).decode()


def decode_last(text: str) -> Last:
    """The last sample by Pod and container; ValueError where the property is something else."""
    return msgspec.json.decode(text, type=dict[str, dict[str, Amounts]])


def total(amounts: Mapping[str, Amounts]) -> Amounts:
    """What the containers of one Pod use together."""
    return Amounts(sum(each.cpu for each in amounts.values()), sum(each.memory for each in amounts.values()))
