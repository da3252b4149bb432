"""What subscriptions tell of: an event, with its object as its kind's type has it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Self, cast

import msgspec
import strawberry

from kgraph.api.events.told import Told
from kgraph.api.graphql.cluster import Cluster
from kgraph.api.graphql.cluster import shown as shown_cluster
from kgraph.api.graphql.context import Info
from kgraph.api.graphql.kinds.network import Service
from kgraph.api.graphql.kinds.pods import Pod
from kgraph.api.graphql.kinds.workloads import Deployment
from kgraph.api.graphql.loaders import KeyWanted
from kgraph.api.graphql.objects import facts_of, says_all
from kgraph.api.graphql.resource import Resource, resource
from kgraph.api.graphql.scalars import JSON, DateTime
from kgraph.api.graphql.selection import selected
from kgraph.api.graphql.sharing import Payload
from kgraph.api.nodes import Node, Wanted, absent_handle
from kgraph.feed.event import Event, is_there, written_time
from kgraph.feed.event import EventType as FeedType
from kgraph.feed.event import Severity as FeedSeverity


@strawberry.enum(description="What happened to a resource.")
class EventType(Enum):
    """What happened."""

    CREATED = strawberry.enum_value("CREATED", description="It is there now.")
    UPDATED = strawberry.enum_value("UPDATED", description="It has changed.")
    DELETED = strawberry.enum_value("DELETED", description="It is gone; the object is its last state.")
    BOOKMARK = strawberry.enum_value(
        "BOOKMARK", description="Nothing: all of the initial state was told. It has no object."
    )


@strawberry.enum(description="What happened to a cluster.")
class ClusterEventType(Enum):
    """What happened."""

    CLUSTER_ADDED = strawberry.enum_value("CLUSTER_ADDED", description="It is kept in the graph from now on.")
    CLUSTER_REMOVED = strawberry.enum_value("CLUSTER_REMOVED", description="It is in the graph no more.")
    CLUSTER_CONNECTED = strawberry.enum_value("CLUSTER_CONNECTED", description="Its apiserver answers.")
    CLUSTER_LOST = strawberry.enum_value("CLUSTER_LOST", description="Its apiserver does not answer.")
    CLUSTER_SYNCED = strawberry.enum_value("CLUSTER_SYNCED", description="The graph is in step with it.")
    CLUSTER_HEALTH_CHANGED = strawberry.enum_value(
        "CLUSTER_HEALTH_CHANGED", description="The worst health of what is in it is another."
    )


@strawberry.enum(description="How much an event is worth a person's attention.")
class Severity(Enum):
    """How bad."""

    INFO = strawberry.enum_value("info", description="It happens.")
    WARNING = strawberry.enum_value("warning", description="Somebody may want to know.")
    ERROR = strawberry.enum_value("error", description="Somebody should look.")


@strawberry.type(description="A field of an object that has changed.")
class FieldChange:
    """One line of a diff."""

    path: str = strawberry.field(
        description="Where: `status.phase`, `spec.containers[name=web].image`; list elements by what tells them apart."
    )
    old: JSON | None = strawberry.field(description="What stood there; null where nothing did.")
    new: JSON | None = strawberry.field(description="What stands there; null where nothing does.")


@strawberry.type
class AnyEvent(Payload, ABC):
    """What all events have."""

    told: strawberry.Private[Told | None]
    id: strawberry.ID = strawberry.field(
        description="The same whenever the same change is told again; empty of a BOOKMARK."
    )
    timestamp: DateTime = strawberry.field(description="When it was seen; of the initial state, when it was created.")
    severity: Severity = strawberry.field(description="How bad it is.")
    reason: str = strawberry.field(description="Why, in a word, as Kubernetes' own events have it; may be empty.")
    message: str = strawberry.field(description="What happened, for people; may be empty.")

    @classmethod
    def of(cls, told: Told, **more: Any) -> Self:
        """An event's payload: one for all who are told of it, but for the initial state."""
        found: Self | None = told.made.get(cls)
        if found is None:
            event = told.event
            found = cls(
                told=told,
                id=strawberry.ID(event.event_id),
                timestamp=DateTime(event.timestamp),
                severity=_SEVERITIES[event.metadata.severity],
                reason=event.metadata.reason,
                message=event.metadata.message,
                **cls._own(event),
                **more,
            )
            told.made[cls] = found
        return found

    @classmethod
    @abstractmethod
    def _own(cls, event: Event) -> dict[str, Any]:
        """What the class has beside it."""


_SEVERITIES = {each: Severity[each.name] for each in FeedSeverity}


