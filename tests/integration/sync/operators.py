"""One object at least of each kind of the operators, and all edges that these have.

SHOP and INFRA are the test's namespaces. Keys are written without the cluster.
"""

MANIFEST = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: SHOP, labels: {app: web}}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: INFRA, labels: {app: web-SHOP}}
spec: {containers: [{name: c, image: nginx}]}
---
# ---- cert-manager
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: ca, namespace: SHOP}
spec: {ca: {secretName: pair}}
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: acme-SHOP}
spec:
  acme:
    server: https://acme.example.com/directory
    privateKeySecretRef: {name: account-SHOP}
    externalAccountBinding: {keyID: k, keySecretRef: {name: binding-SHOP, key: k}}
    solvers:
    - dns01:
        route53:
          region: r
          secretAccessKeySecretRef: {name: aws-SHOP, key: k}
          auth: {kubernetes: {serviceAccountRef: {name: dns-SHOP}}}
    - dns01: {cloudflare: {apiTokenSecretRef: {name: cloudflare-SHOP, key: k}}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: web, namespace: SHOP}
spec:
  secretName: web-tls
  dnsNames: [web.example.com]
  issuerRef: {name: ca}
  keystores: {pkcs12: {create: true, passwordSecretRef: {name: password, key: p}}}
---
apiVersion: v1
kind: Secret
metadata: {name: web-tls, namespace: SHOP, annotations: {cert-manager.io/certificate-name: web}}
---
apiVersion: cert-manager.io/v1
kind: CertificateRequest
metadata: {name: web-1, namespace: SHOP}
spec: {request: YQ==, issuerRef: {name: acme-SHOP, kind: ClusterIssuer, group: cert-manager.io}}
---
apiVersion: acme.cert-manager.io/v1
kind: Order
metadata: {name: web-1, namespace: SHOP}
spec: {request: YQ==, issuerRef: {name: acme-SHOP, kind: ClusterIssuer}}
---
apiVersion: acme.cert-manager.io/v1
kind: Challenge
metadata: {name: web-1, namespace: SHOP}
spec:
  authorizationURL: https://acme.example.com/a
  dnsName: web.example.com
  issuerRef: {name: acme-SHOP, kind: ClusterIssuer}
  key: k
  solver: {}
  token: t
  type: DNS-01
  url: https://acme.example.com/c
---
# ---- External Secrets, Sealed Secrets
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: vault, namespace: SHOP, labels: {push: "yes"}}
spec:
  provider:
    vault:
      server: https://vault.example.com
      caProvider: {type: ConfigMap, name: ca, key: k}
      auth:
        kubernetes: {mountPath: m, role: r, serviceAccountRef: {name: robot}}
---
apiVersion: external-secrets.io/v1
kind: ClusterSecretStore
metadata: {name: aws-SHOP, labels: {push: "yes-SHOP"}}
spec:
  provider:
    aws:
      service: SecretsManager
      region: r
      auth:
        secretRef:
          accessKeyIDSecretRef: {name: aws, key: k, namespace: INFRA}
          secretAccessKeySecretRef: {name: each, key: k}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: database, namespace: SHOP}
spec:
  secretStoreRef: {name: vault, kind: SecretStore}
  target: {name: login, template: {templateFrom: [{configMap: {name: template, items: [{key: k}]}}]}}
  data:
  - secretKey: k
    remoteRef: {key: r}
    sourceRef: {storeRef: {name: aws-SHOP, kind: ClusterSecretStore}}
  dataFrom:
  - sourceRef: {generatorRef: {apiVersion: generators.external-secrets.io/v1alpha1, kind: Password, name: p}}
---
apiVersion: external-secrets.io/v1
kind: ClusterExternalSecret
metadata: {name: everywhere-SHOP}
spec:
  namespaceSelectors: [{matchLabels: {nowhere: "yes"}}]
  externalSecretSpec: {secretStoreRef: {name: aws-SHOP, kind: ClusterSecretStore}}
