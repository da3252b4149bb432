"""Edges of autoscalers that are not Kubernetes' own: KEDA and the VerticalPodAutoscaler."""

from kgraph.graphdb.edges.row import ANY, BREAKS, CASCADE, EdgeRow

_KEDA = "keda.sh"
_OBJECT, _JOB = f"ScaledObject.{_KEDA}", f"ScaledJob.{_KEDA}"
_AUTH = f"TriggerAuthentication.{_KEDA}"
_AUTHS = (_AUTH, f"ClusterTriggerAuthentication.{_KEDA}")
_HOME = "keda"  # KEDA_CLUSTER_OBJECT_NAMESPACE: where the Secrets of ClusterTriggerAuthentications are
_VPA, _CHECKPOINT = "VerticalPodAutoscaler.autoscaling.k8s.io", "VerticalPodAutoscalerCheckpoint.autoscaling.k8s.io"
_KEY = "valueFrom.secretKeyRef"

ROWS = (
    EdgeRow(
        type="SCALES",
        start=(_OBJECT,),
        end=ANY,
        at=("spec.scaleTargetRef",),
        kind=".kind",
        api_version=".apiVersion",
        default="Deployment.apps",
        on_delete=BREAKS,
        doc="What a ScaledObject scales; without kind and apiVersion a Deployment.",
    ),
    EdgeRow(
        type="SCALES",
        start=(_VPA,),
        end=ANY,
        at=("spec.targetRef",),
        kind=".kind",
        api_version=".apiVersion",
        on_delete=BREAKS,
        doc="The workload whose Pods are given their size.",
    ),
    EdgeRow(
        type="PART_OF",
        start=(_CHECKPOINT,),
        end=_VPA,
        at=("spec.vpaObjectName",),
        name=".",
        on_delete=CASCADE,
        doc="The autoscaler that remembers by a checkpoint; without it the recommender takes the checkpoint away.",
    ),
    EdgeRow(
        type="USES_AUTH",
        start=(_OBJECT, _JOB),
        end=ANY,
        at=("spec.triggers[].authenticationRef",),
        kind=".kind",
        default=_AUTH,
        on_delete=BREAKS,
        doc="How a trigger logs in to what it measures.",
    ),
    EdgeRow(
        type="USES_SECRET",
        start=_AUTHS,
        end="Secret",
        at=(
            "spec.secretTargetRef[]",
            f"spec.awsSecretManager.credentials.accessKey|accessSecretKey|accessToken.{_KEY}",
            f"spec.azureKeyVault|gcpSecretManager.credentials.clientSecret.{_KEY}",
            f"spec.azureServicePrincipal.clientCertificate|clientCertificatePassword|clientSecret.{_KEY}",
            f"spec.oauth2.clientSecret.{_KEY}",
        ),
        home=_HOME,
        on_delete=BREAKS,
        doc="What triggers log in with; those of a ClusterTriggerAuthentication are in the namespace `keda`.",
    ),
    EdgeRow(
        type="USES_CONFIGMAP",
        start=_AUTHS,
        end="ConfigMap",
        at=("spec.configMapTargetRef[]",),
        home=_HOME,
        on_delete=BREAKS,
        doc="Parameters of triggers in ConfigMaps.",
    ),
    EdgeRow(
        type="RUNS_AS",
        start=_AUTHS,
        end="ServiceAccount",
        at=("spec.boundServiceAccountToken[].serviceAccountName", "spec.hashiCorpVault.credential.serviceAccountName"),
        name=".",
        home=_HOME,
        on_delete=BREAKS,
        doc="The ServiceAccounts whose tokens triggers log in with.",
    ),
)
