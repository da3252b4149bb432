"""The mutations of any kind: `applyResource`, `patchResource`, `deleteResource`; and what has a verb of its own."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from functools import partial
from typing import Annotated, cast

import strawberry

from kgraph.api.changing import intents
from kgraph.api.errors import BadUserInput
from kgraph.api.graphql.changed import (
    DryRun,
    How,
    InNamespace,
    Key,
    Manager,
    Named,
    Version,
    Wait,
    change,
    changed_resource,
)
from kgraph.api.graphql.context import Info
from kgraph.api.graphql.kinds.workloads import Deployment
from kgraph.api.graphql.resource import Resource
from kgraph.api.graphql.scalars import JSON
from kgraph.kube.changing import PatchType as ContentType
from kgraph.kube.changing import Propagation

ResourceType = Annotated[str, strawberry.argument(description="The type as kubectl has it: `deploy`, `pods`.")]


@strawberry.enum(description="How a patch is meant.")
class PatchType(Enum):
    """Kubernetes' kinds of patches, but for apply, which is `applyResource`."""

    STRATEGIC = strawberry.enum_value(
        "STRATEGIC", description="Lists are merged by their items' keys, such as containers by name; no custom kinds."
    )
    MERGE = strawberry.enum_value("MERGE", description="RFC 7396: objects are merged, lists replaced, nulls remove.")
    JSON = strawberry.enum_value("JSON", description="RFC 6902: a list of operations.")


@strawberry.enum(description="What becomes of what an object owns when it is deleted.")
class PropagationPolicy(Enum):
    """Kubernetes' propagation policies."""

    BACKGROUND = strawberry.enum_value("BACKGROUND", description="It is deleted afterwards.")
    FOREGROUND = strawberry.enum_value("FOREGROUND", description="It is deleted first, and the object is last to go.")
    ORPHAN = strawberry.enum_value("ORPHAN", description="It stays, without an owner.")


Policy = Annotated[
    PropagationPolicy | None,
    strawberry.argument(description="What becomes of what it owns; the kind's own default unless told."),
]
Grace = Annotated[
    int | None,
    strawberry.argument(description="How long what it stops may take, in seconds; the object's own unless told."),
]


async def deleted(
    info: Info, of: Named, how: How, *, policy: PropagationPolicy | None, grace_seconds: int | None, version: str
) -> bool:
    """Delete one resource; True once the cluster has accepted that."""
    propagation = Propagation[policy.name] if policy else None
    build = partial(intents.delete, propagation=propagation, grace_seconds=grace_seconds, version=version)
    await change(info, of, build, how)
    return True


