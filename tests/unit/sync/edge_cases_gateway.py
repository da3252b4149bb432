"""Situations of Gateway API, of policies built on it, and of OpenShift's Routes; the first object is looked at."""

from tests.unit.sync.graphs import Case

_GATEWAY_API = "gateway.networking.k8s.io"


def _route(spec: str, kind: str = "HTTPRoute", *others: str) -> str:
    return "\n---\n".join((f"{{apiVersion: {_GATEWAY_API}/v1, kind: {kind}, spec: {spec}}}", *others))


def _gateway(spec: str, *others: str) -> str:
    return _route(spec, "Gateway", *others)


def _grant(source: str, to: str, namespace: str = "infra", name: str = "g") -> str:
    metadata = f"{{name: {name}, namespace: {namespace}}}"
    spec = f"{{from: [{source}], to: [{to}]}}"
    return f"{{apiVersion: {_GATEWAY_API}/v1beta1, kind: ReferenceGrant, metadata: {metadata}, spec: {spec}}}"


_ALL_ROUTES = "ROUTES_TO core/Service/shop/web\nPARENT gateway.networking.k8s.io/Gateway/infra/gate"

GATEWAY = (
    # ---- routes
    *(
        Case(
            f"a {kind} of a Gateway of another namespace",
            _route("{parentRefs: [{name: gate, namespace: infra}], rules: [{backendRefs: [{name: web}]}]}", kind),
            _ALL_ROUTES,
        )
        for kind in ("HTTPRoute", "GRPCRoute", "TCPRoute", "UDPRoute", "TLSRoute")
    ),
    Case(
        "a route of a Service, with a mesh",
        _route("{parentRefs: [{name: web, kind: Service, group: '', port: 80}, {name: gate, sectionName: https}]}"),
        "PARENT core/Service/shop/web\nPARENT gateway.networking.k8s.io/Gateway/shop/gate",
    ),
    Case(
        "a route of a set of listeners",
        _route("{parentRefs: [{name: l, kind: ListenerSet}]}"),
        "PARENT gateway.networking.k8s.io/ListenerSet/shop/l",
    ),
    Case(
        "a route to an object of another kind",
        _route(
            "{rules: [{backendRefs: [{name: a, kind: Basket, group: shop.example.com}, {name: b, kind: Region, "
            "group: shop.example.com}]}]}"
        ),
        "ROUTES_TO shop.example.com/Basket/shop/a\nROUTES_TO shop.example.com/Region/_/b",
    ),
    Case(
        "a route that mirrors, at the rule and at a backend, and one that asks first",
        _route(
            "{rules: [{filters: [{type: RequestMirror, requestMirror: {backendRef: {name: shadow}}}, "
            "{externalAuth: {backendRef: {name: guard}}}], backendRefs: [{name: web, filters: "
            "[{requestMirror: {backendRef: {name: copy, namespace: shop}}}]}]}]}"
        ),
        "\n".join(f"ROUTES_TO core/Service/shop/{name}" for name in ("shadow", "guard", "web", "copy")),
    ),
    Case(
        "a route into another namespace leads there, granted or not, there or not",
        _route("{rules: [{backendRefs: [{name: web, namespace: infra}]}]}"),
        "ROUTES_TO core/Service/infra/web",
    ),
    Case(
        "a route with a filter of the implementation",
        _route("{rules: [{filters: [{extensionRef: {name: b, kind: Basket, group: shop.example.com}}]}]}"),
        "REFERS_TO shop.example.com/Basket/shop/b",
    ),
    Case(
        "a route's hosts, one of which is a Service's name",
        _route("{hostnames: [A.Example.com., '*.example.com', api.infra.svc.cluster.local]}"),
        "NAMES_HOST host:a.example.com\nNAMES_HOST host:*.example.com\nNAMES_HOST host:api.infra.svc.cluster.local\n"
        "ROUTES_TO core/Service/infra/api optional",
    ),
    Case("a route that is malformed", _route("{parentRefs: [gate, {name: [a]}, {name: a/b}], rules: {a: b}}")),
    # ---- Gateways
    Case(
        "a Gateway",
        _gateway(
            "{gatewayClassName: c, listeners: [{hostname: shop.example.com, tls: {certificateRefs: [{name: tls}, "
            "{name: tls, namespace: infra, kind: Secret, group: ''}]}}, {hostname: web.shop.svc}]}"
        ),
        "HAS_GATEWAY_CLASS gateway.networking.k8s.io/GatewayClass/_/c\nNAMES_HOST host:shop.example.com\n"
        "NAMES_HOST host:web.shop.svc\nROUTES_TO core/Service/shop/web optional\n"
        "USES_SECRET core/Secret/shop/tls\nUSES_SECRET core/Secret/infra/tls",
    ),
    Case(
        "a Gateway whose certificate is of a kind of its implementation",
        _gateway("{listeners: [{tls: {certificateRefs: [{name: b, kind: Basket, group: shop.example.com}]}}]}"),
    ),
    Case(
        "a Gateway that looks at its clients' certificates and shows one of its own",
        _gateway(
            "{tls: {backend: {clientCertificateRef: {name: own}}, frontend: {default: {validation: {caCertificateRefs: "
            "[{name: ca, kind: ConfigMap, group: ''}]}}, perPort: [{port: 8443, tls: {validation: {caCertificateRefs: "
            "[{name: other, kind: ConfigMap, group: '', namespace: infra}]}}}]}}}"
        ),
        "USES_SECRET core/Secret/shop/own\nUSES_CONFIGMAP core/ConfigMap/shop/ca\n"
        "USES_CONFIGMAP core/ConfigMap/infra/other",
    ),
    Case(
        "a Gateway with parameters",
        _gateway("{infrastructure: {parametersRef: {group: '', kind: ConfigMap, name: p}}}"),
        "HAS_PARAMETERS core/ConfigMap/shop/p",
    ),
    Case(
        "a Gateway class with parameters in a namespace",
        _route(
            "{parametersRef: {group: gateway.envoyproxy.io, kind: EnvoyProxy, name: p, namespace: infra}}",
            "GatewayClass",
        ),
        "HAS_PARAMETERS gateway.envoyproxy.io/EnvoyProxy/infra/p",
    ),
    Case(
        "a set of listeners",
        _route(
            "{parentRef: {name: gate, namespace: infra}, listeners: [{hostname: a.example.com, "
            "tls: {certificateRefs: [{name: tls}]}}]}",
            "ListenerSet",
        ),
        "PARENT gateway.networking.k8s.io/Gateway/infra/gate\nNAMES_HOST host:a.example.com\n"
        "USES_SECRET core/Secret/shop/tls",
    ),
    # ---- grants
    Case(
        "a grant",
        _grant(
            "{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}",
            "{group: '', kind: Service, name: web}, {group: '', kind: Secret}, "
            "{group: shop.example.com, kind: Basket, name: b}",
        ),
        "GRANTS core/Namespace/_/shop\nGRANTS core/Service/infra/web\nGRANTS shop.example.com/Basket/infra/b",
    ),
    # ---- policies
    *(
        Case(
            f"a {kind} of {group}",
            f"{{apiVersion: {group}/v1alpha1, kind: {kind}, spec: {{"
            f"targetRefs: [{{group: '', kind: Service, name: a}}, "
            f"{{group: {_GATEWAY_API}, kind: HTTPRoute, name: b}}], "
            "targetRef: {group: '', kind: Service, name: c}}}",
            "TARGETS core/Service/shop/a\nTARGETS gateway.networking.k8s.io/HTTPRoute/shop/b\n"
            "TARGETS core/Service/shop/c",
        )
        for kind, group in (
            ("BackendTLSPolicy", _GATEWAY_API),
            ("BackendTrafficPolicy", _GATEWAY_API),
            ("BackendTrafficPolicy", "gateway.networking.x-k8s.io"),
            ("XBackendTrafficPolicy", "gateway.networking.x-k8s.io"),
            ("BackendTrafficPolicy", "gateway.envoyproxy.io"),
        )
    ),
    Case(
        "a BackendTLSPolicy's authorities",
        _route(
            "{validation: {hostname: a.example.com, caCertificateRefs: [{group: '', kind: ConfigMap, name: ca}, "
            "{group: '', kind: Secret, name: other}]}}",
            "BackendTLSPolicy",
        ),
        "USES_CONFIGMAP core/ConfigMap/shop/ca\nUSES_SECRET core/Secret/shop/other",
    ),
    # ---- OpenShift
    Case(
        "an OpenShift Route",
        "{apiVersion: route.openshift.io/v1, kind: Route, spec: {host: web.apps.example.com, to: {kind: Service, "
        "name: web, weight: 90}, alternateBackends: [{kind: Service, name: canary}], "
        "tls: {externalCertificate: {name: tls}}}}",
        "ROUTES_TO core/Service/shop/web\nROUTES_TO core/Service/shop/canary\n"
        "NAMES_HOST host:web.apps.example.com\nUSES_SECRET core/Secret/shop/tls",
    ),
    Case(
        "an OpenShift Route for a Service's own name",
        "{apiVersion: route.openshift.io/v1, kind: Route, spec: {host: api.infra.svc, to: {name: api}}}",
        "ROUTES_TO core/Service/shop/api\nROUTES_TO core/Service/infra/api optional\nNAMES_HOST host:api.infra.svc",
    ),
    Case(
        "an Ingress for a Service's own name",
        "{apiVersion: networking.k8s.io/v1, kind: Ingress, "
        "spec: {ingressClassName: c, rules: [{host: api.infra.svc}]}}",
        "HAS_INGRESS_CLASS networking.k8s.io/IngressClass/_/c\nROUTES_TO core/Service/infra/api optional\n"
        "NAMES_HOST host:api.infra.svc",
    ),
)
