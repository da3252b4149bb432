"""What single Pods, Nodes and clusters use now, as their `metrics` show it: None with a reason where unknown."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from kgraph.api.reading.reader import Reader
from kgraph.api.scope import CLAIM, NODE, POD, Scope
from kgraph.api.usage.metering import NODES, PODS, Metering, NodeUse, meterings, nodes
from kgraph.graphdb.model import ResourceKey
from kgraph.graphdb.usage import Amounts, decode_last, total, usage_key, workload_of
from kgraph.kube.metrics import GROUP as METRICS_GROUP


class Measured(msgspec.Struct, frozen=True):
    """What the containers of a Pod use, or a Node (under ""); None with a reason. `at`: when it was last measured."""

    containers: Mapping[str, Amounts] | None
    at: str | None
    reason: str | None

    @property
    def total(self) -> Amounts | None:
        """All containers together."""
        return None if self.containers is None else total(self.containers)


class ClusterTotals(msgspec.Struct, frozen=True):
    """What a cluster's Nodes use, how many Pods run or wait, how many bytes its claims have; `reason` as ever.

    None where the caller may not list all Nodes, Pods, or claims.
    """

    usage: Amounts | None
    pods: int | None
    storage: float | None
    reason: str | None


async def samples_of(reader: Reader, keys: Sequence[str], *, timeout: float) -> dict[str, Measured]:
    """What is known of the use of Pods and Nodes that the caller sees, by key.

    Two statements for the samples, one for the reasons.
    """
    record = await reader.read_one("read/controllers", {"of": {"keys": list(keys)}}, timeout=timeout)
    of = {key: workload_of(key, controllers) for key, controllers in record["controllers"]}
    asked = [usage_key(each) for each in sorted(set(of.values()))]
    usage = await reader.read_one("read/last_samples_of", {"of": {"keys": asked}}, timeout=timeout)
    known = await meterings(reader, {ResourceKey.parse(key).cluster for key in keys}, timeout=timeout)
    kept = {each: (at, decode_last(last)) for each, at, last in usage["samples"]}
    asked_for = {key: _asked_for(ResourceKey.parse(key)) for key in keys}
    hidden = {
        (plural, place)
        for plural in (PODS, NODES)
        for place in await reader.unmeasured((where for kind, where in asked_for.values() if kind == plural), plural)
    }
    now, found = datetime.now(UTC), {}
    for key in keys:
        name = ResourceKey.parse(key)
        metering = known[name.cluster]
        plural, (_, namespace) = asked_for[key]
        if asked_for[key] in hidden:
            where = f"in namespace {namespace} " if namespace else ""
            why = f"you may not list {plural}.{METRICS_GROUP} {where}of cluster {name.cluster}"
            found[key] = Measured(None, None, why)
            continue
        at, last = kept.get(of.get(key, key), ("", {}))
        if name.name not in last:
            found[key] = Measured(None, None, metering.reason)
        elif metering.is_fresh(at, now):
            found[key] = Measured(last[name.name], at, None)
        else:
            found[key] = Measured(None, at, metering.reason)
    return found


def _asked_for(name: ResourceKey) -> tuple[str, tuple[str, str]]:
    """By what usage is asked for, and where: all Nodes, or a namespace's Pods."""
    is_node = name.kind == NODE.kind
    return NODES if is_node else PODS, (name.cluster, "" if is_node else name.namespace)


async def cluster_totals(reader: Reader, clusters: Sequence[str], *, timeout: float) -> dict[str, ClusterTotals]:
    """What clusters use as a whole, by id."""
    known = await meterings(reader, clusters, timeout=timeout)
    record = await reader.read_one("read/cluster_amounts", {"of": {"clusters": list(clusters)}}, timeout=timeout)
    counted = {cluster: (pods, storage) for cluster, pods, storage in record["amounts"]}
    no_pods, no_claims = await reader.without(clusters, POD), await reader.without(clusters, CLAIM)
    no_nodes = await reader.without(clusters, NODE)
    by_cluster: dict[str, list[NodeUse]] = {}
    for node in await nodes(reader, Scope(tuple(clusters)), known, timeout=timeout):
        by_cluster.setdefault(node.cluster, []).append(node)
    found = {}
    for cluster in clusters:
        pods, storage = counted.get(cluster, (0, 0.0))
        usage, reason = _used(by_cluster.get(cluster, []), known[cluster])
        found[cluster] = ClusterTotals(
            usage,
            None if cluster in no_pods else pods,
            None if cluster in no_claims else storage,
            f"you may not list the Nodes of cluster {cluster}" if cluster in no_nodes else reason,
        )
    return found


def _used(every: Sequence[NodeUse], metering: Metering) -> tuple[Amounts | None, str | None]:
    used = [node.usage for node in every if node.usage is not None]
    if not used:
        return None, metering.reason
    lacking = len(every) - len(used)
    reason = f"{lacking} of {len(every)} Nodes have no sample: {metering.reason}" if lacking else None
    return Amounts(sum(each.cpu for each in used), sum(each.memory for each in used)), reason
