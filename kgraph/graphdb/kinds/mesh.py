"""The kinds of the service meshes Istio and Linkerd."""

from kgraph.graphdb.kinds.row import row

_NETWORKING = "networking.istio.io"
_SECURITY = "security.istio.io"
_SELECTS_ALL = {"selectsAll": "@selects_all_workloads"}

ROWS = (
    row(
        _NETWORKING,
        "VirtualService",
        "virtualservices",
        "vs",
        promote={"hosts": "spec.hosts", "gateways": "spec.gateways"},
    ),
    row(_NETWORKING, "DestinationRule", "destinationrules", "dr", promote={"host": "spec.host", **_SELECTS_ALL}),
    row(_NETWORKING, "Gateway", "gateways", "gw", promote={"hosts": "spec.servers[].hosts[]", **_SELECTS_ALL}),
    row(
        _NETWORKING,
        "ServiceEntry",
        "serviceentries",
        "se",
        promote={"hosts": "spec.hosts", "location": "spec.location", "resolution": "spec.resolution"},
    ),
    row(_NETWORKING, "Sidecar", "sidecars", promote=_SELECTS_ALL),
    row(_NETWORKING, "EnvoyFilter", "envoyfilters", promote=_SELECTS_ALL),
    row(_NETWORKING, "ProxyConfig", "proxyconfigs", promote=_SELECTS_ALL),
    row(
        _SECURITY,
        "AuthorizationPolicy",
        "authorizationpolicies",
        "ap",
        promote={"action": "spec.action", **_SELECTS_ALL},
    ),
    row(
        _SECURITY,
        "PeerAuthentication",
        "peerauthentications",
        "pa",
        promote={"mtlsMode": "spec.mtls.mode", **_SELECTS_ALL},
    ),
    row(_SECURITY, "RequestAuthentication", "requestauthentications", "ra", promote=_SELECTS_ALL),
    row("telemetry.istio.io", "Telemetry", "telemetries", "telemetry", promote=_SELECTS_ALL),
    row("extensions.istio.io", "WasmPlugin", "wasmplugins", promote={"url": "spec.url", **_SELECTS_ALL}),
    row("linkerd.io", "ServiceProfile", "serviceprofiles", "sp"),
)
