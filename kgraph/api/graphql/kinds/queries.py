"""The queries for the kinds that are asked for most: one by name, many by filter, and many of all clusters."""

from typing import Annotated, Any, cast

import strawberry

from kgraph.api.graphql.context import Info
from kgraph.api.graphql.filters import AnyFilter, First, NamespacedFilter, page_size, read_filter, truth
from kgraph.api.graphql.graph import namer
from kgraph.api.graphql.kinds.config import Namespace
from kgraph.api.graphql.kinds.network import Service, ServiceType
from kgraph.api.graphql.kinds.pods import Node, Pod, PodPhase
from kgraph.api.graphql.kinds.workloads import Deployment
from kgraph.api.graphql.resource import named_resource, resource, wanted
from kgraph.api.graphql.selection import selected
from kgraph.api.listing import conditions, page

After = Annotated[str | None, strawberry.argument(description="The `key` of the last one of the page before.")]


@strawberry.input(description="Which Nodes; all conditions must hold.")
class NodeFilter(AnyFilter):
    """Conditions on Nodes."""

    ready: bool | None = strawberry.field(default=None, description="Those that are ready, or not.")
    schedulable: bool | None = strawberry.field(default=None, description="Those that take Pods, or are cordoned.")

    def properties(self) -> dict[str, str | None]:
        """The promoted properties."""
        cordoned = None if self.schedulable is None else not self.schedulable
        return {"ready": truth(self.ready), "unschedulable": truth(cordoned)}


@strawberry.input(description="Which Namespaces; all conditions must hold.")
class NamespaceFilter(AnyFilter):
    """Conditions on Namespaces."""

    phase: str | None = strawberry.field(default=None, description="In this phase: `Active`, `Terminating`.")

    def properties(self) -> dict[str, str | None]:
        """The promoted properties."""
        return {"phase": self.phase}


@strawberry.input(description="Which Pods; all conditions must hold.")
class PodFilter(NamespacedFilter):
    """Conditions on Pods."""

    phase: PodPhase | None = strawberry.field(default=None, description="In this phase.")
    node_name: str | None = strawberry.field(default=None, description="On this Node.")
    ready: bool | None = strawberry.field(default=None, description="Those that are ready, or not.")

    def properties(self) -> dict[str, str | None]:
        """The promoted properties."""
        phase = None if self.phase is None else str(self.phase.value)
        return {"phase": phase, "nodeName": self.node_name, "ready": truth(self.ready)}


@strawberry.input(description="Which Deployments; all conditions must hold.")
class DeploymentFilter(NamespacedFilter):
    """Conditions on Deployments."""

    paused: bool | None = strawberry.field(default=None, description="Those that are paused.")

    def properties(self) -> dict[str, str | None]:
        """The promoted properties."""
        return {"paused": truth(self.paused)}


@strawberry.input(description="Which Services; all conditions must hold.")
class ServiceFilter(NamespacedFilter):
    """Conditions on Services."""

    type: ServiceType | None = strawberry.field(default=None, description="Of this type.")

    def properties(self) -> dict[str, str | None]:
        """The promoted properties."""
        return {"type": None if self.type is None else str(self.type.value)}


