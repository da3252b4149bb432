"""Edges of Gateway API and of the policies that are built on it, and those of OpenShift's Route."""

from kgraph.graphdb.edges.row import ANY, BREAKS, DEGRADES, HOST, NOTHING, EdgeRow, Property

_GROUP = "gateway.networking.k8s.io"
_GATEWAY, _CLASS, _LISTENERS = f"Gateway.{_GROUP}", f"GatewayClass.{_GROUP}", f"ListenerSet.{_GROUP}"
_WITH_LISTENERS = (_GATEWAY, _LISTENERS)
_WITH_HOSTS = (f"HTTPRoute.{_GROUP}", f"GRPCRoute.{_GROUP}", f"TLSRoute.{_GROUP}")
_ROUTES = (*_WITH_HOSTS, f"TCPRoute.{_GROUP}", f"UDPRoute.{_GROUP}")
_GRANT = f"ReferenceGrant.{_GROUP}"
_TLS_POLICY = f"BackendTLSPolicy.{_GROUP}"
_POLICIES = (
    _TLS_POLICY,
    f"BackendTrafficPolicy.{_GROUP}",
    "BackendTrafficPolicy.gateway.networking.x-k8s.io",
    "XBackendTrafficPolicy.gateway.networking.x-k8s.io",
    "BackendTrafficPolicy.gateway.envoyproxy.io",
)
_OPENSHIFT_ROUTE = "Route.route.openshift.io"
_FILTERS = ("spec.rules[].filters[]", "spec.rules[].backendRefs[].filters[]")
_PORT = Property("port", (".port",))
# What is refused is not served, and who gets copies of requests answers none.
_SPARED: dict[str, str | bool] = {"mirror": True, "granted": False}
_REFUSED: dict[str, str | bool] = {"granted": False}