---
apiVersion: external-secrets.io/v1alpha1
kind: PushSecret
metadata: {name: pushed, namespace: SHOP}
spec:
  secretStoreRefs:
  - {labelSelector: {matchLabels: {push: "yes"}}}
  - {labelSelector: {matchLabels: {push: "yes-SHOP"}}, kind: ClusterSecretStore}
  selector: {secret: {name: login}}
---
apiVersion: external-secrets.io/v1alpha1
kind: PushSecret
metadata: {name: selected, namespace: SHOP}
spec:
  secretStoreRefs: [{name: vault}]
  selector: {secret: {selector: {matchLabels: {tier: push}}}}
---
apiVersion: external-secrets.io/v1alpha1
kind: ClusterPushSecret
metadata: {name: everywhere-SHOP}
spec:
  namespaceSelectors: [{matchLabels: {nowhere: "yes"}}]
  pushSecretSpec:
    secretStoreRefs: [{labelSelector: {matchLabels: {push: "yes-SHOP"}}, kind: ClusterSecretStore}]
    selector: {secret: {name: each}}
---
apiVersion: v1
kind: Secret
metadata: {name: to-push, namespace: SHOP, labels: {tier: push}}
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: sealed, namespace: SHOP}
spec: {encryptedData: {k: v}}
---
# ---- Argo CD and Argo Rollouts
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: project-SHOP, namespace: SHOP}
spec: {}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: app-SHOP, namespace: SHOP}
spec:
  project: project-SHOP
  source: {repoURL: https://git.example.com/a, path: .}
  destination: {server: https://kubernetes.default.svc, namespace: INFRA}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: far, namespace: SHOP}
spec:
  project: project-SHOP
  source: {repoURL: https://git.example.com/a, path: .}
  destination: {name: second, namespace: web}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: tracked
  namespace: INFRA
  annotations: {argocd.argoproj.io/tracking-id: "app-SHOP:/ConfigMap:INFRA/tracked"}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: copied
  namespace: INFRA
  annotations: {argocd.argoproj.io/tracking-id: "app-SHOP:/ConfigMap:INFRA/tracked"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: labelled, namespace: INFRA, labels: {app.kubernetes.io/instance: app-SHOP}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: unmeant, namespace: INFRA, labels: {app.kubernetes.io/instance: something-else}}
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: SHOP}
spec:
  replicas: 0
  selector: {matchLabels: {app: rollout}}
  template:
    metadata: {labels: {app: rollout}}
    spec:
      priorityClassName: system-cluster-critical
      containers: [{name: c, image: "registry.example.com/rollout:1", envFrom: [{secretRef: {name: rollout}}]}]
  strategy:
    canary:
      stableService: stable
      canaryService: canary
      analysis: {templates: [{templateName: success}]}
      steps: [{analysis: {templates: [{templateName: all-SHOP, clusterScope: true}]}}]
      trafficRouting:
        nginx: {stableIngress: main}
        istio: {virtualService: {name: v}, destinationRule: {name: d, canarySubsetName: c, stableSubsetName: s}}
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: success, namespace: SHOP}
spec:
  metrics:
  - name: m
    provider: {job: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: nginx}]}}}}}
---
apiVersion: argoproj.io/v1alpha1
kind: ClusterAnalysisTemplate
metadata: {name: all-SHOP}
spec: {templates: [{templateName: more-SHOP, clusterScope: true}]}
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisRun
metadata: {name: run, namespace: SHOP}
spec:
  metrics: [{name: m, provider: {plugin: {}}}]
  args: [{name: token, valueFrom: {secretKeyRef: {name: metrics, key: k}}}]
---
apiVersion: argoproj.io/v1alpha1
kind: Experiment
metadata: {name: trial, namespace: SHOP}
spec:
  templates:
  - name: t
    selector: {matchLabels: {app: trial}}
    template: {metadata: {labels: {app: trial}}, spec: {containers: [{name: c, image: nginx}]}}
  analyses: [{name: a, templateName: success}]
