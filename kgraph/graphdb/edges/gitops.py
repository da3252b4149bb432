"""Edges of Argo CD, Argo Rollouts, Flux and Helm: what deploys what, from where, in which order."""

from kgraph.graphdb.edges.row import ANY, BREAKS, CASCADE, DEGRADES, NOTHING, RELEASE, EdgeRow

_ARGO = "argoproj.io"
_APPLICATION, _ROLLOUT = f"Application.{_ARGO}", f"Rollout.{_ARGO}"
_ANALYSIS, _CLUSTER_ANALYSIS = f"AnalysisTemplate.{_ARGO}", f"ClusterAnalysisTemplate.{_ARGO}"
_RUN, _EXPERIMENT = f"AnalysisRun.{_ARGO}", f"Experiment.{_ARGO}"
_SOURCE = "source.toolkit.fluxcd.io"
_KUSTOMIZATION, _HELM_RELEASE = "Kustomization.kustomize.toolkit.fluxcd.io", "HelmRelease.helm.toolkit.fluxcd.io"
_FLUX = (_KUSTOMIZATION, _HELM_RELEASE)
_GIT, _OCI, _HELM_REPOSITORY = f"GitRepository.{_SOURCE}", f"OCIRepository.{_SOURCE}", f"HelmRepository.{_SOURCE}"
_CHART, _BUCKET, _ARTIFACT = f"HelmChart.{_SOURCE}", f"Bucket.{_SOURCE}", f"ExternalArtifact.{_SOURCE}"
_VALUES = ("spec.valuesFrom[]", "spec.postBuild.substituteFrom[]")
_STRATEGY = "spec.strategy"
_ROUTING = f"{_STRATEGY}.canary.trafficRouting"

