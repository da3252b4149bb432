"""From one Kubernetes object to a node with its edges: pure, whatever the object looks like.

The tables of `kgraph.graphdb` say what is looked for; a plan per kind compiles their rows once.
"""

from collections.abc import Mapping, Sequence
from sys import intern
from typing import Any

import msgspec

from kgraph.graphdb.catalogue import Catalogue
from kgraph.graphdb.edges import EDGE_ROWS
from kgraph.graphdb.edges.row import EdgeRow
from kgraph.graphdb.kinds import todays_group
from kgraph.graphdb.model import Edge, GroupKind, Resource, ResourceKey
from kgraph.kube.objects import Metadata
from kgraph.sync import manifest as manifests
from kgraph.sync.facts import Fact, fact_of, fact_of_labels
from kgraph.sync.plan import POD, Plan
from kgraph.sync.promote import stored
from kgraph.sync.queries import AnyQuery
from kgraph.sync.start import NOTHING_ELSEWHERE, Elsewhere, Keys, Start, group_of, maps, text


class Unidentified(ValueError):
    """An object without a usable name, which no apiserver gives; there is no key to keep it under."""


class Extracted(msgspec.Struct, frozen=True):
    """All that one object says.

    `queries` are its edges that follow both ends, `fact` is what it offers to the queries of others; `problems` are
    sentences about what was malformed and therefore skipped.
    """

    resource: Resource
    queries: tuple[AnyQuery, ...]
    fact: Fact
    problems: tuple[str, ...] = ()


