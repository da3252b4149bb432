"""The kinds through which traffic goes, or does not."""

from enum import Enum

import strawberry

from kgraph.api.graphql.fields import Part, at, dig, made_of, promoted, text
from kgraph.api.graphql.related import inward, outward, related
from kgraph.api.graphql.resource import Resource, of_kind
from kgraph.api.graphql.scalars import JSON
from kgraph.lenient import Object, mappings

_SERVICES = "Service"


@strawberry.enum(description="Where a Service can be reached.")
class ServiceType(Enum):
    """Kubernetes' types of Services."""

    CLUSTER_IP = strawberry.enum_value("ClusterIP", description="Inside the cluster.")
    NODE_PORT = strawberry.enum_value("NodePort", description="And at a port of every Node.")
    LOAD_BALANCER = strawberry.enum_value("LoadBalancer", description="And through a load balancer outside.")
    EXTERNAL_NAME = strawberry.enum_value("ExternalName", description="It only stands for a host name.")


@strawberry.type(description="A port of a Service, or of its endpoints.")
class ServicePort(Part):
    """A port."""

    name: str | None = at("name", "Its name.")
    port: int | None = at("port", "The port's number.")
    target_port: str | None = at("targetPort", "The Pods' port that it leads to, a number or a name.")
    node_port: int | None = at("nodePort", "The Nodes' port that leads to it.")
    protocol: str | None = at("protocol", "`TCP`, `UDP` or `SCTP`.")
    app_protocol: str | None = at("appProtocol", "What is spoken: `https`, `kubernetes.io/h2c`.")


def _balancer_addresses(raw: Object) -> list[str | None]:
    return [
        text(one.get("ip")) or text(one.get("hostname"))
        for one in mappings(dig(raw, "status", "loadBalancer", "ingress"))
    ]


@of_kind("", "One address for a set of Pods.")
class Service(Resource):
    """A Service."""

    type: ServiceType | None = at("spec.type", "Where it can be reached.")
    selector: JSON | None = at("spec.selector", "The labels of the Pods behind it.")
    ports: list[ServicePort] = at("spec.ports", "Its ports.")
    cluster_ip: str | None = at(
        "spec.clusterIP", "Its address in the cluster; `None` if it is headless.", name="clusterIP"
    )
    external_ips: list[str] = at("spec.externalIPs", "Addresses outside that lead to it.", name="externalIPs")
    external_name: str | None = at("spec.externalName", "The host that it stands for.")
    load_balancer_ip: str | None = made_of(
        "status.loadBalancer",
        lambda raw: next(iter(_balancer_addresses(raw)), None),
        "The load balancer's address.",
        name="loadBalancerIP",
    )
    load_balancer_addresses: list[str] = made_of(
        "status.loadBalancer", _balancer_addresses, "All addresses of the load balancer."
    )
    session_affinity: str | None = at("spec.sessionAffinity", "`ClientIP` or `None`.")
    external_traffic_policy: str | None = at("spec.externalTrafficPolicy", "`Cluster` or `Local`.")
    endpoints = related("EndpointSlice.discovery.k8s.io", "Who answers behind it.", inward("ENDPOINT_OF"), usual=1)
    pods = related("Pod", "The Pods that its selector finds.", outward("SELECTS"))
    ingresses = related("Ingress.networking.k8s.io", "The Ingresses that lead to it.", inward("ROUTES_TO"))


@strawberry.type(description="Who answers behind a Service: an address, or several of one Pod.")
class Endpoint(Part):
    """An endpoint of a slice."""

    addresses: list[str] = at("addresses", "Its addresses.")
    ready: bool | None = at("conditions.ready", "Whether it takes requests.")
    serving: bool | None = at("conditions.serving", "Whether it answers, be it that it ends.")
    terminating: bool | None = at("conditions.terminating", "Whether it ends.")
    hostname: str | None = at("hostname", "Its name below the Service's.")
    node_name: str | None = at("nodeName", "The Node that it is on.")
    zone: str | None = at("zone", "The zone that it is in.")
    target_name: str | None = at("targetRef.name", "The name of the Pod.")


