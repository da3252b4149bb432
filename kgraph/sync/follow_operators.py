"""What operators' kinds ask whose edges follow both ends: who deploys, what is monitored, what is pushed."""

from collections.abc import Iterator, Mapping
from typing import Any

from kgraph.graphdb.edges.row import EdgeRow
from kgraph.graphdb.model import GroupKind, ResourceKey
from kgraph.groups import todays_group
from kgraph.kube.selectors import LabelSelector
from kgraph.sync.facts import alias_by_name
from kgraph.sync.follow import Follow
from kgraph.sync.queries import AnyQuery, Present, Selected
from kgraph.sync.references_operators import is_controlled
from kgraph.sync.start import Start, is_name, maps, text

_TRACKING, _INSTANCE = "argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance"
_COMMON_INSTANCE = "app.kubernetes.io/instance"
# Where a server's spec says which of these it takes: `serviceMonitorSelector`, `serviceMonitorNamespaceSelector`.
_CHOSEN: Mapping[str, str] = {
    "ServiceMonitor": "serviceMonitor",
    "PodMonitor": "podMonitor",
    "Probe": "probe",
    "ScrapeConfig": "scrapeConfig",
    "PrometheusRule": "rule",
    "AlertmanagerConfig": "alertmanagerConfig",
}


def _argo_application(start: Start, row: EdgeRow) -> Iterator[AnyQuery]:
    if is_controlled(start):
        return
    tracked = _tracked_by(start)
    for field, name, inferred in (
        (f'metadata.annotations["{_TRACKING}"]', tracked, False),
        (f'metadata.labels["{_INSTANCE}"]', start.labels.get(_INSTANCE, ""), False),
        (f'metadata.labels["{_COMMON_INSTANCE}"]', start.labels.get(_COMMON_INSTANCE, ""), True),
    ):
        if is_name(name):
            yield Present(
                type=row.type,
                fields=(field,),
                inferred=inferred,
                names=(_application(start, GroupKind.parse(row.end), name),),
            )
            return


def _tracked_by(start: Start) -> str:
    """The Application of a tracking id (`shop:apps/Deployment:default/web`) that names the object itself, else "".

    Controllers copy annotations to what they make. Of a cluster-scoped object Argo CD writes a namespace too.
    """
    name, _, of = text(start.annotations.get(_TRACKING)).partition(":")
    kind, _, object_ = of.partition(":")
    group, _, kind = kind.rpartition("/")
    namespace, _, object_name = object_.rpartition("/")
    itself = GroupKind(todays_group(group, kind), kind) == start.group_kind and object_name == start.name
    return name if itself and (not start.namespace or namespace == start.namespace) else ""


def _application(start: Start, kind: GroupKind, name: str) -> str:
    """What an Application is asked for by; `namespace_name` is one outside of Argo CD's own namespace."""
    namespace, separated, bare = name.partition("_")
    if separated:
        return str(ResourceKey(start.cluster, *kind, namespace, bare))
    return alias_by_name(kind, name)


def _argo_project(start: Start, row: EdgeRow) -> Iterator[AnyQuery]:
    name = text(start.section("spec").get("project")) or "default"
    yield Present(type=row.type, fields=("spec.project",), names=(alias_by_name(GroupKind.parse(row.end), name),))


def _monitored(start: Start, row: EdgeRow) -> Iterator[AnyQuery]:
    at = ("spec", "targets", "ingress") if start.group_kind.kind == "Probe" else ("spec",)
    monitored = start.section(*at)
    if not monitored:
        return
    chosen = monitored.get("namespaceSelector")
    selector = monitored.get("selector")
    yield Selected(
        type=row.type,
        fields=(".".join((*at, "selector")),),
        target=GroupKind.parse(row.end),
        selector=LabelSelector.from_object({} if selector is None else selector),
        namespaces=_monitored_namespaces(chosen if type(chosen) is dict else {}, start.namespace),
    )


def _monitored_namespaces(selector: Mapping[str, Any], own: str) -> tuple[str, ...] | None:
    if selector.get("any") is True:
        return None
    names = selector.get("matchNames")
    return (tuple(name for name in names if is_name(name)) if type(names) is list else ()) or (own,)


def _chosen(start: Start, row: EdgeRow) -> Iterator[AnyQuery]:
    target = GroupKind.parse(row.end)
    spec, word = start.section("spec"), _CHOSEN[target.kind]
    selector, namespaces = spec.get(f"{word}Selector"), spec.get(f"{word}NamespaceSelector")
    if selector is None:
        return
    yield Selected(
        type=row.type,
        fields=(f"spec.{word}Selector",),
        target=target,
        selector=LabelSelector.from_object(selector),
        namespaces=(start.namespace,) if namespaces is None else None,
        namespace_selector=LabelSelector.from_object(namespaces) if namespaces else None,
    )


def _pushed_stores(start: Start, row: EdgeRow) -> Iterator[AnyQuery]:
    target = GroupKind.parse(row.end)
    of = ("spec",) if start.namespace else ("spec", "pushSecretSpec")
    for at, store in maps(start.section(*of).get("secretStoreRefs")):
        if (text(store.get("kind")) or "SecretStore") == target.kind and store.get("labelSelector") is not None:
            yield Selected(
                type=row.type,
                fields=(f"{'.'.join(of)}.secretStoreRefs[{at}].labelSelector",),
                target=target,
                selector=LabelSelector.from_object(store["labelSelector"]),
                namespaces=(start.namespace if start.catalogue.is_namespaced(*target) else "",),
            )


def _pushed_secrets(start: Start, row: EdgeRow) -> Iterator[AnyQuery]:
    secret = start.section("spec", "selector", "secret")
    if not secret.get("name") and secret.get("selector") is not None:
        yield Selected(
            type=row.type,
            fields=("spec.selector.secret.selector",),
            target=GroupKind.parse(row.end),
            selector=LabelSelector.from_object(secret["selector"]),
            namespaces=(start.namespace,),
        )


FOLLOW: Mapping[str, Follow] = {
    "argo_application": _argo_application,
    "argo_project": _argo_project,
    "monitored": _monitored,
    "chosen": _chosen,
    "pushed_stores": _pushed_stores,
    "pushed_secrets": _pushed_secrets,
}
