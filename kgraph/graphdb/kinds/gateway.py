"""The kinds of Gateway API and what is built on it, and OpenShift's Route."""

from kgraph.graphdb.kinds.row import row

_GROUP = "gateway.networking.k8s.io"
_EXPERIMENTAL = "gateway.networking.x-k8s.io"
_ENVOY = "gateway.envoyproxy.io"
_HOSTNAMES = {"hostnames": "spec.hostnames"}

ROWS = (
    row(
        _GROUP,
        "GatewayClass",
        "gatewayclasses",
        "gc",
        namespaced=False,
        promote={"controllerName": "spec.controllerName", "accepted": "@accepted"},
    ),
    row(
        _GROUP,
        "Gateway",
        "gateways",
        "gtw",
        promote={
            "gatewayClassName": "spec.gatewayClassName",
            "listeners": "spec.listeners[].name",
            "addresses": "status.addresses[].value",
            "accepted": "@accepted",
            "programmed": "@programmed",
        },
    ),
    row(_GROUP, "ListenerSet", "listenersets", "lset", promote={"listeners": "spec.listeners[].name"}),
    row(_GROUP, "HTTPRoute", "httproutes", promote=_HOSTNAMES),
    row(_GROUP, "GRPCRoute", "grpcroutes", promote=_HOSTNAMES),
    row(_GROUP, "TLSRoute", "tlsroutes", promote=_HOSTNAMES),
    row(_GROUP, "TCPRoute", "tcproutes"),
    row(_GROUP, "UDPRoute", "udproutes"),
    row(_GROUP, "ReferenceGrant", "referencegrants", "refgrant"),
    row(
        _GROUP, "BackendTLSPolicy", "backendtlspolicies", "btlspolicy", promote={"hostname": "spec.validation.hostname"}
    ),
    # Experimental kinds have an X before their name, and lose it when they come to the group itself.
    row(_GROUP, "BackendTrafficPolicy", "backendtrafficpolicies"),
    row(_EXPERIMENTAL, "BackendTrafficPolicy", "backendtrafficpolicies"),
    row(_EXPERIMENTAL, "XBackendTrafficPolicy", "xbackendtrafficpolicies", "xbtrafficpolicy"),
    row(_ENVOY, "BackendTrafficPolicy", "backendtrafficpolicies", "btp"),
    row(
        "route.openshift.io",
        "Route",
        "routes",
        promote={"host": "spec.host", "path": "spec.path", "tlsTermination": "spec.tls.termination"},
    ),
)
