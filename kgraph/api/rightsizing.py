"""Requests that fit what containers use, with the reasoning in words; and what is asked for in vain.

CPU that is missing slows a container down, memory that is missing ends it. So the request of CPU follows what all but
the busiest moments need, that of memory the most that was ever needed. The margin is that of Kubernetes' vertical Pod
autoscaler (`recommender/logic`, safety margin 15 %), as are half-life and buckets of the histograms; its minimum of 250
MB a Pod would be most of the waste that small containers have, so the minimum here is less.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from kgraph.api.metering import Scope
from kgraph.graphdb.histogram import Histogram
from kgraph.graphdb.store import Store
from kgraph.graphdb.usage import Amounts, ContainerHistory, decode_history, usage_key
from kgraph.kube.resources import Asked

MARGIN = 1.15
LEAST_SAMPLES, MUCH_SAMPLES = 120, 2880  # an hour and a day of one Pod that is asked every half minute
LEAST_DAYS, MUCH_DAYS = 1.0, 7.0
DAY_SECONDS = 86_400.0


class Resource(msgspec.Struct, frozen=True):
    """How requests of one resource are found: the share of samples that has to fit, the minimum, the step."""

    name: str
    share: float
    share_name: str
    least: float
    step: float
    unit: float
    unit_name: str

    def written(self, amount: float) -> str:
        """An amount as people write it: `250m`, `512Mi`."""
        return f"{amount / self.unit:.0f}{self.unit_name}"

    def rounded(self, amount: float) -> float:
        """The next step above."""
        steps = -(-amount * (1 - 1e-9) // self.step)
        return float(steps * self.step)


CPU = Resource("CPU", 0.95, "the 95th percentile", least=0.01, step=0.001, unit=0.001, unit_name="m")
MEMORY = Resource("memory", 1.0, "the most", least=32 * 2.0**20, step=2.0**20, unit=2.0**20, unit_name="Mi")


class Confidence(StrEnum):
    """How much there is to go by."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


class Percentiles(msgspec.Struct, frozen=True):
    """What a container used, of samples that count half after a day."""

    p50: float
    p95: float
    p99: float
    most: float


class Advice(msgspec.Struct, frozen=True):
    """One resource of a container: what is requested now, the limit, what was used, and what to request; why."""

    request: float | None
    limit: float | None
    used: Percentiles | None
    recommended: float | None
    reason: str


class ContainerAdvice(msgspec.Struct, frozen=True):
    """One container's advice, and what it rests on."""

    name: str
    cpu: Advice
    memory: Advice
    samples: int
    since: datetime
    confidence: Confidence


class WorkloadAdvice(msgspec.Struct, frozen=True):
    """One workload: how many Pods it had at the last sample, and its containers by name."""

    handle: str
    key: str
    pods: int
    containers: tuple[ContainerAdvice, ...]

    @property
    def saved(self) -> Amounts:
        """Cores and bytes that all its Pods would request less; below zero where they should request more."""
        return Amounts(
            self.pods * sum(_saved(each.cpu) for each in self.containers),
            self.pods * sum(_saved(each.memory) for each in self.containers),
        )

    @property
    def requested(self) -> Amounts:
        """What all its Pods request."""
        return Amounts(
            self.pods * sum(each.cpu.request or 0.0 for each in self.containers),
            self.pods * sum(each.memory.request or 0.0 for each in self.containers),
        )

    @property
    def needed(self) -> Amounts:
        """What all its Pods needed, of CPU all but a twentieth of the time."""
        return Amounts(
            self.pods * sum(each.cpu.used.p95 for each in self.containers if each.cpu.used),
            self.pods * sum(each.memory.used.most for each in self.containers if each.memory.used),
        )


