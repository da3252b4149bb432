"""Situations of autoscalers, of the Prometheus operator, of OLM and of JobSet; the first object is looked at."""

from tests.unit.sync.graphs import Case

_MONITORING, _OLM = "monitoring.coreos.com", "operators.coreos.com"
_TWO_SERVICES = """
---
{kind: Service, metadata: {name: web, labels: {app: web}}}
---
{kind: Service, metadata: {name: far, namespace: other, labels: {app: web}}}
---
{kind: Service, metadata: {name: db, namespace: third}}
"""


def _monitor(spec: str) -> str:
    return f"{{apiVersion: {_MONITORING}/v1, kind: ServiceMonitor, spec: {spec}}}{_TWO_SERVICES}"


def _monitor_here(name: str, namespace: str, labels: str = "{}", kind: str = "ServiceMonitor") -> str:
    metadata = f"{{name: {name}, namespace: {namespace}, labels: {labels}}}"
    return f"---\n{{apiVersion: {_MONITORING}/v1, kind: {kind}, metadata: {metadata}}}\n"


def _prometheus(spec: str) -> str:
    return (
        f"{{apiVersion: {_MONITORING}/v1, kind: Prometheus, spec: {spec}}}\n"
        + _monitor_here("a", "shop", "{team: a}")
        + _monitor_here("b", "other", "{team: a}")
        + _monitor_here("c", "other")
        + "---\n{kind: Namespace, metadata: {name: other, labels: {watched: 'yes'}}}\n"
    )


