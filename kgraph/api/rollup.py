"""Roll-ups: how all that belongs to something is, the worst first, with the reason of the worst.

A workload's parts are what it owns, down to its Pods; a Namespace's what is in it; a cluster's all that there is. What
its owner has replaced is left out (`read/rollups` says how). The order is that of `Health`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from kgraph.api.nodes import Node, read_key, with_image
from kgraph.api.reading.reader import Reader
from kgraph.graphdb.health import Health


class Part(msgspec.Struct, frozen=True):
    """How many parts have one health, and unless that is HEALTHY the first of them: a Pod if there is one."""

    count: int
    key: str
    reason: str


class Parts(msgspec.Struct, frozen=True):
    """What one node and its parts say; `replicas` None where nothing is counted."""

    own: Health | None
    reason: str
    replicas: int | None
    ready: int
    by_health: Mapping[Health, Part]


class Rollup(msgspec.Struct, frozen=True):
    """The worst health among the parts, its reason ("" for HEALTHY), and how many parts have which."""

    health: Health
    reason: str
    counts: Mapping[Health, int]


NO_PARTS = Parts(None, "", None, 0, {})


async def parts_of(reader: Reader, handles: Sequence[str], *, timeout: float) -> dict[str, Parts]:
    """The parts of many nodes by handle, in one statement; nodes of which nothing has a health are left out."""
    asked = {"handles": list(handles), "healths": [health.value for health in Health]}
    record = await reader.read_one("read/rollups", {"of": asked}, timeout=timeout)
    return {row[0]: _parts(row) for row in record["rollups"]}


def rolled_up(node: Node, parts: Parts, absent: Health) -> Rollup | None:
    """The roll-up of a node; `absent` is what it is itself where it is a placeholder. None: nothing has a health."""
    counts = {health: part.count for health, part in parts.by_health.items()}
    if node.missing:
        counts[absent] = counts.get(absent, 0) + 1
    if not counts:
        return None
    worst = max(counts, key=lambda health: health.rank)
    return Rollup(worst, "" if worst is Health.HEALTHY else _reason(node, parts, worst), counts)


def _parts(row: Sequence[Any]) -> Parts:
    _, own, reason, image, replicas, ready, by_health = row
    return Parts(
        own=Health(own) if own else None,
        reason=with_image(reason, image) or "",
        replicas=replicas if isinstance(replicas, int) else None,
        ready=ready if isinstance(ready, int) else 0,
        by_health={
            Health(health): Part(count, key or "", _about(key, part_reason or "", part_image or "") if key else "")
            for health, count, key, part_reason, part_image in by_health
        },
    )


def _about(key: str, reason: str, image: str) -> str:
    """A part's reason with its name: `ImagePullBackOff on web-7f9 (nginx:1.99)`, `Job migrate: it failed`."""
    name = read_key(key)
    if name.kind != "Pod":
        return f"{name.kind} {name.name}: {reason}"
    head, colon, rest = reason.partition(": ")
    return f"{head} on {name.name}{f' ({image})' if image else ''}{colon}{rest}"


def _reason(node: Node, parts: Parts, worst: Health) -> str:
    """The own count, and the worst Pod; where no Pod is to blame the worst part; else what the node says itself."""
    others = {health: part for health, part in parts.by_health.items() if part.key != node.key}
    bad = sorted(others.keys() - {Health.HEALTHY}, key=lambda health: -health.rank)
    pods = [health for health in bad if read_key(others[health].key).kind == "Pod"]
    of_worst = others.get(worst)
    if node.missing and not of_worst:
        return "it is not there" if worst is Health.MISSING else "nothing is known of its kind"
    head = _head(node, parts)
    if pods and (parts.replicas is not None or pods[0] is worst):
        return _joined(head, others[pods[0]].reason)
    if of_worst:
        return _joined(head, of_worst.reason)
    return parts.reason if parts.replicas is None or " of " in parts.reason else _joined(head, parts.reason)


def _head(node: Node, parts: Parts) -> str:
    """What is counted: replicas, or in a Namespace and a cluster the parts that are not well."""
    if parts.replicas is not None:
        return f"{parts.ready} of {parts.replicas} replica{'' if parts.replicas == 1 else 's'} ready"
    if node.name.kind in {"Namespace", "Cluster"}:
        bad = sorted(parts.by_health.keys() - {Health.HEALTHY}, key=lambda health: -health.rank)
        return ", ".join(f"{parts.by_health[health].count} {health}" for health in bad)
    return "" if parts.own in {None, Health.HEALTHY} else parts.reason


def _joined(*words: str) -> str:
    return ": ".join(filter(None, words))
