"""What a cluster's workloads and Nodes use, asked of its metrics API and kept in the graph as :Usage nodes.

Every sample counts in a histogram by container of the workload that the Pod is of (`graphdb.usage.workload_of`). The
last sample is written when there is a new one, the histograms every few minutes: a worker that ends loses the samples
since.

Kept in memory are the histograms of what runs now, and of each Pod whose it is. What appears is read from the graph,
so that a new worker goes on where another ended. Whatever the metrics API does, or does not, is this module's alone to
bear: the watches go on.
"""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import msgspec
import structlog

from kgraph.graphdb.errors import StatementRefused
from kgraph.graphdb.model import ResourceKey
from kgraph.graphdb.store import Store
from kgraph.graphdb.usage import (
    Amounts,
    ContainerHistory,
    Last,
    add_sample,
    decode_history,
    encode_history,
    encode_last,
    total,
    usage_key,
    workload_of,
)
from kgraph.kube.connection import Connection
from kgraph.kube.errors import KubeError, NotFound
from kgraph.kube.metrics import Sample, node_samples, pod_samples
from kgraph.sync.patience import patiently
from kgraph.sync.writer import Writer

log = structlog.get_logger(__name__)
T = TypeVar("T")

# All Pods' samples come in one answer, from the memory of metrics-server: ten thousand are 4 MB.
ANSWER_SECONDS = 20.0
# How soon a cluster is asked again that has no metrics API.
ABSENT_SECONDS = 120.0
# How often histograms are written. Each is a few hundred bytes, against the dozens of a last sample.
HISTORY_SECONDS = 300.0
# Of all that is asked of the graph or written to it at once, and between which the watches have their turn; a write
# holds the cluster's lock.
AT_ONCE = 500


class _Metered(msgspec.Struct):
    """A Pod or Node: the key of what its samples count for, and when the last one was taken."""

    of: str
    at: float = 0.0


class _Workload(msgspec.Struct):
    """One workload: its containers' histories, whether they have new samples, when they are written next.

    Samples up to `counted` were there for whoever counted before. A new one's are written with its first sample.
    """

    containers: dict[str, ContainerHistory]
    counted: float = 0.0
    unwritten: bool = False
    due: float = 0.0  # on the loop's clock