---
# ---- Flux
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: fleet, namespace: SHOP}
spec:
  url: https://git.example.com/fleet
  interval: 1m
  secretRef: {name: git}
  verify: {secretRef: {name: signers}}
  include: [{repository: {name: shared}}]
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: oci, namespace: SHOP}
spec: {url: "oci://example.com/a", interval: 1m, certSecretRef: {name: certificate}, serviceAccountName: puller}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: charts, namespace: SHOP}
spec: {url: https://charts.example.com, secretRef: {name: charts}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: Bucket
metadata: {name: bucket, namespace: SHOP}
spec: {bucketName: b, endpoint: s3.example.com, interval: 1m, secretRef: {name: s3}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmChart
metadata: {name: chart, namespace: SHOP}
spec: {chart: c, interval: 1m, sourceRef: {kind: HelmRepository, name: charts}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: ExternalArtifact
metadata: {name: artifact, namespace: SHOP}
spec: {sourceRef: {apiVersion: source.toolkit.fluxcd.io/v1, kind: Bucket, name: bucket}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: apps
  namespace: SHOP
  labels: {kustomize.toolkit.fluxcd.io/name: apps, kustomize.toolkit.fluxcd.io/namespace: SHOP}
spec:
  interval: 1m
  prune: true
  sourceRef: {kind: GitRepository, name: fleet}
  dependsOn: [{name: base, namespace: INFRA}]
  targetNamespace: INFRA
  serviceAccountName: deployer
  decryption: {provider: sops, secretRef: {name: sops}}
  postBuild: {substituteFrom: [{kind: ConfigMap, name: vars, optional: true}, {kind: Secret, name: secret-vars}]}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: SHOP}
spec:
  interval: 1m
  chart: {spec: {chart: web, sourceRef: {kind: HelmRepository, name: charts}}}
  dependsOn: [{name: database}]
  targetNamespace: INFRA
  releaseName: web
  valuesFrom: [{kind: Secret, name: values}]
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: of-flux
  namespace: INFRA
  labels:
    kustomize.toolkit.fluxcd.io/name: apps
    kustomize.toolkit.fluxcd.io/namespace: SHOP
    app.kubernetes.io/managed-by: Helm
    helm.toolkit.fluxcd.io/name: web
    helm.toolkit.fluxcd.io/namespace: SHOP
  annotations: {meta.helm.sh/release-name: web, meta.helm.sh/release-namespace: INFRA}
---
apiVersion: v1
kind: Secret
type: helm.sh/release.v1
metadata:
  name: sh.helm.release.v1.web.v2
  namespace: INFRA
  labels: {owner: helm, name: web, version: "2", status: deployed}
---
# ---- scaling
apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata: {name: own, namespace: SHOP}
spec:
  secretTargetRef: [{parameter: p, name: kafka, key: k}]
  configMapTargetRef: [{parameter: p, name: brokers, key: k}]
---
apiVersion: keda.sh/v1alpha1
kind: ClusterTriggerAuthentication
metadata: {name: all-SHOP}
spec:
  azureKeyVault:
    vaultUri: https://vault.example.com
    credentials: {clientId: c, tenantId: t, clientSecret: {valueFrom: {secretKeyRef: {name: azure-SHOP, key: k}}}}
    secrets: [{name: secret, parameter: p}]
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: web, namespace: SHOP}
spec:
  scaleTargetRef: {apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: web}
  triggers:
  - {type: kafka, metadata: {a: b}, authenticationRef: {name: own}}
  - {type: kafka, metadata: {a: b}, authenticationRef: {name: all-SHOP, kind: ClusterTriggerAuthentication}}
---
apiVersion: keda.sh/v1alpha1
kind: ScaledJob
metadata: {name: batch, namespace: SHOP}
spec:
  jobTargetRef:
    template:
      spec:
        serviceAccountName: batch
        containers: [{name: c, image: "registry.example.com/batch:1"}]
        restartPolicy: Never
  triggers: [{type: kafka, metadata: {a: b}, authenticationRef: {name: own}}]
---
apiVersion: autoscaling.k8s.io/v1
kind: VerticalPodAutoscaler
metadata: {name: web, namespace: SHOP}
spec: {targetRef: {apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: web}}
---
apiVersion: autoscaling.k8s.io/v1
kind: VerticalPodAutoscalerCheckpoint
metadata: {name: web-c, namespace: SHOP}
spec: {vpaObjectName: web, containerName: c}
---
apiVersion: jobset.x-k8s.io/v1alpha2
kind: JobSet
metadata: {name: training, namespace: SHOP}
spec:
  replicatedJobs:
  - name: driver
    template:
      spec:
        template:
          spec:
            restartPolicy: Never
            containers: [{name: c, image: "registry.example.com/driver:1", envFrom: [{secretRef: {name: driver}}]}]
  - name: worker
    template:
      spec:
        template:
          spec:
            restartPolicy: Never
            serviceAccountName: worker
            containers: [{name: c, image: "registry.example.com/worker:1"}]
---
# ---- Prometheus operator
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: web, namespace: SHOP, labels: {team: SHOP}}
spec:
  selector: {matchLabels: {app: web}}
  endpoints: [{port: http, basicAuth: {username: {name: scrape, key: u}, password: {name: scrape, key: p}}}]
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: web, namespace: SHOP}
spec:
  selector: {matchLabels: {app: web-SHOP}}
  namespaceSelector: {matchNames: [INFRA]}
  podMetricsEndpoints: [{port: http, tlsConfig: {ca: {configMap: {name: scrape-ca, key: k}}}}]
