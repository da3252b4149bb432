"""Situations of Pods and templates, and those that any object can be in; the first object is looked at."""

from tests.unit.sync.graphs import Case

_LISTS = ("containers", "initContainers", "ephemeralContainers")

EVERYWHERE = (
    Case(
        "a Pod and the ReplicaSet that controls it",
        """
kind: Pod
metadata: {ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: u, controller: true}]}
""",
        "OWNED_BY apps/ReplicaSet/shop/web-1",
    ),
    Case(
        "a namespaced child of a cluster-scoped owner",
        """
kind: Pod
metadata: {ownerReferences: [{apiVersion: v1, kind: Node, name: n1, uid: u, controller: true}]}
""",
        "OWNED_BY core/Node/_/n1",
    ),
    Case(
        "a cluster-scoped child has no namespaced owner",
        """
kind: Node
metadata: {ownerReferences: [{apiVersion: v1, kind: Pod, name: p, uid: u}]}
""",
    ),
    Case(
        "an owner of a kind that nobody knows is sought in the child's namespace",
        """
kind: ConfigMap
metadata: {ownerReferences: [{apiVersion: who.knows/v1, kind: Thing, name: t, uid: u}]}
""",
        "OWNED_BY who.knows/Thing/shop/t",
    ),
    Case(
        "an owner under a group of old is today's",
        """
kind: Pod
metadata: {ownerReferences: [{apiVersion: extensions/v1beta1, kind: ReplicaSet, name: old, uid: u}]}
""",
        "OWNED_BY apps/ReplicaSet/shop/old",
    ),
    Case(
        "a namespaced resource is in its namespace", "kind: ConfigMap", "IN_NAMESPACE core/Namespace/_/shop", all=True
    ),
    Case("a cluster-scoped resource is in its cluster", "kind: Node", "IN_CLUSTER cluster:c", all=True),
    Case("a Namespace is in its cluster", "kind: Namespace", "IN_CLUSTER cluster:c", all=True),
    Case(
        "a custom resource whose definition is there",
        """
apiVersion: shop.example.com/v1
kind: Basket
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: baskets.shop.example.com}
spec: {group: shop.example.com, names: {kind: Basket, plural: baskets}}
""",
        """
IN_NAMESPACE core/Namespace/_/shop
INSTANCE_OF apiextensions.k8s.io/CustomResourceDefinition/_/baskets.shop.example.com
""",
        all=True,
    ),
    Case(
        "a custom resource whose definition is not there",
        "{apiVersion: shop.example.com/v1, kind: Basket}",
        "IN_NAMESPACE core/Namespace/_/shop",
        all=True,
    ),
    Case(
        "an Event about a Pod, without a namespace of its own",
        "{kind: Event, involvedObject: {kind: Pod, name: web, apiVersion: v1, uid: u}}",
        "REGARDS core/Pod/shop/web",
    ),
    Case(
        "an Event in `default` about a Node",
        "{kind: Event, metadata: {namespace: default}, involvedObject: {kind: Node, name: n1, uid: n1}}",
        "REGARDS core/Node/_/n1",
    ),
    Case(
        "an Event of events.k8s.io, with a related object",
        """
apiVersion: events.k8s.io/v1
kind: Event
regarding: {kind: Deployment, apiVersion: apps/v1, name: web, namespace: other}
related: {kind: ReplicaSet, apiVersion: apps/v1, name: web-1, namespace: other}
""",
        "REGARDS apps/Deployment/other/web\nREGARDS apps/ReplicaSet/other/web-1",
    ),
    Case("an Event about something without a name", "{kind: Event, involvedObject: {kind: Pod}}"),
    Case(
        "a Lease that a leader holds",
        """
apiVersion: coordination.k8s.io/v1
kind: Lease
spec: {holderIdentity: web-1_0f8fad5b-d9cb}
---
{kind: Pod, metadata: {name: web-1}}
---
{kind: Pod, metadata: {name: web-1, namespace: other}}
""",
        "HELD_BY core/Pod/shop/web-1",
    ),
    Case(
        "a node's own Lease",
        """
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {namespace: kube-node-lease}
spec: {holderIdentity: n1}
---
{kind: Node, metadata: {name: n1}}
""",
        "HELD_BY core/Node/_/n1",
    ),
    Case(
        "a Lease elsewhere is not held by a Node",
        """
apiVersion: coordination.k8s.io/v1
kind: Lease
spec: {holderIdentity: n1}
---
{kind: Node, metadata: {name: n1}}
""",
    ),
    Case(
        "a Lease whose holder is not there makes no placeholder",
        "{apiVersion: coordination.k8s.io/v1, kind: Lease, spec: {holderIdentity: gone_1}}",
    ),
    Case("a quota", "kind: ResourceQuota", "CONSTRAINS core/Namespace/_/shop"),
    Case("a range of limits", "kind: LimitRange", "CONSTRAINS core/Namespace/_/shop"),
)

