"""Claims, and the volumes that they are bound to."""

from kgraph.api.graphql.fields import at, made_of
from kgraph.api.graphql.kinds.parts import Condition
from kgraph.api.graphql.related import inward, outward, related, related_one
from kgraph.api.graphql.resource import Resource, of_kind
from kgraph.lenient import Object, mapping

# What a PersistentVolume's spec has beside where it is kept.
_NO_SOURCE = frozenset({
    "accessModes", "capacity", "claimRef", "mountOptions", "nodeAffinity", "persistentVolumeReclaimPolicy",
    "storageClassName", "volumeAttributesClassName", "volumeMode",
})  # fmt: skip


@of_kind("", "A claim on storage.")
class PersistentVolumeClaim(Resource):
    """A PersistentVolumeClaim."""

    phase: str | None = at("status.phase", "`Pending`, `Bound` or `Lost`.")
    requested: str | None = at("spec.resources.requests.storage", "How much is asked for.")
    capacity: str | None = at("status.capacity.storage", "How much it has.")
    access_modes: list[str] = at("spec.accessModes", "`ReadWriteOnce` and the like.")
    storage_class_name: str | None = at("spec.storageClassName", "Its class.")
    volume_mode: str | None = at("spec.volumeMode", "`Filesystem` or `Block`.")
    volume_name: str | None = at("spec.volumeName", "The volume that it has.")
    conditions: list[Condition] = at("status.conditions", "What is and what is not the case with it.")
    persistent_volume = related_one("PersistentVolume", "The volume that it has.", outward("BOUND_TO"))
    pods = related("Pod", "The Pods that mount it.", inward("USES_CLAIM"))


def _source(raw: Object) -> str | None:
    return next((key for key in mapping(raw.get("spec")) if key not in _NO_SOURCE), None)


@of_kind("", "A piece of storage.")
class PersistentVolume(Resource):
    """A PersistentVolume."""

    phase: str | None = at("status.phase", "`Available`, `Bound`, `Released` or `Failed`.")
    reason: str | None = at("status.reason", "Why it failed, in one word.")
    capacity: str | None = at("spec.capacity.storage", "How much it has.")
    access_modes: list[str] = at("spec.accessModes", "`ReadWriteOnce` and the like.")
    reclaim_policy: str | None = at("spec.persistentVolumeReclaimPolicy", "What becomes of it: `Delete`, `Retain`.")
    storage_class_name: str | None = at("spec.storageClassName", "Its class.")
    volume_mode: str | None = at("spec.volumeMode", "`Filesystem` or `Block`.")
    source: str | None = made_of("spec", _source, "What keeps it: `csi`, `nfs`, `hostPath`.")
    driver: str | None = at("spec.csi.driver", "The CSI driver.")
    claim = related_one("PersistentVolumeClaim", "The claim that has it.", outward("BOUND_TO"))