@of_kind("discovery.k8s.io", "A part of those who answer behind a Service.")
class EndpointSlice(Resource):
    """An EndpointSlice."""

    address_type: str | None = at("addressType", "`IPv4`, `IPv6` or `FQDN`.")
    endpoints: list[Endpoint] = at("endpoints", "Who answers.")
    ports: list[ServicePort] = at("ports", "At which ports.")
    services = related(_SERVICES, "The Service that it is of.", outward("ENDPOINT_OF"), usual=1)
    pods = related("Pod", "The Pods that answer.", outward("TARGETS"))


@strawberry.type(description="Where requests for a host and a path go.")
class IngressPath(Part):
    """A path of a rule, with its host."""

    host: str | None = at("host", "The host; null for any.")
    path: str | None = at("path", "The path.")
    path_type: str | None = at("pathType", "`Prefix`, `Exact` or `ImplementationSpecific`.")
    service_name: str | None = made_of(
        "",
        lambda raw: dig(raw, "backend", "service", "name") or dig(raw, "backend", "serviceName"),
        "The Service behind it.",
    )
    service_port: str | None = made_of(
        "",
        lambda raw: (
            dig(raw, "backend", "service", "port", "number")
            or dig(raw, "backend", "service", "port", "name")
            or dig(raw, "backend", "servicePort")
        ),
        "The Service's port, a number or a name.",
    )


@strawberry.type(description="Hosts that are served with a certificate.")
class IngressTLS(Part):
    """A certificate of an Ingress."""

    hosts: list[str] = at("hosts", "The hosts.")
    secret_name: str | None = at("secretName", "The Secret that has the certificate.")


def _paths(raw: Object) -> list[Object]:
    rules = mappings(dig(raw, "spec", "rules"))
    return [{**path, "host": rule.get("host")} for rule in rules for path in mappings(dig(rule, "http", "paths"))]


@of_kind("networking.k8s.io", "Leads requests from outside to Services, by host and path.")
class Ingress(Resource):
    """An Ingress."""

    ingress_class_name: str | None = at("spec.ingressClassName", "The class that says who does the work.")
    paths: list[IngressPath] = made_of("spec.rules", _paths, "What is asked for, and where it goes.")
    tls: list[IngressTLS] = at("spec.tls", "Hosts with certificates.")
    load_balancer_addresses: list[str] = made_of("status.loadBalancer", _balancer_addresses, "Where it can be reached.")
    services = related(_SERVICES, "The Services that it leads to.", outward("ROUTES_TO"))
    pods = related("Pod", "The Pods behind them.", outward("ROUTES_TO", _SERVICES), outward("SELECTS"))
    secrets = related("Secret", "The Secrets that have its certificates.", outward("USES_SECRET"))


@of_kind("networking.k8s.io", "Says who may talk to Pods, and to whom they may.")
class NetworkPolicy(Resource):
    """A NetworkPolicy."""

    pod_selector: JSON | None = at("spec.podSelector", "The labels of the Pods that it is about; empty is all.")
    policy_types: list[str] = promoted("policyTypes", "`Ingress`, `Egress`: what it says something about.")
    allows_all_ingress: bool | None = promoted("allowsAllIngress", "Whether it lets everyone in.")
    allows_all_egress: bool | None = promoted("allowsAllEgress", "Whether it lets its Pods talk to everyone.")
    ingress: JSON | None = at("spec.ingress", "Who may talk to its Pods, as it says it.")
    egress: JSON | None = at("spec.egress", "To whom its Pods may talk, as it says it.")
    pods = related("Pod", "The Pods that it isolates.", outward("SELECTS"))
    allowed_from = related("Pod", "The Pods that it lets in.", outward("ALLOWS_FROM"))
    allowed_to = related("Pod", "The Pods to which it lets its Pods talk.", outward("ALLOWS_TO"))
