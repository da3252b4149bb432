"""The mutations of the kinds that people change most, made of a table: `createPod`, `updatePod`, `deletePod`, ...

An update is a strategic merge patch of what is given: what is not named stays.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec
import strawberry
from strawberry.tools import create_type
from strawberry.types.field import StrawberryField

from kgraph.api.changing import intents
from kgraph.api.graphql.changed import DryRun, How, InNamespace, Key, Manager, Named, Version, Wait, changed_resource
from kgraph.api.graphql.context import Info
from kgraph.api.graphql.kinds.config import ConfigMap, Namespace
from kgraph.api.graphql.kinds.network import Service
from kgraph.api.graphql.kinds.pods import Pod
from kgraph.api.graphql.kinds.workloads import Deployment
from kgraph.api.graphql.mutation_inputs import ConfigMapInput, DeploymentInput, NamespaceInput, PodInput, ServiceInput
from kgraph.api.graphql.resource import Resource
from kgraph.api.graphql.resource_mutations import Grace, Policy, deleted
from kgraph.kube.changing import PatchType

Fill = Callable[[str, dict[str, Any]], dict[str, Any]]


def _as_it_is(_: str, obj: dict[str, Any]) -> dict[str, Any]:
    return obj


def _with_selector(name: str, obj: dict[str, Any]) -> dict[str, Any]:
    """A new Deployment with what `kubectl create deployment` would say of how it knows its Pods."""
    spec = dict(obj.get("spec") or {})
    selector = spec.get("selector") or {"matchLabels": {"app": name}}
    template = dict(spec.get("template") or {})
    metadata = dict(template.get("metadata") or {})
    labels = metadata.get("labels") or dict(selector.get("matchLabels") or {})
    return {
        **obj,
        "spec": {**spec, "selector": selector, "template": {**template, "metadata": {**metadata, "labels": labels}}},
    }


class Row(msgspec.Struct, frozen=True):
    """One kind: its type, after which mutations are called, what kubectl calls it, its input, what a new one needs."""

    shown: type[Resource]
    plural: str
    input: type
    namespaced: bool = True
    updates: bool = True
    fill: Fill = _as_it_is

    @property
    def word(self) -> str:
        """The kind."""
        return self.shown.__name__


ROWS: tuple[Row, ...] = (
    Row(Pod, "pods", PodInput),
    Row(Deployment, "deployments.apps", DeploymentInput, fill=_with_selector),
    Row(Service, "services", ServiceInput),
    Row(ConfigMap, "configmaps", ConfigMapInput),
    Row(Namespace, "namespaces", NamespaceInput, namespaced=False, updates=False),
)


def _creates(row: Row) -> StrawberryField:
    async def create(
        info: Info,
        cluster: str,
        name: str,
        input: Any,
        namespace: InNamespace = None,
        field_manager: Manager = intents.FIELD_MANAGER,
        dry_run: DryRun = False,  # noqa: FBT002 - GraphQL's arguments have names
        wait_for_graph: Wait = False,  # noqa: FBT002 - as above
        idempotency_key: Key = None,
    ) -> Resource:
        obj = row.fill(name, input.part())
        return await changed_resource(
            info,
            Named(cluster, row.plural, namespace, name),
            lambda target: intents.create(target, obj, field_manager),
            How(dry_run, wait_for_graph, idempotency_key),
        )

    return _field(create, f"create{row.word}", f"Create a {row.word}. CONFLICT where there is one of its name.", row)


def _updates(row: Row) -> StrawberryField:
    async def update(
        info: Info,
        cluster: str,
        name: str,
        input: Any,
        namespace: InNamespace = None,
        resource_version: Version = "",
        field_manager: Manager = intents.FIELD_MANAGER,
        dry_run: DryRun = False,  # noqa: FBT002 - GraphQL's arguments have names
        wait_for_graph: Wait = False,  # noqa: FBT002 - as above
        idempotency_key: Key = None,
    ) -> Resource:
        obj = input.part()
        return await changed_resource(
            info,
            Named(cluster, row.plural, namespace, name),
            lambda target: intents.patch(target, obj, PatchType.STRATEGIC, field_manager, resource_version),
            How(dry_run, wait_for_graph, idempotency_key),
        )

    return _field(update, f"update{row.word}", f"Change a {row.word}: what the input does not name stays.", row)


def _deletes(row: Row) -> StrawberryField:
    async def delete(
        info: Info,
        cluster: str,
        name: str,
        namespace: InNamespace = None,
        propagation_policy: Policy = None,
        grace_period_seconds: Grace = None,
        resource_version: Version = "",
        dry_run: DryRun = False,  # noqa: FBT002 - GraphQL's arguments have names
        wait_for_graph: Wait = False,  # noqa: FBT002 - as above
        idempotency_key: Key = None,
    ) -> bool:
        return await deleted(
            info,
            Named(cluster, row.plural, namespace, name),
            How(dry_run, wait_for_graph, idempotency_key),
            policy=propagation_policy,
            grace_seconds=grace_period_seconds,
            version=resource_version,
        )

    return _field(delete, f"delete{row.word}", f"Delete a {row.word}. True once the cluster has accepted that.", row)


def _field(resolver: Callable[..., Any], name: str, description: str, row: Row) -> StrawberryField:
    annotations: Mapping[str, Any] = resolver.__annotations__
    given = strawberry.argument(description=f"The {row.word}.")
    own = {"input": Annotated[row.input, given], "return": row.shown} if "input" in annotations else {}
    resolver.__annotations__ = {**annotations, **own}
    resolver.__name__ = name  # by which `create_type` tells fields apart
    field: StrawberryField = strawberry.mutation(resolver=resolver, name=name, description=description)
    if not row.namespaced:
        assert field.base_resolver is not None
        field.arguments = [each for each in field.arguments if each.python_name != "namespace"]
    return field


def _fields() -> list[StrawberryField]:
    return [make(row) for row in ROWS for make in (_creates, _updates, _deletes) if row.updates or make is not _updates]


TypedMutations: type = create_type("TypedMutations", _fields())
