"""What Istio's objects ask of others: Services by `name.namespace`, and where the Pods are that need their secrets."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from kgraph.graphdb.edges.row import EdgeRow
from kgraph.graphdb.model import GroupKind
from kgraph.kube.selectors import LabelSelector
from kgraph.sync.follow import Follow
from kgraph.sync.merge import edge_of
from kgraph.sync.paths import find_all, parse_one, write
from kgraph.sync.queries import AnyQuery, Beside, Present
from kgraph.sync.references import Found
from kgraph.sync.references_network import configured_hosts, destinations, named_hosts
from kgraph.sync.start import Start, is_name

_POD = GroupKind("", "Pod")


class _Credentials(NamedTuple):
    """Where a kind names certificates, and where it selects the Pods that are given them."""

    tls: tuple[str, ...]
    selector: tuple[str, ...]
    everywhere: bool = False


_CREDENTIALS: Mapping[str, _Credentials] = {
    "Gateway": _Credentials(("spec.servers[].tls",), ("selector",), everywhere=True),
    "Sidecar": _Credentials(("spec.ingress[].tls",), ("workloadSelector", "labels")),
    # Without a selector it counts at Gateways alone, and which these are it does not say (Istio's reference).
    "DestinationRule": _Credentials(
        (
            "spec.trafficPolicy.tls",
            "spec.trafficPolicy.portLevelSettings[].tls",
            "spec.subsets[].trafficPolicy.tls",
            "spec.subsets[].trafficPolicy.portLevelSettings[].tls",
        ),
        ("workloadSelector", "matchLabels"),
    ),
}
# The fields with names of certificates; CAs alone may stand in a ConfigMap as well.
_NAMES = (("credentialName", False), ("credentialNames[]", False), ("caCertCredentialName", True))


def _present(row: EdgeRow, found: Iterable[tuple[str | None, Found]]) -> Iterator[AnyQuery]:
    """The Services by these keys, if they are there: one question for each."""
    by_end: dict[str, list[Found]] = {}
    for end, reference in found:
        if end:
            by_end.setdefault(end, []).append(reference)
    for end, references in by_end.items():
        edge = edge_of(row.type, references, row.properties)
        yield Present(type=row.type, fields=edge.fields, properties=edge.properties, names=(end,))


def _configured_by_short_name(start: Start, row: EdgeRow) -> Iterator[AnyQuery]:
    hosts = list(configured_hosts(start))
    named = named_hosts(start, (host for host, _ in hosts))
    found = ((each.short, Found("", field)) for each, (_, field) in zip(named, hosts, strict=True))
    return _present(row, found)


def _mesh_destinations_by_short_name(start: Start, row: EdgeRow) -> Iterator[AnyQuery]:
    there = list(destinations(start))
    named = named_hosts(start, (each.host for each in there))
    found = (
        (name.short, Found("", each.field, properties=each.properties)) for name, each in zip(named, there, strict=True)
    )
    return _present(row, found)


def _mesh_credentials(start: Start, row: EdgeRow) -> Iterator[AnyQuery]:
    where = _CREDENTIALS[start.group_kind.kind]
    labels = start.section("spec", *where.selector)
    if not labels:
        return
    selector = LabelSelector.from_labels(labels)
    for tls in where.tls:
        for name, optional in _NAMES:
            path = parse_one(f"{tls}.{name}")
            for indices, value in find_all(start.object, path):
                if is_name(value):
                    yield Beside(
                        type=row.type,
                        fields=(write(path, indices),),
                        optional=optional,
                        target=_POD,
                        selector=selector,
                        namespaces=None if where.everywhere else (start.namespace,),
                        prefix=start.keys.prefix("", "Secret"),
                        name=value,
                    )


FOLLOW: Mapping[str, Follow] = {
    "configured_by_short_name": _configured_by_short_name,
    "mesh_destinations_by_short_name": _mesh_destinations_by_short_name,
    "mesh_credentials": _mesh_credentials,
}