@strawberry.type
class KindQueries:
    """The queries by kind."""

    @strawberry.field(description="One Node.")
    async def node(self, info: Info, cluster: str, name: str) -> Node:
        """The Node."""
        return cast("Node", await _one(info, cluster, None, "nodes", name))

    @strawberry.field(description="Nodes, in the order of their keys.")
    async def nodes(
        self, info: Info, cluster: str, filter: NodeFilter | None = None, first: First = None, after: After = None
    ) -> list[Node]:
        """The page after a key."""
        return await _many(info, "nodes", filter or NodeFilter(), first, after, cluster)

    @strawberry.field(description="One Namespace.")
    async def namespace(self, info: Info, cluster: str, name: str) -> Namespace:
        """The Namespace."""
        return cast("Namespace", await _one(info, cluster, None, "namespaces", name))

    @strawberry.field(description="Namespaces, in the order of their keys.")
    async def namespaces(
        self, info: Info, cluster: str, filter: NamespaceFilter | None = None, first: First = None, after: After = None
    ) -> list[Namespace]:
        """The page after a key."""
        return await _many(info, "namespaces", filter or NamespaceFilter(), first, after, cluster)

    @strawberry.field(description="One Pod.")
    async def pod(self, info: Info, cluster: str, name: str, namespace: str | None = None) -> Pod:
        """The Pod."""
        return cast("Pod", await _one(info, cluster, namespace, "pods", name))

    @strawberry.field(description="Pods of a cluster, or of one namespace of it, in the order of their keys.")
    async def pods(
        self,
        info: Info,
        cluster: str,
        namespace: str | None = None,
        filter: PodFilter | None = None,
        first: First = None,
        after: After = None,
    ) -> list[Pod]:
        """The page after a key."""
        return await _many(info, "pods", filter or PodFilter(), first, after, cluster, namespace)

    @strawberry.field(description="Pods of all clusters, in the order of their keys.")
    async def all_pods(
        self, info: Info, filter: PodFilter | None = None, first: First = None, after: After = None
    ) -> list[Pod]:
        """The page after a key."""
        return await _many(info, "pods", filter or PodFilter(), first, after)

    @strawberry.field(description="One Deployment.")
    async def deployment(self, info: Info, cluster: str, name: str, namespace: str | None = None) -> Deployment:
        """The Deployment."""
        return cast("Deployment", await _one(info, cluster, namespace, "deployments.apps", name))

    @strawberry.field(description="Deployments of a cluster, or of one namespace of it, in the order of their keys.")
    async def deployments(
        self,
        info: Info,
        cluster: str,
        namespace: str | None = None,
        filter: DeploymentFilter | None = None,
        first: First = None,
        after: After = None,
    ) -> list[Deployment]:
        """The page after a key."""
        return await _many(info, "deployments.apps", filter or DeploymentFilter(), first, after, cluster, namespace)

    @strawberry.field(description="Deployments of all clusters, in the order of their keys.")
    async def all_deployments(
        self, info: Info, filter: DeploymentFilter | None = None, first: First = None, after: After = None
    ) -> list[Deployment]:
        """The page after a key."""
        return await _many(info, "deployments.apps", filter or DeploymentFilter(), first, after)

    @strawberry.field(description="One Service.")
    async def service(self, info: Info, cluster: str, name: str, namespace: str | None = None) -> Service:
        """The Service."""
        return cast("Service", await _one(info, cluster, namespace, "services", name))

    @strawberry.field(description="Services of a cluster, or of one namespace of it, in the order of their keys.")
    async def services(
        self,
        info: Info,
        cluster: str,
        namespace: str | None = None,
        filter: ServiceFilter | None = None,
        first: First = None,
        after: After = None,
    ) -> list[Service]:
        """The page after a key."""
        return await _many(info, "services", filter or ServiceFilter(), first, after, cluster, namespace)

    @strawberry.field(description="Services of all clusters, in the order of their keys.")
    async def all_services(
        self, info: Info, filter: ServiceFilter | None = None, first: First = None, after: After = None
    ) -> list[Service]:
        """The page after a key."""
        return await _many(info, "services", filter or ServiceFilter(), first, after)


async def _one(info: Info, cluster: str, namespace: str | None, kind: str, name: str) -> object:
    return await named_resource(info, await namer(info).key(cluster, namespace, kind, name))


async def _many(
    info: Info,
    kind: str,
    filter: AnyFilter,
    first: int | None,
    after: str | None,
    cluster: str | None = None,
    namespace: str | None = None,
) -> list[Any]:
    size = page_size(info, first)
    meant = read_filter(filter, kind=kind, cluster=cluster, namespace=namespace)
    found = await page(
        info.context.reader,
        await conditions(info.context.kinds, meant),
        first=size,
        after=after or "",
        wanted=wanted(selected(info)),
        timeout=info.context.timeout,
    )
    return [resource(info, node) for node in found.nodes]
