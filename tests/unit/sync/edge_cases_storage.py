"""Situations of claims, volumes, classes and drivers; the first object is looked at."""

from tests.unit.sync.graphs import Case

STORAGE = (
    Case(
        "a bound claim",
        "{kind: PersistentVolumeClaim, spec: {volumeName: pv-1, storageClassName: fast}}",
        "BOUND_TO core/PersistentVolume/_/pv-1\nHAS_STORAGE_CLASS storage.k8s.io/StorageClass/_/fast",
    ),
    Case(
        "a volume takes the namespace of its claimRef, not its own",
        "{kind: PersistentVolume, spec: {claimRef: {namespace: shop, name: data, uid: u}, storageClassName: fast}}",
        "BOUND_TO core/PersistentVolumeClaim/shop/data\nHAS_STORAGE_CLASS storage.k8s.io/StorageClass/_/fast",
    ),
    Case(
        "a volume whose claimRef has no namespace is bound to nothing",
        "{kind: PersistentVolume, spec: {claimRef: {name: data}}}",
    ),
    Case(
        "the old annotation comes before storageClassName",
        """
kind: PersistentVolumeClaim
metadata: {annotations: {volume.beta.kubernetes.io/storage-class: old}}
spec: {storageClassName: new}
""",
        "HAS_STORAGE_CLASS storage.k8s.io/StorageClass/_/old",
    ),
    Case(
        "an unbound claim without a class gets the newest default",
        """
{kind: PersistentVolumeClaim, spec: {}}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: older
  creationTimestamp: "2020-01-01T00:00:00Z"
  annotations: {storageclass.kubernetes.io/is-default-class: "true"}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: newer
  creationTimestamp: "2024-01-01T00:00:00Z"
  annotations: {storageclass.beta.kubernetes.io/is-default-class: "true"}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: newest
  creationTimestamp: "2025-01-01T00:00:00Z"
  annotations: {storageclass.kubernetes.io/is-default-class: "false"}
""",
        "HAS_STORAGE_CLASS storage.k8s.io/StorageClass/_/newer inferred",
    ),
    *(
        Case(
            f"{what} gets no default class",
            f"""
{claim}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {{name: std, annotations: {{storageclass.kubernetes.io/is-default-class: "true"}}}}
""",
            edges,
        )
        for what, claim, edges in (
            ("a claim that wants none", "{kind: PersistentVolumeClaim, spec: {storageClassName: ''}}", ""),
            (
                "a bound claim",
                "{kind: PersistentVolumeClaim, spec: {volumeName: pv}}",
                "BOUND_TO core/PersistentVolume/_/pv",
            ),
            ("a volume", "{kind: PersistentVolume, spec: {}}", ""),
        )
    ),
    Case(
        "classes of claim templates",
        """
apiVersion: apps/v1
kind: StatefulSet
spec:
  replicas: 0
  volumeClaimTemplates:
  - {metadata: {name: a}, spec: {storageClassName: fast}}
  - {metadata: {name: b, annotations: {volume.beta.kubernetes.io/storage-class: old}}}
""",
        "HAS_STORAGE_CLASS storage.k8s.io/StorageClass/_/fast\nHAS_STORAGE_CLASS storage.k8s.io/StorageClass/_/old",
    ),
    Case(
        "the room of a class",
        "{apiVersion: storage.k8s.io/v1, kind: CSIStorageCapacity, storageClassName: fast}",
        "HAS_STORAGE_CLASS storage.k8s.io/StorageClass/_/fast",
    ),
    Case(
        "attributes of a volume",
        "{kind: PersistentVolume, spec: {volumeAttributesClassName: gold}}",
        "HAS_ATTRIBUTES_CLASS storage.k8s.io/VolumeAttributesClass/_/gold",
    ),
    Case(
        "the driver of a class of attributes",
        "{apiVersion: storage.k8s.io/v1, kind: VolumeAttributesClass, driverName: ebs.csi.aws.com}",
        "PROVISIONED_BY storage.k8s.io/CSIDriver/_/ebs.csi.aws.com optional",
    ),
    Case(
        "the driver of a class, and its Secrets",
        """
apiVersion: storage.k8s.io/v1
kind: StorageClass
provisioner: rbd.csi.ceph.com
parameters:
  csi.storage.k8s.io/provisioner-secret-name: ceph
  csi.storage.k8s.io/provisioner-secret-namespace: rook
  csi.storage.k8s.io/node-stage-secret-name: "${pvc.name}"
  csi.storage.k8s.io/node-stage-secret-namespace: rook
  csi.storage.k8s.io/controller-expand-secret-name: other
  csi.storage.k8s.io/controller-expand-secret-namespace: "${pvc.namespace}"
""",
        "PROVISIONED_BY storage.k8s.io/CSIDriver/_/rbd.csi.ceph.com optional\nUSES_SECRET core/Secret/rook/ceph",
    ),
    Case(
        "a provisioner of Kubernetes' own has no driver",
        "{apiVersion: storage.k8s.io/v1, kind: StorageClass, provisioner: kubernetes.io/aws-ebs}",
    ),
    Case(
        "a volume's driver and Secrets, in their own namespace, else the claim's",
        """
kind: PersistentVolume
spec:
  claimRef: {namespace: shop, name: data}
  csi:
    driver: ebs.csi.aws.com
    controllerPublishSecretRef: {name: a, namespace: infra}
    controllerExpandSecretRef: {name: b, namespace: infra}
    nodeStageSecretRef: {name: c, namespace: infra}
    nodePublishSecretRef: {name: d, namespace: infra}
    nodeExpandSecretRef: {name: e}
  rbd: {secretRef: {name: f}}
  azureFile: {secretName: g, secretNamespace: azure}
""",
        """
BOUND_TO core/PersistentVolumeClaim/shop/data
PROVISIONED_BY storage.k8s.io/CSIDriver/_/ebs.csi.aws.com optional
USES_SECRET core/Secret/infra/a
USES_SECRET core/Secret/infra/b
USES_SECRET core/Secret/infra/c
USES_SECRET core/Secret/infra/d
USES_SECRET core/Secret/shop/e
USES_SECRET core/Secret/shop/f
USES_SECRET core/Secret/azure/g
""",
    ),
    Case(
        "drivers on a node",
        "{apiVersion: storage.k8s.io/v1, kind: CSINode, spec: {drivers: [{name: ebs.csi.aws.com}]}}",
        "PROVISIONED_BY storage.k8s.io/CSIDriver/_/ebs.csi.aws.com optional",
    ),
    Case(
        "an attachment",
        """
apiVersion: storage.k8s.io/v1
kind: VolumeAttachment
spec: {attacher: ebs.csi.aws.com, nodeName: n1, source: {persistentVolumeName: pv-1}}
""",
        """
ATTACHES core/Node/_/n1
ATTACHES core/PersistentVolume/_/pv-1
PROVISIONED_BY storage.k8s.io/CSIDriver/_/ebs.csi.aws.com optional
""",
    ),
    Case(
        "a claim restored from a snapshot, said twice",
        """
kind: PersistentVolumeClaim
spec:
  storageClassName: ""
  dataSource: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: nightly}
  dataSourceRef: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: nightly}
""",
        "RESTORES snapshot.storage.k8s.io/VolumeSnapshot/shop/nightly",
    ),
    Case(
        "a claim cloned from another, without a group",
        "{kind: PersistentVolumeClaim, spec: {volumeName: v, dataSource: {kind: PersistentVolumeClaim, name: a}}}",
        "BOUND_TO core/PersistentVolume/_/v\nRESTORES core/PersistentVolumeClaim/shop/a",
    ),
    # ---- snapshots
    Case(
        "a snapshot of a claim, with its content",
        "{apiVersion: snapshot.storage.k8s.io/v1, kind: VolumeSnapshot, spec: {source: {persistentVolumeClaimName: a}, "
        "volumeSnapshotClassName: c}, status: {boundVolumeSnapshotContentName: content}}",
        "SNAPSHOTS core/PersistentVolumeClaim/shop/a\n"
        "SNAPSHOTS snapshot.storage.k8s.io/VolumeSnapshotClass/_/c\n"
        "BOUND_TO snapshot.storage.k8s.io/VolumeSnapshotContent/_/content",
    ),
    Case(
        "a snapshot of a content that is there",
        "{apiVersion: snapshot.storage.k8s.io/v1, kind: VolumeSnapshot, "
        "spec: {source: {volumeSnapshotContentName: b}}}",
        "SNAPSHOTS snapshot.storage.k8s.io/VolumeSnapshotContent/_/b",
    ),
    Case(
        "a snapshot's content",
        "{apiVersion: snapshot.storage.k8s.io/v1, kind: VolumeSnapshotContent, metadata: {annotations: "
        "{snapshot.storage.kubernetes.io/deletion-secret-name: s, "
        "snapshot.storage.kubernetes.io/deletion-secret-namespace: csi}}, spec: {driver: d, deletionPolicy: Retain, "
        "volumeSnapshotClassName: c, volumeSnapshotRef: {name: a, namespace: shop, uid: u}}}",
        "BOUND_TO snapshot.storage.k8s.io/VolumeSnapshot/shop/a\n"
        "SNAPSHOTS snapshot.storage.k8s.io/VolumeSnapshotClass/_/c\n"
        "PROVISIONED_BY storage.k8s.io/CSIDriver/_/d optional\nUSES_SECRET core/Secret/csi/s",
    ),
    Case(
        "a snapshot class",
        "{apiVersion: snapshot.storage.k8s.io/v1, kind: VolumeSnapshotClass, driver: d, parameters: "
        "{csi.storage.k8s.io/snapshotter-secret-name: s, csi.storage.k8s.io/snapshotter-secret-namespace: csi}}",
        "PROVISIONED_BY storage.k8s.io/CSIDriver/_/d optional\nUSES_SECRET core/Secret/csi/s",
    ),
)
