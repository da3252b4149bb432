"""Edges of the service meshes Istio and Linkerd: hosts that are Services, traffic, and the workloads that are meant."""

from kgraph.graphdb.edges.row import ANY, BREAKS, DEGRADES, HOST, NOTHING, EdgeRow, Property, Selection

_NETWORKING, _SECURITY = "networking.istio.io", "security.istio.io"
_VIRTUAL_SERVICE = f"VirtualService.{_NETWORKING}"
_DESTINATION_RULE = f"DestinationRule.{_NETWORKING}"
_GATEWAY = f"Gateway.{_NETWORKING}"
_SERVICE_ENTRY = f"ServiceEntry.{_NETWORKING}"
_SIDECAR = f"Sidecar.{_NETWORKING}"
_ENVOY_FILTER = f"EnvoyFilter.{_NETWORKING}"
_WASM_PLUGIN = "WasmPlugin.extensions.istio.io"
_PROFILE = "ServiceProfile.linkerd.io"
_MESH_POLICIES = (
    f"AuthorizationPolicy.{_SECURITY}",
    f"PeerAuthentication.{_SECURITY}",
    f"RequestAuthentication.{_SECURITY}",
    "Telemetry.telemetry.istio.io",
    _WASM_PLUGIN,
)
_LABELS, _MATCH_LABELS = "spec.workloadSelector.labels", "spec.selector.matchLabels"
# What stands in Istio's root namespace is for the whole mesh; its name is a setting, this its default.
_IN_ROOT = {"metadata.namespace": "istio-system"}
_ROUTE = (
    Property("weight", default=100),
    Property("port"),
    Property("subset"),
    Property("mirror", default=False, merge="all"),
)
_MIRROR: dict[str, str | bool] = {"mirror": True}


def _selects(start: tuple[str, ...], at: str, doc: str) -> EdgeRow:
    """The Pods of the start's own namespace that a map of labels selects; absent or empty it is a property."""
    return EdgeRow(
        type="SELECTS",
        start=start,
        end="Pod",
        selects=Selection(at=at, plain=True, empty="nothing"),
        on_delete=NOTHING,
        doc=doc,
    )


def _selects_by_place(start: tuple[str, ...], at: str) -> tuple[EdgeRow, EdgeRow]:
    """The same for what is for all namespaces if it stands in the root namespace."""
    return (
        EdgeRow(
            type="SELECTS",
            start=start,
            end="Pod",
            selects=Selection(at=at, plain=True, empty="nothing"),
            unless=_IN_ROOT,
            on_delete=NOTHING,
            doc="The Pods that Istio's configuration is for; without a selector, its property `selectsAll` says so.",
        ),
        EdgeRow(
            type="SELECTS",
            start=start,
            end="Pod",
            selects=Selection(at=at, plain=True, empty="nothing", namespaces="all"),
            when=_IN_ROOT,
            on_delete=NOTHING,
            doc="The Pods of all namespaces that configuration in Istio's root namespace is for.",
        ),
    )


