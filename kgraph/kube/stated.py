"""What an object says that somebody wanted: without what the apiserver and the controllers write into it."""

from collections.abc import Mapping
from typing import Any

from kgraph.kube.objects import DATA_SIZES, LAST_APPLIED

# Who it is, and what the apiserver and the controllers write: no state that anybody asked for.
_SERVERS = frozenset(
    {
        "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
        "selfLink", "managedFields", "generateName", "ownerReferences",
    }
)  # fmt: skip
_IDENTITY = frozenset({"name", "namespace"})
# Labels and annotations that controllers write on what others made, and `kubectl` to make it new.
GENERATED = frozenset(
    {
        LAST_APPLIED, "deployment.kubernetes.io/revision", "deprecated.daemonset.template.generation",
        "pod-template-hash", "controller-revision-hash", "controller-uid", "batch.kubernetes.io/controller-uid",
        "pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller",
        "volume.kubernetes.io/selected-node", "volume.kubernetes.io/storage-provisioner",
        "volume.beta.kubernetes.io/storage-provisioner", "kubernetes.io/metadata.name",
        "endpoints.kubernetes.io/last-change-trigger-time", "statefulset.kubernetes.io/pod-name",
        "apps.kubernetes.io/pod-index", "kubectl.kubernetes.io/restartedAt",
    }
)  # fmt: skip
# Addresses that a cluster gives a Service; `None`, a headless one's, was asked for.
_GIVEN = frozenset({"clusterIP", "clusterIPs", "healthCheckNodePort"})
_ASKED = ("None", ["None"])
HIDDEN = "(hidden)"  # in the place of a Secret's values: only the names of its keys are compared


def stated(obj: Mapping[str, Any]) -> dict[str, Any]:
    """The object without kind, name, status, uid, versions, times and what controllers write; of a Secret the keys.

    What is left is what somebody wanted, in the object's own structure; what is not touched is shared, not copied.
    """
    kind = obj.get("kind")
    kept = {key: value for key, value in obj.items() if key not in ("apiVersion", "kind", "status", DATA_SIZES)}
    if type(metadata := obj.get("metadata")) is dict:
        wanted = {key: value for key, value in metadata.items() if key not in _SERVERS | _IDENTITY}
        kept["metadata"] = _without_generated(wanted)
    if type(spec := obj.get("spec")) is dict:
        kept["spec"] = spec = _of_template(spec)
        if kind == "Service":
            kept["spec"] = {key: value for key, value in spec.items() if key not in _GIVEN or value in _ASKED}
    if kind == "Secret":
        kept.pop("stringData", None)
        kept["data"] = keys_only(obj)
    return kept


def keys_only(secret: Mapping[str, Any]) -> dict[str, str]:
    """A Secret's keys, without the values, whichever of its two fields they stand in."""
    parts = (secret.get(field) for field in ("data", "stringData"))
    return {str(key): HIDDEN for part in parts if isinstance(part, Mapping) for key in part}


def _of_template(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The spec with its Pod template's, and a CronJob's Job template's, generated labels and annotations left out."""
    kept = dict(spec)
    if type(template := spec.get("template")) is dict and type(metadata := template.get("metadata")) is dict:
        metadata = {key: value for key, value in metadata.items() if key != "creationTimestamp"}
        kept["template"] = {**template, "metadata": _without_generated(metadata)}
    if type(job := spec.get("jobTemplate")) is dict and type(inner := job.get("spec")) is dict:
        kept["jobTemplate"] = {**job, "spec": _of_template(inner)}
    return kept


def _without_generated(metadata: dict[str, Any]) -> dict[str, Any]:
    for field in ("labels", "annotations"):
        if type(texts := metadata.get(field)) is dict:
            metadata[field] = {key: value for key, value in texts.items() if key not in GENERATED}
    return metadata
