"""Subscriptions: what changes, as it does, of what the caller may list."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any, TypeVar

import strawberry

from kgraph.api.errors import Dropped, Gone
from kgraph.api.events.told import Item, MarkKind, Told
from kgraph.api.events.wanted import Words
from kgraph.api.graphql.context import Info
from kgraph.api.graphql.events import (
    AnyResourceEvent,
    ClusterEvent,
    DeploymentEvent,
    PodEvent,
    ResourceEvent,
    ServiceEvent,
)
from kgraph.feed.filters import CLUSTER_EVENTS

Of = TypeVar("Of", bound=AnyResourceEvent)

InCluster = Annotated[str | None, strawberry.argument(description="In this cluster; in all unless told.")]
InNamespace = Annotated[str | None, strawberry.argument(description="In this namespace; in all unless told.")]
Labels = Annotated[
    str | None,
    strawberry.argument(
        description="kubectl's syntax: `app=web,!canary`. What ceases to match is told too, as UPDATED."
    ),
]
Initial = Annotated[
    bool,
    strawberry.argument(
        description="Begin with all that is there, as CREATED events that are `initial`, and then a BOOKMARK; no "
        "change is missed, or told twice, between these and what follows."
    ),
]


def _of_kind(event: type[Of], resource_type: str, called: str) -> Any:
    """The subscription to one kind's changes."""

    async def follow(
        info: Info,
        cluster: InCluster = None,
        namespace: InNamespace = None,
        label_selector: Labels = None,
        *,
        initial_state: Initial = False,
    ) -> AsyncGenerator[Of, None]:
        words = _words(cluster, namespace, label_selector, resource_type)
        async with aclosing(_events(info, words, event, initial=initial_state)) as events:
            async for one in events:
                yield one

    follow.__annotations__["return"] = AsyncGenerator[event, None]  # type: ignore[valid-type]  # what the schema reads
    return strawberry.subscription(follow, description=f"Changes of {called}.")


@strawberry.type(description="What changes, as it does. A subscription shows what you may list, and nothing else.")
class Subscription:
    """All subscriptions."""

    pod_events: AsyncGenerator[PodEvent, None] = _of_kind(PodEvent, "pod.core", "Pods")
    deployment_events: AsyncGenerator[DeploymentEvent, None] = _of_kind(
        DeploymentEvent, "deployment.apps", "Deployments"
    )
    service_events: AsyncGenerator[ServiceEvent, None] = _of_kind(ServiceEvent, "service.core", "Services")

    @strawberry.subscription(description="Changes of resources of any kind, or of one.")
    async def resource_events(
        self,
        info: Info,
        cluster: InCluster = None,
        namespace: InNamespace = None,
        label_selector: Labels = None,
        resource_type: Annotated[
            str | None,
            strawberry.argument(
                description="Of this kind, as kubectl takes it: `pods`, `deployments.apps`; `*.cert-manager.io` is all "
                "of a group. Any kind unless told."
            ),
        ] = None,
        *,
        initial_state: Initial = False,
    ) -> AsyncGenerator[ResourceEvent, None]:
        """Resources."""
        words = _words(cluster, namespace, label_selector, resource_type)
        async with aclosing(_events(info, words, ResourceEvent, initial=initial_state)) as events:
            async for event in events:
                yield event

    @strawberry.subscription(
        description="What happens to clusters themselves: that one is added, lost, connected, in step. To who may not "
        "list everything in it, `reason` and `message` are empty, and nothing is told of its health."
    )
    async def cluster_events(self, info: Info, cluster: InCluster = None) -> AsyncGenerator[ClusterEvent, None]:
        """Clusters."""
        async with aclosing(_items(info, _words(cluster, None, None, CLUSTER_EVENTS), initial=False)) as items:
            async for item in items:
                if isinstance(item, Told):
                    yield ClusterEvent.of(item)


def _words(cluster: str | None, namespace: str | None, labels: str | None, resource_type: str | None) -> Words:
    return Words(
        clusters=(cluster,) if cluster is not None else (),
        namespaces=(namespace,) if namespace is not None else (),
        resource_types=(resource_type,) if resource_type is not None else (),
        label_selector=labels or "",
    )


async def _events(info: Info, words: Words, kind: type[Of], *, initial: bool) -> AsyncGenerator[Of, None]:
    """Events of resources, as the kind has them."""
    async with aclosing(_items(info, words, initial=initial)) as items:
        async for item in items:
            if not isinstance(item, Told):
                yield kind.bookmark()
            elif item.event.resource is not None:
                yield kind.telling(item)


async def _items(info: Info, words: Words, *, initial: bool) -> AsyncGenerator[Item, None]:
    """Events, and the mark that ends the initial state."""
    context = info.context
    wish = await context.streams.wish(words, initial=initial)
    try:
        async with aclosing(context.streams.follow(context.caller, wish, timeout=context.timeout)) as followed:
            async for some in followed:
                for item in some:
                    if isinstance(item, Told) or item.kind is MarkKind.SYNCED:
                        yield item
    except (Gone, Dropped) as error:
        context.lost = error
        raise
