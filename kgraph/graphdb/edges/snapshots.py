"""Edges of volume snapshots: what they are of, their contents, classes, drivers and secrets."""

from kgraph.graphdb.edges.row import BREAKS, CASCADE, NOTHING, EdgeRow, Property

_GROUP = "snapshot.storage.k8s.io"
_SNAPSHOT = f"VolumeSnapshot.{_GROUP}"
_CONTENT = f"VolumeSnapshotContent.{_GROUP}"
_CLASS = f"VolumeSnapshotClass.{_GROUP}"
_DRIVER = "CSIDriver.storage.k8s.io"
_DELETION = "snapshot.storage.kubernetes.io/deletion-secret"

ROWS = (
    EdgeRow(
        type="SNAPSHOTS",
        start=(_SNAPSHOT,),
        end="PersistentVolumeClaim",
        at=("spec.source.persistentVolumeClaimName",),
        name=".",
        on_delete=NOTHING,
        doc="The claim that a snapshot was taken of, and which it outlives.",
    ),
    EdgeRow(
        type="SNAPSHOTS",
        start=(_SNAPSHOT,),
        end=_CONTENT,
        at=("spec.source.volumeSnapshotContentName",),
        name=".",
        on_delete=BREAKS,
        on_failure=BREAKS,
        doc="The content that a snapshot was made for by hand.",
    ),
    EdgeRow(
        type="SNAPSHOTS",
        start=(_SNAPSHOT, _CONTENT),
        end=_CLASS,
        at=("spec.volumeSnapshotClassName",),
        name=".",
        on_delete=NOTHING,
        doc="The class that a snapshot was taken by, and without which it stays.",
    ),
    EdgeRow(
        type="BOUND_TO",
        start=(_SNAPSHOT,),
        end=_CONTENT,
        at=("status.boundVolumeSnapshotContentName",),
        name=".",
        on_delete=BREAKS,
        on_failure=BREAKS,
        doc="The content that a snapshot has.",
    ),
    EdgeRow(
        type="BOUND_TO",
        start=(_CONTENT,),
        end=_SNAPSHOT,
        at=("spec.volumeSnapshotRef",),
        namespace=(".namespace",),
        uid=".uid",
        properties=(Property("deletionPolicy", ("spec.deletionPolicy",), merge="first"),),
        on_delete=CASCADE,
        spared_by={"deletionPolicy": "Retain"},
        doc="The snapshot that has a content: the content is deleted with it unless its deletion policy is Retain.",
    ),
    EdgeRow(
        type="PROVISIONED_BY",
        start=(_CLASS,),
        end=_DRIVER,
        at=("driver",),
        name=".",
        optional=True,
        on_delete=BREAKS,
        on_failure=BREAKS,
        doc="The driver of a snapshot class.",
    ),
    EdgeRow(
        type="PROVISIONED_BY",
        start=(_CONTENT,),
        end=_DRIVER,
        at=("spec.driver",),
        name=".",
        optional=True,
        on_delete=BREAKS,
        on_failure=BREAKS,
        doc="The driver that holds a snapshot's content.",
    ),
    EdgeRow(
        type="USES_SECRET",
        start=(_CLASS,),
        end="Secret",
        find="storage_class_secrets",
        on_delete=BREAKS,
        doc="Secrets of a snapshot class's driver, where no template stands in their name.",
    ),
    EdgeRow(
        type="USES_SECRET",
        start=(_CONTENT,),
        end="Secret",
        at=(f'metadata.annotations["{_DELETION}-name"]',),
        name=".",
        namespace=(f'metadata.annotations["{_DELETION}-namespace"]',),
        on_delete=NOTHING,
        doc="The Secret that the driver needs to delete a content.",
    ),
)
