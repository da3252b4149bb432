"""Cases of custom kinds whose definition's schema says what their fields are."""

from tests.unit.sync.graphs import Case


def _definition(spec: str, *, kind: str = "Basket", group: str = "shop.example.com", scope: str = "Namespaced") -> str:
    """A definition whose schema has this spec part."""
    return f"""
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: definition, namespace: ""}}
spec:
  group: {group}
  scope: {scope}
  names: {{kind: {kind}, plural: {kind.lower()}s}}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {{openAPIV3Schema: {{type: object, properties: {{spec: {{type: object, properties: {spec}}}}}}}}}
"""


TEXT = "{type: string}"
_REF = "{type: object, properties: {name: {type: string}, namespace: {type: string}, kind: {type: string}, %s}}"
GROUPED = _REF % "group: {type: string}"
VERSIONED = _REF % "apiVersion: {type: string}, uid: {type: string}"
TYPED_LOCAL = _REF % "apiGroup: {type: string}"
NAMED = "{type: object, properties: {name: {type: string}}}"
FIXED = (
    "{type: object, properties: {name: {type: string}, kind: {type: string, enum: [Ingress]}, "
    "group: {type: string, default: networking.k8s.io}}}"
)

INFERRED = (
    Case(
        "names that a schema calls as Kubernetes does",
        """
apiVersion: shop.example.com/v1
kind: Basket
spec:
  tls: {secretName: tls}
  stores: [{configMapName: a}, {configMapName: b}, {}]
  serviceAccountName: robot
  tokens: {secretName: [one, two]}
  other: {secretName: {not: a text}}
"""
        + _definition(
            f"{{tls: {{type: object, properties: {{secretName: {TEXT}}}}}, "
            f"stores: {{type: array, items: {{type: object, properties: {{configMapName: {TEXT}}}}}}}, "
            f"tokens: {{type: object, properties: {{secretName: {{type: array, items: {TEXT}}}}}}}, "
            f"other: {{type: object, properties: {{secretName: {{type: object}}}}}}, serviceAccountName: {TEXT}}}"
        ),
        """
USES_SECRET core/Secret/shop/tls inferred
USES_SECRET core/Secret/shop/one inferred
USES_SECRET core/Secret/shop/two inferred
USES_CONFIGMAP core/ConfigMap/shop/a inferred
USES_CONFIGMAP core/ConfigMap/shop/b inferred
RUNS_AS core/ServiceAccount/shop/robot inferred
IN_NAMESPACE core/Namespace/_/shop
INSTANCE_OF apiextensions.k8s.io/CustomResourceDefinition/_/definition
""",
        all=True,
    ),
    Case(
        "references that say their kind, by group, apiVersion, or neither",
        """
apiVersion: shop.example.com/v1
kind: Basket
spec:
  regionRef: {kind: Region, name: by-own-group}
  partRefs:
  - {kind: VolumeSnapshot, group: snapshot.storage.k8s.io, name: by-group, namespace: far}
  - {kind: ConfigMap, name: by-core}
  - {kind: Deployment, name: by-no-group-but-its-own}
  - {kind: "", name: of-no-kind}
  - {kind: Region}
  sourceRef: {apiVersion: apps/v1, kind: StatefulSet, name: by-version}
  dataRef: {apiGroup: batch, kind: Job, name: by-api-group}
"""
        + _definition(
            f"{{regionRef: {GROUPED}, partRefs: {{type: array, items: {GROUPED}}}, sourceRef: {VERSIONED}, "
            f"dataRef: {TYPED_LOCAL}}}"
        ),
        """
REFERS_TO shop.example.com/Region/_/by-own-group inferred
REFERS_TO snapshot.storage.k8s.io/VolumeSnapshot/far/by-group inferred
REFERS_TO core/ConfigMap/shop/by-core inferred
REFERS_TO apps/Deployment/shop/by-no-group-but-its-own inferred
REFERS_TO apps/StatefulSet/shop/by-version inferred
REFERS_TO batch/Job/shop/by-api-group inferred
""",
    ),
    Case(
        "references without a kind mean what their field is called after, else nothing",
        """
apiVersion: shop.example.com/v1
kind: Basket
spec:
  regionRef: {name: of-own-group}
  configMapRef: {name: of-core}
  from: [{secretKeyRef: {name: s, key: k}}]
  jobRef: {name: of-neither}
  couponSecretRef: {name: of-the-last-word}
  bannerConfigMapRefs: [{name: of-the-last-words}]
  regionRefs: [{name: a}, {name: b}]
  ref: {name: no-x}
  routeRef: {name: given-by-the-schema}
"""
        + _definition(
            f"{{regionRef: {NAMED}, configMapRef: {NAMED}, jobRef: {NAMED}, ref: {NAMED}, couponSecretRef: {NAMED}, "
            f"bannerConfigMapRefs: {{type: array, items: {NAMED}}}, routeRef: {FIXED}, "
            f"from: {{type: array, items: {{type: object, properties: {{secretKeyRef: {NAMED}}}}}}}, "
            f"regionRefs: {{type: array, items: {NAMED}}}}}"
        ),
        """
REFERS_TO shop.example.com/Region/_/of-own-group inferred
REFERS_TO core/ConfigMap/shop/of-core inferred
REFERS_TO core/Secret/shop/s inferred
REFERS_TO core/Secret/shop/of-the-last-word inferred
REFERS_TO core/ConfigMap/shop/of-the-last-words inferred
REFERS_TO shop.example.com/Region/_/a inferred
REFERS_TO shop.example.com/Region/_/b inferred
REFERS_TO networking.k8s.io/Ingress/shop/given-by-the-schema inferred
""",
    ),
    Case(
        "a default kind does not lend its group to another",
        """
apiVersion: shop.example.com/v1
kind: Basket
spec: {regionRef: {kind: Secret, name: s}}
"""
        + _definition(f"{{regionRef: {GROUPED}}}"),
        "REFERS_TO core/Secret/shop/s inferred",
    ),
    Case(
        "a cluster-scoped resource refers to nothing that needs a namespace, unless it says which",
        """
apiVersion: shop.example.com/v1
kind: Region
spec: {secretName: nowhere, configMapRef: {name: c, namespace: infra}}
"""
        + _definition(
            "{secretName: {type: string}, configMapRef: {type: object, properties: {name: {type: string}}}}",
            kind="Region",
            scope="Cluster",
        ),
        "REFERS_TO core/ConfigMap/infra/c inferred",
    ),
    Case(
        "no schema, no edge",
        """
apiVersion: shop.example.com/v1
kind: Basket
spec: {secretName: s, regionRef: {name: r}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: definition, namespace: ""}
spec:
  group: shop.example.com
  names: {kind: Basket, plural: baskets}
  versions: [{name: v1, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
""",
    ),
    Case(
        "the schema of a definition of old",
        """
apiVersion: shop.example.com/v1
kind: Basket
spec: {secretName: s}
---
apiVersion: apiextensions.k8s.io/v1beta1
kind: CustomResourceDefinition
metadata: {name: definition, namespace: ""}
spec:
  group: shop.example.com
  names: {kind: Basket, plural: baskets}
  version: v1
  validation: {openAPIV3Schema: {properties: {spec: {properties: {secretName: {type: string}}}}}}
""",
        "USES_SECRET core/Secret/shop/s inferred",
    ),
)
