"""Situations of Istio and Linkerd; the first object is looked at."""

from tests.unit.sync.graphs import Case

_PODS = """
---
{kind: Pod, metadata: {name: web, labels: {app: web}}}
---
{kind: Pod, metadata: {name: gate, namespace: infra, labels: {istio: gate, app: web}}}
---
{kind: Service, metadata: {name: reviews, namespace: other}}
"""


def _istio(kind: str, spec: str, namespace: str = "shop", group: str = "networking.istio.io") -> str:
    return f"{{apiVersion: {group}/v1, kind: {kind}, metadata: {{namespace: {namespace}}}, spec: {spec}}}{_PODS}"


_SELECTOR = "{selector: {matchLabels: {app: web}}}"

MESH = (
    # ---- VirtualService
    Case(
        "a VirtualService of the mesh: a short host is of its own namespace",
        _istio("VirtualService", "{hosts: [reviews]}"),
        "CONFIGURES core/Service/shop/reviews",
    ),
    Case(
        "a VirtualService's host in full, in any spelling",
        _istio("VirtualService", "{hosts: [Reviews.other.svc.cluster.local., ratings.other.svc]}"),
        "CONFIGURES core/Service/other/reviews\nCONFIGURES core/Service/other/ratings\n"
        "NAMES_HOST host:reviews.other.svc.cluster.local\nNAMES_HOST host:ratings.other.svc",
    ),
    Case(
        "a VirtualService's host `name.namespace` is a Service only if there is one",
        _istio("VirtualService", "{hosts: [reviews.other, example.com]}"),
        "CONFIGURES core/Service/other/reviews\nCONFIGURES host:reviews.other\nCONFIGURES host:example.com\n"
        "NAMES_HOST host:reviews.other\nNAMES_HOST host:example.com",
    ),
    Case(
        "one Service by a short name and in full is one edge, stated",
        _istio("VirtualService", "{hosts: [reviews.other, reviews.other.svc]}"),
        "CONFIGURES core/Service/other/reviews\nCONFIGURES host:reviews.other\n"
        "NAMES_HOST host:reviews.other\nNAMES_HOST host:reviews.other.svc",
    ),
    Case(
        "a VirtualService for every host, and for those of a domain",
        _istio("VirtualService", "{hosts: ['*', '*.example.com', '*.other.svc.cluster.local']}"),
        "CONFIGURES host:*.example.com\nCONFIGURES host:*.other.svc.cluster.local\n"
        "NAMES_HOST host:*.example.com\nNAMES_HOST host:*.other.svc.cluster.local",
    ),
    Case(
        "a VirtualService of Gateways configures nothing in the mesh",
        _istio("VirtualService", "{hosts: [shop.example.com], gateways: [gate, infra/gate, ./own, old.infra.svc]}"),
        "NAMES_HOST host:shop.example.com\nPARENT networking.istio.io/Gateway/shop/gate\n"
        "PARENT networking.istio.io/Gateway/infra/gate\nPARENT networking.istio.io/Gateway/shop/own\n"
        "PARENT networking.istio.io/Gateway/infra/old",
    ),
    Case(
        "a VirtualService of a Gateway and of the mesh",
        _istio("VirtualService", "{hosts: [reviews], gateways: [mesh, gate]}"),
        "CONFIGURES core/Service/shop/reviews\nPARENT networking.istio.io/Gateway/shop/gate",
    ),
    Case(
        "a VirtualService's destinations and mirrors, of all protocols",
        _istio(
            "VirtualService",
            "{http: [{route: [{destination: {host: a}, weight: 90}, {destination: {host: b.other.svc}, weight: 10}], "
            "mirror: {host: c}, mirrors: [{destination: {host: d}}]}], tls: [{route: [{destination: {host: e}}]}], "
            "tcp: [{route: [{destination: {host: far.example.com}}]}]}",
        ),
        "ROUTES_TO core/Service/shop/a\nROUTES_TO core/Service/other/b\nROUTES_TO core/Service/shop/c\n"
        "ROUTES_TO core/Service/shop/d\nROUTES_TO core/Service/shop/e\nROUTES_TO host:far.example.com",
    ),
    Case(
        "a VirtualService's destination `name.namespace`",
        _istio("VirtualService", "{http: [{route: [{destination: {host: reviews.other}}]}]}"),
        "ROUTES_TO core/Service/other/reviews\nROUTES_TO host:reviews.other",
    ),
    Case(
        "a VirtualService that leaves a part to others",
        _istio("VirtualService", "{http: [{delegate: {name: a}}, {delegate: {name: b, namespace: other}}]}"),
        "ROUTES_TO networking.istio.io/VirtualService/shop/a\nROUTES_TO networking.istio.io/VirtualService/other/b",
    ),
    Case(
        "a VirtualService that is malformed",
        _istio(
            "VirtualService", "{hosts: [{a: b}, 'a b', a/b], gateways: {a: b}, http: [{route: [1, {}], mirror: a}]}"
        ),
    ),
    # ---- DestinationRule
    Case(
        "a DestinationRule",
        _istio("DestinationRule", "{host: reviews, trafficPolicy: {tls: {credentialName: c}}}"),
        "CONFIGURES core/Service/shop/reviews",
    ),
    Case(
        "a DestinationRule for a host outside, and for `name.namespace`",
        _istio("DestinationRule", "{host: reviews.other}"),
        "CONFIGURES core/Service/other/reviews\nCONFIGURES host:reviews.other",
    ),
    Case(
        "a DestinationRule for some Pods, with certificates",
        _istio(
            "DestinationRule",
            "{host: a.example.com, workloadSelector: {matchLabels: {app: web}}, trafficPolicy: {tls: {credentialName: "
            "a}, portLevelSettings: [{tls: {credentialName: b}}]}, subsets: [{trafficPolicy: {tls: {credentialName: "
            "c}}}]}",
        ),
        "CONFIGURES host:a.example.com\nSELECTS core/Pod/shop/web\nUSES_SECRET core/Secret/shop/a\n"
        "USES_SECRET core/Secret/shop/b\nUSES_SECRET core/Secret/shop/c",
    ),
    # ---- Gateway
    Case(
        "an Istio Gateway selects in every namespace, and its certificates are where its Pods are",
        _istio(
            "Gateway",
            "{selector: {istio: gate}, servers: [{hosts: [shop/a.example.com, '*/b.example.com', '*', ./web.shop.svc], "
            "tls: {credentialName: a, caCertCredentialName: ca}}, {tls: {credentialNames: [b, kubernetes://c]}}]}",
        ),
        "SELECTS core/Pod/infra/gate\nNAMES_HOST host:a.example.com\nNAMES_HOST host:b.example.com\n"
        "NAMES_HOST host:web.shop.svc\nROUTES_TO core/Service/shop/web optional\n"
        "USES_SECRET core/Secret/infra/a\nUSES_SECRET core/Secret/infra/b\nUSES_SECRET core/Secret/infra/ca optional",
    ),
    Case(
        "an Istio Gateway of two namespaces' Pods has its certificates in both",
        _istio("Gateway", "{selector: {app: web}, servers: [{tls: {credentialName: a}}]}"),
        "SELECTS core/Pod/infra/gate\nSELECTS core/Pod/shop/web\nUSES_SECRET core/Secret/infra/a\n"
        "USES_SECRET core/Secret/shop/a",
    ),
    *(
        Case(
            f"an Istio Gateway whose selector is {what}",
            _istio("Gateway", f"{{{selector}servers: [{{tls: {{credentialName: a}}}}]}}"),
        )
        for what, selector in (("absent", ""), ("empty", "selector: {}, "))
    ),
    Case(
        "an Istio Gateway with a selector that is none",
        _istio("Gateway", "{selector: {istio: 1}, servers: [{tls: {credentialName: a}}]}"),
    ),
    # ---- others
    Case(
        "a ServiceEntry",
        _istio("ServiceEntry", "{hosts: [api.example.com], workloadSelector: {labels: {app: web}}}"),
        "NAMES_HOST host:api.example.com\nSELECTS core/Pod/shop/web",
    ),
    Case(
        "a Sidecar with a certificate",
        _istio("Sidecar", "{workloadSelector: {labels: {app: web}}, ingress: [{tls: {credentialName: a}}]}"),
        "SELECTS core/Pod/shop/web\nUSES_SECRET core/Secret/shop/a",
    ),
    Case("a Sidecar for its namespace", _istio("Sidecar", "{ingress: [{tls: {credentialName: a}}]}")),
    Case("a ProxyConfig", _istio("ProxyConfig", _SELECTOR), "SELECTS core/Pod/shop/web"),
    *(
        Case(f"a {kind} {what}", _istio(kind, spec, namespace, group), edges)
        for kind, group, spec in (
            ("EnvoyFilter", "networking.istio.io", "{workloadSelector: {labels: {app: web}}}"),
            ("AuthorizationPolicy", "security.istio.io", _SELECTOR),
            ("PeerAuthentication", "security.istio.io", _SELECTOR),
            ("RequestAuthentication", "security.istio.io", _SELECTOR),
            ("Telemetry", "telemetry.istio.io", _SELECTOR),
            ("WasmPlugin", "extensions.istio.io", _SELECTOR),
        )
        for what, namespace, edges in (
            ("selects in its own namespace", "shop", "SELECTS core/Pod/shop/web"),
            ("of the root namespace", "istio-system", "SELECTS core/Pod/shop/web\nSELECTS core/Pod/infra/gate"),
        )
    ),
    Case("a PeerAuthentication for its namespace", _istio("PeerAuthentication", "{}", group="security.istio.io")),
    Case(
        "an AuthorizationPolicy for a Gateway and a Service",
        _istio(
            "AuthorizationPolicy",
            "{targetRefs: [{kind: Gateway, group: gateway.networking.k8s.io, name: gate}, {kind: Service, group: '', "
            "name: web}]}",
            group="security.istio.io",
        ),
        "TARGETS gateway.networking.k8s.io/Gateway/shop/gate\nTARGETS core/Service/shop/web",
    ),
    Case(
        "a WasmPlugin's pull secret",
        _istio("WasmPlugin", "{imagePullSecret: s}", group="extensions.istio.io"),
        "USES_SECRET core/Secret/shop/s",
    ),
    # ---- Linkerd
    Case(
        "a ServiceProfile that splits the traffic",
        "{apiVersion: linkerd.io/v1alpha2, kind: ServiceProfile, metadata: {name: web.shop.svc.cluster.local}, spec: "
        "{dstOverrides: [{authority: 'v2.shop.svc.cluster.local.:8080', weight: 500m}, {authority: api.example.com}]}}",
        "CONFIGURES core/Service/shop/web\nROUTES_TO core/Service/shop/v2\nROUTES_TO host:api.example.com",
    ),
    Case(
        "a ServiceProfile of a host outside, and of `name.namespace`",
        "{apiVersion: linkerd.io/v1alpha2, kind: ServiceProfile, metadata: {name: reviews.other}}" + _PODS,
        "CONFIGURES host:reviews.other\nCONFIGURES core/Service/other/reviews",
    ),
)
