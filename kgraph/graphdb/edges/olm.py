"""Edges of the Operator Lifecycle Manager: which operators are wanted, from where, and what is installed."""

from kgraph.graphdb.edges.row import BREAKS, DEGRADES, NOTHING, EdgeRow

_GROUP = "operators.coreos.com"
_SUBSCRIPTION, _PLAN, _CATALOG = f"Subscription.{_GROUP}", f"InstallPlan.{_GROUP}", f"CatalogSource.{_GROUP}"
_VERSION = f"ClusterServiceVersion.{_GROUP}"
_CRD = "CustomResourceDefinition.apiextensions.k8s.io"

ROWS = (
    EdgeRow(
        type="SUBSCRIBES",
        start=(_SUBSCRIPTION,),
        end=_CATALOG,
        at=("spec",),
        name=".source",
        namespace=(".sourceNamespace",),
        on_delete=BREAKS,
        on_failure=BREAKS,
        doc="The catalogue that an operator is installed and upgraded from.",
    ),
    EdgeRow(
        type="SUBSCRIBES",
        start=(_SUBSCRIPTION,),
        end=_PLAN,
        at=("status.installPlanRef",),
        namespace=(".namespace",),
        on_delete=NOTHING,
        doc="The plan by which an operator was installed last.",
    ),
    EdgeRow(
        type="SUBSCRIBES",
        start=(_SUBSCRIPTION,),
        end=_VERSION,
        at=("status.installedCSV",),
        name=".",
        on_delete=BREAKS,
        on_failure=BREAKS,
        doc="The version of an operator that is installed.",
    ),
    EdgeRow(
        type="SUBSCRIBES",
        start=(_PLAN,),
        end=_VERSION,
        at=("spec.clusterServiceVersionNames[]",),
        name=".",
        optional=True,
        on_delete=NOTHING,
        doc="The versions that a plan installs; optional, since it is made before them and outlives them.",
    ),
    EdgeRow(
        type="SUBSCRIBES",
        start=(_PLAN,),
        end=_CATALOG,
        at=("status.bundleLookups[].catalogSourceRef",),
        namespace=(".namespace",),
        on_delete=NOTHING,
        doc="The catalogues that a plan's bundles come from.",
    ),
    EdgeRow(
        type="SUBSCRIBES",
        start=(_VERSION,),
        end=_CRD,
        at=("spec.customresourcedefinitions.owned|required[]",),
        on_delete=BREAKS,
        doc="The definitions that an operator brings, or needs.",
    ),
    *(
        EdgeRow(
            type=f"USES_{kind.upper()}",
            start=(_SUBSCRIPTION,),
            end=kind,
            at=(f"spec.config.env[].valueFrom.{key}KeyRef", f"spec.config.envFrom[].{key}Ref"),
            optional=".optional",
            on_delete=BREAKS,
            doc=f"{kind}s in the environment that an operator is given.",
        )
        for kind, key in (("ConfigMap", "configMap"), ("Secret", "secret"))
    ),
    EdgeRow(
        type="USES_SECRET",
        start=(_CATALOG,),
        end="Secret",
        at=("spec.secrets[]",),
        name=".",
        on_delete=BREAKS,
        doc="The Secrets that a catalogue's image is pulled with.",
    ),
    EdgeRow(
        type="USES_CONFIGMAP",
        start=(_CATALOG,),
        end="ConfigMap",
        at=("spec.configMap",),
        name=".",
        on_delete=BREAKS,
        doc="The ConfigMap that is a catalogue's content, where it has no image.",
    ),
    EdgeRow(
        type="RUNS_AS",
        start=(f"OperatorGroup.{_GROUP}",),
        end="ServiceAccount",
        at=("spec.serviceAccountName",),
        name=".",
        on_delete=BREAKS,
        doc="The ServiceAccount that operators of a group are installed as.",
    ),
    EdgeRow(
        type="RUNS_AS",
        start=(_VERSION,),
        end="ServiceAccount",
        at=("spec.install.spec.permissions|clusterPermissions[]",),
        name=".serviceAccountName",
        on_delete=DEGRADES,
        doc="The ServiceAccounts that an operator's permissions are given to.",
    ),
)
