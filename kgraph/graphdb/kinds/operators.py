"""The kinds of operators that many clusters run: certificates, secrets, GitOps, autoscaling, monitoring, OLM."""

from kgraph.graphdb.kinds.row import row

_CERTS, _ACME = "cert-manager.io", "acme.cert-manager.io"
_SECRETS = "external-secrets.io"
_ARGO = "argoproj.io"
_KUSTOMIZE, _HELM, _SOURCE = "kustomize.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io", "source.toolkit.fluxcd.io"
_KEDA = "keda.sh"
_VPA = "autoscaling.k8s.io"
_MONITORING = "monitoring.coreos.com"
_OLM = "operators.coreos.com"
_REVISION = {"revision": "status.lastAppliedRevision"}
_ARTIFACT = {"url": "spec.url", "revision": "status.artifact.revision"}

ROWS = (
    # ---- certificates
    row(
        _CERTS,
        "Certificate",
        "certificates",
        "cert",
        "certs",
        promote={"secretName": "spec.secretName", "dnsNames": "spec.dnsNames", "expiresAt": "status.notAfter"},
    ),
    row(_CERTS, "CertificateRequest", "certificaterequests", "cr", "crs"),
    row(_CERTS, "Issuer", "issuers", "iss"),
    row(_CERTS, "ClusterIssuer", "clusterissuers", "ciss", namespaced=False),
    row(_ACME, "Order", "orders", promote={"state": "status.state"}),
    row(_ACME, "Challenge", "challenges", promote={"state": "status.state"}),
    # ---- secrets
    row(_SECRETS, "ExternalSecret", "externalsecrets", "es", noise=("status.refreshTime",)),
    row(_SECRETS, "ClusterExternalSecret", "clusterexternalsecrets", "ces", namespaced=False),
    row(_SECRETS, "PushSecret", "pushsecrets", "ps", noise=("status.refreshTime",)),
    row(_SECRETS, "ClusterPushSecret", "clusterpushsecrets", namespaced=False),
    row(_SECRETS, "SecretStore", "secretstores", "ss"),
    row(_SECRETS, "ClusterSecretStore", "clustersecretstores", "css", namespaced=False),
    row("bitnami.com", "SealedSecret", "sealedsecrets"),
    # ---- GitOps
    row(
        _ARGO,
        "Application",
        "applications",
        "app",
        "apps",
        promote={
            "project": "spec.project",
            "repoURL": "spec.source.repoURL",
            "syncStatus": "status.sync.status",
            "healthStatus": "status.health.status",
        },
        noise=("status.reconciledAt",),
    ),
    row(_ARGO, "AppProject", "appprojects", "appproj", "appprojs"),
    row(_ARGO, "ApplicationSet", "applicationsets", "appset", "appsets"),
    row(
        _ARGO,
        "Rollout",
        "rollouts",
        "ro",
        pod_spec="spec.template.spec",
        promote={"replicas": "spec.replicas", "readyReplicas": "status.readyReplicas", "phase": "status.phase"},
    ),
    row(_ARGO, "AnalysisTemplate", "analysistemplates", "at"),
    row(_ARGO, "ClusterAnalysisTemplate", "clusteranalysistemplates", "cat", namespaced=False),
    row(_ARGO, "AnalysisRun", "analysisruns", "ar", promote={"phase": "status.phase"}),
    row(_ARGO, "Experiment", "experiments", "exp", promote={"phase": "status.phase"}),
    row(_KUSTOMIZE, "Kustomization", "kustomizations", "ks", promote=_REVISION),
    row(_HELM, "HelmRelease", "helmreleases", "hr", promote={"chart": "spec.chart.spec.chart"}),
    row(_SOURCE, "GitRepository", "gitrepositories", "gitrepo", promote=_ARTIFACT),
    row(_SOURCE, "OCIRepository", "ocirepositories", "ocirepo", promote=_ARTIFACT),
    row(_SOURCE, "HelmRepository", "helmrepositories", "helmrepo", promote=_ARTIFACT),
    row(_SOURCE, "HelmChart", "helmcharts", "hc"),
    row(_SOURCE, "Bucket", "buckets"),
    row(_SOURCE, "ExternalArtifact", "externalartifacts", "ea"),
    # ---- scaling
    row(_KEDA, "ScaledObject", "scaledobjects", "so"),
    row(_KEDA, "ScaledJob", "scaledjobs", "sj", pod_spec="spec.jobTargetRef.template.spec"),
    row(_KEDA, "TriggerAuthentication", "triggerauthentications", "ta", "triggerauth"),
    row(
        _KEDA,
        "ClusterTriggerAuthentication",
        "clustertriggerauthentications",
        "cta",
        "clustertriggerauth",
        namespaced=False,
    ),
    row(_VPA, "VerticalPodAutoscaler", "verticalpodautoscalers", "vpa", noise=("status.recommendation",)),
    row(
        _VPA, "VerticalPodAutoscalerCheckpoint", "verticalpodautoscalercheckpoints", "vpacheckpoint", noise=("status",)
    ),
    row("jobset.x-k8s.io", "JobSet", "jobsets", pod_spec="spec.replicatedJobs[].template.spec.template.spec"),
    # ---- monitoring
    row(_MONITORING, "Prometheus", "prometheuses", "prom"),
    row(_MONITORING, "PrometheusAgent", "prometheusagents", "promagent"),
    row(_MONITORING, "ThanosRuler", "thanosrulers", "ruler"),
    row(_MONITORING, "Alertmanager", "alertmanagers", "am"),
    row(_MONITORING, "AlertmanagerConfig", "alertmanagerconfigs", "amcfg"),
    row(_MONITORING, "ServiceMonitor", "servicemonitors", "smon"),
    row(_MONITORING, "PodMonitor", "podmonitors", "pmon"),
    row(_MONITORING, "Probe", "probes", "prb"),
    row(_MONITORING, "ScrapeConfig", "scrapeconfigs", "scfg"),
    row(_MONITORING, "PrometheusRule", "prometheusrules", "promrule"),
    # ---- OLM
    row(_OLM, "CatalogSource", "catalogsources", "catsrc"),
    row(
        _OLM,
        "ClusterServiceVersion",
        "clusterserviceversions",
        "csv",
        "csvs",
        promote={"phase": "status.phase", "operatorVersion": "spec.version"},
        noise=("status.lastUpdateTime",),
    ),
    row(_OLM, "InstallPlan", "installplans", "ip", promote={"phase": "status.phase"}),
    row(_OLM, "OperatorGroup", "operatorgroups", "og"),
    row(
        _OLM,
        "Subscription",
        "subscriptions",
        "sub",
        "subs",
        promote={"channel": "spec.channel", "state": "status.state", "installedCSV": "status.installedCSV"},
        noise=("status.lastUpdated",),
    ),
)