OPERATORS = (
    # ---- scaling
    Case(
        "a ScaledObject",
        """
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
spec:
  scaleTargetRef: {name: web}
  triggers:
  - {type: kafka, authenticationRef: {name: own}}
  - {type: kafka, authenticationRef: {name: all, kind: ClusterTriggerAuthentication}}
""",
        """
SCALES apps/Deployment/shop/web
USES_AUTH keda.sh/TriggerAuthentication/shop/own
USES_AUTH keda.sh/ClusterTriggerAuthentication/_/all
""",
    ),
    Case(
        "a ScaledJob is a template",
        """
apiVersion: keda.sh/v1alpha1
kind: ScaledJob
spec:
  jobTargetRef: {template: {spec: {serviceAccountName: robot, containers: [{image: nginx}]}}}
  triggers: [{type: kafka, authenticationRef: {name: own}}]
""",
        """
RUNS_AS core/ServiceAccount/shop/robot
RUNS_IMAGE image:docker.io/library/nginx:latest
USES_AUTH keda.sh/TriggerAuthentication/shop/own
""",
    ),
    *(
        Case(
            f"a {kind}",
            f"""
apiVersion: keda.sh/v1alpha1
kind: {kind}
spec:
  secretTargetRef: [{{parameter: p, name: s, key: k}}]
  configMapTargetRef: [{{parameter: p, name: c, key: k}}]
  boundServiceAccountToken: [{{parameter: p, serviceAccountName: a}}]
  azureKeyVault: {{credentials: {{clientSecret: {{valueFrom: {{secretKeyRef: {{name: azure, key: k}}}}}}}}}}
""",
            f"""
USES_SECRET core/Secret/{namespace}/s
USES_SECRET core/Secret/{namespace}/azure
USES_CONFIGMAP core/ConfigMap/{namespace}/c
RUNS_AS core/ServiceAccount/{namespace}/a
""",
        )
        for kind, namespace in (("TriggerAuthentication", "shop"), ("ClusterTriggerAuthentication", "keda"))
    ),
    Case(
        "a VerticalPodAutoscaler",
        """
apiVersion: autoscaling.k8s.io/v1
kind: VerticalPodAutoscaler
spec: {targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
""",
        "SCALES apps/Deployment/shop/web",
    ),
    Case(
        "a VerticalPodAutoscalerCheckpoint",
        "{apiVersion: autoscaling.k8s.io/v1, kind: VerticalPodAutoscalerCheckpoint, spec: {vpaObjectName: web}}",
        "PART_OF autoscaling.k8s.io/VerticalPodAutoscaler/shop/web",
    ),
    Case(
        "a JobSet has several templates",
        """
apiVersion: jobset.x-k8s.io/v1alpha2
kind: JobSet
spec:
  replicatedJobs:
  - name: driver
    template: {spec: {template: {spec: {containers: [{image: driver, envFrom: [{secretRef: {name: s}}]}]}}}}
  - name: worker
    template: {spec: {template: {spec: {serviceAccountName: robot, containers: [{image: worker}]}}}}
""",
        """
RUNS_IMAGE image:docker.io/library/driver:latest
RUNS_IMAGE image:docker.io/library/worker:latest
USES_SECRET core/Secret/shop/s
RUNS_AS core/ServiceAccount/shop/robot
""",
    ),
    # ---- monitoring
    Case(
        "a ServiceMonitor of its own namespace",
        _monitor("{selector: {matchLabels: {app: web}}}"),
        "SELECTS core/Service/shop/web",
    ),
    Case(
        "a ServiceMonitor of everything",
        _monitor("{selector: {}, namespaceSelector: {any: true}}"),
        "SELECTS core/Service/shop/web\nSELECTS core/Service/other/far\nSELECTS core/Service/third/db",
    ),
    Case(
        "a ServiceMonitor of other namespaces",
        _monitor("{selector: {}, namespaceSelector: {matchNames: [other, third]}}"),
        "SELECTS core/Service/other/far\nSELECTS core/Service/third/db",
    ),
    Case(
        "a PodMonitor with logins",
        f"""
apiVersion: {_MONITORING}/v1
kind: PodMonitor
spec:
  selector: {{}}
  podMetricsEndpoints:
  - basicAuth: {{username: {{name: user, key: u}}, password: {{name: password, key: p}}}}
    tlsConfig: {{ca: {{configMap: {{name: ca, key: k}}}}, keySecret: {{name: tls, key: k, optional: true}}}}
---
{{kind: Pod, metadata: {{name: web}}}}
""",
        """
SELECTS core/Pod/shop/web
USES_SECRET core/Secret/shop/user
USES_SECRET core/Secret/shop/password
USES_SECRET core/Secret/shop/tls optional
USES_CONFIGMAP core/ConfigMap/shop/ca
""",
    ),
    Case(
        "a Probe of Ingresses",
        f"""
apiVersion: {_MONITORING}/v1
kind: Probe
spec: {{targets: {{ingress: {{selector: {{matchLabels: {{app: web}}}}}}}}}}
---
{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: web, labels: {{app: web}}}}}}
""",
        "SELECTS networking.k8s.io/Ingress/shop/web",
    ),
    Case(
        "a Probe of fixed addresses",
        f"""
apiVersion: {_MONITORING}/v1
kind: Probe
spec: {{targets: {{staticConfig: {{static: [example.com]}}}}}}
---
{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: web}}}}
""",
    ),
    Case("a Prometheus without selectors takes nothing", _prometheus("{}")),
    Case(
        "a Prometheus takes monitors of its own namespace",
        _prometheus("{serviceMonitorSelector: {}}"),
        f"SELECTS {_MONITORING}/ServiceMonitor/shop/a",
    ),
    Case(
        "a Prometheus takes monitors of all namespaces",
        _prometheus("{serviceMonitorSelector: {matchLabels: {team: a}}, serviceMonitorNamespaceSelector: {}}"),
        f"SELECTS {_MONITORING}/ServiceMonitor/shop/a\nSELECTS {_MONITORING}/ServiceMonitor/other/b",
    ),
    Case(
        "a Prometheus takes monitors of some namespaces",
        _prometheus("{serviceMonitorSelector: {}, serviceMonitorNamespaceSelector: {matchLabels: {watched: 'yes'}}}"),
        f"SELECTS {_MONITORING}/ServiceMonitor/other/b\nSELECTS {_MONITORING}/ServiceMonitor/other/c",
    ),
    Case(
        "a Prometheus takes all else too, and what it needs",
        f"""
apiVersion: {_MONITORING}/v1
kind: Prometheus
spec:
  podMonitorSelector: {{}}
  probeSelector: {{}}
  scrapeConfigSelector: {{}}
  ruleSelector: {{}}
  serviceAccountName: prometheus
  secrets: [mounted]
  configMaps: [files]
  imagePullSecrets: [{{name: pull}}]
  additionalScrapeConfigs: {{name: more, key: k}}
  remoteWrite: [{{url: u, sigv4: {{accessKey: {{name: token, key: k}}}}}}]
"""
        + _monitor_here("a", "shop", kind="PodMonitor")
        + _monitor_here("a", "shop", kind="Probe")
        + _monitor_here("a", "shop", kind="ScrapeConfig")
        + _monitor_here("a", "shop", kind="PrometheusRule"),
        f"""
SELECTS {_MONITORING}/PodMonitor/shop/a
SELECTS {_MONITORING}/Probe/shop/a
SELECTS {_MONITORING}/ScrapeConfig/shop/a
SELECTS {_MONITORING}/PrometheusRule/shop/a
RUNS_AS core/ServiceAccount/shop/prometheus
USES_SECRET core/Secret/shop/mounted
USES_SECRET core/Secret/shop/pull
USES_SECRET core/Secret/shop/more
USES_SECRET core/Secret/shop/token
USES_CONFIGMAP core/ConfigMap/shop/files
""",
    ),
    Case(
        "a Prometheus that tells Alertmanagers",
        f"""
apiVersion: {_MONITORING}/v1
kind: Prometheus
spec: {{alerting: {{alertmanagers: [{{name: own, port: web}}, {{name: far, namespace: other, port: web}}]}}}}
""",
        "REFERS_TO core/Service/shop/own\nREFERS_TO core/Service/other/far",
    ),
    Case(
        "an Alertmanager",
        f"""
apiVersion: {_MONITORING}/v1
kind: Alertmanager
spec:
  alertmanagerConfigSelector: {{}}
  alertmanagerConfiguration: {{name: global}}
  configSecret: base
"""
        + _monitor_here("a", "shop", kind="AlertmanagerConfig"),
        f"""
SELECTS {_MONITORING}/AlertmanagerConfig/shop/a
REFERS_TO {_MONITORING}/AlertmanagerConfig/shop/global
USES_SECRET core/Secret/shop/base
""",
    ),
    Case(
        "an AlertmanagerConfig's receivers",
        f"""
apiVersion: {_MONITORING}/v1alpha1
kind: AlertmanagerConfig
spec:
  receivers:
  - name: r
    slackConfigs:
    - apiURL: {{name: slack, key: k}}
      httpConfig: {{tlsConfig: {{ca: {{configMap: {{name: ca, key: k}}}}}}}}
    pagerdutyConfigs: [{{details: [{{key: a, value: b}}]}}]
  route: {{matchers: [{{name: a, value: b}}]}}
""",
        "USES_SECRET core/Secret/shop/slack\nUSES_CONFIGMAP core/ConfigMap/shop/ca",
    ),
    # ---- OLM
    Case(
        "a Subscription",
        f"""
apiVersion: {_OLM}/v1alpha1
kind: Subscription
spec:
  name: op
  source: catalog
  sourceNamespace: olm
  config:
    envFrom: [{{secretRef: {{name: s}}}}]
    env: [{{valueFrom: {{configMapKeyRef: {{name: c, optional: true}}}}}}]
status: {{installedCSV: op.v1, installPlanRef: {{kind: InstallPlan, name: install-a, namespace: shop}}}}
""",
        f"""
SUBSCRIBES {_OLM}/CatalogSource/olm/catalog
SUBSCRIBES {_OLM}/InstallPlan/shop/install-a
SUBSCRIBES {_OLM}/ClusterServiceVersion/shop/op.v1
USES_SECRET core/Secret/shop/s
USES_CONFIGMAP core/ConfigMap/shop/c optional
""",
    ),
    Case(
        "an InstallPlan",
        f"""
apiVersion: {_OLM}/v1alpha1
kind: InstallPlan
spec: {{clusterServiceVersionNames: [op.v1]}}
status: {{bundleLookups: [{{catalogSourceRef: {{name: catalog, namespace: olm}}}}]}}
""",
        f"SUBSCRIBES {_OLM}/ClusterServiceVersion/shop/op.v1 optional\nSUBSCRIBES {_OLM}/CatalogSource/olm/catalog",
    ),
    Case(
        "a ClusterServiceVersion",
        f"""
apiVersion: {_OLM}/v1alpha1
kind: ClusterServiceVersion
spec:
  customresourcedefinitions: {{owned: [{{name: baskets.shop.example.com}}], required: [{{name: eggs.example.com}}]}}
  install: {{spec: {{permissions: [{{serviceAccountName: op}}], clusterPermissions: [{{serviceAccountName: op}}]}}}}
""",
        """
SUBSCRIBES apiextensions.k8s.io/CustomResourceDefinition/_/baskets.shop.example.com
SUBSCRIBES apiextensions.k8s.io/CustomResourceDefinition/_/eggs.example.com
RUNS_AS core/ServiceAccount/shop/op
""",
    ),
    Case(
        "a CatalogSource",
        f"{{apiVersion: {_OLM}/v1alpha1, kind: CatalogSource, spec: {{secrets: [pull], configMap: content}}}}",
        "USES_SECRET core/Secret/shop/pull\nUSES_CONFIGMAP core/ConfigMap/shop/content",
    ),
    Case(
        "an OperatorGroup",
        f"{{apiVersion: {_OLM}/v1, kind: OperatorGroup, spec: {{serviceAccountName: scoped}}}}",
        "RUNS_AS core/ServiceAccount/shop/scoped",
    ),
)
