"""What a cluster's workloads and Nodes use, asked of its metrics API and kept in the graph as :Usage nodes.

Every sample counts in a histogram by container of the workload that the Pod is of (`graphdb.usage.workload_of`). The
last sample is written when there is a new one, the histograms every few minutes: a worker that is killed loses the
samples since.

Kept in memory are the histograms of what runs now, and of each Pod whose it is. What appears is read from the graph,
so that a new worker goes on where another ended.
"""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec
import structlog

from kgraph.graphdb.errors import StatementRefused
from kgraph.graphdb.model import ResourceKey
from kgraph.graphdb.store import Store
from kgraph.graphdb.usage import (
    Amounts,
    ContainerHistory,
    Last,
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

# All Pods' samples come in one answer, from the memory of metrics-server: ten thousand are 4 MB.
ANSWER_SECONDS = 20.0
# How soon a cluster is asked again that has no metrics API.
ABSENT_SECONDS = 120.0
# How often histograms are written. Each is a few hundred bytes, against the dozens of a last sample.
HISTORY_SECONDS = 300.0
# Of all that is asked of the graph or written to it at once; a write holds the cluster's lock for some milliseconds.
AT_ONCE = 500


class _Metered(msgspec.Struct):
    """A Pod or Node: the key of what its samples count for, and when the last one was taken."""

    of: str
    at: float = 0.0


class _Workload(msgspec.Struct):
    """One workload: its containers' histories, whether they have new samples, when they are written next.

    A new one's are written with its first sample.
    """

    containers: dict[str, ContainerHistory]
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
            await patiently(partial(writer.describe, {"usageProblem": problem}))
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
        news: dict[str, float] = {}
        last: dict[str, dict[str, dict[str, Amounts]]] = {}
        for at, (key, metered) in enumerate(self._metered.items()):
            if at % AT_ONCE == 0:
                await asyncio.sleep(0)  # the watches' turn
            sample = by_key[key]
            usage = {name: Amounts(*amounts) for name, amounts in sample.usage.items()}
            last.setdefault(metered.of, {})[sample.name] = usage
            if sample.at > metered.at:
                metered.at = sample.at
                news[metered.of] = max(sample.at, news.get(metered.of, 0.0))
                self._count(self._workloads[metered.of], usage, sample.at)
        await self._write(writer, last, news)

    def _count(self, workload: _Workload, usage: dict[str, Amounts], at: float) -> None:
        workload.unwritten = True
        for name, amounts in usage.items():
            if name not in workload.containers:
                workload.containers[name] = ContainerHistory(at)
            workload.containers[name].add(amounts, at)

    async def _learn(self, keys: Iterable[str]) -> None:
        """Find out whose the Pods are that were not there before; those that the graph lacks have to wait."""
        unknown = [key for key in keys if key not in self._metered]
        for some in _chunks([key for key in unknown if "/Pod/" in key]):
            found = await patiently(partial(self._store.read_one, "read/controllers", {"keys": some}))
            for key, controllers in found["controllers"]:
                self._metered[key] = _Metered(workload_of(key, controllers))
        self._metered.update({key: _Metered(key) for key in unknown if "/Node/" in key})

    async def _recall(self, workloads: Iterable[str]) -> None:
        """Read the histories of what was not there before."""
        for some in _chunks(sorted(workloads)):
            asked = {"keys": [usage_key(of) for of in some]}
            found = await patiently(partial(self._store.read_one, "read/usage_histories", asked))
            kept = dict(found["histories"])
            for of in some:
                self._workloads[of] = _Workload(self._decoded(of, kept.get(of)))

    def _decoded(self, of: str, history: bytes | None) -> dict[str, ContainerHistory]:
        try:
            return decode_history(history) if history else {}
        except ValueError as error:
            log.warning("a history of usage can't be read and begins anew", of=of, why=str(error))
            return {}

    async def _write(self, writer: Writer, last: Mapping[str, Last], news: Mapping[str, float]) -> None:
        """Write last samples that are new, histograms that are due, and the last of what no longer runs."""
        now = asyncio.get_running_loop().time()
        rows = []
        for of, workload in self._workloads.items():
            properties: dict[str, Any] = {}
            if of not in last:
                properties |= {"last": None, "pods": 0, "cpu": None, "memory": None}
            elif of in news:
                properties |= _sampled(last[of], news[of])
            if workload.unwritten and (now >= workload.due or of not in last):
                properties["history"] = encode_history(workload.containers, datetime.now(UTC).timestamp())
                workload.unwritten, workload.due = False, now + HISTORY_SECONDS
            if properties:
                rows.append({"key": usage_key(of), "of": of, "properties": {**_about(of), **properties}})
        kept: set[str] = set()
        for some in _chunks(rows):
            (record,) = await patiently(partial(writer.run, "write/record_usage", {"rows": some}))
            kept.update(record["kept"])
        gone = {row["of"] for row in rows} - kept
        self._workloads = {of: each for of, each in self._workloads.items() if of in last and of not in gone}
        self._metered = {key: each for key, each in self._metered.items() if each.of in self._workloads}

    def _key(self, sample: Sample) -> str:
        kind = "Pod" if sample.namespace else "Node"
        return str(ResourceKey(self._cluster, "", kind, sample.namespace, sample.name))


def _about(of: str) -> dict[str, Any]:
    key = ResourceKey.parse(of)
    return {"of": of, "cluster": key.cluster, "namespace": key.namespace or None}


def _sampled(last: Last, at: float) -> dict[str, Any]:
    totals = [total(containers) for containers in last.values()]
    return {
        "sampledAt": datetime.fromtimestamp(at, UTC),
        "pods": len(last),
        "cpu": sum(each.cpu for each in totals),
        "memory": sum(each.memory for each in totals),
        "last": encode_last(last),
    }


def _chunks(items: list[Any]) -> list[list[Any]]:
    return [items[at : at + AT_ONCE] for at in range(0, len(items), AT_ONCE)]
