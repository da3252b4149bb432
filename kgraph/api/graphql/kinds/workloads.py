"""The kinds that make Pods."""

import strawberry

from kgraph.api.graphql.fields import Part, at, dig, made_of
from kgraph.api.graphql.kinds.parts import Condition, PodTemplate
from kgraph.api.graphql.related import inward, outward, related, related_one
from kgraph.api.graphql.resource import Resource, of_kind
from kgraph.api.graphql.scalars import JSON, DateTime
from kgraph.lenient import Object, mappings

_REPLICASETS = "ReplicaSet.apps"


def _updated_at(raw: Object) -> str | None:
    """The latest time that its conditions tell of."""
    times = (one.get(key) for one in mappings(dig(raw, "status", "conditions")) for key in _TIMES)
    return max((time for time in times if type(time) is str), default=None)


_TIMES = ("lastUpdateTime", "lastTransitionTime")


@strawberry.type(description="How Pods are replaced when their template changes.")
class UpdateStrategy(Part):
    """A strategy, and its bounds; counts and percentages as text."""

    type: str | None = at("type", "`RollingUpdate`, `Recreate` or `OnDelete`.")
    max_surge: str | None = at("rollingUpdate.maxSurge", "How many there may be beyond the wanted number.")
    max_unavailable: str | None = at("rollingUpdate.maxUnavailable", "How many may be away at a time.")
    partition: int | None = at("rollingUpdate.partition", "The ordinal below which a StatefulSet replaces none.")


@of_kind("apps", "A workload without a state of its own: ReplicaSets, one a revision, that keep Pods running.")
class Deployment(Resource):
    """A Deployment."""

    replicas: int | None = at("spec.replicas", "How many Pods are wanted.")
    selector: JSON | None = at("spec.selector", "By which labels it knows its Pods.")
    template: PodTemplate | None = at("spec.template", "What its Pods are made of.")
    strategy: UpdateStrategy | None = at("spec.strategy", "How Pods are replaced.")
    paused: bool | None = at("spec.paused", "Whether changes of the template wait.")
    revision: str | None = made_of(
        "metadata.annotations",
        lambda raw: dig(raw, "metadata", "annotations", "deployment.kubernetes.io/revision"),
        "The rollout's number.",
    )
    available_replicas: int | None = at("status.availableReplicas", "How many are ready for long enough.")
    ready_replicas: int | None = at("status.readyReplicas", "How many are ready.")
    updated_replicas: int | None = at("status.updatedReplicas", "How many are of the template as it is now.")
    unavailable_replicas: int | None = at("status.unavailableReplicas", "How many are still missing.")
    conditions: list[Condition] = at("status.conditions", "What is and what is not the case with it.")
    updated_at: DateTime | None = made_of("status.conditions", _updated_at, "When its conditions last changed.")
    replica_sets = related(_REPLICASETS, "Its ReplicaSets, the old ones too.", inward("OWNED_BY"))
    pods = related("Pod", "The Pods of its ReplicaSets.", inward("OWNED_BY", _REPLICASETS), inward("OWNED_BY"))
    config_maps = related("ConfigMap", "The ConfigMaps that its template uses.", outward("USES_CONFIGMAP"))
    secrets = related("Secret", "The Secrets that its template uses.", outward("USES_SECRET"))
    service_account = related_one("ServiceAccount", "The ServiceAccount of its template.", outward("RUNS_AS"))


@of_kind("apps", "Keeps a number of Pods running.")
class ReplicaSet(Resource):
    """A ReplicaSet."""

    replicas: int | None = at("spec.replicas", "How many Pods are wanted.")
    selector: JSON | None = at("spec.selector", "By which labels it knows its Pods.")
    template: PodTemplate | None = at("spec.template", "What its Pods are made of.")
    revision: str | None = made_of(
        "metadata.annotations",
        lambda raw: dig(raw, "metadata", "annotations", "deployment.kubernetes.io/revision"),
        "Of which of its Deployment's rollouts it is.",
    )
    ready_replicas: int | None = at("status.readyReplicas", "How many are ready.")
    available_replicas: int | None = at("status.availableReplicas", "How many are ready for long enough.")
    conditions: list[Condition] = at("status.conditions", "What is and what is not the case with it.")
    owned_by = related_one("", "What controls it: a Deployment.", outward("OWNED_BY"))
    pods = related("Pod", "Its Pods.", inward("OWNED_BY"))


