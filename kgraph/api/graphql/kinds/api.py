"""What Kubernetes tells of itself: events, and the definitions of custom kinds."""

from typing import Any

import strawberry

from kgraph.api.graphql.fields import Part, Take, at, dig, made_of, promoted
from kgraph.api.graphql.kinds.parts import Condition
from kgraph.api.graphql.related import inward, outward, related
from kgraph.api.graphql.resource import Resource, of_kind
from kgraph.api.graphql.scalars import DateTime
from kgraph.lenient import Object


def _regarding(field: str) -> Take:
    def take(raw: Object) -> Any:
        return dig(raw, "involvedObject", field) or dig(raw, "regarding", field)

    return take


@of_kind("", "Something that happened.")
class Event(Resource):
    """An Event, in whichever of the two APIs it was read."""

    type: str | None = at("type", "`Normal` or `Warning`.")
    reason: str | None = at("reason", "What happened, in one word: `BackOff`.")
    message: str | None = promoted("message", "What happened, in words.")
    count: int | None = promoted("count", "How often.")
    source: str | None = promoted("source", "Who says so: `kubelet`.")
    first_seen_at: DateTime | None = made_of(
        "firstTimestamp deprecatedFirstTimestamp eventTime",
        lambda raw: raw.get("firstTimestamp") or raw.get("deprecatedFirstTimestamp") or raw.get("eventTime"),
        "When it happened first.",
    )
    last_seen_at: DateTime | None = promoted("lastSeenAt", "When it happened last.")
    regarding_kind: str | None = made_of(
        "involvedObject regarding", _regarding("kind"), "The kind of what it is about."
    )
    regarding_name: str | None = made_of(
        "involvedObject regarding", _regarding("name"), "The name of what it is about."
    )
    regarding = related("", "What it is about, and what else has to do with it.", outward("REGARDS"), usual=1)


@strawberry.type(description="A version of a custom kind.")
class DefinitionVersion(Part):
    """A version."""

    name: str | None = at("name", "Its name: `v1beta1`.")
    served: bool | None = at("served", "Whether it can be asked for.")
    storage: bool | None = at("storage", "Whether objects are kept in it.")
    deprecated: bool | None = at("deprecated", "Whether it is to go.")


@of_kind("apiextensions.k8s.io", "A kind of someone's own.")
class CustomResourceDefinition(Resource):
    """A CustomResourceDefinition."""

    defined_group: str | None = at("spec.group", "The API group of the kind.")
    defined_kind: str | None = at("spec.names.kind", "The kind.")
    plural: str | None = at("spec.names.plural", "As it stands in addresses, and as kubectl takes it.")
    singular: str | None = at("spec.names.singular", "One of it.")
    short_names: list[str] = at("spec.names.shortNames", "What else kubectl takes it by.")
    categories: list[str] = at("spec.names.categories", "Of which categories it is: `all`.")
    scope: str | None = at("spec.scope", "`Namespaced` or `Cluster`.")
    versions: list[DefinitionVersion] = at("spec.versions", "Its versions.")
    established: bool | None = promoted("established", "Whether it is served.")
    conditions: list[Condition] = at("status.conditions", "What is and what is not the case with it.")
    instances = related("", "The custom resources of the kind.", inward("INSTANCE_OF"))
