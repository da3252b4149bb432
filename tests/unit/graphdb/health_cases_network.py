"""Situations of the Gateway API, of Istio, of volume snapshots."""

from typing import Any

from tests.unit.graphdb.health_cases import Case, case, condition, conditions

_SILENT = "its controller has not said anything yet"
_NEW = {"generation": 2}
_GATEWAYS = ("Gateway.gateway.networking.k8s.io", "ListenerSet.gateway.networking.k8s.io")
_POLICY = "BackendTLSPolicy.gateway.networking.k8s.io"
_CLASS = "GatewayClass.gateway.networking.k8s.io"


def _parent(name: str, *written: str, generation: int = 2) -> dict[str, Any]:
    found = [condition(each, observedGeneration=generation) for each in written]
    return {"parentRef": {"name": name}, "conditions": found}


def _route(kind: str, situation: str, health: str, reason: str = "", *parents: Any) -> Case:
    return case(
        f"{kind}.gateway.networking.k8s.io", situation, health, reason, metadata=_NEW, status={"parents": [*parents]}
    )


def _listener(*written: str) -> dict[str, Any]:
    return {"name": "https", **conditions(*written)}


def _ancestor(name: str, *written: str) -> dict[str, Any]:
    return {"ancestorRef": {"name": name}, **conditions(*written)}


GATEWAY = (
    case(_CLASS, "no status yet", "PROGRESSING", _SILENT),
    case(_CLASS, "accepted", "HEALTHY", "", status=conditions("Accepted=True")),
    case(_CLASS, "refused", "DEGRADED", "Unsupported", status=conditions("Accepted=False:Unsupported")),
    case(_CLASS, "pending", "PROGRESSING", "Pending", status=conditions("Accepted=Unknown:Pending")),
    case(
        _CLASS,
        "what was said of an older spec",
        "PROGRESSING",
        _SILENT,
        metadata=_NEW,
        status={"conditions": [condition("Accepted=False", observedGeneration=1)]},
    ),
    *(
        each
        for kind in _GATEWAYS
        for each in (
            case(kind, "no status yet", "PROGRESSING", _SILENT),
            case(kind, "programmed", "HEALTHY", "", status=conditions("Accepted=True", "Programmed=True")),
            case(kind, "refused", "DEGRADED", "x", status=conditions("Accepted=False:x", "Programmed=False")),
            case(kind, "a reference leads nowhere", "DEGRADED", "x", status=conditions("ResolvedRefs=False:x")),
            *(
                case(
                    kind,
                    f"not programmed, {status}",
                    "PROGRESSING",
                    "Pending",
                    status=conditions("Accepted=True", f"Programmed={status}:Pending"),
                )
                for status in ("False", "Unknown")
            ),
            case(
                kind,
                "a listener without its certificate",
                "DEGRADED",
                "listener https: InvalidCertificateRef",
                status=conditions(
                    "Accepted=True",
                    "Programmed=True",
                    listeners=[_listener("Programmed=True"), _listener("ResolvedRefs=False:InvalidCertificateRef")],
                ),
            ),
            case(
                kind,
                "a listener that is not programmed yet",
                "PROGRESSING",
                "listener https: Pending",
                status={"listeners": [_listener("Accepted=True", "Programmed=False:Pending")]},
            ),
            case(kind, "listeners that are fine", "HEALTHY", "", status={"listeners": [_listener("Programmed=True")]}),
        )
    ),
    *(
        each
        for kind in ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")
        for each in (
            _route(kind, "no parent yet", "PROGRESSING", "no parent has said anything yet"),
            _route(kind, "accepted", "HEALTHY", "", _parent("web", "Accepted=True", "ResolvedRefs=True")),
            _route(
                kind,
                "refused by one of two",
                "DEGRADED",
                "parent b: NotAllowedByListeners",
                _parent("a", "Accepted=True"),
                _parent("b", "Accepted=False:NotAllowedByListeners"),
            ),
            _route(
                kind,
                "a backend that is not there",
                "DEGRADED",
                "parent web: BackendNotFound",
                _parent("web", "Accepted=True", "ResolvedRefs=False:BackendNotFound"),
            ),
            _route(
                kind,
                "not programmed yet",
                "PROGRESSING",
                "parent web: Pending",
                _parent("web", "Accepted=True", "Programmed=False:Pending"),
            ),
            _route(
                kind,
                "what was said of an older spec",
                "PROGRESSING",
                "no parent has said anything yet",
                _parent("web", "Accepted=False", generation=1),
            ),
        )
    ),
    case(_POLICY, "no status yet", "PROGRESSING", "no ancestor has said anything yet"),
    case(_POLICY, "accepted", "HEALTHY", "", status={"ancestors": [_ancestor("web", "Accepted=True")]}),
    case(
        _POLICY, "refused", "DEGRADED", "ancestor web: x", status={"ancestors": [_ancestor("web", "Accepted=False:x")]}
    ),
    case(
        _POLICY,
        "no certificate",
        "DEGRADED",
        "ancestor web: x",
        status={"ancestors": [_ancestor("web", "Accepted=True", "ResolvedRefs=False:x")]},
    ),
    case(
        _POLICY,
        "refused by a controller whose target it is not",
        "HEALTHY",
        "",
        status={"ancestors": [_ancestor("a", "Accepted=False:TargetNotFound"), _ancestor("b", "Accepted=True")]},
    ),
)

_ISTIO = tuple(
    f"{kind}.{group}.istio.io"
    for group, kinds in {
        "networking": "VirtualService DestinationRule Gateway ServiceEntry Sidecar WorkloadEntry WorkloadGroup "
        "EnvoyFilter ProxyConfig",
        "security": "AuthorizationPolicy PeerAuthentication RequestAuthentication",
        "telemetry": "Telemetry",
        "extensions": "WasmPlugin",
    }.items()
    for kind in kinds.split()
)
ISTIO = tuple(
    each
    for kind in _ISTIO
    for each in (
        case(kind, "no status, as Istio leaves it", None),
        case(
            kind,
            "a mistake that its analysis found",
            "DEGRADED",
            "ReferencedResourceNotFound: IST0101",
            status={
                "validationMessages": [
                    {"level": "WARNING", "type": {"code": "IST0102"}},
                    {"level": "ERROR", "type": {"name": "ReferencedResourceNotFound", "code": "IST0101"}},
                ]
            },
        ),
        case(kind, "a mistake as a condition", "DEGRADED", "Errors", status=conditions("PassedAnalysis=False:Errors")),
        case(kind, "sent to all proxies", "HEALTHY", "", status=conditions("Reconciled=True")),
        case(kind, "not sent to all proxies", "PROGRESSING", "1/2", status=conditions("Reconciled=False::1/2")),
        case(kind, "analysed", "HEALTHY", "", status=conditions("PassedAnalysis=True")),
    )
)

SNAPSHOTS = tuple(
    each
    for kind in ("VolumeSnapshot.snapshot.storage.k8s.io", "VolumeSnapshotContent.snapshot.storage.k8s.io")
    for each in (
        case(kind, "being taken", "PROGRESSING", "not ready to use yet", status={"readyToUse": False}),
        case(kind, "ready to use", "HEALTHY", "", status={"readyToUse": True}),
        case(kind, "failed", "DEGRADED", "no space", status={"error": {"message": "no space"}}),
    )
)

NETWORK = (*GATEWAY, *ISTIO, *SNAPSHOTS)