async def workload_advice(store: Store, scope: Scope, *, now: datetime, timeout: float) -> list[WorkloadAdvice]:
    """The advice for all workloads of which anything is known, by key."""
    prefixes = [usage_key(f"{cluster}/") for cluster in scope.clusters]
    of = {"prefixes": prefixes, "namespaces": scope.namespaces}
    record = await store.read_one("read/workload_usage", {"of": of}, timeout=timeout)
    found = []
    for handle, key, pods, history, resources in record["workloads"]:
        asked = msgspec.json.decode(resources, type=dict[str, Asked]) if resources else {}
        found.append(WorkloadAdvice(handle, key, pods or 0, advice(decode_history(history), asked, now)))
    return sorted(found, key=lambda each: each.key)


def advice(
    histories: Mapping[str, ContainerHistory], asked: Mapping[str, Asked], now: datetime
) -> tuple[ContainerAdvice, ...]:
    """The advice for the containers that a workload has now; for those it had, where it has none now."""
    names = [name for name in histories if name in asked] if asked else list(histories)
    return tuple(_container(name, histories[name], asked.get(name, Asked()), now) for name in sorted(names))


def _container(name: str, history: ContainerHistory, asked: Asked, now: datetime) -> ContainerAdvice:
    since = datetime.fromtimestamp(history.since, UTC)
    sure = confidence(history, now)
    basis = f"{history.samples} samples since {since:%Y-%m-%d %H:%M} UTC"
    if sure is Confidence.LOW:
        basis += ", which is little to go by"
    return ContainerAdvice(
        name=name,
        cpu=recommend(CPU, history.cpu, asked.cpu_request, asked.cpu_limit, basis),
        memory=recommend(MEMORY, history.memory, asked.memory_request, asked.memory_limit, basis),
        samples=history.samples,
        since=since,
        confidence=sure,
    )


def confidence(history: ContainerHistory, now: datetime) -> Confidence:
    """How far a history can be trusted: it takes a day to see a night, and a week to see a weekend."""
    days = (now.timestamp() - history.since) / DAY_SECONDS
    if days < LEAST_DAYS or history.samples < LEAST_SAMPLES:
        return Confidence.LOW
    return Confidence.HIGH if days >= MUCH_DAYS and history.samples >= MUCH_SAMPLES else Confidence.MEDIUM


def recommend(
    resource: Resource, histogram: Histogram, request: float | None, limit: float | None, basis: str
) -> Advice:
    """What to request of one resource. The minimum raises no request that is enough as it is."""
    used = percentiles(histogram)
    wanted = histogram.percentile(resource.share)
    if used is None or wanted is None:
        return Advice(request, limit, None, None, "no sample yet")
    with_margin = resource.rounded(wanted * MARGIN)
    least = resource.least if request is None else min(resource.least, request)
    recommended = max(with_margin, least)
    words = [
        f"{resource.share_name} that it used is {resource.written(wanted)}, of {basis}",
        f"with a margin of {MARGIN - 1:.0%} that is {resource.written(with_margin)}",
    ]
    if recommended > with_margin:
        words.append(f"less than {resource.written(recommended)} is not recommended")
    words.append("it requests nothing now" if request is None else f"it requests {resource.written(request)} now")
    if limit is not None and recommended > limit:
        words.append(f"its limit of {resource.written(limit)} has to be raised too")
    return Advice(request, limit, used, recommended, "; ".join(words))


def percentiles(histogram: Histogram) -> Percentiles | None:
    """The percentiles of a histogram; None where it is empty."""
    found = [histogram.percentile(share) for share in (0.5, 0.95, 0.99, 1.0)]
    known = [each for each in found if each is not None]
    return Percentiles(*known) if len(known) == len(found) else None


def wasteful(found: Sequence[WorkloadAdvice], below: float) -> list[WorkloadAdvice]:
    """The workloads that need less than this share of the CPU or memory that they request."""
    return [
        each
        for each in found
        if _is_below(each.needed.cpu, each.requested.cpu, below)
        or _is_below(each.needed.memory, each.requested.memory, below)
    ]


def _is_below(needed: float, requested: float, below: float) -> bool:
    return requested > 0 and 0 < needed < below * requested


def _saved(advised: Advice) -> float:
    return (advised.request or 0.0) - advised.recommended if advised.recommended is not None else 0.0
