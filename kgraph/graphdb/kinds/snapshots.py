"""The kinds of volume snapshots, which Kubernetes' storage drivers share as definitions of their own."""

from kgraph.graphdb.kinds.row import row

_GROUP = "snapshot.storage.k8s.io"
_STATE = {"readyToUse": "status.readyToUse", "restoreSize": "status.restoreSize"}

ROWS = (
    row(
        _GROUP,
        "VolumeSnapshot",
        "volumesnapshots",
        "vs",
        promote={"snapshotClassName": "spec.volumeSnapshotClassName", **_STATE},
    ),
    row(
        _GROUP,
        "VolumeSnapshotContent",
        "volumesnapshotcontents",
        "vsc",
        "vscs",
        namespaced=False,
        promote={"driver": "spec.driver", "deletionPolicy": "spec.deletionPolicy", **_STATE},
    ),
    row(
        _GROUP,
        "VolumeSnapshotClass",
        "volumesnapshotclasses",
        "vsclass",
        "vsclasses",
        namespaced=False,
        promote={"driver": "driver", "deletionPolicy": "deletionPolicy", "isDefault": "@is_default_class"},
    ),
)