---
apiVersion: monitoring.coreos.com/v1
kind: Probe
metadata: {name: web, namespace: SHOP}
spec: {prober: {url: probe.example.com}, targets: {ingress: {selector: {matchLabels: {app: web}}}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: SHOP, labels: {app: web}}
spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
---
apiVersion: monitoring.coreos.com/v1alpha1
kind: ScrapeConfig
metadata: {name: static, namespace: SHOP}
spec: {authorization: {credentials: {name: scrape-token, key: k}}}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: rules, namespace: SHOP}
spec: {groups: [{name: g, rules: [{alert: A, expr: "1"}]}]}
---
apiVersion: monitoring.coreos.com/v1alpha1
kind: AlertmanagerConfig
metadata: {name: team, namespace: SHOP}
spec: {receivers: [{name: r}], route: {receiver: r}}
---
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: main, namespace: INFRA}
spec:
  serviceAccountName: prometheus
  serviceMonitorSelector: {matchLabels: {team: SHOP}}
  serviceMonitorNamespaceSelector: {}
  podMonitorSelector: {}
  podMonitorNamespaceSelector: {matchLabels: {watched: SHOP}}
  alerting: {alertmanagers: [{name: alerts, namespace: SHOP, port: web}]}
  secrets: [etcd]
  configMaps: [files]
  additionalScrapeConfigs: {name: more, key: k, optional: true}
  remoteWrite: [{url: "https://write.example.com", authorization: {credentials: {name: write, key: k}}}]
---
apiVersion: monitoring.coreos.com/v1alpha1
kind: PrometheusAgent
metadata: {name: agent, namespace: SHOP}
spec: {probeSelector: {}, scrapeConfigSelector: {}}
---
apiVersion: monitoring.coreos.com/v1
kind: ThanosRuler
metadata: {name: ruler, namespace: SHOP}
spec: {queryEndpoints: [q], ruleSelector: {}, objectStorageConfig: {name: objects, key: k}}
---
apiVersion: monitoring.coreos.com/v1
kind: Alertmanager
metadata: {name: main, namespace: SHOP}
spec: {alertmanagerConfigSelector: {}, alertmanagerConfiguration: {name: global}, configSecret: base}
---
# ---- OLM
apiVersion: operators.coreos.com/v1alpha1
kind: CatalogSource
metadata: {name: catalog, namespace: INFRA}
spec: {sourceType: grpc, image: registry.example.com/catalog, secrets: [pull]}
---
apiVersion: operators.coreos.com/v1alpha1
kind: CatalogSource
metadata: {name: content, namespace: INFRA}
spec: {sourceType: internal, configMap: content}
---
apiVersion: operators.coreos.com/v1alpha1
kind: Subscription
metadata: {name: op, namespace: SHOP}
spec: {name: op, source: catalog, sourceNamespace: INFRA}
---
apiVersion: operators.coreos.com/v1alpha1
kind: InstallPlan
metadata: {name: install-a, namespace: SHOP}
spec: {approval: Automatic, approved: true, clusterServiceVersionNames: [op.v1]}
---
apiVersion: operators.coreos.com/v1alpha1
kind: ClusterServiceVersion
metadata: {name: op.v1, namespace: SHOP}
spec:
  displayName: Op
  customresourcedefinitions:
    owned: [{kind: JobSet, name: jobsets.jobset.x-k8s.io, version: v1alpha2}]
    required: [{kind: Egg, name: eggs.example.com, version: v1}]
  install:
    strategy: deployment
    spec: {deployments: [], permissions: [{serviceAccountName: op, rules: []}]}
