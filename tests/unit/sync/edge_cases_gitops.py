"""Situations of Argo CD, Argo Rollouts, Flux and Helm; the first object is looked at."""

from tests.unit.sync.graphs import Case

_SOURCE = "source.toolkit.fluxcd.io"
_KUSTOMIZE, _HELM = "kustomize.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io"
_APPLICATION = "{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: web, namespace: argocd}}"
_OTHER = "{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: web, namespace: team}}"
_OWNED = "ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: r, uid: u, controller: true}]"
_IN_ARGO = "PART_OF argoproj.io/Application/argocd/web"


def _config(metadata: str) -> str:
    return f"{{kind: ConfigMap, metadata: {{{metadata}}}}}\n---\n{_APPLICATION}\n---\n{_OTHER}\n"


def _tracked(of: str) -> str:
    return _config(f"annotations: {{argocd.argoproj.io/tracking-id: '{of}'}}")


def _application(destination: str) -> str:
    return f"""
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{namespace: argocd}}
spec: {{project: default, destination: {destination}}}
---
{{apiVersion: argoproj.io/v1alpha1, kind: AppProject, metadata: {{name: default, namespace: argocd}}}}
"""


PART_OF = (
    Case(
        "what Helm installed",
        """
kind: ConfigMap
metadata:
  labels: {app.kubernetes.io/managed-by: Helm}
  annotations: {meta.helm.sh/release-name: web, meta.helm.sh/release-namespace: releases}
""",
        "PART_OF release:c/releases/web",
    ),
    Case(
        "a release's name without Helm's label",
        "{kind: ConfigMap, metadata: {annotations: {meta.helm.sh/release-name: web}}}",
    ),
    Case(
        "what Helm installed, made again by a controller",
        f"""
kind: Pod
metadata:
  labels: {{app.kubernetes.io/managed-by: Helm}}
  annotations: {{meta.helm.sh/release-name: web}}
  {_OWNED}
""",
        "OWNED_BY apps/ReplicaSet/shop/r",
    ),
    Case(
        "a revision of a release",
        "{kind: Secret, type: helm.sh/release.v1, metadata: "
        "{name: sh.helm.release.v1.web.v3, labels: {owner: helm, name: web, version: '3', status: superseded}}}",
        "PART_OF release:c/shop/web",
    ),
    Case(
        "a tracking id that names the object itself",
        _tracked("web:/ConfigMap:shop/x"),
        f"{_IN_ARGO}\nPART_OF argoproj.io/Application/team/web",
    ),
    Case("a tracking id with the Application's namespace", _tracked("argocd_web:/ConfigMap:shop/x"), _IN_ARGO),
    Case("a tracking id that was copied", _tracked("web:apps/Deployment:shop/x")),
    Case("a tracking id of an Application that is not there", _tracked("gone:/ConfigMap:shop/x")),
    Case(
        "a tracking id of a cluster-scoped object",
        f"""
kind: PersistentVolume
metadata: {{annotations: {{argocd.argoproj.io/tracking-id: 'argocd_web:/PersistentVolume:shop/x'}}}}
---
{_APPLICATION}
""",
        _IN_ARGO,
    ),
    Case("Argo CD's label", _config("labels: {argocd.argoproj.io/instance: argocd_web}"), _IN_ARGO),
    Case(
        "the common label, where there is such an Application",
        _config("labels: {app.kubernetes.io/instance: web}"),
        f"{_IN_ARGO} inferred\nPART_OF argoproj.io/Application/team/web inferred",
    ),
    Case("the common label, where there is none", _config("labels: {app.kubernetes.io/instance: other}")),
    Case(
        "the common label of what has a controller",
        f"{{kind: Pod, metadata: {{labels: {{app.kubernetes.io/instance: web}}, {_OWNED}}}}}\n---\n{_APPLICATION}",
        "OWNED_BY apps/ReplicaSet/shop/r",
    ),
    Case(
        "what Flux applied",
        f"""
kind: ConfigMap
metadata:
  labels:
    {_KUSTOMIZE}/name: apps
    {_KUSTOMIZE}/namespace: flux-system
    {_HELM}/name: web
    {_HELM}/namespace: flux-system
""",
        f"PART_OF {_KUSTOMIZE}/Kustomization/flux-system/apps\nPART_OF {_HELM}/HelmRelease/flux-system/web",
    ),
    Case(
        "a Kustomization that applies itself",
        f"""
apiVersion: {_KUSTOMIZE}/v1
kind: Kustomization
metadata: {{labels: {{{_KUSTOMIZE}/name: x, {_KUSTOMIZE}/namespace: shop}}}}
""",
    ),
)

