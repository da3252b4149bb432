"""Situations of RBAC, admission, aggregated APIs and autoscaling; the first object is looked at."""

from tests.unit.sync.graphs import Case

_RBAC = "rbac.authorization.k8s.io"
_ADMISSION = "admissionregistration.k8s.io"

_PARAMETERS = """
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: limits, labels: {env: prod}}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: limits, namespace: other}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: more, namespace: other, labels: {env: prod}}}
---
{apiVersion: shop.example.com/v1, kind: Basket, metadata: {name: limits}}
"""


def _binding(action: str, reference: str, kind: str = "{apiVersion: v1, kind: ConfigMap}") -> str:
    return f"""
apiVersion: {_ADMISSION}/v1
kind: {action}AdmissionPolicyBinding
spec: {{policyName: p, paramRef: {reference}}}
---
apiVersion: {_ADMISSION}/v1
kind: {action}AdmissionPolicy
metadata: {{name: p}}
spec: {{paramKind: {kind}}}
{_PARAMETERS}"""


ACCESS = (
    Case(
        "Secrets of a ServiceAccount",
        "{kind: ServiceAccount, secrets: [{name: token}], imagePullSecrets: [{name: pull}]}",
        "USES_SECRET core/Secret/shop/token\nUSES_SECRET core/Secret/shop/pull",
    ),
    Case(
        "a token's account",
        """
kind: Secret
type: kubernetes.io/service-account-token
metadata: {annotations: {kubernetes.io/service-account.name: robot, kubernetes.io/service-account.uid: u}}
""",
        "TOKEN_OF core/ServiceAccount/shop/robot",
    ),
    Case(
        "a Secret of another type is no token",
        "{kind: Secret, type: kubernetes.io/tls, metadata: {annotations: {kubernetes.io/service-account.name: robot}}}",
    ),
    Case(
        "a RoleBinding",
        f"""
apiVersion: {_RBAC}/v1
kind: RoleBinding
roleRef: {{apiGroup: {_RBAC}, kind: Role, name: reader}}
subjects:
- {{kind: ServiceAccount, name: robot, namespace: ci}}
- {{kind: ServiceAccount, name: own}}
- {{kind: User, name: jane@example.com}}
- {{kind: Group, name: "oidc:devs"}}
- {{kind: User, name: "system:serviceaccount:ci:other"}}
- {{kind: User, name: "system:node:n1"}}
- {{kind: User, name: "system:serviceaccount::own"}}
- {{kind: User, name: "system:serviceaccount:ci:"}}
- {{kind: Group, name: "system:serviceaccounts:ci"}}
""",
        f"""
BINDS {_RBAC}/Role/shop/reader
SUBJECT core/ServiceAccount/ci/robot
SUBJECT core/ServiceAccount/shop/own
SUBJECT core/ServiceAccount/ci/other
SUBJECT core/Node/_/n1
SUBJECT subject:c/User/jane@example.com
SUBJECT subject:c/Group/oidc:devs
SUBJECT subject:c/User/system:serviceaccount::own
SUBJECT subject:c/User/system:serviceaccount:ci:
SUBJECT subject:c/Group/system:serviceaccounts:ci
""",
    ),
    Case(
        "a RoleBinding of a ClusterRole",
        f"{{apiVersion: {_RBAC}/v1, kind: RoleBinding, roleRef: {{kind: ClusterRole, name: view}}}}",
        f"BINDS {_RBAC}/ClusterRole/_/view",
    ),
    Case(
        "a ClusterRoleBinding",
        f"""
apiVersion: {_RBAC}/v1
kind: ClusterRoleBinding
roleRef: {{apiGroup: {_RBAC}, kind: ClusterRole, name: "system:node"}}
subjects: [{{kind: ServiceAccount, name: robot, namespace: ci}}, {{kind: ServiceAccount, name: nowhere}}]
""",
        f"BINDS {_RBAC}/ClusterRole/_/system:node\nSUBJECT core/ServiceAccount/ci/robot",
    ),
    Case(
        "an aggregated ClusterRole, which does not aggregate itself",
        f"""
apiVersion: {_RBAC}/v1
kind: ClusterRole
metadata: {{name: all, labels: {{a: "1"}}}}
aggregationRule:
  clusterRoleSelectors: [{{matchLabels: {{a: "1"}}}}, {{matchLabels: {{b: "1"}}}}]
---
{{apiVersion: {_RBAC}/v1, kind: ClusterRole, metadata: {{name: one, labels: {{a: "1", b: "1"}}}}}}
---
{{apiVersion: {_RBAC}/v1, kind: ClusterRole, metadata: {{name: two, labels: {{c: "1"}}}}}}
""",
        f"AGGREGATES {_RBAC}/ClusterRole/_/one",
    ),
    *(
        Case(
            f"a {kind}",
            f"""
apiVersion: {_ADMISSION}/v1
kind: {kind}
webhooks:
- {{name: a.x.io, clientConfig: {{service: {{namespace: infra, name: hook, path: /a}}}}}}
- {{name: b.x.io, clientConfig: {{url: "https://example.com"}}}}
""",
            "CALLS core/Service/infra/hook",
        )
        for kind in ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
    ),
    *(
        Case(
            f"the conversion of a custom kind, {version}",
            f"""
apiVersion: apiextensions.k8s.io/{version}
kind: CustomResourceDefinition
metadata: {{name: baskets.shop.example.com}}
spec: {{conversion: {conversion}}}
""",
            "CALLS core/Service/infra/convert",
        )
        for version, conversion in (
            ("v1", "{webhook: {clientConfig: {service: {namespace: infra, name: convert}}}}"),
            ("v1beta1", "{webhookClientConfig: {service: {namespace: infra, name: convert}}}"),
        )
    ),
    Case(
        "an aggregated API",
        """
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.metrics.k8s.io}
spec: {service: {namespace: kube-system, name: metrics-server}}
""",
        "SERVED_BY core/Service/kube-system/metrics-server",
    ),
    *(
        case
        for action in ("Validating", "Mutating")
        for case in (
            Case(
                f"a {action} policy's parameters by name, in any namespace",
                _binding(action, "{name: limits}"),
                f"""
BINDS_POLICY {_ADMISSION}/{action}AdmissionPolicy/_/p
BINDS_POLICY core/ConfigMap/shop/limits
BINDS_POLICY core/ConfigMap/other/limits
""",
            ),
            Case(
                f"a {action} policy's parameters by labels, in one namespace",
                _binding(
                    action, "{selector: {matchLabels: {env: prod}}, namespace: other, parameterNotFoundAction: Allow}"
                ),
                f"""
BINDS_POLICY {_ADMISSION}/{action}AdmissionPolicy/_/p
BINDS_POLICY core/ConfigMap/other/more optional
""",
            ),
            Case(
                f"a {action} policy's parameters of a custom kind",
                _binding(action, "{name: limits}", "{apiVersion: shop.example.com/v1, kind: Basket}"),
                f"""
BINDS_POLICY {_ADMISSION}/{action}AdmissionPolicy/_/p
BINDS_POLICY shop.example.com/Basket/shop/limits
""",
            ),
        )
    ),
    Case(
        "an autoscaler",
        """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  metrics:
  - type: Object
    object: {describedObject: {apiVersion: networking.k8s.io/v1, kind: Ingress, name: main}, target: {type: Value}}
""",
        "SCALES apps/Deployment/shop/web\nREGARDS networking.k8s.io/Ingress/shop/main",
    ),
    Case(
        "an autoscaler whose target says no apiVersion",
        """
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
spec: {scaleTargetRef: {kind: StatefulSet, name: db}}
""",
        "SCALES apps/StatefulSet/shop/db",
    ),
    Case(
        "an autoscaler of a custom kind",
        """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
spec: {scaleTargetRef: {apiVersion: shop.example.com/v1, kind: Basket, name: b}}
""",
        "SCALES shop.example.com/Basket/shop/b",
    ),
)
