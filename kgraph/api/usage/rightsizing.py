"""Requests that fit what containers use, with the reasoning in words; and what is asked for in vain.

CPU that is missing slows a container down, memory that is missing ends it. So the request of CPU follows what all but
the busiest moments need, that of memory the most that was ever needed. The margin is that of Kubernetes' vertical Pod
autoscaler (`recommender/logic`, safety margin 15 %), as are half-life and buckets of the histograms; its minimum of 250
MB a Pod would be most of the waste that small containers have, so the minimum here is less.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from kgraph.api.reading.reader import Reader
from kgraph.api.scope import Scope
from kgraph.api.usage.metering import PODS
from kgraph.graphdb.histogram import Histogram
from kgraph.graphdb.model import ResourceKey
from kgraph.graphdb.usage import Amounts, ContainerHistory, decode_history, usage_key
from kgraph.kube.resources import Asked

MARGIN = 1.15
# What the vertical Pod autoscaler raises memory by after an OOM kill (`recommender/input`, bump-up ratio).
KILLED_MARGIN = 1.2
LEAST_SAMPLES, MUCH_SAMPLES = 60, 1440  # an hour and a day of one Pod that is asked every minute
LEAST_DAYS, MUCH_DAYS = 1.0, 7.0
DAY_SECONDS = 86_400.0
AT_ONCE = 500  # workloads are reckoned before other requests have their turn


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


class Terms(msgspec.Struct, frozen=True):
    """What a container has of one resource: request, limit; whether any Pod is there to say so; whether it was killed.

    `killed`: the last time that it ended was for want of this resource.
    """

    request: float | None = None
    limit: float | None = None
    known: bool = True
    killed: bool = False

    def words(self, resource: Resource) -> str:
        """What it requests."""
        if not self.known:
            return "what it requests is not known: no Pod of it is there"
        return f"it requests {resource.written(self.request) if self.request is not None else 'nothing'} now"


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


async def workload_advice(reader: Reader, scope: Scope, *, now: datetime, timeout: float) -> list[WorkloadAdvice]:
    """The advice for all workloads that the caller sees with their Pods and of which anything is known, by key."""
    prefixes = [usage_key(f"{cluster}/") for cluster in scope.clusters]
    of = {"prefixes": prefixes, "namespaces": scope.namespaces}
    record = await reader.read_one("read/workload_usage", {"of": of}, timeout=timeout)
    names = {key: ResourceKey.parse(key) for _, key, *_ in record["workloads"]}
    places = {key: (name.cluster, name.namespace) for key, name in names.items()}
    hidden = await reader.unmeasured(places.values(), PODS)
    found = []
    for at, (handle, key, pods, history, resources, killed) in enumerate(record["workloads"]):
        if at % AT_ONCE == 0:
            await asyncio.sleep(0)
        if places[key] in hidden:
            continue
        try:
            histories = decode_history(history)
        except ValueError:  # another version's; the worker, which begins it anew, says so in its log
            continue
        asked = msgspec.json.decode(resources, type=dict[str, Asked]) if resources else None
        found.append(WorkloadAdvice(handle, key, pods or 0, advice(histories, asked, now, frozenset(killed))))
    return sorted(found, key=lambda each: each.key)


def advice(
    histories: Mapping[str, ContainerHistory],
    asked: Mapping[str, Asked] | None,
    now: datetime,
    killed: frozenset[str] = frozenset(),
) -> tuple[ContainerAdvice, ...]:
    """The advice for the containers that a workload has now; for those it had, where it has no Pod (`asked` None).

    `killed` are the containers that were last ended for want of memory.
    """
    names = [name for name in histories if asked is None or name in asked]
    return tuple(
        _container(name, histories[name], None if asked is None else asked[name], now, killed=name in killed)
        for name in sorted(names)
    )


def _container(
    name: str, history: ContainerHistory, asked: Asked | None, now: datetime, *, killed: bool
) -> ContainerAdvice:
    since = datetime.fromtimestamp(history.since, UTC)
    sure = confidence(history, now)
    basis = f"{history.samples} samples since {since:%Y-%m-%d %H:%M} UTC"
    if sure is Confidence.LOW:
        basis += ", which is little to go by"
    known, asked = asked is not None, asked or Asked()
    return ContainerAdvice(
        name=name,
        cpu=recommend(CPU, history.cpu, Terms(asked.cpu_request, asked.cpu_limit, known), basis),
        memory=recommend(MEMORY, history.memory, Terms(asked.memory_request, asked.memory_limit, known, killed), basis),
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


def recommend(resource: Resource, histogram: Histogram, now: Terms, basis: str) -> Advice:
    """What to request of one resource. The minimum raises no request that is enough as it is."""
    used = percentiles(histogram)
    wanted = histogram.percentile(resource.share)
    if used is None or wanted is None:
        return Advice(now.request, now.limit, None, None, "there is no sample yet")
    recommended = resource.rounded(wanted * MARGIN)
    words = [
        f"{resource.share_name} that it used is {resource.written(wanted)}, of {basis}",
        f"with a margin of {MARGIN - 1:.0%} that is {resource.written(recommended)}",
    ]
    least = resource.least if now.request is None else min(resource.least, now.request)
    if recommended < least:
        recommended = least
        words.append(f"less than {resource.written(least)} is not recommended")
    if now.killed:
        # A peak between two samples is seen by nobody but the kernel: what it had was too little.
        before = resource.rounded((now.limit or now.request or wanted) * KILLED_MARGIN)
        recommended = max(recommended, before)
        words.append(
            f"it was killed for want of {resource.name}: at least {KILLED_MARGIN - 1:.0%} more than it had, "
            f"{resource.written(before)}"
        )
    words.append(now.words(resource))
    if now.limit is not None and recommended > now.limit:
        words.append(f"its limit of {resource.written(now.limit)} has to be raised too")
    return Advice(now.request, now.limit, used, recommended, "; ".join(words))


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
