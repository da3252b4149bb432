"""References of routes and service meshes that a path alone does not find: hosts that are names of Services."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from kgraph.graphdb.edges.row import HOST, EdgeRow
from kgraph.graphdb.model import host_key
from kgraph.sync.paths import find_all, parse, write
from kgraph.sync.references import Find, Found
from kgraph.sync.start import Start, is_name, maps, text

_ISTIO = "networking.istio.io"
_WHOLE_MESH = "mesh"  # instead of a Gateway: all sidecars
_OWN = "."  # instead of a namespace: the own one
# Where objects say what hosts they answer for; what a kind does not have gives nothing.
_HOST_NAMES = tuple(
    path
    for pattern in (
        "spec.host",
        "spec.hostnames[]",
        "spec.listeners[].hostname",
        "spec.rules[].host",
        "spec.tls[].hosts[]",
        "spec.servers[].hosts[]",
    )
    for path in parse(pattern)
)
_MESH_HOST_NAMES = (*parse("spec.hosts[]"), *parse("spec.servers[].hosts[]"))


class NamedHost(NamedTuple):
    """What a host is in a mesh: a Service, or else a host; `short` is the Service that `name.namespace` may be."""

    service: str | None = None
    host: str | None = None
    short: str | None = None


class Destination(NamedTuple):
    """A host that traffic goes to, where it is written, and what the edge says of it."""

    host: str
    field: str
    properties: Mapping[str, Any]


def service_of_name(start: Start, name: str) -> str | None:
    """The key of the Service that a name inside the cluster stands for (`name.namespace.svc…`); None of others."""
    labels = name.lower().rstrip(".").split(".")
    if len(labels) < 3 or labels[2] != "svc" or "*" in labels[:2]:
        return None
    return start.end("", "Service", labels[1], labels[0]) if labels[1] else None


def named_host(start: Start, written: str) -> NamedHost:
    """What a host in an Istio object means: without dots it is a Service of the object's own namespace.

    Everything else is a full name (Istio's reference, VirtualService and Destination), also `name.namespace`, though
    people write it and mean the Service.
    """
    host = written.strip().lower().rstrip(".")
    if not is_name(host) or host == "*" or any(character.isspace() for character in host):
        return NamedHost()
    if "." not in host:
        return NamedHost(service=start.end("", "Service", "", host))
    if service := service_of_name(start, host):
        return NamedHost(service=service)
    name, _, namespace = host.partition(".")
    short = start.end("", "Service", namespace, name) if "." not in namespace and name != "*" else None
    return NamedHost(host=host_key(host), short=short)


def named_hosts(start: Start, written: Iterable[str]) -> list[NamedHost]:
    """What several hosts of one object mean: the short name of a Service that another names in full is that Service."""
    named = [named_host(start, host) for host in written]
    services = {each.service for each in named}
    return [NamedHost(each.short, each.host) if each.short and each.short in services else each for each in named]


def configured_hosts(start: Start) -> Iterator[tuple[str, str]]:
    """The hosts that an object configures, with their fields: a VirtualService's only as far as it is for the mesh."""
    spec = start.section("spec")
    if start.group_kind.kind == "ServiceProfile":
        yield start.name, "metadata.name"
        return
    if text(spec.get("host")):
        yield spec["host"], "spec.host"
    gateways, hosts = spec.get("gateways"), spec.get("hosts")
    if type(hosts) is list and (not gateways or (type(gateways) is list and _WHOLE_MESH in gateways)):
        yield from ((text(host), f"spec.hosts[{at}]") for at, host in enumerate(hosts))


def destinations(start: Start) -> Iterator[Destination]:
    """Where a VirtualService sends traffic, and who gets a copy of it."""
    spec = start.section("spec")
    for protocol in ("http", "tls", "tcp"):
        for rule_at, rule in maps(spec.get(protocol)):
            field = f"spec.{protocol}[{rule_at}]"
            routes = maps(rule.get("route"))
            for at, route in routes:
                weight = route.get("weight")
                # Of several destinations, one without a weight gets nothing.
                share = weight if type(weight) is int else 0 if len(routes) > 1 else 100
                yield from _destination(route.get("destination"), f"{field}.route[{at}].destination", share)
            yield from _destination(rule.get("mirror"), f"{field}.mirror", None)
            for at, mirror in maps(rule.get("mirrors")):
                yield from _destination(mirror.get("destination"), f"{field}.mirrors[{at}].destination", None)


def _destination(destination: Any, field: str, weight: int | None) -> Iterator[Destination]:
    if type(destination) is not dict or not text(destination.get("host")):
        return
    port = destination.get("port")
    number = port.get("number") if type(port) is dict else None
    yield Destination(
        destination["host"],
        f"{field}.host",
        {
            "weight": weight or 0,
            "port": str(number) if type(number) is int else "",
            "subset": text(destination.get("subset")),
            "mirror": weight is None,
        },
    )


def _end(row: EdgeRow, named: NamedHost) -> str | None:
    return named.host if row.end == HOST else named.service


def _configured(start: Start, row: EdgeRow) -> Iterator[Found]:
    hosts = list(configured_hosts(start))
    for named, (_, field) in zip(named_hosts(start, (host for host, _ in hosts)), hosts, strict=True):
        if end := _end(row, named):
            yield Found(end, field)


def _mesh_destinations(start: Start, row: EdgeRow) -> Iterator[Found]:
    found = list(destinations(start))
    for named, each in zip(named_hosts(start, (each.host for each in found)), found, strict=True):
        if end := _end(row, named):
            yield Found(end, each.field, properties=each.properties)


def _profile_overrides(start: Start, row: EdgeRow) -> Iterator[Found]:
    for at, override in maps(start.section("spec").get("dstOverrides")):
        host, _, port = text(override.get("authority")).partition(":")
        weight = override.get("weight")
        properties = {"weight": "" if weight is None else str(weight), "port": port}
        if end := _end(row, named_host(start, host)):
            yield Found(end, f"spec.dstOverrides[{at}].authority", properties=properties)


def _virtual_service_gateways(start: Start, _row: EdgeRow) -> Iterator[Found]:
    gateways = start.section("spec").get("gateways")
    for at, written in enumerate(gateways if type(gateways) is list else ()):
        namespace, name = _gateway(text(written))
        if name != _WHOLE_MESH and (end := start.end(_ISTIO, "Gateway", namespace, name)):
            yield Found(end, f"spec.gateways[{at}]")


def _gateway(written: str) -> tuple[str, str]:
    """Namespace ("" for the own one) and name: `namespace/name`, `name`, or of old `name.namespace.svc…`."""
    if "/" in written:
        namespace, _, name = written.partition("/")
        return "" if namespace == _OWN else namespace, name
    name, _, rest = written.partition(".")
    return rest.partition(".")[0], name


def _mesh_host_names(start: Start, _row: EdgeRow) -> Iterator[Found]:
    for field, host in _hosts(start, _MESH_HOST_NAMES):
        if "." in host and not any(character.isspace() for character in host):
            yield Found(host_key(host), field)


def _services_of_host_names(start: Start, _row: EdgeRow) -> Iterator[Found]:
    for field, host in _hosts(start, _HOST_NAMES):
        if end := service_of_name(start, host):
            # To answer for a name is not to need what has it.
            yield Found(end, field, optional=True, properties={"weight": 0})


def _hosts(start: Start, paths: tuple[Any, ...]) -> Iterator[tuple[str, str]]:
    """Hosts with their fields; an Istio Gateway's may have a namespace before them, in which VirtualServices count."""
    for path in paths:
        for indices, value in find_all(start.object, path):
            yield write(path, indices), text(value).strip().rpartition("/")[2].rstrip(".")


def _external_service(start: Start, _row: EdgeRow) -> Iterator[Found]:
    spec = start.section("spec")
    if spec.get("type") == "ExternalName" and (end := service_of_name(start, text(spec.get("externalName")))):
        yield Found(end, "spec.externalName")


FIND: Mapping[str, Find] = {
    "external_service": _external_service,
    "services_of_host_names": _services_of_host_names,
    "configured": _configured,
    "mesh_host_names": _mesh_host_names,
    "mesh_destinations": _mesh_destinations,
    "virtual_service_gateways": _virtual_service_gateways,
    "profile_overrides": _profile_overrides,
}
