"""`drift`: desired against actual."""

from enum import Enum
from typing import Annotated

import strawberry

from kgraph.api.clusters import all_clusters
from kgraph.api.drift import GraphState
from kgraph.api.errors import BadUserInput
from kgraph.api.graphql.context import Info
from kgraph.api.graphql.resources import First, page_size
from kgraph.api.graphql.scalars import JSON, json_value
from kgraph.graphdb.model import ResourceKey
from kgraph.kube import drift as drifting
from kgraph.kube.field_drift import FieldDrift as Found


@strawberry.enum(description="What is the matter with a resource.")
class DriftChange(Enum):
    """How it is not as desired."""

    ADDED = strawberry.enum_value("added", description="It is there and not desired, in a desired namespace and kind.")
    MISSING = strawberry.enum_value("missing", description="It is desired and not there.")
    CHANGED = strawberry.enum_value("changed", description="Fields are not as desired.")
    OWNED = strawberry.enum_value("owned", description="Only fields differ that another manager owns: no drift.")


@strawberry.type(description="A field that is not as desired.")
class FieldDrift:
    """One field."""

    path: str = strawberry.field(description="Where: `spec.template.spec.containers[name=web].image`.")
    desired: JSON | None = strawberry.field(description="What the manifest says; null where it says nothing.")
    actual: JSON | None = strawberry.field(description="What the cluster has; null where it has nothing.")
    manager: str | None = strawberry.field(description="Who else owns the field, such as an autoscaler; else null.")


@strawberry.type(description="A resource that is not as desired.")
class ResourceDrift:
    """One resource, as it is called in the actual cluster."""

    key: str = strawberry.field(description="Its key in the actual cluster.")
    kind: str = strawberry.field(description="Its kind.")
    group: str = strawberry.field(description="Its API group; empty for Kubernetes' core group.")
    namespace: str | None = strawberry.field(description="Its namespace; null where its kind has none.")
    name: str = strawberry.field(description="Its name.")
    change: DriftChange = strawberry.field(description="What is the matter with it.")
    fields: list[FieldDrift] = strawberry.field(description="The fields that drifted, by path.")
    owned: list[FieldDrift] = strawberry.field(description="Fields that differ because another manager owns them.")


@strawberry.type(description="What is not as desired.")
class Drift:
    """The answer."""

    resources: list[ResourceDrift] = strawberry.field(description="By kind, namespace and name.")
    drifted: bool = strawberry.field(description="Whether anything is not as desired but for what others own.")
    compared: int = strawberry.field(description="How many desired resources were compared.")
    truncated: bool = strawberry.field(description="Whether there is more than `first` let in.")
    unread: list[str] = strawberry.field(description="Kinds that could not be compared, each with the reason.")


@strawberry.type
class DriftQueries:
    """The query that compares desired and actual."""

    @strawberry.field(
        description="Desired against actual: the manifests of a snapshot beside a live cluster. Status, defaults and "
        "whatever the manifests do not state are no drift, nor is a field that another manager owns, such as an "
        "autoscaler's replicas. Of Secrets only the names of the keys are compared."
    )
    async def drift(
        self,
        info: Info,
        desired: Annotated[str, strawberry.argument(description="The id of a cluster that is a snapshot.")],
        actual: Annotated[str, strawberry.argument(description="The id of the cluster that it is compared with.")],
        first: First = None,
    ) -> Drift:
        """The differences."""
        size = page_size(info, first)
        await info.context.kinds.named_clusters([desired, actual])
        if desired == actual:
            raise BadUserInput(f"desired and actual are both {desired}")
        reader, timeout = info.context.reader, info.context.timeout
        await reader.require_everything([desired, actual], "drift")
        sources = {one.id: one.source for one in await all_clusters(reader, timeout=timeout)}
        if sources.get(desired) != "snapshot":
            snapshots = ", ".join(one for one, source in sources.items() if source == "snapshot") or "none"
            raise BadUserInput(f"desired is {desired}, a live cluster; it has to be a snapshot: {snapshots}")
        synced = (await info.context.kinds.of(actual)).synced
        found = await drifting.drift(
            GraphState(reader, desired, timeout=timeout),
            GraphState(reader, actual, timeout=timeout, synced=synced),
            most=size,
        )
        return Drift(
            resources=[_resource(one, actual) for one in found.resources],
            drifted=found.drifted,
            compared=found.compared,
            truncated=found.truncated,
            unread=list(found.unread),
        )


def _resource(found: drifting.ResourceDrift, cluster: str) -> ResourceDrift:
    group, kind, namespace, name = found.name
    return ResourceDrift(
        key=str(ResourceKey(cluster, group, kind, namespace, name)),
        kind=kind,
        group=group,
        namespace=namespace or None,
        name=name,
        change=DriftChange(found.change.value),
        fields=[_field(one) for one in found.fields],
        owned=[_field(one) for one in found.owned],
    )


def _field(found: Found) -> FieldDrift:
    return FieldDrift(
        path=found.path,
        desired=json_value(found.desired),
        actual=json_value(found.actual),
        manager=found.manager or None,
    )