class Extractor:
    """Reads one cluster's objects by what is known of its kinds; a new catalogue wants a new extractor."""

    def __init__(
        self,
        cluster: str,
        catalogue: Catalogue,
        rows: Sequence[EdgeRow] = EDGE_ROWS,
        elsewhere: Elsewhere = NOTHING_ELSEWHERE,
    ) -> None:
        self._cluster = cluster
        self._catalogue = catalogue
        self._rows = [row for row in rows if not row.marks or catalogue.serves(*GroupKind.parse(row.end))]
        self._marks = frozenset(mark for row in self._rows for mark in row.marks)
        self._keys = Keys(cluster, catalogue, elsewhere)
        self._plans: dict[tuple[str, str], Plan] = {}

    @property
    def catalogue(self) -> Catalogue:
        """What is known of the cluster's kinds."""
        return self._catalogue

    def key(self, obj: Mapping[str, Any], group: str, kind: str) -> ResourceKey:
        """The key of an object, which deletions need too; Unidentified where it has no usable name."""
        metadata = obj.get("metadata")
        name = text(metadata.get("name")) if type(metadata) is dict else ""
        namespace = text(metadata.get("namespace")) if type(metadata) is dict else ""
        if not name or "/" in name or "/" in namespace:
            raise Unidentified(
                f"a {GroupKind(group, kind)} in cluster {self._cluster} is named {name!r} in namespace "
                f"{namespace!r}: an object needs metadata.name, and neither may have a slash"
            )
        if self._catalogue.is_namespaced(group, kind) is False:
            namespace = ""
        return ResourceKey(self._cluster, todays_group(group, kind), kind, namespace, name)

    def is_plain(self, group: str, kind: str) -> bool:
        """Whether a kind's objects, unless marked, ask nothing of others and offer no more than key and labels."""
        return (self._plans.get((group, kind)) or self._plan(group, kind)).plain

    def is_marked(self, metadata: Metadata) -> bool:
        """Whether an object of whichever kind may ask something, by its labels or annotations."""
        marks = self._marks
        return bool(marks) and not (
            marks.isdisjoint(metadata.labels or ()) and marks.isdisjoint(metadata.annotations or ())
        )

    def plain_fact(self, key: ResourceKey, labels: Mapping[str, str]) -> Fact:
        """The fact of a resource of a plain kind, for which its object need not be read."""
        kept = {intern(name): intern(value) for name, value in labels.items()}
        return fact_of_labels(str(key), key.group_kind, key.namespace, key.name, kept)

    def extract(self, obj: Mapping[str, Any], group: str, version: str, kind: str) -> Extracted:
        """The node, edges and queries of an object of this kind; raises nothing but Unidentified."""
        try:
            return self._extract(obj, group, version, kind, [])
        except UnicodeEncodeError as error:
            return self._extract(manifests.of_real_text(obj), group, version, kind, [f"a text is no text: {error}"])

    def _extract(self, obj: Mapping[str, Any], group: str, version: str, kind: str, problems: list[str]) -> Extracted:
        plan = self._plans.get((group, kind)) or self._plan(group, kind)
        key = self.key(obj, group, kind)
        kept = manifests.normalised(obj, group, version, kind)
        metadata = kept["metadata"]
        labels = _labels(metadata, problems)
        start = Start(
            cluster=self._cluster,
            key=str(key),
            group_kind=plan.group_kind,
            version=version,
            namespace=key.namespace,
            name=key.name,
            labels=labels,
            object=kept,
            pods=plan.pods(kept),
            catalogue=self._catalogue,
            keys=self._keys,
        )
        rules = plan.bare if plan.bare is not None and self._is_made_by_template(metadata) else plan.rules
        edges, queries = rules.read(start, problems)
        return Extracted(
            self._resource(start, plan, edges),
            queries,
            fact_of(start),
            tuple(problems),
        )

    def _resource(self, start: Start, plan: "Plan", edges: tuple[Edge, ...]) -> Resource:
        kept = start.object
        metadata = kept["metadata"]
        uid, resource_version = text(metadata.get("uid")), text(metadata.get("resourceVersion"))
        noise = plan.noise_by_name.get(start.name, plan.noise)
        fingerprint = manifests.fingerprint(manifests.without(kept, noise), plan.salt)
        edges_fingerprint = manifests.edges_fingerprint(edges)
        properties: dict[str, Any] = {
            "key": start.key,
            "cluster": self._cluster,
            "group": start.group_kind.group,
            "kind": start.group_kind.kind,
            "version": start.version,
            "name": start.name,
            "labels": sorted([f"{name}={value}" for name, value in start.labels.items()]),
            "fingerprint": fingerprint,
            "edgesFingerprint": edges_fingerprint,
            "manifest": manifests.manifest(kept),
        }
        if start.namespace:
            properties["namespace"] = start.namespace
        if uid:
            properties["uid"] = uid
        if resource_version:
            properties["resourceVersion"] = resource_version
        if type(generation := metadata.get("generation")) is int:
            properties["generation"] = stored("generation", generation)
        for name, field in (("createdAt", "creationTimestamp"), ("deletedAt", "deletionTimestamp")):
            if time := manifests.timestamp(metadata.get(field)):
                properties[name] = time
        for name, read in plan.promoted:
            value = stored(name, read(kept))
            if value is not None:
                properties[name] = value
        return Resource(start.key, plan.label, uid, resource_version, fingerprint, properties, edges, edges_fingerprint)

    def _is_made_by_template(self, metadata: Mapping[str, Any]) -> bool:
        """Whether the controller is of a kind with a Pod template, which states the references itself."""
        for _, owner in maps(metadata.get("ownerReferences")):
            if owner.get("controller") is True:
                row = self._catalogue.get(group_of(text(owner.get("apiVersion"))), text(owner.get("kind")))
                return row is not None and bool(row.pod_spec) and row.group_kind != POD
        return False

    def _plan(self, group: str, kind: str) -> "Plan":
        plan = Plan(GroupKind(todays_group(group, kind), kind), self._catalogue, self._rows, self._keys)
        self._plans[group, kind] = plan
        return plan


def _labels(metadata: Mapping[str, Any], problems: list[str]) -> Mapping[str, str]:
    labels = metadata.get("labels")
    if labels is None:
        return {}
    if type(labels) is not dict:
        problems.append("metadata.labels is no map")
        return {}
    kept = {}
    for name, value in labels.items():
        if type(name) is str and type(value) is str:
            kept[intern(name)] = intern(value)
        else:
            problems.append(f"metadata.labels has {name!r}: {value!r}, which are no texts")
    return kept