---
apiVersion: operators.coreos.com/v1
kind: OperatorGroup
metadata: {name: group, namespace: SHOP}
spec: {serviceAccountName: scoped}
"""

# What `status` says, which is written apart from the rest: (API, plural, name, status).
STATUS = (
    ("cert-manager.io/v1", "certificates", "web", {"nextPrivateKeySecretName": "web-next"}),
    (
        "operators.coreos.com/v1alpha1",
        "subscriptions",
        "op",
        {
            "lastUpdated": "2026-01-01T00:00:00Z",
            "installedCSV": "op.v1",
            "installPlanRef": {"kind": "InstallPlan", "namespace": "SHOP", "name": "install-a"},
        },
    ),
)

EDGES = """
cert-manager.io/Certificate/shop/web ISSUED_BY cert-manager.io/Issuer/shop/ca
cert-manager.io/Certificate/shop/web WRITES core/Secret/shop/web-tls optional
cert-manager.io/Certificate/shop/web WRITES core/Secret/shop/web-next optional
cert-manager.io/Certificate/shop/web USES_SECRET core/Secret/shop/password
core/Secret/shop/web-tls MADE_BY cert-manager.io/Certificate/shop/web optional
cert-manager.io/CertificateRequest/shop/web-1 ISSUED_BY cert-manager.io/ClusterIssuer/_/acme-shop
acme.cert-manager.io/Order/shop/web-1 ISSUED_BY cert-manager.io/ClusterIssuer/_/acme-shop
acme.cert-manager.io/Challenge/shop/web-1 ISSUED_BY cert-manager.io/ClusterIssuer/_/acme-shop
cert-manager.io/Issuer/shop/ca USES_SECRET core/Secret/shop/pair
cert-manager.io/ClusterIssuer/_/acme-shop WRITES core/Secret/cert-manager/account-shop optional
cert-manager.io/ClusterIssuer/_/acme-shop USES_SECRET core/Secret/cert-manager/binding-shop
cert-manager.io/ClusterIssuer/_/acme-shop USES_SECRET core/Secret/cert-manager/aws-shop
cert-manager.io/ClusterIssuer/_/acme-shop USES_SECRET core/Secret/cert-manager/cloudflare-shop
cert-manager.io/ClusterIssuer/_/acme-shop RUNS_AS core/ServiceAccount/cert-manager/dns-shop
external-secrets.io/SecretStore/shop/vault USES_CONFIGMAP core/ConfigMap/shop/ca
external-secrets.io/SecretStore/shop/vault RUNS_AS core/ServiceAccount/shop/robot
external-secrets.io/ClusterSecretStore/_/aws-shop USES_SECRET core/Secret/infra/aws
external-secrets.io/ExternalSecret/shop/database SYNCS external-secrets.io/SecretStore/shop/vault
external-secrets.io/ExternalSecret/shop/database SYNCS external-secrets.io/ClusterSecretStore/_/aws-shop
external-secrets.io/ExternalSecret/shop/database SYNCS generators.external-secrets.io/Password/shop/p
external-secrets.io/ExternalSecret/shop/database WRITES core/Secret/shop/login optional
external-secrets.io/ExternalSecret/shop/database USES_CONFIGMAP core/ConfigMap/shop/template
external-secrets.io/ClusterExternalSecret/_/everywhere-shop SYNCS external-secrets.io/ClusterSecretStore/_/aws-shop
external-secrets.io/ClusterPushSecret/_/everywhere-shop SYNCS external-secrets.io/ClusterSecretStore/_/aws-shop
external-secrets.io/PushSecret/shop/pushed SYNCS external-secrets.io/SecretStore/shop/vault
external-secrets.io/PushSecret/shop/pushed SYNCS external-secrets.io/ClusterSecretStore/_/aws-shop
external-secrets.io/PushSecret/shop/pushed USES_SECRET core/Secret/shop/login
external-secrets.io/PushSecret/shop/selected SYNCS external-secrets.io/SecretStore/shop/vault
external-secrets.io/PushSecret/shop/selected USES_SECRET core/Secret/shop/to-push
bitnami.com/SealedSecret/shop/sealed WRITES core/Secret/shop/sealed optional
argoproj.io/Application/shop/app-shop DEPENDS_ON argoproj.io/AppProject/shop/project-shop
argoproj.io/Application/shop/app-shop DEPLOYS core/Namespace/_/infra
argoproj.io/Application/shop/far DEPENDS_ON argoproj.io/AppProject/shop/project-shop
argoproj.io/Application/shop/far DEPLOYS second/core/Namespace/_/web
core/ConfigMap/infra/tracked PART_OF argoproj.io/Application/shop/app-shop
core/ConfigMap/infra/labelled PART_OF argoproj.io/Application/shop/app-shop inferred
argoproj.io/Rollout/shop/web HAS_PRIORITY scheduling.k8s.io/PriorityClass/_/system-cluster-critical
argoproj.io/Rollout/shop/web RUNS_AS core/ServiceAccount/shop/default inferred
argoproj.io/Rollout/shop/web RUNS_IMAGE image:registry.example.com/rollout:1
argoproj.io/Rollout/shop/web USES_SECRET core/Secret/shop/rollout
argoproj.io/Rollout/shop/web REFERS_TO core/Service/shop/stable
argoproj.io/Rollout/shop/web REFERS_TO core/Service/shop/canary
argoproj.io/Rollout/shop/web REFERS_TO argoproj.io/AnalysisTemplate/shop/success
argoproj.io/Rollout/shop/web REFERS_TO argoproj.io/ClusterAnalysisTemplate/_/all-shop
argoproj.io/Rollout/shop/web REFERS_TO networking.k8s.io/Ingress/shop/main
argoproj.io/Rollout/shop/web REFERS_TO networking.istio.io/VirtualService/shop/v
argoproj.io/Rollout/shop/web REFERS_TO networking.istio.io/DestinationRule/shop/d
argoproj.io/AnalysisRun/shop/run USES_SECRET core/Secret/shop/metrics
argoproj.io/Experiment/shop/trial REFERS_TO argoproj.io/AnalysisTemplate/shop/success
argoproj.io/ClusterAnalysisTemplate/_/all-shop REFERS_TO argoproj.io/ClusterAnalysisTemplate/_/more-shop
source.toolkit.fluxcd.io/GitRepository/shop/fleet USES_SECRET core/Secret/shop/git
source.toolkit.fluxcd.io/GitRepository/shop/fleet USES_SECRET core/Secret/shop/signers
source.toolkit.fluxcd.io/GitRepository/shop/fleet DEPENDS_ON source.toolkit.fluxcd.io/GitRepository/shop/shared
source.toolkit.fluxcd.io/OCIRepository/shop/oci USES_SECRET core/Secret/shop/certificate
source.toolkit.fluxcd.io/OCIRepository/shop/oci RUNS_AS core/ServiceAccount/shop/puller
source.toolkit.fluxcd.io/HelmRepository/shop/charts USES_SECRET core/Secret/shop/charts
source.toolkit.fluxcd.io/Bucket/shop/bucket USES_SECRET core/Secret/shop/s3
source.toolkit.fluxcd.io/HelmChart/shop/chart DEPENDS_ON source.toolkit.fluxcd.io/HelmRepository/shop/charts
source.toolkit.fluxcd.io/ExternalArtifact/shop/artifact DEPENDS_ON source.toolkit.fluxcd.io/Bucket/shop/bucket
kustomize.toolkit.fluxcd.io/Kustomization/shop/apps DEPENDS_ON source.toolkit.fluxcd.io/GitRepository/shop/fleet
kustomize.toolkit.fluxcd.io/Kustomization/shop/apps DEPENDS_ON kustomize.toolkit.fluxcd.io/Kustomization/infra/base
kustomize.toolkit.fluxcd.io/Kustomization/shop/apps DEPLOYS core/Namespace/_/infra
kustomize.toolkit.fluxcd.io/Kustomization/shop/apps RUNS_AS core/ServiceAccount/shop/deployer
kustomize.toolkit.fluxcd.io/Kustomization/shop/apps USES_SECRET core/Secret/shop/sops
kustomize.toolkit.fluxcd.io/Kustomization/shop/apps USES_SECRET core/Secret/shop/secret-vars
kustomize.toolkit.fluxcd.io/Kustomization/shop/apps USES_CONFIGMAP core/ConfigMap/shop/vars optional
helm.toolkit.fluxcd.io/HelmRelease/shop/web DEPENDS_ON source.toolkit.fluxcd.io/HelmRepository/shop/charts
helm.toolkit.fluxcd.io/HelmRelease/shop/web DEPENDS_ON helm.toolkit.fluxcd.io/HelmRelease/shop/database
helm.toolkit.fluxcd.io/HelmRelease/shop/web DEPLOYS core/Namespace/_/infra
helm.toolkit.fluxcd.io/HelmRelease/shop/web DEPLOYS release:operators/infra/web
helm.toolkit.fluxcd.io/HelmRelease/shop/web USES_SECRET core/Secret/shop/values
core/ConfigMap/infra/of-flux PART_OF kustomize.toolkit.fluxcd.io/Kustomization/shop/apps
core/ConfigMap/infra/of-flux PART_OF helm.toolkit.fluxcd.io/HelmRelease/shop/web
core/ConfigMap/infra/of-flux PART_OF release:operators/infra/web
core/Secret/infra/sh.helm.release.v1.web.v2 PART_OF release:operators/infra/web
keda.sh/TriggerAuthentication/shop/own USES_SECRET core/Secret/shop/kafka
keda.sh/TriggerAuthentication/shop/own USES_CONFIGMAP core/ConfigMap/shop/brokers
keda.sh/ClusterTriggerAuthentication/_/all-shop USES_SECRET core/Secret/keda/azure-shop
keda.sh/ScaledObject/shop/web SCALES argoproj.io/Rollout/shop/web
keda.sh/ScaledObject/shop/web USES_AUTH keda.sh/TriggerAuthentication/shop/own
keda.sh/ScaledObject/shop/web USES_AUTH keda.sh/ClusterTriggerAuthentication/_/all-shop
keda.sh/ScaledJob/shop/batch RUNS_AS core/ServiceAccount/shop/batch
keda.sh/ScaledJob/shop/batch RUNS_IMAGE image:registry.example.com/batch:1
keda.sh/ScaledJob/shop/batch USES_AUTH keda.sh/TriggerAuthentication/shop/own
autoscaling.k8s.io/VerticalPodAutoscaler/shop/web SCALES argoproj.io/Rollout/shop/web
autoscaling.k8s.io/VerticalPodAutoscalerCheckpoint/shop/web-c PART_OF autoscaling.k8s.io/VerticalPodAutoscaler/shop/web
jobset.x-k8s.io/JobSet/shop/training RUNS_AS core/ServiceAccount/shop/default inferred
jobset.x-k8s.io/JobSet/shop/training RUNS_AS core/ServiceAccount/shop/worker
jobset.x-k8s.io/JobSet/shop/training RUNS_IMAGE image:registry.example.com/driver:1
jobset.x-k8s.io/JobSet/shop/training RUNS_IMAGE image:registry.example.com/worker:1
jobset.x-k8s.io/JobSet/shop/training USES_SECRET core/Secret/shop/driver
monitoring.coreos.com/ServiceMonitor/shop/web SELECTS core/Service/shop/web
monitoring.coreos.com/ServiceMonitor/shop/web USES_SECRET core/Secret/shop/scrape
monitoring.coreos.com/PodMonitor/shop/web SELECTS core/Pod/infra/web
monitoring.coreos.com/PodMonitor/shop/web USES_CONFIGMAP core/ConfigMap/shop/scrape-ca
monitoring.coreos.com/Probe/shop/web SELECTS networking.k8s.io/Ingress/shop/web
networking.k8s.io/Ingress/shop/web ROUTES_TO core/Service/shop/web
monitoring.coreos.com/ScrapeConfig/shop/static USES_SECRET core/Secret/shop/scrape-token
monitoring.coreos.com/Prometheus/infra/main REFERS_TO core/Service/shop/alerts
monitoring.coreos.com/Prometheus/infra/main RUNS_AS core/ServiceAccount/infra/prometheus
monitoring.coreos.com/Prometheus/infra/main SELECTS monitoring.coreos.com/ServiceMonitor/shop/web
monitoring.coreos.com/Prometheus/infra/main USES_SECRET core/Secret/infra/etcd
monitoring.coreos.com/Prometheus/infra/main USES_SECRET core/Secret/infra/more optional
monitoring.coreos.com/Prometheus/infra/main USES_SECRET core/Secret/infra/write
monitoring.coreos.com/Prometheus/infra/main USES_CONFIGMAP core/ConfigMap/infra/files
monitoring.coreos.com/PrometheusAgent/shop/agent SELECTS monitoring.coreos.com/Probe/shop/web
monitoring.coreos.com/PrometheusAgent/shop/agent SELECTS monitoring.coreos.com/ScrapeConfig/shop/static
monitoring.coreos.com/ThanosRuler/shop/ruler SELECTS monitoring.coreos.com/PrometheusRule/shop/rules
monitoring.coreos.com/ThanosRuler/shop/ruler USES_SECRET core/Secret/shop/objects
monitoring.coreos.com/Alertmanager/shop/main SELECTS monitoring.coreos.com/AlertmanagerConfig/shop/team
monitoring.coreos.com/Alertmanager/shop/main REFERS_TO monitoring.coreos.com/AlertmanagerConfig/shop/global
monitoring.coreos.com/Alertmanager/shop/main USES_SECRET core/Secret/shop/base
operators.coreos.com/CatalogSource/infra/catalog USES_SECRET core/Secret/infra/pull
operators.coreos.com/CatalogSource/infra/content USES_CONFIGMAP core/ConfigMap/infra/content
operators.coreos.com/Subscription/shop/op SUBSCRIBES operators.coreos.com/CatalogSource/infra/catalog
operators.coreos.com/Subscription/shop/op SUBSCRIBES operators.coreos.com/InstallPlan/shop/install-a
operators.coreos.com/Subscription/shop/op SUBSCRIBES operators.coreos.com/ClusterServiceVersion/shop/op.v1
operators.coreos.com/InstallPlan/shop/install-a SUBSCRIBES \
operators.coreos.com/ClusterServiceVersion/shop/op.v1 optional
operators.coreos.com/ClusterServiceVersion/shop/op.v1 SUBSCRIBES \
apiextensions.k8s.io/CustomResourceDefinition/_/jobsets.jobset.x-k8s.io
operators.coreos.com/ClusterServiceVersion/shop/op.v1 SUBSCRIBES \
apiextensions.k8s.io/CustomResourceDefinition/_/eggs.example.com
operators.coreos.com/ClusterServiceVersion/shop/op.v1 RUNS_AS core/ServiceAccount/shop/op
operators.coreos.com/OperatorGroup/shop/group RUNS_AS core/ServiceAccount/shop/scoped
"""
