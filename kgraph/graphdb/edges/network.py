"""Edges of Services, endpoints, Ingresses and NetworkPolicies."""

from kgraph.graphdb.edges.row import (
    ANY,
    BREAKS,
    CASCADE,
    DEGRADES,
    HOST,
    NOTHING,
    EdgeRow,
    Property,
    Selection,
)

_INGRESS = "Ingress.networking.k8s.io"
_INGRESS_CLASS = "IngressClass.networking.k8s.io"
_POLICY = "NetworkPolicy.networking.k8s.io"
_SLICE = "EndpointSlice.discovery.k8s.io"
_PATHS = "spec.rules[].http.paths[]"
_ROUTE = (Property("host", ("spec.rules[].host",)), Property("path", (f"{_PATHS}.path",)))
_PORT = Property("port", (".port.number", ".port.name"))
_OLD_PORT = Property("port", (".servicePort",))

ROWS = (
    EdgeRow(
        type="SELECTS",
        start=("Service",),
        end="Pod",
        selects=Selection(at="spec.selector", plain=True, empty="nothing"),
        unless={"spec.type": "ExternalName"},
        on_delete=DEGRADES,
        on_failure=DEGRADES,
        doc="The Pods behind a Service. No selector, an empty one, and ExternalName select nothing.",
    ),
    EdgeRow(
        type="SELECTS",
        start=(_POLICY,),
        end="Pod",
        selects=Selection(at="spec.podSelector", absent="everything"),
        on_delete=NOTHING,
        doc="The Pods that a policy isolates; an empty selector is the whole namespace.",
    ),
    EdgeRow(
        type="SELECTS",
        start=("PodDisruptionBudget.policy",),
        end="Pod",
        selects=Selection(at="spec.selector"),
        unless={"apiVersion": "policy/v1beta1"},
        on_delete=NOTHING,
        doc="The Pods that a budget protects; an empty selector is the whole namespace, an absent one nothing.",
    ),
    EdgeRow(
        type="SELECTS",
        start=("PodDisruptionBudget.policy",),
        end="Pod",
        selects=Selection(at="spec.selector", empty="nothing"),
        when={"apiVersion": "policy/v1beta1"},
        on_delete=NOTHING,
        doc="The Pods that a budget of v1beta1 protects, where an empty selector still is nothing.",
    ),
    *(
        EdgeRow(
            type=type_,
            start=(_POLICY,),
            end=end,
            follow=follow,
            properties=(Property("ports"),),
            on_delete=NOTHING,
            doc=doc,
        )
        for type_, end, follow, doc in (
            ("ALLOWS_FROM", "Pod", "ingress_pods", "Pods that a policy lets in."),
            ("ALLOWS_FROM", "Namespace", "ingress_namespaces", "Namespaces all of whose Pods a policy lets in."),
            ("ALLOWS_TO", "Pod", "egress_pods", "Pods that a policy lets its Pods talk to."),
            ("ALLOWS_TO", "Namespace", "egress_namespaces", "Namespaces that a policy lets its Pods talk to."),
        )
    ),
    # ---- endpoints
    EdgeRow(
        type="ENDPOINT_OF",
        start=(_SLICE,),
        end="Service",
        at=('metadata.labels["kubernetes.io/service-name"]',),
        name=".",
        on_delete=CASCADE,
        doc="The Service that an EndpointSlice belongs to.",
    ),
    EdgeRow(
        type="ENDPOINT_OF",
        start=("Endpoints",),
        end="Service",
        at=("metadata.name",),
        name=".",
        optional=True,
        on_delete=CASCADE,
        doc="The Service of the same name; optional, since Endpoints once were locks too.",
    ),
    EdgeRow(
        type="TARGETS",
        start=(_SLICE, "Endpoints"),
        end=ANY,
        find="endpoint_targets",
        properties=(Property("ready", default=False, merge="any"),),
        on_delete=DEGRADES,
        on_failure=DEGRADES,
        doc="What answers behind an endpoint: its targetRef, else the Node that it names.",
    ),
    # ---- Ingress
    EdgeRow(
        type="ROUTES_TO",
        start=(_INGRESS,),
        end="Service",
        at=(f"{_PATHS}.backend.service", "spec.defaultBackend.service"),
        properties=(*_ROUTE, _PORT),
        on_delete=DEGRADES,
        on_failure=DEGRADES,
        doc="The Services that an Ingress routes to.",
    ),
    EdgeRow(
        type="ROUTES_TO",
        start=(_INGRESS,),
        end="Service",
        at=(f"{_PATHS}.backend", "spec.backend"),
        name=".serviceName",
        properties=(*_ROUTE, _OLD_PORT),
        on_delete=DEGRADES,
        on_failure=DEGRADES,
        doc="The Services that an Ingress of v1beta1 routes to.",
    ),
    EdgeRow(
        type="ROUTES_TO",
        start=(_INGRESS,),
        end=ANY,
        at=(f"{_PATHS}.backend.resource", "spec.defaultBackend.resource", "spec.backend.resource"),
        kind=".kind",
        group=".apiGroup",
        properties=(*_ROUTE, Property("port")),
        on_delete=DEGRADES,
        on_failure=DEGRADES,
        doc="Objects that are no Services and that an Ingress routes to.",
    ),
    EdgeRow(
        type="USES_SECRET",
        start=(_INGRESS,),
        end="Secret",
        at=("spec.tls[]",),
        name=".secretName",
        on_delete=BREAKS,
        doc="The certificates of an Ingress.",
    ),
    EdgeRow(
        type="HAS_INGRESS_CLASS",
        start=(_INGRESS,),
        end=_INGRESS_CLASS,
        find="ingress_class",
        on_delete=BREAKS,
        doc="The class of an Ingress: ingressClassName, else the old annotation, which is optional.",
    ),
    EdgeRow(
        type="HAS_INGRESS_CLASS",
        start=(_INGRESS,),
        end=_INGRESS_CLASS,
        follow="default_ingress_class",
        on_delete=BREAKS,
        doc="The only default class, of an Ingress that names none; inferred.",
    ),
    EdgeRow(
        type="HAS_PARAMETERS",
        start=(_INGRESS_CLASS,),
        end=ANY,
        at=("spec.parameters",),
        kind=".kind",
        group=".apiGroup",
        namespace=(".namespace",),
        on_delete=BREAKS,
        doc="What configures an Ingress class.",
    ),
    # ---- host names
    EdgeRow(
        type="NAMES_HOST",
        start=("Service",),
        end=HOST,
        at=("spec.externalName",),
        name=".",
        when={"spec.type": "ExternalName"},
        on_delete=BREAKS,
        on_failure=BREAKS,
        doc="The host that an ExternalName Service stands for.",
    ),
    EdgeRow(
        type="ROUTES_TO",
        start=("Service",),
        end="Service",
        find="external_service",
        on_delete=BREAKS,
        on_failure=BREAKS,
        doc="The Service that an ExternalName inside the cluster (`name.namespace.svc…`) stands for.",
    ),
    EdgeRow(
        type="NAMES_HOST",
        start=(_INGRESS,),
        end=HOST,
        at=("spec.rules[].host", "spec.tls[].hosts[]"),
        name=".",
        on_delete=NOTHING,
        doc="The hosts that an Ingress answers for.",
    ),
)
