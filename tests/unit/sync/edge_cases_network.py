"""Situations of Services, endpoints, Ingresses and NetworkPolicies; the first object is looked at."""

from tests.unit.sync.graphs import Case

_PODS = """
---
{kind: Pod, metadata: {name: web, labels: {app: web, tier: front}}}
---
{kind: Pod, metadata: {name: db, labels: {app: db}}}
---
{kind: Pod, metadata: {name: web, namespace: other, labels: {app: web}}}
---
{kind: Pod, metadata: {name: done, labels: {app: batch}}, status: {phase: Succeeded}}
---
{kind: Namespace, metadata: {name: shop, labels: {team: a}}}
---
{kind: Namespace, metadata: {name: other, labels: {team: b}}}
"""


def _policy(spec: str) -> str:
    return f"{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, spec: {spec}}}{_PODS}"


NETWORK = (
    Case(
        "a Service selects in its own namespace only",
        "{kind: Service, spec: {selector: {app: web}}}" + _PODS,
        "SELECTS core/Pod/shop/web",
    ),
    Case(
        "a Service selects finished Pods too",
        "{kind: Service, spec: {selector: {app: batch}}}" + _PODS,
        "SELECTS core/Pod/shop/done",
    ),
    Case("a Service without a selector selects nothing", "{kind: Service, spec: {}}" + _PODS),
    Case("a Service with an empty selector selects nothing", "{kind: Service, spec: {selector: {}}}" + _PODS),
    Case(
        "a Service of type ExternalName selects nothing",
        "{kind: Service, spec: {type: ExternalName, externalName: x.example.com, selector: {app: web}}}" + _PODS,
        "NAMES_HOST host:x.example.com",
    ),
    Case(
        "a Knative Service is no Service",
        "{apiVersion: serving.knative.dev/v1, kind: Service, spec: {selector: {app: web}, externalName: x}}" + _PODS,
    ),
    Case(
        "a policy for some Pods",
        _policy("{podSelector: {matchExpressions: [{key: app, operator: In, values: [web, db]}]}}"),
        "SELECTS core/Pod/shop/web\nSELECTS core/Pod/shop/db",
    ),
    *(
        Case(
            f"a policy for all Pods of its namespace, its selector {what}",
            _policy(spec),
            "SELECTS core/Pod/shop/web\nSELECTS core/Pod/shop/db\nSELECTS core/Pod/shop/done",
        )
        for what, spec in (("empty", "{podSelector: {}}"), ("absent", "{}"))
    ),
    Case(
        "a policy with an operator that nobody knows selects nothing",
        _policy("{podSelector: {matchExpressions: [{key: app, operator: Near, values: [web]}]}}"),
    ),
    Case(
        "a budget",
        "{apiVersion: policy/v1, kind: PodDisruptionBudget, spec: {selector: {matchLabels: {app: web}}}}" + _PODS,
        "SELECTS core/Pod/shop/web",
    ),
    Case(
        "a budget with an empty selector",
        "{apiVersion: policy/v1, kind: PodDisruptionBudget, spec: {selector: {}}}" + _PODS,
        "SELECTS core/Pod/shop/web\nSELECTS core/Pod/shop/db\nSELECTS core/Pod/shop/done",
    ),
    Case(
        "a budget of v1beta1",
        "{apiVersion: policy/v1beta1, kind: PodDisruptionBudget, spec: {selector: {matchLabels: {app: web}}}}" + _PODS,
        "SELECTS core/Pod/shop/web",
    ),
    Case(
        "a budget of v1beta1 with an empty selector",
        "{apiVersion: policy/v1beta1, kind: PodDisruptionBudget, spec: {selector: {}}}" + _PODS,
    ),
    Case(
        "a budget without a selector",
        "{apiVersion: policy/v1, kind: PodDisruptionBudget, spec: {minAvailable: 1}}" + _PODS,
    ),
    # ---- peers
    Case(
        "a policy lets Pods of its own namespace in",
        _policy(
            "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}"
        ),
        "SELECTS core/Pod/shop/db\nALLOWS_FROM core/Pod/shop/web",
    ),
    Case(
        "a policy lets all Pods of its own namespace in",
        _policy("{podSelector: {matchLabels: {app: none}}, ingress: [{from: [{podSelector: {}}]}]}"),
        "ALLOWS_FROM core/Pod/shop/web\nALLOWS_FROM core/Pod/shop/db\nALLOWS_FROM core/Pod/shop/done",
    ),
    Case(
        "a policy lets whole namespaces in",
        _policy(
            "{podSelector: {matchLabels: {app: none}}, "
            "ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: other}}}]}]}"
        ),
        "ALLOWS_FROM core/Namespace/_/other",
    ),
    Case(
        "a policy lets some Pods of some namespaces in",
        _policy(
            "{podSelector: {matchLabels: {app: none}}, ingress: [{from: "
            "[{namespaceSelector: {matchLabels: {team: b}}, podSelector: {matchLabels: {app: web}}}]}]}"
        ),
        "ALLOWS_FROM core/Pod/other/web",
    ),
    Case(
        "all Pods of some namespaces are those namespaces",
        _policy(
            "{podSelector: {matchLabels: {app: none}}, "
            "ingress: [{from: [{namespaceSelector: {matchLabels: {team: b}}, podSelector: {}}]}]}"
        ),
        "ALLOWS_FROM core/Namespace/_/other",
    ),
    Case(
        "a policy lets its Pods talk to others",
        _policy(
            "{podSelector: {matchLabels: {app: none}}, egress: [{to: [{podSelector: {matchLabels: {app: db}}}, "
            "{namespaceSelector: {matchLabels: {team: b}}}]}]}"
        ),
        "ALLOWS_TO core/Pod/shop/db\nALLOWS_TO core/Namespace/_/other",
    ),
    Case(
        "egress rules mean nothing where policyTypes leave Egress out",
        _policy(
            "{podSelector: {matchLabels: {app: none}}, policyTypes: [Ingress], "
            "egress: [{to: [{podSelector: {matchLabels: {app: db}}}]}]}"
        ),
    ),
    Case(
        "ingress rules mean nothing where policyTypes leave Ingress out",
        _policy(
            "{podSelector: {matchLabels: {app: none}}, policyTypes: [Egress], "
            "ingress: [{from: [{podSelector: {matchLabels: {app: db}}}]}]}"
        ),
    ),
    Case(
        "everyone, and blocks of addresses, are properties and no edges",
        _policy("{podSelector: {matchLabels: {app: none}}, ingress: [{}, {from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}"),
    ),
    # ---- endpoints
    Case(
        "a slice, its Service and what answers",
        """
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {labels: {kubernetes.io/service-name: web}}
endpoints:
- {targetRef: {kind: Pod, name: web-1, namespace: shop, uid: u}, nodeName: n1, conditions: {ready: true}}
- {nodeName: n2, addresses: [10.0.0.1]}
- {addresses: [10.0.0.2]}
""",
        "ENDPOINT_OF core/Service/shop/web\nTARGETS core/Pod/shop/web-1\nTARGETS core/Node/_/n2",
    ),
    Case(
        "Endpoints",
        """
kind: Endpoints
metadata: {name: web}
subsets:
- addresses: [{ip: 10.0.0.1, targetRef: {kind: Pod, name: web-1, namespace: shop}}]
  notReadyAddresses: [{ip: 10.0.0.2, nodeName: n1}]
""",
        "ENDPOINT_OF core/Service/shop/web optional\nTARGETS core/Pod/shop/web-1\nTARGETS core/Node/_/n1",
    ),
    # ---- Ingress
    Case(
        "an Ingress",
        """
apiVersion: networking.k8s.io/v1
kind: Ingress
spec:
  ingressClassName: nginx
  tls: [{secretName: tls, hosts: [Shop.Example.com.]}]
  defaultBackend: {service: {name: fallback, port: {number: 80}}}
  rules:
  - host: shop.example.com
    http: {paths: [{path: /, backend: {service: {name: web, port: {name: http}}}}]}
  - http: {paths: [{path: /b, backend: {resource: {apiGroup: shop.example.com, kind: Basket, name: b}}}]}
""",
        """
HAS_INGRESS_CLASS networking.k8s.io/IngressClass/_/nginx
NAMES_HOST host:shop.example.com
ROUTES_TO core/Service/shop/fallback
ROUTES_TO core/Service/shop/web
ROUTES_TO shop.example.com/Basket/shop/b
USES_SECRET core/Secret/shop/tls
""",
    ),
    Case(
        "an Ingress of v1beta1, under the group of old, with the old annotation",
        """
apiVersion: extensions/v1beta1
kind: Ingress
metadata: {annotations: {kubernetes.io/ingress.class: traefik}}
spec:
  backend: {serviceName: fallback, servicePort: 80}
  rules: [{http: {paths: [{path: /, backend: {serviceName: web, servicePort: http}}]}}]
""",
        """
HAS_INGRESS_CLASS networking.k8s.io/IngressClass/_/traefik optional
ROUTES_TO core/Service/shop/fallback
ROUTES_TO core/Service/shop/web
""",
    ),
    Case(
        "an Ingress without a class gets the only default",
        """
{apiVersion: networking.k8s.io/v1, kind: Ingress, spec: {}}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: nginx, annotations: {ingressclass.kubernetes.io/is-default-class: "true"}}
---
{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: other}}
""",
        "HAS_INGRESS_CLASS networking.k8s.io/IngressClass/_/nginx inferred",
    ),
    Case(
        "of two default Ingress classes neither is the default",
        """
{apiVersion: networking.k8s.io/v1, kind: Ingress, spec: {}}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: a, annotations: {ingressclass.kubernetes.io/is-default-class: "true"}}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: b, annotations: {ingressclass.kubernetes.io/is-default-class: "true"}}
""",
    ),
    Case(
        "parameters of an Ingress class, in a namespace",
        """
apiVersion: networking.k8s.io/v1
kind: IngressClass
spec: {parameters: {apiGroup: shop.example.com, kind: Basket, name: p, namespace: infra, scope: Namespace}}
""",
        "HAS_PARAMETERS shop.example.com/Basket/infra/p",
    ),
    Case(
        "parameters of an Ingress class, for the cluster",
        """
apiVersion: networking.k8s.io/v1
kind: IngressClass
spec: {parameters: {apiGroup: shop.example.com, kind: Region, name: p, scope: Cluster}}
""",
        "HAS_PARAMETERS shop.example.com/Region/_/p",
    ),
    # ---- host names
    Case(
        "an ExternalName outside the cluster",
        "{kind: Service, spec: {type: ExternalName, externalName: DB.Example.com.}}",
        "NAMES_HOST host:db.example.com",
    ),
    *(
        Case(
            f"an ExternalName inside the cluster, {name}",
            f"{{kind: Service, spec: {{type: ExternalName, externalName: {name}}}}}",
            f"NAMES_HOST host:{name}\nROUTES_TO core/Service/data/db",
        )
        for name in ("db.data.svc.cluster.local", "db.data.svc")
    ),
    Case(
        "externalName counts for the type ExternalName only",
        "{kind: Service, spec: {type: ClusterIP, externalName: db.data.svc}}",
    ),
)