@strawberry.type
class AnyResourceEvent(AnyEvent):
    """What events of resources have."""

    type: EventType = strawberry.field(description="What happened.")
    initial: bool = strawberry.field(
        description="Whether it tells of what was there at the start (`initialState`), which is CREATED then."
    )
    snapshot: bool = strawberry.field(description="Whether a list found it, and no watch told of it.")
    cluster: str | None = strawberry.field(description="The cluster's id; null of a BOOKMARK.")
    key: str | None = strawberry.field(description="The resource's key; null of a BOOKMARK.")

    @strawberry.field(
        description="What has changed, field by field; empty of what is created or deleted, or too large to be told."
    )
    def diff(self) -> list[FieldChange]:
        """The changes by path."""
        changes = self.told.event.diff if self.told else {}
        return [
            FieldChange(path=path, old=msgspec.json.decode(change.old), new=msgspec.json.decode(change.new))
            for path, change in changes.items()
        ]

    @strawberry.field(description="The object before the change; null where there was none, or it was too large.")
    def old_object(self) -> JSON | None:
        """The object as it was."""
        old = self.told.event.old_object if self.told else None
        return JSON(msgspec.json.decode(old)) if old is not None and is_there(old) else None

    @classmethod
    def _own(cls, event: Event) -> dict[str, Any]:
        return {
            "type": EventType[event.event_type.name],
            "snapshot": event.metadata.snapshot,
            "cluster": event.cluster_id,
        }

    @classmethod
    def telling(cls, told: Told) -> Self:
        """The payload of an event of a resource."""
        return cls.of(told, initial=told.is_initial, key=told.key)

    @classmethod
    def bookmark(cls) -> Self:
        """That all of the initial state was told."""
        return cls(
            told=None,
            id=strawberry.ID(""),
            timestamp=DateTime(written_time(datetime.now(UTC))),
            severity=Severity.INFO,
            reason="",
            message="the initial state is complete",
            type=EventType.BOOKMARK,
            initial=False,
            snapshot=False,
            cluster=None,
            key=None,
        )


def _object(kind: type[Resource]) -> Any:
    """The field of an event's object, of its kind's type."""

    async def shown(root: strawberry.Parent[AnyResourceEvent], info: Info) -> Resource | None:
        return await _shown(info, root.told)

    shown.__annotations__["return"] = kind | None
    return strawberry.field(
        shown,
        description="The resource after the change, or its last state where it is gone; its relations are the graph's "
        "of now.",
    )


@strawberry.type(description="What happened to a Pod.")
class PodEvent(AnyResourceEvent):
    """An event of a Pod."""

    object: Pod | None = _object(Pod)


@strawberry.type(description="What happened to a Deployment.")
class DeploymentEvent(AnyResourceEvent):
    """An event of a Deployment."""

    object: Deployment | None = _object(Deployment)


@strawberry.type(description="What happened to a Service.")
class ServiceEvent(AnyResourceEvent):
    """An event of a Service."""

    object: Service | None = _object(Service)


@strawberry.type(description="What happened to a resource of any kind.")
class ResourceEvent(AnyResourceEvent):
    """An event of any resource."""

    object: Resource | None = _object(Resource)


@strawberry.type(description="What happened to a cluster.")
class ClusterEvent(AnyEvent):
    """An event of a cluster."""

    type: ClusterEventType = strawberry.field(description="What happened.")
    cluster_id: str = strawberry.field(description="The cluster's id.")

    @strawberry.field(description="The cluster as it is now; null where it is in the graph no more.")
    async def cluster(self, info: Info) -> Cluster | None:
        """The cluster."""
        found = await info.context.loaders.clusters.load(self.cluster_id)
        return None if found is None else shown_cluster(found)

    @classmethod
    def _own(cls, event: Event) -> dict[str, Any]:
        return {"type": ClusterEventType[event.event_type.name], "cluster_id": event.cluster_id}


async def _shown(info: Info, told: Told | None) -> Resource | None:
    """An event's object; None of a bookmark, and of what was too large to be told and is gone."""
    if told is None:
        return None
    event, loaders = told.event, info.context.loaders
    handle, properties = absent_handle(told.key), cast("Mapping[str, Any]", {})
    obj = msgspec.json.decode(event.object) if is_there(event.object) else None
    if event.event_type is not FeedType.DELETED and (obj is None or not says_all(selected(info))):
        asked = Wanted(facts=True, properties=True, manifests=obj is None)
        there = await loaders.by_key.load(KeyWanted(told.key, asked))
        if there is not None and there.facts is not None:
            if obj is None:
                return resource(info, there)
            handle, properties = there.handle, there.facts.properties
    if not isinstance(obj, dict):
        return None
    loaders.objects[handle] = obj
    return resource(info, Node(handle, told.key, facts=facts_of(told.key, obj, properties)))


__all__ = ["ClusterEvent", "DeploymentEvent", "PodEvent", "ResourceEvent", "ServiceEvent"]
