"""References of operators' kinds that a path alone does not find: releases, destinations, targets, logins of stores."""

from collections.abc import Iterator, Mapping
from typing import Any

from kgraph.graphdb.edges.row import EdgeRow
from kgraph.graphdb.model import CORE, NO_NAMESPACE, GroupKind, release_key
from kgraph.sync.paths import find_all, parse, write
from kgraph.sync.references import Find, Found
from kgraph.sync.start import Start, is_name, maps, text

_HELM_NAME, _HELM_NAMESPACE = "meta.helm.sh/release-name", "meta.helm.sh/release-namespace"
_HELM_NAME_MOST = 53  # characters that Helm allows; longer ones Flux shortens with a hash
_HELM_REVISION = "sh.helm.release.v1."  # how the names of Helm's own Secrets and ConfigMaps begin
_MANAGED_BY = "app.kubernetes.io/managed-by"
# Argo CD's names for the cluster that it runs in.
_OWN_CLUSTER = frozenset({"in-cluster", "https://kubernetes.default.svc"})
_FLUX_LABELS: Mapping[str, str] = {
    "Kustomization.kustomize.toolkit.fluxcd.io": "kustomize.toolkit.fluxcd.io",
    "HelmRelease.helm.toolkit.fluxcd.io": "helm.toolkit.fluxcd.io",
}
_ANALYSES = tuple(
    path
    for pattern in (
        "spec.templates[]",
        "spec.strategy.blueGreen.prePromotionAnalysis|postPromotionAnalysis.templates[]",
        "spec.strategy.canary.analysis.templates[]",
        "spec.strategy.canary.steps[].analysis.templates[]",
        "spec.strategy.canary.steps[].experiment.analyses[]",
        "spec.analyses[]",
    )
    for path in parse(pattern)
)
# What depends on what the objects' own cluster does not say, `start.Elsewhere`.
ASKS_ELSEWHERE = frozenset({"argo_destination"})
# A reference to a key of a Secret has no more than these: Kubernetes' SecretKeySelector, and External Secrets' own.
_SECRET_KEY = frozenset({"name", "key", "namespace", "optional"})


def is_controlled(start: Start) -> bool:
    """Whether another resource controls this one: then it is part of what its controller is part of."""
    owners = maps(start.section("metadata").get("ownerReferences"))
    return any(owner.get("controller") is True for _, owner in owners)


def _helm_release(start: Start, _row: EdgeRow) -> Iterator[Found]:
    labels = start.labels
    if labels.get("owner") == "helm" and start.name.startswith(_HELM_REVISION) and is_name(labels.get("name")):
        yield Found(release_key(start.cluster, start.namespace, labels["name"]), "metadata.labels.name")
        return
    name = text(start.annotations.get(_HELM_NAME))
    if labels.get(_MANAGED_BY) != "Helm" or not is_name(name) or is_controlled(start):
        return
    namespace = text(start.annotations.get(_HELM_NAMESPACE)) or start.namespace
    if is_name(namespace):
        yield Found(release_key(start.cluster, namespace, name), f'metadata.annotations["{_HELM_NAME}"]')


def _flux_owner(start: Start, row: EdgeRow) -> Iterator[Found]:
    labels = start.labels
    group = _FLUX_LABELS[row.end]
    if (name := labels.get(f"{group}/name")) is None or is_controlled(start):
        return
    end = start.end(group, GroupKind.parse(row.end).kind, labels.get(f"{group}/namespace", ""), name)
    if end and end != start.key:  # the Kustomization that a cluster is bootstrapped from applies itself
        yield Found(end, f'metadata.labels["{group}/name"]')


def _argo_destination(start: Start, _row: EdgeRow) -> Iterator[Found]:
    destination = start.section("spec", "destination")
    namespace = destination.get("namespace")
    where = text(destination.get("server")).rstrip("/") or text(destination.get("name"))
    cluster = start.cluster if where in _OWN_CLUSTER else start.keys.cluster_called(where)
    if cluster and is_name(namespace):
        yield Found(f"{cluster}/{CORE}/Namespace/{NO_NAMESPACE}/{namespace}", "spec.destination.namespace")


