"""Namespaces, and the configuration and accounts in them."""

from typing import Any

import strawberry

from kgraph.api.graphql.fields import Part, at, made_of, text
from kgraph.api.graphql.related import in_namespace, inward, outward, related, related_one
from kgraph.api.graphql.resource import Resource, of_kind
from kgraph.api.graphql.scalars import JSON
from kgraph.lenient import Object, mapping


@of_kind("", "A part of a cluster with names of its own.")
class Namespace(Resource):
    """A Namespace."""

    status: str | None = at("status.phase", "`Active` or `Terminating`.")
    resource_quota = related_one("ResourceQuota", "What may be used in it; the first of several.", inward("CONSTRAINS"))
    resource_quotas = in_namespace("ResourceQuota", "What may be used in it, if several say so.")
    pods = in_namespace("Pod", "The Pods in it.")
    deployments = in_namespace("Deployment.apps", "The Deployments in it.")
    stateful_sets = in_namespace("StatefulSet.apps", "The StatefulSets in it.")
    daemon_sets = in_namespace("DaemonSet.apps", "The DaemonSets in it.")
    jobs = in_namespace("Job.batch", "The Jobs in it.")
    cron_jobs = in_namespace("CronJob.batch", "The CronJobs in it.")
    services = in_namespace("Service", "The Services in it.")
    ingresses = in_namespace("Ingress.networking.k8s.io", "The Ingresses in it.")
    config_maps = in_namespace("ConfigMap", "The ConfigMaps in it.")
    secrets = in_namespace("Secret", "The Secrets in it.")
    service_accounts = in_namespace("ServiceAccount", "The ServiceAccounts in it.")
    persistent_volume_claims = in_namespace("PersistentVolumeClaim", "The claims in it.")


@of_kind("", "What may be used in a Namespace, and what is.")
class ResourceQuota(Resource):
    """A ResourceQuota."""

    hard: JSON | None = at("spec.hard", "How much there may be, by resource.")
    used: JSON | None = at("status.used", "How much there is.")
    scopes: list[str] = at("spec.scopes", "Which objects count: `NotTerminating`, `BestEffort`; all unless told.")


@strawberry.type(description="A key of a ConfigMap or a Secret, without its value.")
class DataKey(Part):
    """A key, and how much stands under it."""

    name: str | None = at("name", "The key.")
    size: int | None = at("size", "How many bytes its value has.")


def _sizes(raw: Object) -> list[dict[str, Any]]:
    """The keys of a ConfigMap: texts as UTF-8, and the bytes that base64 stands for."""
    texts = {
        key: len((text(value) or "").encode("utf-8", "surrogatepass"))
        for key, value in mapping(raw.get("data")).items()
    }
    binary = {
        key: len((value or "").rstrip("=")) * 3 // 4
        for key, value in mapping(raw.get("binaryData")).items()
        if value is None or isinstance(value, str)
    }
    return [{"name": key, "size": size} for key, size in sorted((texts | binary).items())]


def _secret_sizes(raw: Object) -> list[dict[str, Any]]:
    """The keys of a Secret, whose values were never kept."""
    return [{"name": key, "size": size} for key, size in sorted(mapping(raw.get("dataSizes")).items())]


@of_kind("", "Configuration that Pods use.")
class ConfigMap(Resource):
    """A ConfigMap."""

    data: JSON | None = at("data", "Its texts, by key.")
    keys: list[DataKey] = made_of(
        "data binaryData", _sizes, "Its keys, binary ones too, with the sizes of their values."
    )
    immutable: bool | None = at("immutable", "Whether it can't be changed.")
    pods = related("Pod", "The Pods that use it.", inward("USES_CONFIGMAP"))
    deployments = related("Deployment.apps", "The Deployments whose templates use it.", inward("USES_CONFIGMAP"))


@of_kind("", "Something secret that Pods use: its values are nowhere here.")
class Secret(Resource):
    """A Secret, without its values."""

    type: str | None = at("type", "What is in it: `Opaque`, `kubernetes.io/tls`.")
    keys: list[DataKey] = made_of("dataSizes", _secret_sizes, "Its keys, with the sizes of their values.")
    immutable: bool | None = at("immutable", "Whether it can't be changed.")
    pods = related("Pod", "The Pods that use it.", inward("USES_SECRET"))
    deployments = related("Deployment.apps", "The Deployments whose templates use it.", inward("USES_SECRET"))
    ingresses = related("Ingress.networking.k8s.io", "The Ingresses that serve its certificate.", inward("USES_SECRET"))


@of_kind("", "Whom Pods are to the cluster.")
class ServiceAccount(Resource):
    """A ServiceAccount."""

    automount_token: bool | None = at(
        "automountServiceAccountToken", "Whether its Pods get its token unless they say so."
    )
    secrets = related("Secret", "The Secrets that it lists, to pull images with too.", outward("USES_SECRET"))
    pods = related("Pod", "The Pods that run as it.", inward("RUNS_AS"))
    role_bindings = related(
        "RoleBinding.rbac.authorization.k8s.io", "What grants it something in a Namespace.", inward("SUBJECT")
    )
    cluster_role_bindings = related(
        "ClusterRoleBinding.rbac.authorization.k8s.io", "What grants it something everywhere.", inward("SUBJECT")
    )