class Metering:
    """Follows the usage of one cluster."""

    def __init__(self, store: Store, cluster: str, interval_seconds: float) -> None:
        self._store = store
        self._cluster = cluster
        self._interval_seconds = interval_seconds
        self._metered: dict[str, _Metered] = {}
        self._workloads: dict[str, _Workload] = {}
        self._told: str | None = ""

    async def follow(self, connection: Connection, writer: Writer, synced: asyncio.Event) -> None:
        """Look for ever, once the graph knows whose the Pods are; not at all where the interval is 0."""
        if not self._interval_seconds:
            return
        await synced.wait()
        while True:
            there = await self.look(connection, writer)
            await asyncio.sleep(self._interval_seconds if there else max(self._interval_seconds, ABSENT_SECONDS))

    async def look(self, connection: Connection, writer: Writer) -> bool:
        """Ask once and write what is new; says whether the cluster has a metrics API at all."""
        problem, absent = None, False
        samples: list[Sample] = []
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                samples = await pod_samples(connection) + await node_samples(connection)
        except NotFound:
            absent = True
            problem = f"cluster {self._cluster} has no metrics.k8s.io: install metrics-server"
        except KubeError as error:
            problem = str(error)
        except TimeoutError:
            problem = f"metrics.k8s.io of cluster {self._cluster} has not answered for {ANSWER_SECONDS:g} s"
        if problem != self._told:
            await writer.describe({"usageProblem": problem})
            self._told = problem
            log.info("usage is not known" if problem else "usage is known", cluster=self._cluster, why=problem)
        if problem is None:
            try:
                await self._keep(samples, writer)
            except StatementRefused as error:
                log.warning("usage can't be kept", cluster=self._cluster, why=str(error))
        return not absent

    async def _keep(self, samples: list[Sample], writer: Writer) -> None:
        by_key = {self._key(sample): sample for sample in samples}
        await self._learn(by_key)
        self._metered = {key: each for key, each in self._metered.items() if key in by_key}
        await self._recall({each.of for each in self._metered.values()} - self._workloads.keys())
        now = datetime.now(UTC).timestamp()
        news: dict[str, float] = {}
        last: dict[str, dict[str, Mapping[str, Amounts]]] = {}
        for some in _chunks(list(self._metered.items())):
            await asyncio.sleep(0)
            for key, metered in some:
                sample = by_key[key]
                usage = {name: Amounts(*amounts) for name, amounts in sample.usage.items()}
                last.setdefault(metered.of, {})[sample.name] = usage
                workload = self._workloads[metered.of]
                if sample.at > max(metered.at, workload.counted):
                    metered.at = sample.at
                    at = min(sample.at, now)  # a node's clock may be ahead
                    news[metered.of] = max(at, news.get(metered.of, 0.0))
                    add_sample(workload.containers, usage, at)
                    workload.unwritten = True
        await self._write(writer, last, news)

    async def _learn(self, keys: Iterable[str]) -> None:
        """Find out whose the Pods are that were not there before; what the graph lacks has to wait."""
        for some in _chunks([key for key in keys if key not in self._metered]):
            found = await patiently(partial(self._store.read_one, "read/controllers", {"of": {"keys": some}}))
            for key, controllers in found["controllers"]:
                self._metered[key] = _Metered(workload_of(key, controllers))

    async def _recall(self, workloads: Iterable[str]) -> None:
        """Read the histories of what was not there before."""
        for some in _chunks(sorted(workloads)):
            asked = {"keys": [usage_key(of) for of in some]}
            found = await patiently(partial(self._store.read_one, "read/usage_histories", asked))
            kept = {of: _Workload(self._decoded(of, history), at or 0.0) for of, history, at in found["histories"]}
            self._workloads |= {of: kept.get(of, _Workload({})) for of in some}

    def _decoded(self, of: str, history: bytes) -> dict[str, ContainerHistory]:
        try:
            return decode_history(history)
        except ValueError as error:
            log.warning("a history of usage can't be read and begins anew", of=of, why=str(error))
            return {}

    async def _write(self, writer: Writer, last: Mapping[str, Last], news: Mapping[str, float]) -> None:
        """Write last samples that are new, histograms that are due, and the last of what no longer runs."""
        kept = {of: workload for of, workload in self._workloads.items() if of in last}
        for some in _chunks(list(self._workloads.items())):
            await asyncio.sleep(0)
            rows = [row for of, each in some if (row := _row(of, each, last.get(of), news.get(of)))]
            if rows:
                (record,) = await patiently(partial(writer.run, "write/record_usage", {"rows": rows}, touches=False))
                for of in {row["of"] for row in rows}.difference(record["kept"]):
                    kept.pop(of, None)
        self._workloads = kept
        self._metered = {key: each for key, each in self._metered.items() if each.of in kept}

    def _key(self, sample: Sample) -> str:
        kind = "Pod" if sample.namespace else "Node"
        return str(ResourceKey(self._cluster, "", kind, sample.namespace, sample.name))


def _row(of: str, workload: _Workload, last: Last | None, sampled_at: float | None) -> dict[str, Any] | None:
    """What is to be written of a workload: its last sample where it is new, its histories where they are due."""
    properties: dict[str, Any] = {}
    if last is None:
        properties |= {"last": None, "pods": 0, "cpu": None, "memory": None}
    elif sampled_at is not None:
        totals = [total(containers) for containers in last.values()]
        properties |= {
            "sampledAt": datetime.fromtimestamp(sampled_at, UTC),
            "pods": len(last),
            "cpu": sum(each.cpu for each in totals),
            "memory": sum(each.memory for each in totals),
            "last": encode_last(last),
        }
    now = asyncio.get_running_loop().time()
    if workload.unwritten and (now >= workload.due or last is None):
        properties["history"] = encode_history(workload.containers, datetime.now(UTC).timestamp())
        workload.unwritten, workload.due = False, now + HISTORY_SECONDS
    if not properties:
        return None
    key = ResourceKey.parse(of)
    about = {"of": of, "cluster": key.cluster, "namespace": key.namespace or None}
    return {"key": usage_key(of), "of": of, "properties": {**about, **properties}}


def _chunks(items: list[T]) -> list[list[T]]:
    return [items[at : at + AT_ONCE] for at in range(0, len(items), AT_ONCE)]
