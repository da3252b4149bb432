"""What a resource offers to be matched by the queries of others: a fact."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from kgraph.graphdb.model import NAMESPACE, GroupKind
from kgraph.sync.start import Start, group_of, maps, text

NAMESPACE_NAME_LABEL = "kubernetes.io/metadata.name"  # every Namespace has it since Kubernetes 1.22
_STORAGE_CLASS = GroupKind("storage.k8s.io", "StorageClass")
_INGRESS_CLASS = GroupKind("networking.k8s.io", "IngressClass")
_DEFINITION = GroupKind("apiextensions.k8s.io", "CustomResourceDefinition")
_DEFAULT_MARKS: Mapping[GroupKind, tuple[str, ...]] = {
    _STORAGE_CLASS: (
        "storageclass.kubernetes.io/is-default-class",
        "storageclass.beta.kubernetes.io/is-default-class",
    ),
    _INGRESS_CLASS: ("ingressclass.kubernetes.io/is-default-class",),
}
_POLICIES = frozenset(
    GroupKind("admissionregistration.k8s.io", kind) for kind in ("ValidatingAdmissionPolicy", "MutatingAdmissionPolicy")
)
_REFERENCE_GRANT = GroupKind("gateway.networking.k8s.io", "ReferenceGrant")
_APPLICATION, _PROJECT = GroupKind("argoproj.io", "Application"), GroupKind("argoproj.io", "AppProject")
# Kinds whose facts are more than their key and labels.
OFFERS_MORE = frozenset({*_DEFAULT_MARKS, *_POLICIES, _DEFINITION, _REFERENCE_GRANT, _APPLICATION, _PROJECT})


class Grant(msgspec.Struct, frozen=True, gc=False):
    """One thing that a ReferenceGrant allows: a kind in a namespace may refer to a kind, or to one `name` of it.

    Each of a ReferenceGrant's `from` goes with each of its `to` (Gateway API's reference, ReferenceGrantSpec).
    """

    source: GroupKind
    namespace: str
    target: GroupKind
    name: str = ""


class Fact(msgspec.Struct, frozen=True, gc=False):
    """What a resource offers to be matched.

    `default_since` is a default class' creation time, None for anything else. `alias` is what it is asked for by
    besides its key: a definition's `Kind.group`, or what `alias_by_name` gives. `parameters` is the kind of a policy's
    parameters, `Kind.group`. `grants` is what a ReferenceGrant allows in its namespace.
    """

    key: str
    group_kind: GroupKind
    namespace: str
    name: str
    labels: Mapping[str, str]
    default_since: str | None = None
    alias: str = ""
    parameters: str = ""
    grants: frozenset[Grant] = frozenset()


def fact_of(start: Start) -> Fact:
    """What a resource offers to be matched."""
    kind = start.group_kind
    if kind not in OFFERS_MORE:
        return fact_of_labels(start.key, kind, start.namespace, start.name, start.labels)
    default_since, alias, parameters, grants = None, "", "", frozenset[Grant]()
    if kind in _DEFAULT_MARKS:
        if any(start.annotations.get(mark) == "true" for mark in _DEFAULT_MARKS[kind]):
            default_since = text(start.section("metadata").get("creationTimestamp"))
    elif kind == _DEFINITION:
        names = start.section("spec", "names")
        alias = str(GroupKind(text(start.section("spec").get("group")), text(names.get("kind"))))
    elif kind in (_APPLICATION, _PROJECT):
        alias = alias_by_name(kind, start.name)
    elif kind == _REFERENCE_GRANT:
        grants = frozenset(_granted(start))
    else:
        of = start.section("spec", "paramKind")
        parameters = str(GroupKind(group_of(text(of.get("apiVersion"))), text(of.get("kind")))) if of else ""
    return Fact(start.key, kind, start.namespace, start.name, start.labels, default_since, alias, parameters, grants)


def alias_by_name(kind: GroupKind, name: str) -> str:
    """What a resource is asked for by where its namespace is not said: `Application.argoproj.io/shop`."""
    return f"{kind}/{name}"


def _granted(start: Start) -> Iterator[Grant]:
    spec = start.section("spec")
    for _, source in maps(spec.get("from")):
        for _, target in maps(spec.get("to")):
            yield Grant(_kind_of(source), text(source.get("namespace")), _kind_of(target), text(target.get("name")))


def _kind_of(reference: Mapping[str, Any]) -> GroupKind:
    return GroupKind(text(reference.get("group")), text(reference.get("kind")))


def fact_of_labels(key: str, kind: GroupKind, namespace: str, name: str, labels: Mapping[str, str]) -> Fact:
    """The fact of a resource that offers no more than its key and labels."""
    if kind == NAMESPACE:
        labels = {**labels, NAMESPACE_NAME_LABEL: name}
    return Fact(key, kind, namespace, name, labels)
