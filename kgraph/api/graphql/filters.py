"""Which resources a list is of: what all filters have, and what they mean."""

from typing import Annotated

import strawberry

from kgraph.api.bounds import within
from kgraph.api.errors import BadUserInput
from kgraph.api.graphql.context import Info
from kgraph.api.graphql.health import Health
from kgraph.api.listing import Filter
from kgraph.api.scope import Scope
from kgraph.graphdb import health as table

First = Annotated[int | None, strawberry.argument(description="How many: 500 unless told, 5,000 at most.")]


@strawberry.input
class AnyFilter:
    """Conditions on resources of whatever kind."""

    clusters: list[str] | None = strawberry.field(default=None, description="In these clusters; all unless told.")
    environment: str | None = strawberry.field(default=None, description="In clusters of this environment.")
    region: str | None = strawberry.field(default=None, description="In clusters of this region.")
    label_selector: str | None = strawberry.field(
        default=None, description="kubectl's syntax: `app=web,tier in (a,b),!canary`."
    )
    field_selector: str | None = strawberry.field(
        default=None, description="kubectl's syntax, over name, namespace and promoted fields: `status.phase!=Running`."
    )
    health: list[Health] | None = strawberry.field(
        default=None, description="Of one of these healths, by their own status. Placeholders are never listed."
    )

    def properties(self) -> dict[str, str | None]:
        """The properties that must have a value, as text; None is any."""
        return {}


@strawberry.input
class NamespacedFilter(AnyFilter):
    """The same, of kinds that have a namespace."""

    namespaces: list[str] | None = strawberry.field(default=None, description="In these namespaces.")


@strawberry.input(description="Which resources; all conditions must hold.")
class ResourceFilter(NamespacedFilter):
    """Conditions on resources."""

    kinds: list[str] | None = strawberry.field(
        default=None, description="Of these kinds, as kubectl takes them: `pods`, `po`, `Deployment.apps`."
    )
    resource_types: list[str] | None = strawberry.field(default=None, description="The same as `kinds`.")
    node_name: str | None = strawberry.field(default=None, description="Pods on this Node.")
    phase: str | None = strawberry.field(default=None, description="In this phase: `Running`, `Bound`.")
    ready: bool | None = strawberry.field(default=None, description="Pods, Nodes and others that are ready, or not.")
    type: str | None = strawberry.field(default=None, description="Services, Secrets, Events of this type.")

    def properties(self) -> dict[str, str | None]:
        """The promoted properties."""
        return {"nodeName": self.node_name, "phase": self.phase, "ready": truth(self.ready), "type": self.type}


def read_filter(
    given: AnyFilter,
    *,
    kind: str = "",
    cluster: str | None = None,
    namespace: str | None = None,
) -> Filter:
    """A filter as `listing` takes it, of one `kind` if it is not told, in a cluster and a namespace beside its own."""
    kinds = [kind] if kind else []
    if isinstance(given, ResourceFilter):
        kinds = [*(given.kinds or ()), *(given.resource_types or ())]
    spaces = given.namespaces if isinstance(given, NamespacedFilter) else None
    return Filter(
        clusters=_both("cluster", cluster, given.clusters),
        namespaces=_both("namespace", namespace, spaces),
        kinds=tuple(kinds) or None,
        label_selector=given.label_selector or "",
        field_selector=given.field_selector or "",
        environment=given.environment,
        region=given.region,
        properties=tuple((name, value) for name, value in given.properties().items() if value is not None),
        health=tuple(table.Health[health.name] for health in given.health) if given.health is not None else None,
    )


def page_size(info: Info, first: int | None) -> int:
    """How many are asked for; BadUserInput says how many may be."""
    limits = info.context.settings.limits
    return limits.first if first is None else within("first", first, limits.first_most)


async def scope_of(info: Info, clusters: list[str] | None = None, namespaces: list[str] | None = None) -> Scope:
    """Where to look, all over unless told; NotFound lists the clusters."""
    return Scope(await info.context.kinds.named_clusters(clusters), tuple(namespaces) if namespaces else None)


def truth(value: bool | None) -> str | None:  # noqa: FBT001 - it is what it makes a text of
    """A truth as the statements compare it."""
    return None if value is None else str(value).lower()


def _both(word: str, one: str | None, some: list[str] | None) -> tuple[str, ...] | None:
    """The names that an argument and a filter mean; BadUserInput where they contradict each other."""
    if one is None:
        return tuple(some) if some is not None else None
    if some is not None and one not in some:
        raise BadUserInput(f"{word} is {one!r}, and the filter's {word}s are others: {', '.join(some)}")
    return (one,)
