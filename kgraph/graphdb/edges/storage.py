"""Edges of volumes, claims, classes and drivers."""

from kgraph.graphdb.edges.row import ANY, BREAKS, CASCADE, DEGRADES, NOTHING, PODS, EdgeRow, Property

_CLAIM, _VOLUME = "PersistentVolumeClaim", "PersistentVolume"
_CLASS = "StorageClass.storage.k8s.io"
_DRIVER = "CSIDriver.storage.k8s.io"
_ATTACHMENT = "VolumeAttachment.storage.k8s.io"
_IN_TREE = "kubernetes.io/"  # what Kubernetes provisioned itself has no driver
# Still the first place that Kubernetes looks at: component-helpers' GetPersistentVolumeClaimClass.
_BETA_CLASS = 'metadata.annotations["volume.beta.kubernetes.io/storage-class"]'

ROWS = (
    EdgeRow(
        type="BOUND_TO",
        start=(_CLAIM,),
        end=_VOLUME,
        at=("spec.volumeName",),
        name=".",
        on_delete=BREAKS,
        on_failure=BREAKS,
        doc="The volume that a claim has; without it the claim is Lost.",
    ),
    EdgeRow(
        type="BOUND_TO",
        start=(_VOLUME,),
        end=_CLAIM,
        at=("spec.claimRef",),
        namespace=(".namespace",),
        uid=".uid",
        properties=(Property("reclaimPolicy", ("spec.persistentVolumeReclaimPolicy",), merge="first"),),
        on_delete=CASCADE,
        spared_by={"reclaimPolicy": "Retain"},
        doc="The claim that has a volume: the volume is deleted with it unless its reclaim policy is Retain.",
    ),
    EdgeRow(
        type="HAS_STORAGE_CLASS",
        start=(_CLAIM,),
        end=_CLASS,
        find="storage_class",
        on_delete=DEGRADES,
        doc="The class of a claim: the old annotation, else storageClassName.",
    ),
    EdgeRow(
        type="HAS_STORAGE_CLASS",
        start=(_CLAIM,),
        end=_CLASS,
        follow="default_storage_class",
        on_delete=DEGRADES,
        doc="The newest default class, of an unbound claim that names none; inferred.",
    ),
    EdgeRow(
        type="HAS_STORAGE_CLASS",
        start=(_VOLUME,),
        end=_CLASS,
        find="storage_class",
        on_delete=NOTHING,
        doc="The class that a volume was made by.",
    ),
    EdgeRow(
        type="HAS_STORAGE_CLASS",
        start=("StatefulSet.apps",),
        end=_CLASS,
        at=("spec.volumeClaimTemplates[].spec.storageClassName",),
        name=".",
        on_delete=DEGRADES,
        doc="The classes of a StatefulSet's claim templates.",
    ),
    EdgeRow(
        type="HAS_STORAGE_CLASS",
        start=("StatefulSet.apps",),
        end=_CLASS,
        at=(f"spec.volumeClaimTemplates[].{_BETA_CLASS}",),
        name=".",
        on_delete=DEGRADES,
        doc="The classes of a StatefulSet's claim templates, by the old annotation.",
    ),
    EdgeRow(
        type="HAS_STORAGE_CLASS",
        start=(PODS,),
        end=_CLASS,
        at=("{pod}.volumes[].ephemeral.volumeClaimTemplate.spec.storageClassName",),
        name=".",
        on_delete=DEGRADES,
        doc="The classes of the claims that generic ephemeral volumes make.",
    ),
    EdgeRow(
        type="HAS_STORAGE_CLASS",
        start=("CSIStorageCapacity.storage.k8s.io",),
        end=_CLASS,
        at=("storageClassName",),
        name=".",
        on_delete=NOTHING,
        doc="The class whose room a CSIStorageCapacity tells.",
    ),
    EdgeRow(
        type="HAS_ATTRIBUTES_CLASS",
        start=(_CLAIM, _VOLUME),
        end="VolumeAttributesClass.storage.k8s.io",
        at=("spec.volumeAttributesClassName",),
        name=".",
        on_delete=NOTHING,
        doc="The class of a volume's changeable attributes.",
    ),
    # ---- drivers
    *(
        EdgeRow(
            type="PROVISIONED_BY",
            start=(start,),
            end=_DRIVER,
            at=(at,),
            name=".",
            optional=True,
            skip=skip,
            on_delete=effect,
            on_failure=effect,
            doc=doc,
        )
        for start, at, skip, effect, doc in (
            (
                _CLASS,
                "provisioner",
                _IN_TREE,
                BREAKS,
                "The driver of a storage class; optional, since not every provisioner has a CSIDriver.",
            ),
            (
                "VolumeAttributesClass.storage.k8s.io",
                "driverName",
                "",
                BREAKS,
                "The driver of a volume attributes class.",
            ),
            (_VOLUME, "spec.csi.driver", "", BREAKS, "The driver that mounts a volume."),
            ("CSINode.storage.k8s.io", "spec.drivers[].name", "", DEGRADES, "The drivers that run on a node."),
            (PODS, "{pod}.volumes[].csi.driver", "", BREAKS, "The drivers of a Pod's inline volumes."),
            (_ATTACHMENT, "spec.attacher", _IN_TREE, BREAKS, "The driver that attaches."),
        )
    ),
    EdgeRow(
        type="ATTACHES",
        start=(_ATTACHMENT,),
        end=_VOLUME,
        at=("spec.source.persistentVolumeName",),
        name=".",
        on_delete=BREAKS,
        on_failure=BREAKS,
        doc="The volume that is attached.",
    ),
    EdgeRow(
        type="ATTACHES",
        start=(_ATTACHMENT,),
        end="Node",
        at=("spec.nodeName",),
        name=".",
        on_delete=BREAKS,
        on_failure=BREAKS,
        doc="The node that a volume is attached to.",
    ),
    EdgeRow(
        type="RESTORES",
        start=(_CLAIM,),
        end=ANY,
        at=("spec.dataSource", "spec.dataSourceRef"),
        kind=".kind",
        group=".apiGroup",
        namespace=(".namespace",),
        granted=True,
        on_delete=NOTHING,
        doc="What a claim's volume was filled from: a snapshot, another claim, a populator's object.",
    ),
    # ---- secrets
    EdgeRow(
        type="USES_SECRET",
        start=(_VOLUME,),
        end="Secret",
        at=(
            "spec.csi.controllerPublishSecretRef|controllerExpandSecretRef",
            "spec.csi.nodeStageSecretRef|nodePublishSecretRef|nodeExpandSecretRef",
            "spec.cephfs|cinder|flexVolume|iscsi|rbd|scaleIO|storageos.secretRef",
        ),
        namespace=(".namespace", "spec.claimRef.namespace"),
        on_delete=BREAKS,
        doc="Secrets of a volume's driver, in the namespace that is said, else the claim's.",
    ),
    EdgeRow(
        type="USES_SECRET",
        start=(_VOLUME,),
        end="Secret",
        at=("spec.azureFile",),
        name=".secretName",
        namespace=(".secretNamespace", "spec.claimRef.namespace"),
        on_delete=BREAKS,
        doc="The Secret of an azureFile volume.",
    ),
    EdgeRow(
        type="USES_SECRET",
        start=(_CLASS,),
        end="Secret",
        find="storage_class_secrets",
        on_delete=BREAKS,
        doc="Secrets of a class's driver, where no template stands in their name.",
    ),
)
