"""The inputs of the typed mutations: the fields that people set most, and `manifest` for the rest.

Each says what it is as a part of a manifest. A field that is not given is left out; one that is null is null, which a
patch takes for its removal.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import strawberry
from strawberry import UNSET

from kgraph.api.errors import BadUserInput
from kgraph.api.graphql.kinds.network import ServiceType
from kgraph.api.graphql.scalars import JSON


@strawberry.input(description="A port of a container.")
class ContainerPortInput:
    """One port."""

    container_port: int = strawberry.field(description="Its number.")
    name: str | None = strawberry.field(default=UNSET, description="Its name, which a Service can refer to.")
    protocol: str | None = strawberry.field(default=UNSET, description="`TCP` unless told, `UDP`, `SCTP`.")


@strawberry.input(description="An environment variable of a container.")
class EnvVarInput:
    """One variable; references to ConfigMaps and Secrets go into `manifest`."""

    name: str = strawberry.field(description="Its name.")
    value: str | None = strawberry.field(default=UNSET, description="Its value.")


@strawberry.input(description="What a container asks for, and what it may use at most.")
class ResourcesInput:
    """Quantities by resource."""

    requests: JSON | None = strawberry.field(default=UNSET, description='What is set aside: `{cpu: "250m"}`.')
    limits: JSON | None = strawberry.field(default=UNSET, description='What it may use at most: `{memory: "1Gi"}`.')


@strawberry.input(description="A container, by its name.")
class ContainerInput:
    """One container."""

    name: str = strawberry.field(description="Its name; an update changes the container that has it.")
    image: str | None = strawberry.field(default=UNSET, description="Its image.")
    command: list[str] | None = strawberry.field(default=UNSET, description="What is run, in place of the image's own.")
    args: list[str] | None = strawberry.field(default=UNSET, description="Its arguments.")
    env: list[EnvVarInput] | None = strawberry.field(default=UNSET, description="Environment variables.")
    ports: list[ContainerPortInput] | None = strawberry.field(default=UNSET, description="Ports.")
    resources: ResourcesInput | None = strawberry.field(default=UNSET, description="Requests and limits.")
    manifest: JSON | None = strawberry.field(default=UNSET, description="Other fields, as Kubernetes has them.")

    def part(self) -> Any:
        """As Kubernetes has it."""
        return merged(
            {
                **_given(self, "name", "image", "command", "args"),
                **_parts(self, "env", "ports", "resources"),
            },
            self.manifest,
        )


@strawberry.input(description="A Pod, or what is to change of it; Kubernetes lets little of a Pod be changed.")
class PodInput:
    """What createPod and updatePod take."""

    labels: JSON | None = strawberry.field(default=UNSET, description="Labels by name.")
    annotations: JSON | None = strawberry.field(default=UNSET, description="Annotations by name.")
    containers: list[ContainerInput] | None = strawberry.field(default=UNSET, description="Its containers.")
    restart_policy: str | None = strawberry.field(
        default=UNSET, description="`Always` unless told, `OnFailure`, `Never`."
    )
    service_account_name: str | None = strawberry.field(default=UNSET, description="Whose rights it has.")
    manifest: JSON | None = strawberry.field(default=UNSET, description="Other fields, as Kubernetes has them.")

    def part(self) -> Any:
        """As Kubernetes has it."""
        spec = {**_given(self, "restart_policy", "service_account_name"), **_parts(self, "containers")}
        return merged({**_metadata(self), **({"spec": spec} if spec else {})}, self.manifest)


@strawberry.input(description="A Deployment, or what is to change of it.")
class DeploymentInput:
    """What createDeployment and updateDeployment take."""

    labels: JSON | None = strawberry.field(default=UNSET, description="The Deployment's own labels by name.")
    annotations: JSON | None = strawberry.field(default=UNSET, description="The Deployment's own annotations by name.")
    replicas: int | None = strawberry.field(default=UNSET, description="How many Pods; 1 unless told.")
    selector: JSON | None = strawberry.field(
        default=UNSET,
        description="The labels by which it knows its Pods; `{app: <its name>}` unless told. Never changes.",
    )
    pod_labels: JSON | None = strawberry.field(
        default=UNSET, description="The Pods' labels; the selector's unless told."
    )
    containers: list[ContainerInput] | None = strawberry.field(default=UNSET, description="The Pods' containers.")
    service_account_name: str | None = strawberry.field(default=UNSET, description="Whose rights the Pods have.")
    strategy: str | None = strawberry.field(default=UNSET, description="`RollingUpdate` unless told, or `Recreate`.")
    manifest: JSON | None = strawberry.field(default=UNSET, description="Other fields, as Kubernetes has them.")

    def part(self) -> Any:
        """As Kubernetes has it."""
        pod_spec = {**_given(self, "service_account_name"), **_parts(self, "containers")}
        template = {"metadata": {"labels": self.pod_labels}} if self.pod_labels is not UNSET else {}
        template |= {"spec": pod_spec} if pod_spec else {}
        spec = {
            **_given(self, "replicas"),
            **({"selector": {"matchLabels": self.selector}} if self.selector is not UNSET else {}),
            **({"strategy": {"type": self.strategy}} if self.strategy is not UNSET else {}),
            **({"template": template} if template else {}),
        }
        return merged({**_metadata(self), **({"spec": spec} if spec else {})}, self.manifest)


@strawberry.input(description="A port of a Service.")
class ServicePortInput:
    """One port."""

    port: int = strawberry.field(description="Its number; an update changes the port that has it.")
    name: str | None = strawberry.field(default=UNSET, description="Its name, needed where there are several.")
    target_port: JSON | None = strawberry.field(default=UNSET, description="The Pods' port, a number or a name.")
    protocol: str | None = strawberry.field(default=UNSET, description="`TCP` unless told, `UDP`, `SCTP`.")
    node_port: int | None = strawberry.field(default=UNSET, description="The port of every Node.")


@strawberry.input(description="A Service, or what is to change of it.")
class ServiceInput:
    """What createService and updateService take."""

    labels: JSON | None = strawberry.field(default=UNSET, description="Labels by name.")
    annotations: JSON | None = strawberry.field(default=UNSET, description="Annotations by name.")
    type: ServiceType | None = strawberry.field(default=UNSET, description="How it is reached; CLUSTER_IP unless told.")
    selector: JSON | None = strawberry.field(default=UNSET, description="The labels of the Pods that it leads to.")
    ports: list[ServicePortInput] | None = strawberry.field(default=UNSET, description="Its ports.")
    manifest: JSON | None = strawberry.field(default=UNSET, description="Other fields, as Kubernetes has them.")

    def part(self) -> Any:
        """As Kubernetes has it."""
        spec = {**_given(self, "selector"), **_parts(self, "ports")}
        if isinstance(self.type, ServiceType):
            spec["type"] = self.type.value
        return merged({**_metadata(self), **({"spec": spec} if spec else {})}, self.manifest)


@strawberry.input(
    description="A ConfigMap, or what is to change of it: keys that are not named stay, null removes one."
)
class ConfigMapInput:
    """What createConfigMap and updateConfigMap take."""

    labels: JSON | None = strawberry.field(default=UNSET, description="Labels by name.")
    annotations: JSON | None = strawberry.field(default=UNSET, description="Annotations by name.")
    data: JSON | None = strawberry.field(default=UNSET, description="Texts by key.")
    binary_data: JSON | None = strawberry.field(default=UNSET, description="Bytes, in base64, by key.")
    immutable: bool | None = strawberry.field(default=UNSET, description="Whether it can never be changed again.")
    manifest: JSON | None = strawberry.field(default=UNSET, description="Other fields, as Kubernetes has them.")

    def part(self) -> Any:
        """As Kubernetes has it."""
        return merged({**_metadata(self), **_given(self, "data", "binary_data", "immutable")}, self.manifest)


@strawberry.input(description="A Namespace.")
class NamespaceInput:
    """What createNamespace takes."""

    labels: JSON | None = strawberry.field(default=UNSET, description="Labels by name.")
    annotations: JSON | None = strawberry.field(default=UNSET, description="Annotations by name.")
    manifest: JSON | None = strawberry.field(default=UNSET, description="Other fields, as Kubernetes has them.")

    def part(self) -> Any:
        """As Kubernetes has it."""
        return merged(_metadata(self), self.manifest)


def merged(typed: Any, manifest: Any) -> Any:
    """The typed fields over those of a manifest; lists as a whole."""
    if manifest is UNSET or manifest is None:
        return typed
    if not isinstance(manifest, Mapping):
        raise BadUserInput("the input's manifest is no object")
    found = dict(manifest)
    for name, value in typed.items():
        below = found.get(name)
        found[name] = merged(value, below) if isinstance(value, Mapping) and isinstance(below, Mapping) else value
    return found


def _metadata(given: Any) -> dict[str, Any]:
    found = _given(given, "labels", "annotations")
    return {"metadata": found} if found else {}


def _given(given: Any, *names: str) -> dict[str, Any]:
    """The fields of an input that were given, called as Kubernetes calls them."""
    return {_camel(name): value for name in names if (value := getattr(given, name)) is not UNSET}


def _parts(given: Any, *names: str) -> dict[str, Any]:
    """The same of fields that are inputs themselves, or lists of them."""
    return {name: _part(value) for name, value in _given(given, *names).items()}


def _part(value: Any) -> Any:
    if isinstance(value, Sequence):
        return [_part(each) for each in value]
    if value is None:
        return None
    if hasattr(value, "part"):
        return value.part()
    return _given(value, *value.__dataclass_fields__)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