GITOPS = (
    *(
        Case(
            f"an Application of {where}",
            _application(destination),
            f"DEPENDS_ON argoproj.io/AppProject/argocd/default\nDEPLOYS {end}".removesuffix("\nDEPLOYS "),
        )
        for where, destination, end in (
            ("its own cluster", "{server: 'https://kubernetes.default.svc', namespace: web}", "core/Namespace/_/web"),
            ("its own cluster by name", "{name: in-cluster, namespace: web}", "core/Namespace/_/web"),
            ("another cluster by address", "{server: 'https://d:6443/', namespace: web}", "d/core/Namespace/_/web"),
            ("another cluster by name", "{name: second, namespace: web}", "d/core/Namespace/_/web"),
            ("a cluster that nobody knows", "{name: third, namespace: web}", ""),
            ("no namespace", "{name: in-cluster}", ""),
        )
    ),
    Case(
        "a Rollout",
        """
apiVersion: argoproj.io/v1alpha1
kind: Rollout
spec:
  template: {spec: {priorityClassName: high, containers: [{envFrom: [{secretRef: {name: s}}]}]}}
  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  strategy:
    canary:
      stableService: stable
      canaryService: canary
      analysis: {templates: [{templateName: t}]}
      steps: [{analysis: {templates: [{templateName: all, clusterScope: true}]}}]
      trafficRouting:
        nginx: {stableIngress: main}
        istio: {virtualService: {name: v}, destinationRule: {name: d}}
""",
        """
HAS_PRIORITY scheduling.k8s.io/PriorityClass/_/high
USES_SECRET core/Secret/shop/s
REFERS_TO apps/Deployment/shop/web
REFERS_TO core/Service/shop/stable
REFERS_TO core/Service/shop/canary
REFERS_TO argoproj.io/AnalysisTemplate/shop/t
REFERS_TO argoproj.io/ClusterAnalysisTemplate/_/all
REFERS_TO networking.k8s.io/Ingress/shop/main
REFERS_TO networking.istio.io/VirtualService/shop/v
REFERS_TO networking.istio.io/DestinationRule/shop/d
""",
    ),
    Case(
        "an AnalysisRun with an argument from a Secret",
        """
apiVersion: argoproj.io/v1alpha1
kind: AnalysisRun
spec: {args: [{name: token, valueFrom: {secretKeyRef: {name: s, key: k}}}, {name: plain, value: v}]}
""",
        "USES_SECRET core/Secret/shop/s",
    ),
    Case(
        "an Experiment, and the analyses that judge it",
        """
apiVersion: argoproj.io/v1alpha1
kind: Experiment
spec:
  analyses:
  - {name: a, templateName: t, args: [{name: token, valueFrom: {secretKeyRef: {name: s, key: k}}}]}
  - {name: b, templateName: all, clusterScope: true}
""",
        """
REFERS_TO argoproj.io/AnalysisTemplate/shop/t
REFERS_TO argoproj.io/ClusterAnalysisTemplate/_/all
USES_SECRET core/Secret/shop/s
""",
    ),
    Case(
        "a ReplicaSet of a Rollout states none of the template's references",
        """
apiVersion: apps/v1
kind: ReplicaSet
metadata: {ownerReferences: [{apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: r, uid: u, controller: true}]}
spec: {template: {spec: {containers: [{envFrom: [{secretRef: {name: s}}]}]}}}
""",
        "OWNED_BY argoproj.io/Rollout/shop/r",
    ),
    Case(
        "an AnalysisTemplate",
        """
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
spec: {args: [{name: a, valueFrom: {secretKeyRef: {name: s, key: k}}}], templates: [{templateName: t}]}
""",
        "USES_SECRET core/Secret/shop/s\nREFERS_TO argoproj.io/AnalysisTemplate/shop/t",
    ),
    Case(
        "a Kustomization",
        f"""
apiVersion: {_KUSTOMIZE}/v1
kind: Kustomization
spec:
  sourceRef: {{kind: GitRepository, name: fleet, namespace: flux-system}}
  dependsOn: [{{name: base}}, {{name: infra, namespace: flux-system}}]
  targetNamespace: web
  serviceAccountName: deployer
  decryption: {{provider: sops, secretRef: {{name: keys}}}}
  postBuild:
    substituteFrom: [{{kind: ConfigMap, name: vars, optional: true}}, {{kind: Secret, name: secrets}}]
""",
        f"""
DEPENDS_ON {_SOURCE}/GitRepository/flux-system/fleet
DEPENDS_ON {_KUSTOMIZE}/Kustomization/shop/base
DEPENDS_ON {_KUSTOMIZE}/Kustomization/flux-system/infra
DEPLOYS core/Namespace/_/web
RUNS_AS core/ServiceAccount/shop/deployer
USES_SECRET core/Secret/shop/keys
USES_CONFIGMAP core/ConfigMap/shop/vars optional
USES_SECRET core/Secret/shop/secrets
""",
    ),
    Case(
        "a Kustomization for another cluster",
        f"""
apiVersion: {_KUSTOMIZE}/v1
kind: Kustomization
spec: {{targetNamespace: web, kubeConfig: {{secretRef: {{name: far}}}}}}
""",
        "USES_SECRET core/Secret/shop/far",
    ),
    Case(
        "a HelmRelease of a repository",
        f"""
apiVersion: {_HELM}/v2
kind: HelmRelease
spec:
  chart:
    spec: {{chart: web, sourceRef: {{kind: HelmRepository, name: charts}}, verify: {{secretRef: {{name: cosign}}}}}}
  dependsOn: [{{name: db}}]
  targetNamespace: web
  valuesFrom: [{{kind: Secret, name: s}}, {{kind: ConfigMap, name: c}}]
""",
        f"""
DEPENDS_ON {_SOURCE}/HelmRepository/shop/charts
DEPENDS_ON {_HELM}/HelmRelease/shop/db
DEPLOYS core/Namespace/_/web
DEPLOYS release:c/web/web-x inferred
USES_SECRET core/Secret/shop/cosign
USES_SECRET core/Secret/shop/s
USES_CONFIGMAP core/ConfigMap/shop/c
""",
    ),
    Case(
        "a HelmRelease of a chart, with a name of its own",
        f"""
apiVersion: {_HELM}/v2
kind: HelmRelease
spec: {{chartRef: {{kind: OCIRepository, name: web, namespace: flux-system}}, releaseName: main}}
""",
        f"DEPENDS_ON {_SOURCE}/OCIRepository/flux-system/web\nDEPLOYS release:c/shop/main",
    ),
    Case(
        "a HelmRelease for another cluster",
        f"""
apiVersion: {_HELM}/v2
kind: HelmRelease
spec: {{kubeConfig: {{configMapRef: {{name: far}}}}}}
""",
        "USES_CONFIGMAP core/ConfigMap/shop/far",
    ),
    Case(
        "a HelmChart",
        f"{{apiVersion: {_SOURCE}/v1, kind: HelmChart, spec: {{sourceRef: {{kind: Bucket, name: b}}}}}}",
        f"DEPENDS_ON {_SOURCE}/Bucket/shop/b",
    ),
    Case(
        "an ExternalArtifact",
        f"""
apiVersion: {_SOURCE}/v1
kind: ExternalArtifact
spec: {{sourceRef: {{apiVersion: shop.example.com/v1, kind: Basket, name: b}}}}
""",
        "DEPENDS_ON shop.example.com/Basket/shop/b",
    ),
    Case(
        "a GitRepository",
        f"""
apiVersion: {_SOURCE}/v1
kind: GitRepository
spec:
  secretRef: {{name: login}}
  proxySecretRef: {{name: proxy}}
  verify: {{secretRef: {{name: keys}}}}
  include: [{{repository: {{name: shared}}}}]
""",
        f"""
USES_SECRET core/Secret/shop/login
USES_SECRET core/Secret/shop/proxy
USES_SECRET core/Secret/shop/keys
DEPENDS_ON {_SOURCE}/GitRepository/shop/shared
""",
    ),
)
