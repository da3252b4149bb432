"""What the objects of several kinds have in them: conditions, containers, amounts, volumes."""

from collections.abc import Iterable
from enum import Enum
from typing import Any

import strawberry

from kgraph.api import entity
from kgraph.api.graphql.fields import Part, at, dig, made_of, text
from kgraph.api.graphql.scalars import JSON, DateTime
from kgraph.lenient import Object, mapping, mappings

# A volume's fields beside the one that says what kind it is.
_VOLUME_NAME = "name"


@strawberry.type(description="One of the conditions that say how something is.")
class Condition(Part):
    """A condition of a status."""

    type: str | None = at("type", "What it is about: `Ready`, `Available`.")
    status: str | None = at("status", "`True`, `False` or `Unknown`.")
    reason: str | None = at("reason", "Why, in one word.")
    message: str | None = at("message", "Why, in words.")
    last_transition_time: DateTime | None = at("lastTransitionTime", "When `status` last changed.")


@strawberry.type(description="Amounts of resources, as Kubernetes' quantities: `500m`, `2Gi`.")
class Amounts(Part):
    """Quantities by resource."""

    cpu: str | None = at("cpu", "Processors.")
    memory: str | None = at("memory", "Memory.")
    storage: str | None = made_of(
        "",
        lambda raw: raw.get("ephemeral-storage", raw.get("storage")),
        "Storage; of Nodes and containers, the local one.",
    )
    pods: str | None = at("pods", "How many Pods.")
    all: JSON | None = made_of("", lambda raw: raw, "All of them, by name: `nvidia.com/gpu` and what else there is.")


@strawberry.type(description="What is asked for, and what may be used at most.")
class ResourceRequirements(Part):
    """Requests and limits."""

    requests: Amounts | None = at("requests", "What is set aside.")
    limits: Amounts | None = at("limits", "What may be used at most.")


@strawberry.enum(description="Where a container is in its life.")
class ContainerPhase(Enum):
    """The three states of a container."""

    WAITING = strawberry.enum_value("waiting", description="Not started yet, or about to start again.")
    RUNNING = strawberry.enum_value("running", description="Running.")
    TERMINATED = strawberry.enum_value("terminated", description="Ended.")


@strawberry.type(description="How a container is.")
class ContainerState(Part):
    """The state, whichever of the three it is."""

    state: ContainerPhase | None = at("state", "Which of the three states it is in.")
    reason: str | None = at("reason", "Why, in one word: `CrashLoopBackOff`.")
    message: str | None = at("message", "Why, in words.")
    started_at: DateTime | None = at("startedAt", "When it started.")
    finished_at: DateTime | None = at("finishedAt", "When it ended.")
    exit_code: int | None = at("exitCode", "What its process ended with.")


def _state(field: str) -> Any:
    def take(raw: Object) -> Any:
        for state, body in mapping(dig(raw, "status", field)).items():
            return {**mapping(body), "state": state}
        return None

    return take


@strawberry.type(description="A port that a container listens on.")
class ContainerPort(Part):
    """A port."""

    name: str | None = at("name", "Its name.")
    container_port: int | None = at("containerPort", "The port's number.")
    host_port: int | None = at("hostPort", "The Node's port that leads to it.")
    protocol: str | None = at("protocol", "`TCP`, `UDP` or `SCTP`.")


@strawberry.type(description="A container of a Pod, with how it is; of a template, nobody knows how it is.")
class Container(Part):
    """A container, `status` beside what its spec says."""

    name: str | None = at("name", "Its name.")
    image: str | None = at("image", "The image, as the Pod names it.")
    image_id: str | None = at("status.imageID", "The image that runs, by its digest.", name="imageID")
    state: ContainerState | None = made_of("", _state("state"), "How it is.")
    last_state: ContainerState | None = made_of("", _state("lastState"), "How it ended the last time.")
    ready: bool | None = at("status.ready", "Whether it is ready for requests.")
    restart_count: int | None = at("status.restartCount", "How often it was started again.")
    resources: ResourceRequirements | None = at("resources", "What it asks for, and what it may use.")
    ports: list[ContainerPort] = at("ports", "The ports that it lists.")
    command: list[str] = at("command", "What is run in the image's stead.")
    args: list[str] = at("args", "The arguments.")


@strawberry.type(description="A volume of a Pod.")
class Volume(Part):
    """A volume, and what it is."""

    name: str | None = at("name", "Its name.")
    type: str | None = made_of(
        "",
        lambda raw: next((key for key in raw if key != _VOLUME_NAME), None),
        "What it is: `configMap`, `secret`, `persistentVolumeClaim`, `emptyDir`.",
    )
    source: JSON | None = made_of(
        "",
        lambda raw: next((value for key, value in raw.items() if key != _VOLUME_NAME), None),
        "Where its content comes from, as the Pod says it.",
    )


def containers(of: Object, field: str, statuses: Any = None) -> list[Object]:
    """Containers of a Pod spec, each with its status."""
    by_name = {text(status.get("name")): status for status in mappings(statuses)}
    return [{**one, "status": by_name.get(text(one.get("name")))} for one in mappings(of.get(field))]


def total_resources(of: Iterable[Object]) -> dict[str, Any]:
    """The sums of what several containers ask for and may use."""
    asked = [mapping(one.get("resources")) for one in of]
    return {field: entity.totals(one.get(field) for one in asked) for field in ("requests", "limits")}


@strawberry.type(description="What Pods are made of.")
class PodTemplate(Part):
    """A Pod's template in a workload."""

    labels: JSON | None = at("metadata.labels", "The labels that its Pods get.")
    annotations: JSON | None = at("metadata.annotations", "The annotations that its Pods get.")
    service_account_name: str | None = at("spec.serviceAccountName", "The ServiceAccount that its Pods run as.")
    node_selector: JSON | None = at("spec.nodeSelector", "Labels that a Node must have.")
    containers: list[Container] = made_of(
        "", lambda raw: containers(mapping(raw.get("spec")), "containers"), "The containers."
    )
    init_containers: list[Container] = made_of(
        "", lambda raw: containers(mapping(raw.get("spec")), "initContainers"), "Those that run before."
    )
    volumes: list[Volume] = at("spec.volumes", "The volumes.")
    resources: ResourceRequirements | None = made_of(
        "",
        lambda raw: total_resources(mappings(dig(raw, "spec", "containers"))),
        "What a Pod asks for, and may use, in all.",
    )
