"""Edges of External Secrets and of Sealed Secrets: where secrets come from and go to."""

from kgraph.graphdb.edges.row import ANY, BREAKS, DEGRADES, NOTHING, EdgeRow

_GROUP = "external-secrets.io"
_EXTERNAL, _PUSH, _STORE = f"ExternalSecret.{_GROUP}", f"PushSecret.{_GROUP}", f"SecretStore.{_GROUP}"
_CLUSTER_STORE = f"ClusterSecretStore.{_GROUP}"
_SEALED = "SealedSecret.bitnami.com"
_EXTERNAL_FOR_ALL, _PUSH_FOR_ALL = f"ClusterExternalSecret.{_GROUP}", f"ClusterPushSecret.{_GROUP}"
_EXTERNALS, _PUSHES = (_EXTERNAL, _EXTERNAL_FOR_ALL), (_PUSH, _PUSH_FOR_ALL)
_SPECS, _PUSH_SPECS = ("spec", "spec.externalSecretSpec"), ("spec", "spec.pushSecretSpec")
_SOURCES = tuple(f"{spec}.{source}[].sourceRef" for spec in _SPECS for source in ("data", "dataFrom"))

ROWS = (
    EdgeRow(
        type="SYNCS",
        start=_EXTERNALS,
        end=ANY,
        at=(*(f"{spec}.secretStoreRef" for spec in _SPECS), *(f"{source}.storeRef" for source in _SOURCES)),
        kind=".kind",
        default=_STORE,
        on_delete=BREAKS,
        on_failure=DEGRADES,
        doc="The stores that a secret is fetched from; without one it is not refreshed.",
    ),
    EdgeRow(
        type="SYNCS",
        start=_PUSHES,
        end=ANY,
        at=tuple(f"{spec}.secretStoreRefs[]" for spec in _PUSH_SPECS),
        kind=".kind",
        default=_STORE,
        on_delete=DEGRADES,
        on_failure=DEGRADES,
        doc="The stores that a secret is pushed to.",
    ),
    *(
        EdgeRow(
            type="SYNCS",
            start=_PUSHES,
            end=store,
            follow="pushed_stores",
            on_delete=DEGRADES,
            on_failure=DEGRADES,
            doc=f"The {store.partition('.')[0]}s with some labels that a secret is pushed to.",
        )
        for store in (_STORE, _CLUSTER_STORE)
    ),
    EdgeRow(
        type="SYNCS",
        start=_EXTERNALS,
        end=ANY,
        at=tuple(f"{source}.generatorRef" for source in _SOURCES),
        kind=".kind",
        api_version=".apiVersion",
        on_delete=BREAKS,
        on_failure=DEGRADES,
        doc="The generators that a secret's values are made by.",
    ),
    EdgeRow(
        type="SYNCS",
        start=_PUSHES,
        end=ANY,
        at=tuple(f"{spec}.selector.generatorRef" for spec in _PUSH_SPECS),
        kind=".kind",
        api_version=".apiVersion",
        on_delete=DEGRADES,
        on_failure=DEGRADES,
        doc="The generator whose values are pushed.",
    ),
    EdgeRow(
        type="WRITES",
        start=(_EXTERNAL,),
        end=ANY,
        find="external_target",
        optional=True,
        on_delete=NOTHING,
        doc="The Secret, or other object, that fetched values are written to; of creationPolicy None there is none.",
    ),
    EdgeRow(
        type="WRITES",
        start=(_SEALED,),
        end="Secret",
        at=("metadata.name",),
        name=".",
        optional=True,
        on_delete=NOTHING,
        doc="The Secret of the same name that a SealedSecret is opened to; it is made again, not needed.",
    ),
    EdgeRow(
        type="USES_SECRET",
        start=(_EXTERNAL, _PUSH),
        end="Secret",
        at=(
            "spec.target.template.templateFrom[].secret",
            "spec.template.templateFrom[].secret",
            "spec.selector.secret",
        ),
        on_delete=BREAKS,
        doc="Secrets that are pushed, and those that hold templates.",
    ),
    EdgeRow(
        type="USES_SECRET",
        start=(_PUSH,),
        end="Secret",
        follow="pushed_secrets",
        on_delete=BREAKS,
        doc="The Secrets with some labels that are pushed.",
    ),
    EdgeRow(
        type="USES_CONFIGMAP",
        start=(_EXTERNAL, _PUSH),
        end="ConfigMap",
        at=("spec.target.template.templateFrom[].configMap", "spec.template.templateFrom[].configMap"),
        on_delete=BREAKS,
        doc="ConfigMaps that hold templates of secrets.",
    ),
    # ---- how stores log in
    *(
        EdgeRow(
            type=type_,
            start=(_STORE, _CLUSTER_STORE),
            end=end,
            find="logins",
            on_delete=BREAKS,
            doc=doc,
        )
        for type_, end, doc in (
            ("USES_SECRET", "Secret", "What a store logs in with, wherever its provider's section names a Secret."),
            ("USES_CONFIGMAP", "ConfigMap", "The CA by which a store knows its provider, in a ConfigMap."),
            ("RUNS_AS", "ServiceAccount", "The ServiceAccounts whose tokens a store logs in with."),
        )
    ),
)
