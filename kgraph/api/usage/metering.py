"""What is asked for, what there is and what is used: all Pods, Nodes and claims of a scope, with the last samples.

What is not known is None, and the cluster says why; nothing that was not measured counts as zero.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from kgraph.api.labels import Space, labels_of, namespace_labels
from kgraph.api.reading.reader import Reader
from kgraph.api.scope import CLAIM, NODE, POD, VOLUME, Scope
from kgraph.graphdb.model import ResourceKey
from kgraph.graphdb.usage import Amounts, decode_last, total, usage_key, workload_of
from kgraph.kube.metrics import GROUP as METRICS_GROUP

# What usage is asked for by, and whose right to be told it is held against.
PODS, NODES = "pods", "nodes"
# A sample is a minute old when it comes from a metrics-server with its own default. One that is older than some times
# the interval of the worker says nothing of now.
FRESH_INTERVALS = 4
FRESH_LEAST_SECONDS = 180.0


class Metering(msgspec.Struct, frozen=True):
    """How one cluster's usage is asked for, as its own node says it."""

    cluster: str
    source: str = "live"
    interval_seconds: float | None = None
    problem: str | None = None
    is_hidden: bool = False  # from this caller, at least in some namespaces

    @property
    def reason(self) -> str:
        """Why a sample may be missing."""
        why = self._reason
        return f"{why}; what you may not list in {METRICS_GROUP} is not shown to you" if self.is_hidden else why

    @property
    def _reason(self) -> str:
        if self.source == "snapshot":
            return f"cluster {self.cluster} is a snapshot: nothing runs in it"
        if self.interval_seconds == 0:
            return f"usage of cluster {self.cluster} is not asked for: usage_interval is 0"
        newest = f"no sample in the last {self.fresh_seconds:g} s"
        return self.problem or f"{newest}: what has just begun has none yet, what has ended none any more"

    @property
    def is_unknown(self) -> bool:
        """Whether nothing is sampled now, and the reason says why."""
        return self.source == "snapshot" or self.interval_seconds == 0 or self.problem is not None

    @property
    def fresh_seconds(self) -> float:
        """How old a sample may be that is of now."""
        return max(FRESH_LEAST_SECONDS, FRESH_INTERVALS * (self.interval_seconds or 0.0))

    def is_fresh(self, at: str, now: datetime) -> bool:
        """Whether a sample that was taken at `at` is of now."""
        return (now - datetime.fromisoformat(at)).total_seconds() <= self.fresh_seconds


class PodUse(msgspec.Struct, frozen=True):
    """A Pod that has not ended: what it requests (0 where it requests nothing), its limits, and what it uses."""

    key: str
    cluster: str
    namespace: str
    name: str
    node: str | None
    request: Amounts
    cpu_limit: float | None
    memory_limit: float | None
    labels: Mapping[str, str]
    workload: str
    usage: Amounts | None


class NodeUse(msgspec.Struct, frozen=True):
    """A Node: what it has, what of it is for Pods, and what is used of it, the system's own share included."""

    key: str
    cluster: str
    name: str
    labels: Mapping[str, str]
    capacity: Amounts
    allocatable: Amounts
    usage: Amounts | None


class ClaimUse(msgspec.Struct, frozen=True):
    """A claim that has a volume of so many bytes, and the workload of the first Pod that mounts it, "" without one."""

    key: str
    cluster: str
    namespace: str
    size: float
    labels: Mapping[str, str]
    workload: str


async def meterings(reader: Reader, clusters: Iterable[str], *, timeout: float) -> dict[str, Metering]:
    """How the usage of these clusters is asked for; of one that is not there nothing is known."""
    names = list(clusters)
    record = await reader.read_one("read/meterings", {"of": {"clusters": names}}, timeout=timeout)
    everywhere = [(name, "") for name in names]
    hidden = {name for kind in (PODS, NODES) for name, _ in await reader.unmeasured(everywhere, kind)}
    found = {row[0]: Metering(row[0], row[1] or "live", row[2], row[3]) for row in record["meterings"]}
    return {
        name: msgspec.structs.replace(found.get(name) or Metering(name), is_hidden=name in hidden) for name in names
    }


async def pods(
    reader: Reader, scope: Scope, known: Mapping[str, Metering], *, labels: bool, workloads: bool, timeout: float
) -> list[PodUse]:
    """The Pods that hold resources and that the caller sees, by key; with labels and workloads if these are wanted.

    A Pod has the labels of its Namespace too, where it has no others of the same names.
    """
    prefixes = await scope.prefixes(reader, POD, timeout=timeout)
    of = {"prefixes": prefixes, "labels": labels, "controllers": workloads}
    record = await reader.read_one("read/metered_pods", {"of": of}, timeout=timeout)
    shown = await reader.listed(key for row in record["pods"] for key in row[-1] or ())
    samples = await _last_samples(reader, scope, known, timeout=timeout)
    names = [ResourceKey.parse(row[0]) for row in record["pods"]]
    spaces = _spaces(names)
    hidden = await reader.unmeasured(spaces, PODS)
    inherited = await namespace_labels(reader, spaces if labels else (), shown=True, timeout=timeout)
    found = []
    for name, row in zip(names, record["pods"], strict=True):
        key, node, cpu, memory, cpu_limit, memory_limit, pairs, controllers = row
        sample = None
        if (name.cluster, name.namespace) not in hidden:
            sample = samples.get((name.cluster, name.namespace, name.name))
        found.append(
            PodUse(
                key=key,
                cluster=name.cluster,
                namespace=name.namespace,
                name=name.name,
                node=node,
                request=Amounts(cpu or 0.0, memory or 0.0),
                cpu_limit=cpu_limit,
                memory_limit=memory_limit,
                labels={**inherited.get((name.cluster, name.namespace), {}), **labels_of(pairs or ())},
                workload=workload_of(key, [each for each in controllers or () if each in shown]),
                usage=sample,
            )
        )
    return found