WORKLOADS = (
    Case("a Pod on its Node", "{kind: Pod, spec: {nodeName: n1}}", "RUNS_ON core/Node/_/n1"),
    Case(
        "a template runs on no Node",
        "{apiVersion: apps/v1, kind: Deployment, spec: {template: {spec: {nodeName: n1}}}}",
    ),
    Case(
        "an account by either name",
        "{kind: Pod, spec: {serviceAccountName: new, serviceAccount: old}}",
        "RUNS_AS core/ServiceAccount/shop/new",
    ),
    Case(
        "an account by its old name",
        "{kind: Pod, spec: {serviceAccount: old}}",
        "RUNS_AS core/ServiceAccount/shop/old",
    ),
    Case(
        "no account means the default one",
        "{apiVersion: apps/v1, kind: Deployment, spec: {template: {spec: {containers: []}}}}",
        "IN_NAMESPACE core/Namespace/_/shop\nRUNS_AS core/ServiceAccount/shop/default inferred",
        all=True,
    ),
    Case(
        "a mirror Pod has no account",
        """
kind: Pod
metadata: {annotations: {kubernetes.io/config.mirror: abc}}
spec: {containers: []}
""",
        "IN_NAMESPACE core/Namespace/_/shop",
        all=True,
    ),
    *(
        Case(
            f"configuration in the environment of {containers}",
            f"""
kind: Pod
spec:
  {containers}:
  - env:
    - {{name: A, valueFrom: {{configMapKeyRef: {{name: key-cm, key: a}}}}}}
    - {{name: B, valueFrom: {{secretKeyRef: {{name: key-secret, key: b}}}}}}
    envFrom:
    - {{configMapRef: {{name: all-cm, optional: true}}}}
    - {{secretRef: {{name: all-secret, optional: true}}}}
""",
            """
USES_CONFIGMAP core/ConfigMap/shop/key-cm
USES_CONFIGMAP core/ConfigMap/shop/all-cm optional
USES_SECRET core/Secret/shop/key-secret
USES_SECRET core/Secret/shop/all-secret optional
""",
        )
        for containers in _LISTS
    ),
    Case(
        "configuration in volumes",
        """
kind: Pod
spec:
  volumes:
  - {name: a, configMap: {name: vol-cm}}
  - {name: b, secret: {secretName: vol-secret, optional: true}}
  - name: c
    projected:
      sources:
      - {configMap: {name: proj-cm}}
      - {secret: {name: proj-secret}}
      - {serviceAccountToken: {path: token}}
""",
        """
USES_CONFIGMAP core/ConfigMap/shop/vol-cm
USES_CONFIGMAP core/ConfigMap/shop/proj-cm
USES_SECRET core/Secret/shop/vol-secret optional
USES_SECRET core/Secret/shop/proj-secret
""",
    ),
    Case(
        "Secrets of volume drivers, and of images",
        """
kind: Pod
spec:
  imagePullSecrets: [{name: pull}]
  volumes:
  - {name: a, csi: {driver: secrets-store.csi.k8s.io, nodePublishSecretRef: {name: csi}}}
  - {name: b, azureFile: {secretName: azure, shareName: s}}
  - {name: c, cephfs: {secretRef: {name: cephfs}}}
  - {name: d, cinder: {secretRef: {name: cinder}}}
  - {name: e, flexVolume: {secretRef: {name: flex}}}
  - {name: f, iscsi: {secretRef: {name: iscsi}}}
  - {name: g, rbd: {secretRef: {name: rbd}}}
  - {name: h, scaleIO: {secretRef: {name: scaleio}}}
  - {name: i, storageos: {secretRef: {name: storageos}}}
""",
        """
PROVISIONED_BY storage.k8s.io/CSIDriver/_/secrets-store.csi.k8s.io optional
USES_SECRET core/Secret/shop/pull
USES_SECRET core/Secret/shop/csi
USES_SECRET core/Secret/shop/azure
USES_SECRET core/Secret/shop/cephfs
USES_SECRET core/Secret/shop/cinder
USES_SECRET core/Secret/shop/flex
USES_SECRET core/Secret/shop/iscsi
USES_SECRET core/Secret/shop/rbd
USES_SECRET core/Secret/shop/scaleio
USES_SECRET core/Secret/shop/storageos
""",
    ),
    Case(
        "a reference that one place requires is not optional",
        """
kind: Pod
spec:
  volumes: [{name: a, configMap: {name: cm, optional: true}}]
  containers: [{envFrom: [{configMapRef: {name: cm}}]}]
""",
        "USES_CONFIGMAP core/ConfigMap/shop/cm",
    ),
    *(
        Case(
            f"a {kind} states what its Pods will need",
            f"{{apiVersion: {version}, kind: {kind}, {path % '{containers: [{envFrom: [{secretRef: {name: s}}]}]}'}}}",
            "USES_SECRET core/Secret/shop/s",
        )
        for version, kind, path in (
            ("apps/v1", "Deployment", "spec: {replicas: 0, template: {spec: %s}}"),
            ("apps/v1", "StatefulSet", "spec: {template: {spec: %s}}"),
            ("apps/v1", "DaemonSet", "spec: {template: {spec: %s}}"),
            ("apps/v1", "ReplicaSet", "spec: {template: {spec: %s}}"),
            ("batch/v1", "Job", "spec: {template: {spec: %s}}"),
            ("batch/v1", "CronJob", "spec: {jobTemplate: {spec: {template: {spec: %s}}}}"),
            ("v1", "ReplicationController", "spec: {template: {spec: %s}}"),
            ("v1", "PodTemplate", "template: {spec: %s}"),
        )
    ),
    Case(
        "a ReplicaSet of a Deployment leaves the template's references to it",
        """
apiVersion: apps/v1
kind: ReplicaSet
metadata: {ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: u, controller: true}]}
spec: {template: {spec: {priorityClassName: high, containers: [{image: nginx, envFrom: [{secretRef: {name: s}}]}]}}}
""",
        "OWNED_BY apps/Deployment/shop/web",
    ),
    Case(
        "a Job of a CronJob leaves the template's references to it",
        """
apiVersion: batch/v1
kind: Job
metadata: {ownerReferences: [{apiVersion: batch/v1, kind: CronJob, name: nightly, uid: u, controller: true}]}
spec: {template: {spec: {containers: [{image: nginx}]}}}
""",
        "OWNED_BY batch/CronJob/shop/nightly",
    ),
    Case(
        "a Job that something without a template controls states its own",
        """
apiVersion: batch/v1
kind: Job
metadata: {ownerReferences: [{apiVersion: shop.example.com/v1, kind: Basket, name: b, uid: u, controller: true}]}
spec: {template: {spec: {containers: [{image: nginx}]}}}
""",
        "OWNED_BY shop.example.com/Basket/shop/b\nRUNS_IMAGE image:docker.io/library/nginx:latest",
    ),
    Case(
        "images of all containers, and of volumes",
        """
kind: Pod
spec:
  containers: [{name: a, image: nginx}]
  initContainers: [{name: b, image: "quay.io/org/init:1"}]
  ephemeralContainers: [{name: c, image: busybox}]
  volumes: [{name: model, image: {reference: "registry:5000/models/llm:v2"}}]
""",
        """
RUNS_IMAGE image:docker.io/library/nginx:latest
RUNS_IMAGE image:quay.io/org/init:1
RUNS_IMAGE image:docker.io/library/busybox:latest
RUNS_IMAGE image:registry:5000/models/llm:v2
""",
    ),
    Case(
        "classes of a Pod",
        "{kind: Pod, spec: {priorityClassName: high, runtimeClassName: gvisor}}",
        "HAS_PRIORITY scheduling.k8s.io/PriorityClass/_/high\nHAS_RUNTIME_CLASS node.k8s.io/RuntimeClass/_/gvisor",
    ),
    Case(
        "classes of a template",
        "{apiVersion: apps/v1, kind: DaemonSet, spec: {template: {spec: {priorityClassName: high}}}}",
        "HAS_PRIORITY scheduling.k8s.io/PriorityClass/_/high",
    ),
    Case(
        "claims as volumes",
        """
kind: Pod
metadata: {name: web}
spec:
  volumes:
  - {name: data, persistentVolumeClaim: {claimName: data}}
  - {name: scratch, ephemeral: {volumeClaimTemplate: {spec: {storageClassName: fast}}}}
""",
        """
HAS_STORAGE_CLASS storage.k8s.io/StorageClass/_/fast
USES_CLAIM core/PersistentVolumeClaim/shop/data
USES_CLAIM core/PersistentVolumeClaim/shop/web-scratch
""",
    ),
    Case(
        "a template's ephemeral volumes have no claims yet",
        """
apiVersion: apps/v1
kind: Deployment
spec: {template: {spec: {volumes: [{name: scratch, ephemeral: {volumeClaimTemplate: {spec: {}}}}]}}}
""",
    ),
    Case(
        "a StatefulSet's claims",
        """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec: {replicas: 2, serviceName: db, volumeClaimTemplates: [{metadata: {name: data}}, {metadata: {name: wal}}]}
""",
        """
GOVERNED_BY core/Service/shop/db
USES_CLAIM core/PersistentVolumeClaim/shop/data-db-0
USES_CLAIM core/PersistentVolumeClaim/shop/data-db-1
USES_CLAIM core/PersistentVolumeClaim/shop/wal-db-0
USES_CLAIM core/PersistentVolumeClaim/shop/wal-db-1
""",
    ),
    Case(
        "a StatefulSet that says nothing of replicas has one",
        """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec: {volumeClaimTemplates: [{metadata: {name: data}}]}
""",
        "USES_CLAIM core/PersistentVolumeClaim/shop/data-db-0",
    ),
    Case(
        "a StatefulSet whose ordinals start later",
        """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec: {replicas: 1, ordinals: {start: 5}, volumeClaimTemplates: [{metadata: {name: data}}]}
""",
        "USES_CLAIM core/PersistentVolumeClaim/shop/data-db-5",
    ),
    Case(
        "claims that are there beyond a StatefulSet's replicas",
        """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 1
  volumeClaimTemplates: [{metadata: {name: data}}]
  template: {spec: {volumes: [{name: old, persistentVolumeClaim: {claimName: data-db-9}}]}}
---
{kind: PersistentVolumeClaim, metadata: {name: data-db-0}}
---
{kind: PersistentVolumeClaim, metadata: {name: data-db-7}}
---
{kind: PersistentVolumeClaim, metadata: {name: data-db-9}}
---
{kind: PersistentVolumeClaim, metadata: {name: data-db-x}}
---
{kind: PersistentVolumeClaim, metadata: {name: data-db-007}}
---
{kind: PersistentVolumeClaim, metadata: {name: data-db-8, namespace: other}}
""",
        """
USES_CLAIM core/PersistentVolumeClaim/shop/data-db-0
USES_CLAIM core/PersistentVolumeClaim/shop/data-db-7 optional
USES_CLAIM core/PersistentVolumeClaim/shop/data-db-9
""",
    ),
    Case(
        "devices that a Pod claims",
        """
kind: Pod
spec:
  resourceClaims:
  - {name: a, resourceClaimName: gpu}
  - {name: b, resourceClaimTemplateName: gpu-template}
  - {name: c, source: {resourceClaimName: old}}
status:
  resourceClaimStatuses: [{name: b, resourceClaimName: x-b-1}]
  extendedResourceClaimStatus: {resourceClaimName: x-extended}
""",
        """
CLAIMS_DEVICE resource.k8s.io/ResourceClaim/shop/gpu
CLAIMS_DEVICE resource.k8s.io/ResourceClaim/shop/old
CLAIMS_DEVICE resource.k8s.io/ResourceClaim/shop/x-b-1
CLAIMS_DEVICE resource.k8s.io/ResourceClaim/shop/x-extended
CLAIMS_DEVICE resource.k8s.io/ResourceClaimTemplate/shop/gpu-template
""",
    ),
    *(
        Case(
            f"classes of the devices of a {kind}",
            f"""
apiVersion: resource.k8s.io/v1
kind: {kind}
spec: {
                spec
                % '''{devices: {requests: [
  {name: a, exactly: {deviceClassName: gpu}}, {name: b, deviceClassName: old},
  {name: c, firstAvailable: [{deviceClassName: big}, {deviceClassName: gpu}]}]}}'''
            }
""",
            """
CLAIMS_DEVICE resource.k8s.io/DeviceClass/_/gpu
CLAIMS_DEVICE resource.k8s.io/DeviceClass/_/old
CLAIMS_DEVICE resource.k8s.io/DeviceClass/_/big optional
""",
        )
        for kind, spec in (("ResourceClaim", "%s"), ("ResourceClaimTemplate", "{spec: %s}"))
    ),
)