def _analysis_templates(start: Start, row: EdgeRow) -> Iterator[Found]:
    kind = GroupKind.parse(row.end)
    for path in _ANALYSES:
        for indices, template in find_all(start.object, path):
            if type(template) is not dict:
                continue
            named = "ClusterAnalysisTemplate" if template.get("clusterScope") is True else "AnalysisTemplate"
            if named == kind.kind and (end := start.end(*kind, "", template.get("templateName"))):
                yield Found(end, f"{write(path, indices)}.templateName")


def _flux_namespace(start: Start, _row: EdgeRow) -> Iterator[Found]:
    spec = start.section("spec")
    if not spec.get("kubeConfig") and (end := start.end("", "Namespace", "", spec.get("targetNamespace"))):
        yield Found(end, "spec.targetNamespace")


def _flux_release(start: Start, _row: EdgeRow) -> Iterator[Found]:
    # helm-controller's GetReleaseName and GetReleaseNamespace.
    spec = start.section("spec")
    target = text(spec.get("targetNamespace"))
    name = text(spec.get("releaseName"))
    if not spec.get("kubeConfig") and "/" not in target + name:
        made = name or (f"{target}-{start.name}" if target else start.name)
        field = "spec.releaseName" if name else "metadata.name"
        if len(made) <= _HELM_NAME_MOST:
            yield Found(release_key(start.cluster, target or start.namespace, made), field, inferred=not name)


def _external_target(start: Start, _row: EdgeRow) -> Iterator[Found]:
    target = start.section("spec", "target")
    policy = target.get("creationPolicy")
    if policy == "None":
        return
    name = target.get("name") or start.name
    manifest = start.section("spec", "target", "manifest")
    kind = text(manifest.get("kind")) or "Secret"
    group = text(manifest.get("apiVersion")).rpartition("/")[0]
    if is_name(kind) and (end := start.end(group, kind, "", name)):
        # What values are merged into must be there already.
        yield Found(end, "spec.target.name" if target.get("name") else "metadata.name", optional=policy != "Merge")


def _logins(start: Start, row: EdgeRow) -> Iterator[Found]:
    for field, kind, reference in _references(start.section("spec"), "spec", ""):
        # A namespaced start reads its own namespace, whatever is written; of a ClusterSecretStore a reference
        # without a namespace is to that of each ExternalSecret.
        namespace = "" if start.namespace else text(reference.get("namespace"))
        if kind == row.end and (end := start.end("", kind, namespace, reference.get("name"))):
            yield Found(end, field, optional=reference.get("optional") is True)


def _references(value: Any, field: str, key: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """The references to Secrets, ConfigMaps and ServiceAccounts below `value`, as (field, kind, reference)."""
    if type(value) is list:
        for at, item in enumerate(value):
            yield from _references(item, f"{field}[{at}]", key)
    if type(value) is not dict:
        return
    if is_name(value.get("name")) and (kind := _kind_referred_to(key, value)):
        yield field, kind, value
        return
    for name, item in value.items():
        yield from _references(item, f"{field}.{name}", text(name))


def _kind_referred_to(key: str, reference: Mapping[str, Any]) -> str:
    """What a map with a name refers to, by the key that it stands at and by its own; "" where it is no reference."""
    if key == "caProvider":
        return text(reference.get("type"))
    if key in ("serviceAccount", "serviceAccountRef"):
        return "ServiceAccount"
    lower = key.lower()
    if "configmap" in lower:
        return "ConfigMap"
    by_key = "key" in reference or lower.endswith(("ref", "secret"))
    return "Secret" if by_key and reference.keys() <= _SECRET_KEY else ""


FIND: Mapping[str, Find] = {
    "helm_release": _helm_release,
    "flux_owner": _flux_owner,
    "argo_destination": _argo_destination,
    "analysis_templates": _analysis_templates,
    "flux_namespace": _flux_namespace,
    "flux_release": _flux_release,
    "external_target": _external_target,
    "logins": _logins,
}