ROWS = (
    EdgeRow(
        type="HAS_GATEWAY_CLASS",
        start=(_GATEWAY,),
        end=_CLASS,
        at=("spec.gatewayClassName",),
        name=".",
        on_delete=BREAKS,
        on_failure=BREAKS,
        doc="The class of a Gateway, whose controller makes it work.",
    ),
    EdgeRow(
        type="HAS_PARAMETERS",
        start=(_CLASS,),
        end=ANY,
        at=("spec.parametersRef",),
        kind=".kind",
        group=".group",
        default="ConfigMap",
        namespace=(".namespace",),
        on_delete=BREAKS,
        doc="What configures a Gateway class; without it, the class is not accepted.",
    ),
    EdgeRow(
        type="HAS_PARAMETERS",
        start=(_GATEWAY,),
        end=ANY,
        at=("spec.infrastructure.parametersRef",),
        kind=".kind",
        group=".group",
        default="ConfigMap",
        on_delete=BREAKS,
        doc="What configures the infrastructure of a Gateway; without it, the Gateway is not accepted.",
    ),
    EdgeRow(
        type="PARENT",
        start=_ROUTES,
        end=ANY,
        at=("spec.parentRefs[]",),
        kind=".kind",
        group=".group",
        default=_GATEWAY,
        namespace=(".namespace",),
        properties=(Property("sectionName", (".sectionName",)), _PORT),
        on_delete=DEGRADES,
        on_failure=DEGRADES,
        doc="The Gateways, or with a mesh the Services, whose traffic a route takes; no grant is needed.",
    ),
    EdgeRow(
        type="PARENT",
        start=(_LISTENERS,),
        end=ANY,
        at=("spec.parentRef",),
        kind=".kind",
        group=".group",
        default=_GATEWAY,
        namespace=(".namespace",),
        on_delete=BREAKS,
        on_failure=BREAKS,
        doc="The Gateway that a set of listeners adds to.",
    ),
    # ---- where routes go
    *(
        EdgeRow(
            type="ROUTES_TO",
            start=_ROUTES,
            end=ANY,
            at=at,
            kind=".kind",
            group=".group",
            default="Service",
            namespace=(".namespace",),
            properties=(weight, _PORT, Property("mirror", default=mirror, merge="all")),
            granted=True,
            on_delete=DEGRADES,
            on_failure=DEGRADES,
            spared_by=_SPARED,
            doc=doc,
        )
        for at, weight, mirror, doc in (
            (
                ("spec.rules[].backendRefs[]",),
                Property("weight", (".weight",), 1),
                False,
                "Where a route sends its traffic, with the weight of each backend, which may be 0.",
            ),
            (
                tuple(f"{filters}.requestMirror.backendRef" for filters in _FILTERS),
                Property("weight", default=0),
                True,
                "Who gets copies of a route's requests and answers none: `mirror`, unless the route also sends to it.",
            ),
            (
                tuple(f"{filters}.externalAuth.backendRef" for filters in _FILTERS),
                Property("weight", default=0),
                False,
                "Who is asked whether a route's requests are allowed.",
            ),
        )
    ),
    EdgeRow(
        type="ROUTES_TO",
        start=_WITH_HOSTS,
        end="Service",
        find="services_of_host_names",
        on_delete=DEGRADES,
        on_failure=DEGRADES,
        spared_by=_SPARED,
        doc="Services whose names inside the cluster (`name.namespace.svc…`) a route answers for; optional.",
    ),
    EdgeRow(
        type="ROUTES_TO",
        start=_WITH_LISTENERS,
        end="Service",
        find="services_of_host_names",
        on_delete=NOTHING,
        doc="Services whose names inside the cluster (`name.namespace.svc…`) a listener answers for; optional.",
    ),
    EdgeRow(
        type="REFERS_TO",
        start=_ROUTES,
        end=ANY,
        at=tuple(f"{filters}.extensionRef" for filters in _FILTERS),
        kind=".kind",
        group=".group",
        on_delete=DEGRADES,
        doc="An implementation's own filters; without one, its rule answers with an error.",
    ),
    EdgeRow(
        type="NAMES_HOST",
        start=_WITH_HOSTS,
        end=HOST,
        at=("spec.hostnames[]",),
        name=".",
        on_delete=NOTHING,
        doc="The hosts that a route answers for.",
    ),
    EdgeRow(
        type="NAMES_HOST",
        start=_WITH_LISTENERS,
        end=HOST,
        at=("spec.listeners[].hostname",),
        name=".",
        on_delete=NOTHING,
        doc="The hosts that a Gateway's listeners answer for.",
    ),
    # ---- certificates
    EdgeRow(
        type="USES_SECRET",
        start=_WITH_LISTENERS,
        end="Secret",
        at=("spec.listeners[].tls.certificateRefs[]",),
        kind=".kind",
        group=".group",
        default="Secret",
        namespace=(".namespace",),
        granted=True,
        on_delete=DEGRADES,
        spared_by=_REFUSED,
        doc="The certificates of listeners.",
    ),
    *(
        EdgeRow(
            type=type_,
            start=(_GATEWAY,),
            end=end,
            at=(
                "spec.listeners[].tls.frontendValidation.caCertificateRefs[]",
                "spec.tls.frontend.default.validation.caCertificateRefs[]",
                "spec.tls.frontend.perPort[].tls.validation.caCertificateRefs[]",
                "spec.tls.backend.clientCertificateRef",
            ),
            kind=".kind",
            group=".group",
            default="Secret",
            namespace=(".namespace",),
            granted=True,
            on_delete=DEGRADES,
            spared_by=_REFUSED,
            doc=doc,
        )
        for type_, end, doc in (
            ("USES_SECRET", "Secret", "A Gateway's own certificate for backends, and CAs of its clients in Secrets."),
            ("USES_CONFIGMAP", "ConfigMap", "CAs of a Gateway's clients in ConfigMaps."),
        )
    ),
    # ---- grants
    EdgeRow(
        type="GRANTS",
        start=(_GRANT,),
        end="Namespace",
        at=("spec.from[].namespace",),
        name=".",
        on_delete=NOTHING,
        doc="The namespaces from which a grant allows references; what they allow stands in the references' `granted`.",
    ),
    EdgeRow(
        type="GRANTS",
        start=(_GRANT,),
        end=ANY,
        at=("spec.to[]",),
        kind=".kind",
        group=".group",
        default="Service",
        on_delete=NOTHING,
        doc="The objects to which a grant allows references by name.",
    ),
    # ---- policies
    EdgeRow(
        type="TARGETS",
        start=_POLICIES,
        end=ANY,
        at=("spec.targetRefs[]", "spec.targetRef"),
        kind=".kind",
        group=".group",
        default="Service",
        properties=(Property("sectionName", (".sectionName",)),),
        on_delete=DEGRADES,
        doc="What a policy is for, in its own namespace.",
    ),
    *(
        EdgeRow(
            type=type_,
            start=(_TLS_POLICY,),
            end=end,
            at=("spec.validation.caCertificateRefs[]", "spec.tls.caCertificateRefs[]"),
            kind=".kind",
            group=".group",
            default="ConfigMap",
            on_delete=DEGRADES,
            doc=f"The CAs that a policy trusts backends by, in {end}s.",
        )
        for type_, end in (("USES_CONFIGMAP", "ConfigMap"), ("USES_SECRET", "Secret"))
    ),
    # ---- OpenShift
    EdgeRow(
        type="ROUTES_TO",
        start=(_OPENSHIFT_ROUTE,),
        end=ANY,
        at=("spec.to", "spec.alternateBackends[]"),
        kind=".kind",
        default="Service",
        properties=(Property("weight", (".weight",), 100),),
        on_delete=DEGRADES,
        on_failure=DEGRADES,
        doc="Where a Route sends its traffic, with the weight of each backend (100 where none is said).",
    ),
    EdgeRow(
        type="ROUTES_TO",
        start=(_OPENSHIFT_ROUTE,),
        end="Service",
        find="services_of_host_names",
        on_delete=DEGRADES,
        on_failure=DEGRADES,
        doc="The Service whose name inside the cluster (`name.namespace.svc…`) a Route answers for; optional.",
    ),
    EdgeRow(
        type="NAMES_HOST",
        start=(_OPENSHIFT_ROUTE,),
        end=HOST,
        at=("spec.host",),
        name=".",
        on_delete=NOTHING,
        doc="The host that a Route answers for.",
    ),
    EdgeRow(
        type="USES_SECRET",
        start=(_OPENSHIFT_ROUTE,),
        end="Secret",
        at=("spec.tls.externalCertificate",),
        on_delete=BREAKS,
        doc="The certificate of a Route that does not hold its own.",
    ),
)
