"""Node properties from objects: what the kinds table promotes, by path or by one of the small functions here."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from kgraph.kube import jsonpath
from kgraph.kube.objects import DATA_SIZES
from kgraph.lenient import mapping, mappings
from kgraph.sync.amounts import AMOUNTS
from kgraph.sync.follow import applies
from kgraph.sync.manifest import timestamp
from kgraph.sync.paths import EACH, dig, parse_one, read
from kgraph.sync.start import maps, text

Object = Mapping[str, Any]
_INT64 = 2**63  # Neo4j's integers; anything larger becomes text
_MAX_MESSAGE_CHARACTERS = 1_024  # Events allow no more; their message is a property, so that Cypher can search it


def _section(obj: Object, *names: str) -> Object:
    return mapping(dig(obj, names))


def _condition(obj: Object, type_: str) -> bool | None:
    for _, condition in maps(dig(obj, ("status", "conditions"))):
        if condition.get("type") == type_:
            return condition.get("status") == "True"
    return None


def _containers(obj: Object) -> list[Object]:
    status = _section(obj, "status")
    return [*mappings(status.get("initContainerStatuses")), *mappings(status.get("containerStatuses"))]


def _restarts(obj: Object) -> int | None:
    counts = [status.get("restartCount") for status in _containers(obj)]
    return sum(count for count in counts if type(count) is int) if counts else None


def _oom_killed(obj: Object) -> list[str] | None:
    """The containers of a Pod that were ended for want of memory, the last time that they ended."""
    ends = [
        (text(status.get("name")), _section(status, state, "terminated").get("reason"))
        for status in _containers(obj)
        for state in ("state", "lastState")
    ]
    return sorted({name for name, reason in ends if name and reason == "OOMKilled"}) or None


def _pod_reason(obj: Object) -> str:
    """Why a Pod is as it is, as kubectl's STATUS says it: evicted, waiting, or ended containers' reasons."""
    if reason := text(_section(obj, "status").get("reason")):
        return reason
    ended = ""
    for status in _containers(obj):
        state = status.get("state")
        if type(state) is not dict or "running" in state:
            continue
        if waiting := text(_section(state, "waiting").get("reason")):
            return waiting
        terminated = _section(state, "terminated")
        if terminated.get("exitCode"):
            ended = ended or text(terminated.get("reason")) or f"ExitCode:{terminated['exitCode']}"
    return ended


def _data_keys(obj: Object) -> list[str]:
    keys = {key for field in ("data", "binaryData") for key in _section(obj, field)}
    return sorted(map(str, keys))


def _data_sizes(obj: Object) -> list[int]:
    """Bytes of each value of a Secret, beside dataKeys."""
    sizes = _section(obj, DATA_SIZES)
    return [sizes[key] for key in sorted(sizes) if type(sizes[key]) is int]


def _load_balancer_addresses(obj: Object) -> list[str]:
    points = maps(dig(obj, ("status", "loadBalancer", "ingress")))
    return [address for _, point in points if (address := text(point.get("ip")) or text(point.get("hostname")))]


def _is_default_class(obj: Object) -> bool:
    annotations = _section(obj, "metadata", "annotations")
    return any(str(key).endswith("/is-default-class") and value == "true" for key, value in annotations.items())


def _policy_types(obj: Object) -> list[str]:
    return [name for name in ("Ingress", "Egress") if applies(_section(obj, "spec"), name)]


def _allows_all(rules: str, peers: str) -> Callable[[Object], bool]:
    """Whether a rule has no peers, and so lets everyone through: a property, not an edge to all there is."""
    policy_type = rules.capitalize()

    def allows(obj: Object) -> bool:
        spec = _section(obj, "spec")
        return applies(spec, policy_type) and any(not rule.get(peers) for _, rule in maps(spec.get(rules)))

    return allows


def _ip_blocks(rules: str, peers: str) -> Callable[[Object], list[str]]:
    def blocks(obj: Object) -> list[str]:
        spec = _section(obj, "spec")
        if not applies(spec, rules.capitalize()):
            return []
        found = [
            peer["ipBlock"]
            for _, rule in maps(spec.get(rules))
            for _, peer in maps(rule.get(peers))
            if type(peer.get("ipBlock")) is dict
        ]
        return sorted({_block(block) for block in found if text(block.get("cidr"))})

    return blocks


def _block(block: Object) -> str:
    """A CIDR with its exceptions: `10.0.0.0/8 except 10.1.0.0/16`."""
    exceptions = block.get("except")
    listed = ", ".join(map(str, exceptions)) if type(exceptions) is list else ""
    return f"{block['cidr']} except {listed}" if listed else str(block["cidr"])


def _event_count(obj: Object) -> int | None:
    for count in (_section(obj, "series").get("count"), obj.get("count"), obj.get("deprecatedCount")):
        if type(count) is int:
            return count
    return None


def _event_message(obj: Object) -> str:
    return (text(obj.get("message")) or text(obj.get("note")))[:_MAX_MESSAGE_CHARACTERS]


def _event_last_seen(obj: Object) -> Any:
    seen = _section(obj, "series").get("lastObservedTime") or obj.get("lastTimestamp")
    return seen or obj.get("deprecatedLastTimestamp") or obj.get("eventTime") or obj.get("firstTimestamp")


def _event_source(obj: Object) -> str:
    component = text(_section(obj, "source").get("component"))
    return text(obj.get("reportingController")) or text(obj.get("reportingComponent")) or component


def _endpoints(obj: Object) -> int:
    return len(maps(obj.get("endpoints")))


def _ready_endpoints(obj: Object) -> int:
    return sum(_section(endpoint, "conditions").get("ready") is not False for _, endpoint in maps(obj.get("endpoints")))


def _served_versions(obj: Object) -> list[str]:
    versions = maps(_section(obj, "spec").get("versions"))
    return [text(version.get("name")) for _, version in versions if version.get("served") and version.get("name")]


def _amount(field: str) -> Callable[[Object], str]:
    """A count or a percentage (`IntOrString`), as text, so that the property has one type."""

    def amount(obj: Object) -> str:
        value = _section(obj, "spec").get(field)
        return "" if value is None else str(value)

    return amount


def _selects_all_workloads(obj: Object) -> bool:
    """Whether one of Istio's objects names no workload by labels or reference, and so is for all that it reaches."""
    spec = _section(obj, "spec")
    named = (spec.get("targetRef"), spec.get("targetRefs"), spec.get("selector"), spec.get("workloadSelector"))
    return not any(any(value.values()) if type(value) is dict else value for value in named)


