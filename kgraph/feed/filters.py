"""EventFilter: which events somebody wants. One grammar for subscriptions, server-sent events and configured feeds."""

from collections.abc import Mapping
from typing import Any

import msgspec

from kgraph.feed.event import Event, Severity, is_there
from kgraph.graphdb.kinds import Kind
from kgraph.graphdb.model import CORE
from kgraph.kube.field_selectors import FieldSelector
from kgraph.kube.selectors import LabelSelector

# What happens to clusters themselves, as a resource type.
CLUSTER_EVENTS = f"cluster.{CORE}"


class EventFilter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an event must be; an empty part takes all. Equal filters want the same, however they were written.

    `resource_types` are `pod`, `kubernetes.pod`, `Deployment.apps`, `Service.core` or a group alone,
    `*.cert-manager.io`, in any case. Selectors ask the object after the change and the one before it: what ceases to
    match is told too, as Kubernetes' own watches do. Events of clusters have no object: selectors and namespaces leave
    them out, and so do all types but their own, `cluster.core`.
    """

    clusters: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    resource_types: tuple[str, ...] = ()
    label_selector: LabelSelector = LabelSelector()
    field_selector: FieldSelector = FieldSelector()
    minimum_severity: Severity = Severity.INFO

    def matches(self, event: Event) -> bool:
        """Whether the event is wanted."""
        if self.clusters and event.cluster_id not in self.clusters:
            return False
        if event.metadata.severity.rank < self.minimum_severity.rank:
            return False
        resource = event.resource
        if resource is None:
            return not (self.namespaces or self._selects) and self._takes("", "Cluster")
        if self.namespaces and resource.namespace not in self.namespaces:
            return False
        if not self._takes(resource.group_version_kind.group, resource.group_version_kind.kind):
            return False
        return not self._selects or any(
            self._selected(msgspec.json.decode(state))
            for state in (event.new_object, event.old_object)
            if is_there(state)
        )

    def _takes(self, group: str, kind: str) -> bool:
        return not self.resource_types or any(is_of_type(each, group, kind) for each in self.resource_types)

    @property
    def _selects(self) -> bool:
        return bool(self.label_selector.requirements or self.label_selector.nothing or self.field_selector.terms)

    def _selected(self, value: Mapping[str, Any]) -> bool:
        labels = (value.get("metadata") or {}).get("labels") or {}
        if not self.label_selector.matches(labels):
            return False
        fields = {term.path: text_at(value, term.path) for term in self.field_selector.terms}
        return self.field_selector.matches(fields)


def type_of(kind: Kind) -> str:
    """A kind as a filter names it, without a doubt."""
    return f"{kind.kind}.{kind.group or CORE}".lower()


def spelled(written: str) -> str:
    """A resource type as somebody writes it, in small letters and without what goes without saying."""
    word = written.strip().lower().removeprefix("kubernetes.")
    return CLUSTER_EVENTS if word == "cluster" else word


def is_of_type(wanted: str, group: str, kind: str) -> bool:
    """Whether a kind is what a resource type of a filter means."""
    name, _, of = wanted.lower().removeprefix("kubernetes.").partition(".")
    return name in ("*", kind.lower()) and (not of or of == (group.lower() or CORE))


def text_at(value: Any, path: str) -> str:
    """The scalar at a path of keys (`status.phase`) as a field selector compares it; "" where there is none."""
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else ""
