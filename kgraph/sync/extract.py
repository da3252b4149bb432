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
from kgraph.graphdb.model import Edge, GroupKind, Resource, ResourceKey
from kgraph.groups import todays_group
from kgraph.kube.jsonpath import ROOT
from kgraph.kube.managers import newest_time
from kgraph.kube.nesting import CUT_OFF, DEEPEST, LEVELS, shallow_value
from kgraph.kube.objects import Metadata
from kgraph.kube.ownership import controller, ownership
from kgraph.sync import manifest as manifests
from kgraph.sync.facts import Fact, fact_of, fact_of_labels
from kgraph.sync.history import Provenance
from kgraph.sync.plan import POD, Plan, Starts, plan_of
from kgraph.sync.promote import stored
from kgraph.sync.queries import AnyQuery
from kgraph.sync.searchable import searchable
from kgraph.sync.start import NOTHING_ELSEWHERE, Elsewhere, Keys, Start, group_of, text

# A malformed object may have a thousand faults, each of which quotes what is wrong; these are enough to mend it by.
PROBLEMS_KEPT = 10
PROBLEM_CHARACTERS = 200


class Unidentified(ValueError):
    """An object without a usable name, which no apiserver gives; there is no key to keep it under."""


class Extracted(msgspec.Struct, frozen=True):
    """All that one object says.

    `queries` are its edges that follow both ends, `fact` is what it offers to the queries of others; `problems` are
    sentences about what was malformed and therefore skipped, the first of them. `provenance` is what its history needs.
    """

    resource: Resource
    queries: tuple[AnyQuery, ...]
    fact: Fact
    problems: tuple[str, ...] = ()
    provenance: Provenance = Provenance()


class Extractor:
    """Reads one cluster's objects by what is known of its kinds; a new catalogue wants a new extractor."""

    def __init__(
        self,
        cluster: str,
        catalogue: Catalogue,
        rows: Sequence[EdgeRow] = EDGE_ROWS,
        own: Mapping[GroupKind, Sequence[EdgeRow]] = {},
        elsewhere: Elsewhere = NOTHING_ELSEWHERE,
    ) -> None:
        self._cluster = cluster
        self._catalogue = catalogue
        asked = [row for row in rows if not row.marks or catalogue.serves(*GroupKind.parse(row.end))]
        self._marks = frozenset(mark for row in asked for mark in row.marks)
        self._starts = Starts(asked)
        self._own = own  # further rows of custom kinds
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

    def digest(self, group: str, kind: str) -> str:
        """A hash of what is done with the objects of one kind beyond what the tables say; "" for nothing."""
        group_kind = GroupKind(todays_group(group, kind), kind)
        known = self._catalogue.get(*group_kind)
        own = self._own.get(group_kind, ())
        promote = {name: path for name, path in (known.promote if known else {}).items() if path.startswith(ROOT)}
        plan = self._plans.get((group, kind)) or self._plan(group, kind)
        elsewhere = self._keys.elsewhere if plan.asks_elsewhere else NOTHING_ELSEWHERE
        if not own and not promote and elsewhere == NOTHING_ELSEWHERE:
            return ""
        return manifests.fingerprint([own, promote, elsewhere])

    def names_clusters(self, kind: GroupKind) -> bool:
        """Whether a kind's objects may mean what their own cluster does not say, other clusters among it."""
        return (self._plans.get(kind) or self._plan(*kind)).asks_elsewhere

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
            mended = manifests.of_real_text(shallow_value(obj))
            return self._extract(mended, group, version, kind, [f"a text is no text: {error}"])
        except RecursionError:
            return self._extract(manifests.of_real_text(shallow_value(obj)), group, version, kind, [])

    def _extract(self, obj: Mapping[str, Any], group: str, version: str, kind: str, problems: list[str]) -> Extracted:
        plan = self._plans.get((group, kind)) or self._plan(group, kind)
        key = self.key(obj, group, kind)
        kept = manifests.normalised(obj, group, version, kind)
        manifest = manifests.manifest(kept)
        if CUT_OFF in manifest:
            kept = shallow_value(kept)
            manifest = manifests.manifest(kept)
            problems.append(f"something in it is nested more than {DEEPEST} levels deep: {LEVELS} are kept")
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
        noise = plan.noise_by_name.get(start.name, plan.noise)
        shown = tuple(_shown(problem) for problem in problems[:PROBLEMS_KEPT])
        managed_fields = obj["metadata"].get("managedFields")
        told = {
            "manifest": manifest,
            "problems": list(shown),
            "managers": ownership(obj, kind),
            "lastChanged": manifests.timestamp(newest_time(managed_fields)),
        }
        return Extracted(
            self._resource(start, plan, edges, {name: value for name, value in told.items() if value}),
            queries,
            fact_of(start),
            shown,
            Provenance(managed_fields, noise),
        )

    def _resource(self, start: Start, plan: Plan, edges: tuple[Edge, ...], told: Mapping[str, Any]) -> Resource:
        kept = start.object
        metadata = kept["metadata"]
        uid, resource_version = text(metadata.get("uid")), text(metadata.get("resourceVersion"))
        verdict = plan.health(kept)
        significant = manifests.without(kept, plan.noise_by_name.get(start.name, plan.noise))
        if owners := told.get("managers"):  # who takes a field over without changing it has changed something, too
            significant = {**significant, "managers": owners}
        fingerprint = manifests.fingerprint(significant, plan.salt, verdict)
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
            **told,
        }
        properties |= searchable(metadata, edges)
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
        if "lastChanged" not in properties and "createdAt" in properties:
            properties["lastChanged"] = properties["createdAt"]
        for name, read in plan.promoted:
            value = stored(name, read(kept))
            if value is not None:
                properties[name] = value
        if verdict is not None:
            properties["health"] = verdict.health
            if verdict.reason:
                properties["healthReason"] = verdict.reason
            if verdict.image:
                properties["healthImage"] = verdict.image
        return Resource(start.key, plan.label, uid, resource_version, fingerprint, properties, edges, edges_fingerprint)

    def _is_made_by_template(self, metadata: Mapping[str, Any]) -> bool:
        """Whether the controller is of a kind with a Pod template, which states the references itself."""
        owner = controller(metadata)
        if owner is None:
            return False
        row = self._catalogue.get(group_of(text(owner.get("apiVersion"))), text(owner.get("kind")))
        return row is not None and bool(row.pod_spec) and row.group_kind != POD

    def _plan(self, group: str, kind: str) -> Plan:
        group_kind = GroupKind(todays_group(group, kind), kind)
        known = self._catalogue.get(*group_kind)
        rows = (*self._starts.of(group_kind, known), *self._own.get(group_kind, ()))
        plan = self._plans[group, kind] = plan_of(group_kind, known, rows)
        return plan


def _shown(problem: str) -> str:
    return problem if len(problem) <= PROBLEM_CHARACTERS else f"{problem[:PROBLEM_CHARACTERS]}…"


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