@strawberry.type
class ResourceMutations:
    """The mutations of resources that no table makes."""

    @strawberry.mutation(
        description="Server-side apply of a manifest of any kind: it is made, or its fields are set and owned by "
        "`fieldManager`. CONFLICT names the fields of other managers; `force` takes them over."
    )
    async def apply_resource(
        self,
        info: Info,
        cluster: str,
        manifest: Annotated[JSON, strawberry.argument(description="One object, with apiVersion, kind and name.")],
        field_manager: Manager = intents.FIELD_MANAGER,
        force: Annotated[bool, strawberry.argument(description="Take over what other managers have set.")] = False,  # noqa: FBT002 - GraphQL's arguments have names
        dry_run: DryRun = False,  # noqa: FBT002 - as above
        wait_for_graph: Wait = False,  # noqa: FBT002 - as above
        idempotency_key: Key = None,
    ) -> Resource:
        """Apply one manifest."""
        obj, kind, namespace, name = _read(manifest)
        return await changed_resource(
            info,
            Named(cluster, kind, namespace, name),
            lambda target: intents.apply(target, obj, field_manager, force=force),
            How(dry_run, wait_for_graph, idempotency_key),
        )

    @strawberry.mutation(description="Patch a resource of any kind.")
    async def patch_resource(
        self,
        info: Info,
        cluster: str,
        resource_type: ResourceType,
        name: str,
        patch: Annotated[JSON, strawberry.argument(description="An object; of a JSON patch a list of operations.")],
        type: Annotated[PatchType, strawberry.argument(description="How it is meant.")] = PatchType.STRATEGIC,
        namespace: InNamespace = None,
        resource_version: Version = "",
        field_manager: Manager = intents.FIELD_MANAGER,
        dry_run: DryRun = False,  # noqa: FBT002 - GraphQL's arguments have names
        wait_for_graph: Wait = False,  # noqa: FBT002 - as above
        idempotency_key: Key = None,
    ) -> Resource:
        """Patch one resource."""
        content_type = ContentType[type.name]
        return await changed_resource(
            info,
            Named(cluster, resource_type, namespace, name),
            lambda target: intents.patch(target, patch, content_type, field_manager, resource_version),
            How(dry_run, wait_for_graph, idempotency_key),
        )

    @strawberry.mutation(description="Delete a resource of any kind. True once the cluster has accepted that.")
    async def delete_resource(
        self,
        info: Info,
        cluster: str,
        resource_type: ResourceType,
        name: str,
        namespace: InNamespace = None,
        propagation_policy: Policy = None,
        grace_period_seconds: Grace = None,
        resource_version: Version = "",
        dry_run: DryRun = False,  # noqa: FBT002 - GraphQL's arguments have names
        wait_for_graph: Wait = False,  # noqa: FBT002 - as above
        idempotency_key: Key = None,
    ) -> bool:
        """Delete one resource."""
        return await deleted(
            info,
            Named(cluster, resource_type, namespace, name),
            How(dry_run, wait_for_graph, idempotency_key),
            policy=propagation_policy,
            grace_seconds=grace_period_seconds,
            version=resource_version,
        )

    @strawberry.mutation(
        description="Set how many Pods a Deployment is to have, through its scale subresource. FORBIDDEN names the "
        "ResourceQuota that has no room for them."
    )
    async def scale_deployment(
        self,
        info: Info,
        cluster: str,
        name: str,
        replicas: int,
        namespace: InNamespace = None,
        field_manager: Manager = intents.FIELD_MANAGER,
        dry_run: DryRun = False,  # noqa: FBT002 - GraphQL's arguments have names
        wait_for_graph: Wait = False,  # noqa: FBT002 - as above
        idempotency_key: Key = None,
    ) -> Deployment:
        """Scale one Deployment."""
        scaled = await changed_resource(
            info,
            Named(cluster, "deployments.apps", namespace, name),
            lambda target: intents.scale(target, replicas, field_manager),
            How(dry_run, wait_for_graph, idempotency_key),
        )
        return cast("Deployment", scaled)

    @strawberry.mutation(
        description="Have all Pods of a Deployment made again, as `kubectl rollout restart` does; of a StatefulSet or "
        "DaemonSet with `resourceType`."
    )
    async def rollout_restart(
        self,
        info: Info,
        cluster: str,
        name: str,
        namespace: InNamespace = None,
        resource_type: ResourceType = "deployments.apps",
        field_manager: Manager = intents.FIELD_MANAGER,
        dry_run: DryRun = False,  # noqa: FBT002 - GraphQL's arguments have names
        wait_for_graph: Wait = False,  # noqa: FBT002 - as above
        idempotency_key: Key = None,
    ) -> Resource:
        """Restart one workload."""
        return await changed_resource(
            info,
            Named(cluster, resource_type, namespace, name),
            lambda target: intents.restart(target, datetime.now(UTC), field_manager),
            How(dry_run, wait_for_graph, idempotency_key),
        )


def _read(manifest: object) -> tuple[Mapping[str, object], tuple[str, str], str | None, str]:
    """A manifest, its apiVersion and kind, its namespace and its name; BadUserInput says what is missing."""
    if not isinstance(manifest, Mapping):
        raise BadUserInput("manifest is no object; give one object, with apiVersion, kind and metadata.name")
    metadata = manifest.get("metadata")
    found = {
        "apiVersion": manifest.get("apiVersion"),
        "kind": manifest.get("kind"),
        "metadata.name": metadata.get("name") if isinstance(metadata, Mapping) else None,
    }
    for field, value in found.items():
        if not isinstance(value, str) or not value:
            raise BadUserInput(f"manifest: {field} is missing, or no text")
    if "items" in manifest and str(found["kind"]).endswith("List"):
        raise BadUserInput("manifest is a list; apply each of its items by itself")
    namespace = metadata.get("namespace") if isinstance(metadata, Mapping) else None
    if namespace is not None and not isinstance(namespace, str):
        raise BadUserInput("manifest: metadata.namespace is no text")
    return manifest, (str(found["apiVersion"]), str(found["kind"])), namespace, str(found["metadata.name"])