ROWS = (
    # ---- hosts
    *(
        row
        for start, what in (
            (_VIRTUAL_SERVICE, "whose traffic inside the mesh a VirtualService routes"),
            (_DESTINATION_RULE, "that a DestinationRule says how to talk to"),
            (_PROFILE, "that a Linkerd ServiceProfile is named after"),
        )
        for row in (
            EdgeRow(
                type="CONFIGURES",
                start=(start,),
                end="Service",
                find="configured",
                on_delete=DEGRADES,
                doc=f"The Service {what}: a host without dots is of the own namespace.",
            ),
            EdgeRow(
                type="CONFIGURES",
                start=(start,),
                end=HOST,
                find="configured",
                on_delete=NOTHING,
                doc=f"A host outside of the cluster {what}.",
            ),
            EdgeRow(
                type="CONFIGURES",
                start=(start,),
                end="Service",
                follow="configured_by_short_name",
                on_delete=DEGRADES,
                doc=f"The Service {what} by `name.namespace`, if it is there.",
            ),
        )
    ),
    EdgeRow(
        type="NAMES_HOST",
        start=(_VIRTUAL_SERVICE, _SERVICE_ENTRY, _GATEWAY),
        end=HOST,
        find="mesh_host_names",
        on_delete=NOTHING,
        doc="The hosts that a VirtualService, a ServiceEntry or an Istio Gateway is for; `*` is none.",
    ),
    EdgeRow(
        type="ROUTES_TO",
        start=(_GATEWAY,),
        end="Service",
        find="services_of_host_names",
        on_delete=NOTHING,
        doc="Services whose names inside the cluster (`name.namespace.svc…`) an Istio Gateway answers for; optional.",
    ),
    # ---- traffic
    EdgeRow(
        type="PARENT",
        start=(_VIRTUAL_SERVICE,),
        end=_GATEWAY,
        find="virtual_service_gateways",
        on_delete=DEGRADES,
        on_failure=DEGRADES,
        doc="The Istio Gateways that a VirtualService's routes are for; `mesh` means the sidecars and is none.",
    ),
    *(
        EdgeRow(
            type="ROUTES_TO",
            start=(_VIRTUAL_SERVICE,),
            end=end,
            find="mesh_destinations",
            properties=_ROUTE,
            on_delete=DEGRADES,
            on_failure=DEGRADES,
            spared_by=_MIRROR,
            doc=doc,
        )
        for end, doc in (
            ("Service", "The Services that a VirtualService routes to, and mirrors, with weights and subsets."),
            (HOST, "The hosts outside of the cluster that a VirtualService routes to."),
        )
    ),
    EdgeRow(
        type="ROUTES_TO",
        start=(_VIRTUAL_SERVICE,),
        end="Service",
        follow="mesh_destinations_by_short_name",
        properties=_ROUTE,
        on_delete=DEGRADES,
        on_failure=DEGRADES,
        spared_by=_MIRROR,
        doc="The Services that a VirtualService routes to by `name.namespace`, if they are there.",
    ),
    EdgeRow(
        type="ROUTES_TO",
        start=(_VIRTUAL_SERVICE,),
        end=_VIRTUAL_SERVICE,
        at=("spec.http[].delegate",),
        namespace=(".namespace",),
        on_delete=DEGRADES,
        on_failure=DEGRADES,
        doc="The VirtualServices that one leaves a part of its routes to.",
    ),
    *(
        EdgeRow(
            type="ROUTES_TO",
            start=(_PROFILE,),
            end=end,
            find="profile_overrides",
            properties=(Property("weight"), Property("port")),
            on_delete=DEGRADES,
            on_failure=DEGRADES,
            doc=f"The {what} that a ServiceProfile splits the traffic between, with weights as they are written.",
        )
        for end, what in (("Service", "Services"), (HOST, "hosts outside of the cluster"))
    ),
    # ---- workloads
    EdgeRow(
        type="SELECTS",
        start=(_GATEWAY,),
        end="Pod",
        selects=Selection(at="spec.selector", plain=True, empty="nothing", namespaces="all"),
        on_delete=DEGRADES,
        on_failure=DEGRADES,
        doc="The Pods of all namespaces that do the work of an Istio Gateway.",
    ),
    EdgeRow(
        type="SELECTS",
        start=(_SERVICE_ENTRY,),
        end="Pod",
        selects=Selection(at=_LABELS, plain=True, empty="nothing"),
        on_delete=DEGRADES,
        on_failure=DEGRADES,
        doc="The Pods behind a ServiceEntry.",
    ),
    _selects((_SIDECAR,), _LABELS, "The Pods that a Sidecar is for; without a selector, `selectsAll` says so."),
    _selects(
        (_DESTINATION_RULE,),
        "spec.workloadSelector.matchLabels",
        "The Pods whose traffic a DestinationRule is for; without a selector, `selectsAll` says so.",
    ),
    _selects(
        (f"ProxyConfig.{_NETWORKING}",),
        _MATCH_LABELS,
        "The Pods whose proxies a ProxyConfig is for; without a selector, `selectsAll` says so.",
    ),
    *_selects_by_place((_ENVOY_FILTER,), _LABELS),
    *_selects_by_place(_MESH_POLICIES, _MATCH_LABELS),
    EdgeRow(
        type="TARGETS",
        start=(*_MESH_POLICIES, _ENVOY_FILTER),
        end=ANY,
        at=("spec.targetRefs[]", "spec.targetRef"),
        kind=".kind",
        group=".group",
        default="Service",
        on_delete=DEGRADES,
        doc="The Gateways and Services that an Istio policy is for, in its own namespace.",
    ),
    # ---- secrets
    EdgeRow(
        type="USES_SECRET",
        start=(_GATEWAY, _DESTINATION_RULE, _SIDECAR),
        end="Secret",
        follow="mesh_credentials",
        on_delete=DEGRADES,
        doc="Certificates by credentialName, in each namespace that has Pods which the object selects.",
    ),
    EdgeRow(
        type="USES_SECRET",
        start=(_WASM_PLUGIN,),
        end="Secret",
        at=("spec.imagePullSecret",),
        name=".",
        on_delete=BREAKS,
        doc="The Secret that pulls a plugin's image.",
    ),
)