async def nodes(reader: Reader, scope: Scope, known: Mapping[str, Metering], *, timeout: float) -> list[NodeUse]:
    """All Nodes of the clusters, by key."""
    of = {"prefixes": await scope.prefixes(reader, NODE, timeout=timeout)}
    record = await reader.read_one("read/metered_nodes", {"of": of}, timeout=timeout)
    hidden = await reader.unmeasured(((ResourceKey.parse(row[0]).cluster, "") for row in record["nodes"]), NODES)
    now = datetime.now(UTC)
    found = []
    for key, pairs, cpu, memory, cpu_left, memory_left, sampled_at, used_cpu, used_memory in record["nodes"]:
        name = ResourceKey.parse(key)
        capacity = Amounts(cpu or 0.0, memory or 0.0)
        fresh = sampled_at is not None and known[name.cluster].is_fresh(sampled_at, now)
        shown = fresh and (name.cluster, "") not in hidden
        found.append(
            NodeUse(
                key=key,
                cluster=name.cluster,
                name=name.name,
                labels=labels_of(pairs or ()),
                capacity=capacity,
                allocatable=Amounts(
                    capacity.cpu if cpu_left is None else cpu_left,
                    capacity.memory if memory_left is None else memory_left,
                ),
                usage=Amounts(used_cpu, used_memory) if shown and used_cpu is not None else None,
            )
        )
    return found


async def claims(
    reader: Reader, scope: Scope, *, labels: bool, workloads: bool, timeout: float
) -> tuple[list[ClaimUse], list[ClaimUse]]:
    """The claims that have a volume, by key; and the volumes that no claim has, as claims of no namespace."""
    of = {
        "claims": await scope.prefixes(reader, CLAIM, timeout=timeout),
        "volumes": await scope.prefixes(reader, VOLUME, timeout=timeout),
        "controllers": workloads,
    }
    record = await reader.read_one("read/metered_claims", {"of": of}, timeout=timeout)
    users = [row[-1] for row in record["claims"] if row[-1]]
    shown = await reader.listed(key for pod, controllers in users for key in (pod, *(controllers or ())))
    names = [ResourceKey.parse(row[0]) for row in record["claims"]]
    inherited = await namespace_labels(reader, _spaces(names) if labels else (), shown=True, timeout=timeout)
    bound = []
    for name, (key, size, pairs, user) in zip(names, record["claims"], strict=True):
        bound.append(
            ClaimUse(
                key=key,
                cluster=name.cluster,
                namespace=name.namespace,
                size=size,
                labels={**inherited.get((name.cluster, name.namespace), {}), **labels_of(pairs or ())},
                workload=workload_of(user[0], [each for each in user[1] or () if each in shown])
                if user and user[0] in shown
                else "",
            )
        )
    idle = [ClaimUse(key, ResourceKey.parse(key).cluster, "", size, {}, "") for key, size in record["volumes"]]
    return bound, idle


async def _last_samples(
    reader: Reader, scope: Scope, known: Mapping[str, Metering], *, timeout: float
) -> dict[tuple[str, str, str], Amounts]:
    """The last samples of all Pods by cluster, namespace and name, but for those that are old."""
    prefixes = [usage_key(f"{cluster}/") for cluster in scope.clusters]
    of = {"prefixes": prefixes, "namespaces": scope.namespaces}
    record = await reader.read_one("read/last_samples", {"of": of}, timeout=timeout)
    now = datetime.now(UTC)
    return {
        (cluster, namespace, pod): total(containers)
        for cluster, namespace, at, last in record["samples"]
        if known[cluster].is_fresh(at, now)
        for pod, containers in decode_last(last).items()
    }


def missing(pods: Sequence[PodUse], known: Mapping[str, Metering]) -> str | None:
    """Why some Pods have no sample, in words; None where all have one."""
    without = [pod for pod in pods if pod.usage is None]
    if not without:
        return None
    reasons = sorted({known[pod.cluster].reason for pod in without})
    why = "; ".join(reasons)
    return why if len(without) == len(pods) else f"{len(without)} of {len(pods)} Pods have no sample: {why}"


def _spaces(names: Iterable[ResourceKey]) -> frozenset[Space]:
    """The namespaces that these resources are in."""
    return frozenset((name.cluster, name.namespace) for name in names)