ROWS = (
    # ---- what resources are part of
    EdgeRow(
        type="PART_OF",
        start=(ANY,),
        end=RELEASE,
        find="helm_release",
        on_delete=CASCADE,
        doc="The Helm release that a resource was installed by, and whose revision a Secret keeps.",
    ),
    EdgeRow(
        type="PART_OF",
        start=(ANY,),
        end=_APPLICATION,
        follow="argo_application",
        marks=("argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance", "app.kubernetes.io/instance"),
        on_delete=CASCADE,
        doc="The Argo CD Application of a resource, if it is there: by the tracking id, which must name the resource "
        "itself, or by a label; by `app.kubernetes.io/instance` it is inferred. What has a controller is its owner's.",
    ),
    *(
        EdgeRow(
            type="PART_OF",
            start=(ANY,),
            end=end,
            find="flux_owner",
            on_delete=CASCADE,
            doc=f"The Flux {end.partition('.')[0]} that applied a resource, by its labels.",
        )
        for end in _FLUX
    ),
    # ---- Argo CD
    EdgeRow(
        type="DEPLOYS",
        start=(_APPLICATION,),
        end="Namespace",
        find="argo_destination",
        on_delete=DEGRADES,
        doc="The Namespace that an Application deploys to, in the cluster that its destination names.",
    ),
    EdgeRow(
        type="DEPENDS_ON",
        start=(_APPLICATION,),
        end=f"AppProject.{_ARGO}",
        follow="argo_project",
        on_delete=BREAKS,
        doc="The project that says what an Application may deploy, in whichever namespace it is.",
    ),
    # ---- Argo Rollouts
    EdgeRow(
        type="REFERS_TO",
        start=(_ROLLOUT,),
        end=ANY,
        at=("spec.workloadRef",),
        kind=".kind",
        api_version=".apiVersion",
        on_delete=BREAKS,
        doc="The workload whose Pod template a Rollout takes.",
    ),
    EdgeRow(
        type="REFERS_TO",
        start=(_ROLLOUT,),
        end="Service",
        at=(
            f"{_STRATEGY}.blueGreen.activeService|previewService",
            f"{_STRATEGY}.canary.stableService|canaryService",
            f"{_STRATEGY}.canary.pingPong.pingService|pongService",
            f"{_ROUTING}.alb|smi.rootService",
        ),
        name=".",
        on_delete=BREAKS,
        doc="The Services between which a Rollout moves traffic; without one it stops.",
    ),
    EdgeRow(
        type="REFERS_TO",
        start=(_ROLLOUT,),
        end="Ingress.networking.k8s.io",
        at=(f"{_ROUTING}.nginx.stableIngress", f"{_ROUTING}.nginx.stableIngresses[]", f"{_ROUTING}.alb.ingress"),
        name=".",
        on_delete=BREAKS,
        doc="The Ingresses by which a Rollout moves traffic.",
    ),
    *(
        EdgeRow(
            type="REFERS_TO",
            start=(_ROLLOUT,),
            end=f"{kind}.networking.istio.io",
            at=at,
            on_delete=BREAKS,
            doc=f"The Istio {kind} by which a Rollout moves traffic.",
        )
        for kind, at in (
            ("VirtualService", (f"{_ROUTING}.istio.virtualService", f"{_ROUTING}.istio.virtualServices[]")),
            ("DestinationRule", (f"{_ROUTING}.istio.destinationRule",)),
        )
    ),
    *(
        EdgeRow(
            type="REFERS_TO",
            start=(_ROLLOUT, _EXPERIMENT, _ANALYSIS, _CLUSTER_ANALYSIS),
            end=end,
            find="analysis_templates",
            on_delete=BREAKS,
            doc=f"The {end.partition('.')[0]}s by which it is judged whether a Rollout may go on.",
        )
        for end in (_ANALYSIS, _CLUSTER_ANALYSIS)
    ),
    EdgeRow(
        type="USES_SECRET",
        start=(_ANALYSIS, _RUN, _EXPERIMENT),
        end="Secret",
        at=("spec.args[].valueFrom.secretKeyRef", "spec.analyses[].args[].valueFrom.secretKeyRef"),
        on_delete=BREAKS,
        doc="The Secrets that measurements log in with.",
    ),
    # ---- Flux
    EdgeRow(
        type="DEPENDS_ON",
        start=(_KUSTOMIZATION,),
        end=ANY,
        at=("spec.sourceRef",),
        kind=".kind",
        api_version=".apiVersion",
        default=_GIT,
        namespace=(".namespace",),
        on_delete=BREAKS,
        on_failure=DEGRADES,
        doc="The source that a Kustomization applies.",
    ),
    EdgeRow(
        type="DEPENDS_ON",
        start=(_HELM_RELEASE,),
        end=ANY,
        at=("spec.chartRef", "spec.chart.spec.sourceRef"),
        kind=".kind",
        api_version=".apiVersion",
        default=_HELM_REPOSITORY,
        namespace=(".namespace",),
        on_delete=BREAKS,
        on_failure=DEGRADES,
        doc="The chart of a HelmRelease, or the source that it is taken from.",
    ),
    EdgeRow(
        type="DEPENDS_ON",
        start=(_CHART,),
        end=ANY,
        at=("spec.sourceRef",),
        kind=".kind",
        default=_HELM_REPOSITORY,
        on_delete=BREAKS,
        on_failure=DEGRADES,
        doc="The source of a chart.",
    ),
    EdgeRow(
        type="DEPENDS_ON",
        start=(_ARTIFACT,),
        end=ANY,
        at=("spec.sourceRef",),
        kind=".kind",
        api_version=".apiVersion",
        namespace=(".namespace",),
        on_delete=BREAKS,
        on_failure=DEGRADES,
        doc="What an artifact is made from.",
    ),
    EdgeRow(
        type="DEPENDS_ON",
        start=(_GIT,),
        end=_GIT,
        at=("spec.include[].repository",),
        on_delete=BREAKS,
        on_failure=DEGRADES,
        doc="The repositories that a GitRepository includes.",
    ),
    *(
        EdgeRow(
            type="DEPENDS_ON",
            start=(kind,),
            end=kind,
            at=("spec.dependsOn[]",),
            namespace=(".namespace",),
            on_delete=BREAKS,
            on_failure=DEGRADES,
            doc=f"The {kind.partition('.')[0]}s that must be ready before this one is applied.",
        )
        for kind in _FLUX
    ),
    EdgeRow(
        type="DEPLOYS",
        start=_FLUX,
        end="Namespace",
        find="flux_namespace",
        on_delete=DEGRADES,
        doc="The targetNamespace, unless it is in the cluster of a kubeConfig.",
    ),
    EdgeRow(
        type="DEPLOYS",
        start=(_HELM_RELEASE,),
        end=RELEASE,
        find="flux_release",
        on_delete=NOTHING,
        doc="The Helm release that a HelmRelease makes, unless it is in the cluster of a kubeConfig.",
    ),
    *(
        EdgeRow(
            type=f"USES_{kind.upper()}",
            start=_FLUX,
            end=kind,
            at=(*_VALUES, f"spec.kubeConfig.{key}Ref"),
            kind=".kind",
            default=kind,
            optional=".optional",
            on_delete=BREAKS,
            doc=f"{kind}s of values and substitutions, and one that says how a cluster is reached.",
        )
        for kind, key in (("ConfigMap", "configMap"), ("Secret", "secret"))
    ),
    EdgeRow(
        type="USES_SECRET",
        start=(*_FLUX, _GIT, _OCI, _HELM_REPOSITORY, _BUCKET, _CHART),
        end="Secret",
        at=(
            "spec.secretRef|certSecretRef|proxySecretRef",
            "spec.decryption|verify.secretRef",
            "spec.verify.trustedRootSecretRef",
            "spec.chart.spec.verify.secretRef",
            "spec.sts.secretRef|certSecretRef",
        ),
        on_delete=BREAKS,
        doc="What sources are fetched, verified and decrypted with.",
    ),
    EdgeRow(
        type="RUNS_AS",
        start=(*_FLUX, _GIT, _OCI, _BUCKET),
        end="ServiceAccount",
        at=("spec.serviceAccountName", "spec.decryption.serviceAccountName"),
        name=".",
        on_delete=BREAKS,
        doc="The ServiceAccounts that Flux acts as.",
    ),
)