PROMOTE: Mapping[str, Callable[[Object], Any]] = {
    "ready": lambda obj: _condition(obj, "Ready"),
    "available": lambda obj: _condition(obj, "Available"),
    "established": lambda obj: _condition(obj, "Established"),
    "accepted": lambda obj: _condition(obj, "Accepted"),
    "programmed": lambda obj: _condition(obj, "Programmed"),
    "restarts": _restarts,
    "pod_reason": _pod_reason,
    "oom_killed": _oom_killed,
    "unschedulable": lambda obj: _section(obj, "spec").get("unschedulable") is True,
    "data_keys": _data_keys,
    "data_sizes": _data_sizes,
    "load_balancer_addresses": _load_balancer_addresses,
    "is_default_class": _is_default_class,
    "policy_types": _policy_types,
    "allows_all_ingress": _allows_all("ingress", "from"),
    "allows_all_egress": _allows_all("egress", "to"),
    "ingress_ip_blocks": _ip_blocks("ingress", "from"),
    "egress_ip_blocks": _ip_blocks("egress", "to"),
    "event_count": _event_count,
    "event_message": _event_message,
    "event_last_seen": _event_last_seen,
    "event_source": _event_source,
    "endpoints": _endpoints,
    "ready_endpoints": _ready_endpoints,
    "min_available": _amount("minAvailable"),
    "max_unavailable": _amount("maxUnavailable"),
    "aggregated": lambda obj: type(obj.get("aggregationRule")) is dict,
    "served_versions": _served_versions,
    "selects_all_workloads": _selects_all_workloads,
    **AMOUNTS,
}


def reader(source: str) -> Callable[[Object], Any]:
    """What reads a promoted value: a path's, or the function behind `@name`; KeyError where there is none."""
    if source.startswith(jsonpath.ROOT):
        return jsonpath.reader(source)
    if source.startswith("@"):
        return PROMOTE[source[1:]]
    path = parse_one(source)
    look = read if EACH in path else dig
    return lambda obj: look(obj, path)


def stored(name: str, value: Any) -> Any:
    """A value as Neo4j takes it; None where there is nothing to store.

    Lists have one type; what is neither a text, a number nor a truth is JSON; names ending in `At` are DateTimes.
    """
    if value is None or value == "":
        return None
    if name.endswith("At"):
        return timestamp(value)
    if type(value) is list:
        items = [item for item in value if item is not None]
        if all(type(item) is bool for item in items) or all(_is_int64(item) for item in items):
            return items
        return [item if type(item) is str else msgspec.json.encode(item, enc_hook=str).decode() for item in items]
    if type(value) in (str, bool, float) or _is_int64(value):
        return value
    return msgspec.json.encode(value, enc_hook=str).decode()


def _is_int64(value: Any) -> bool:
    return type(value) is int and -_INT64 <= value < _INT64