@of_kind("apps", "A workload whose Pods have names and claims of their own.")
class StatefulSet(Resource):
    """A StatefulSet."""

    replicas: int | None = at("spec.replicas", "How many Pods are wanted.")
    selector: JSON | None = at("spec.selector", "By which labels it knows its Pods.")
    template: PodTemplate | None = at("spec.template", "What its Pods are made of.")
    service_name: str | None = at("spec.serviceName", "The Service that gives its Pods their names.")
    pod_management_policy: str | None = at("spec.podManagementPolicy", "`OrderedReady` or `Parallel`.")
    update_strategy: UpdateStrategy | None = at("spec.updateStrategy", "How Pods are replaced.")
    ready_replicas: int | None = at("status.readyReplicas", "How many are ready.")
    available_replicas: int | None = at("status.availableReplicas", "How many are ready for long enough.")
    updated_replicas: int | None = at("status.updatedReplicas", "How many are of the template as it is now.")
    current_revision: str | None = at("status.currentRevision", "The revision that it had.")
    update_revision: str | None = at("status.updateRevision", "The revision that it is getting.")
    conditions: list[Condition] = at("status.conditions", "What is and what is not the case with it.")
    pods = related("Pod", "Its Pods.", inward("OWNED_BY"))
    service = related_one("Service", "The Service that gives its Pods their names.", outward("GOVERNED_BY"))
    persistent_volume_claims = related("PersistentVolumeClaim", "The claims of its Pods.", outward("USES_CLAIM"))


@of_kind("apps", "A workload with a Pod on each Node.")
class DaemonSet(Resource):
    """A DaemonSet."""

    selector: JSON | None = at("spec.selector", "By which labels it knows its Pods.")
    template: PodTemplate | None = at("spec.template", "What its Pods are made of.")
    update_strategy: UpdateStrategy | None = at("spec.updateStrategy", "How Pods are replaced.")
    # A DaemonSet counts Nodes; the names are those of the other workloads, so that one selection fits all.
    replicas: int | None = at("status.desiredNumberScheduled", "On how many Nodes it should run.")
    current_replicas: int | None = at("status.currentNumberScheduled", "On how many of them it has a Pod.")
    ready_replicas: int | None = at("status.numberReady", "On how many it is ready.")
    available_replicas: int | None = at("status.numberAvailable", "On how many it is ready for long enough.")
    updated_replicas: int | None = at("status.updatedNumberScheduled", "On how many it is of the template of now.")
    misscheduled: int | None = at("status.numberMisscheduled", "On how many it runs and should not.")
    conditions: list[Condition] = at("status.conditions", "What is and what is not the case with it.")
    pods = related("Pod", "Its Pods.", inward("OWNED_BY"), usual=30)


@of_kind("batch", "Runs Pods until enough of them have ended well.")
class Job(Resource):
    """A Job."""

    parallelism: int | None = at("spec.parallelism", "How many Pods may run at a time.")
    completions: int | None = at("spec.completions", "How many must end well.")
    completion_mode: str | None = at("spec.completionMode", "`NonIndexed` or `Indexed`.")
    backoff_limit: int | None = at("spec.backoffLimit", "How many may fail before it does.")
    active_deadline_seconds: int | None = at("spec.activeDeadlineSeconds", "After how many seconds it fails.")
    suspend: bool | None = at("spec.suspend", "Whether it waits.")
    selector: JSON | None = at("spec.selector", "By which labels it knows its Pods.")
    template: PodTemplate | None = at("spec.template", "What its Pods are made of.")
    active: int | None = at("status.active", "How many run.")
    succeeded: int | None = at("status.succeeded", "How many ended well.")
    failed: int | None = at("status.failed", "How many failed.")
    started_at: DateTime | None = at("status.startTime", "When it began.")
    completed_at: DateTime | None = at("status.completionTime", "When it was done.")
    conditions: list[Condition] = at("status.conditions", "What is and what is not the case with it.")
    owned_by = related_one("", "What controls it: a CronJob.", outward("OWNED_BY"))
    pods = related("Pod", "Its Pods.", inward("OWNED_BY"))


@of_kind("batch", "Makes Jobs by the clock.")
class CronJob(Resource):
    """A CronJob."""

    schedule: str | None = at("spec.schedule", "When, in cron's syntax.")
    time_zone: str | None = at("spec.timeZone", "In which time zone; the controller's unless told.")
    suspend: bool | None = at("spec.suspend", "Whether it makes none for now.")
    concurrency_policy: str | None = at(
        "spec.concurrencyPolicy", "`Allow`, `Forbid` or `Replace`: what of two at once."
    )
    starting_deadline_seconds: int | None = at("spec.startingDeadlineSeconds", "How late one may still start.")
    successful_jobs_history_limit: int | None = at("spec.successfulJobsHistoryLimit", "How many good ones are kept.")
    failed_jobs_history_limit: int | None = at("spec.failedJobsHistoryLimit", "How many failed ones are kept.")
    template: PodTemplate | None = at("spec.jobTemplate.spec.template", "What its Jobs' Pods are made of.")
    last_scheduled_at: DateTime | None = at("status.lastScheduleTime", "When it last made one.")
    last_successful_at: DateTime | None = at("status.lastSuccessfulTime", "When one last ended well.")
    jobs = related("Job.batch", "Its Jobs that are still there.", inward("OWNED_BY"))
    pods = related("Pod", "The Pods of its Jobs.", inward("OWNED_BY", "Job.batch"), inward("OWNED_BY"))
