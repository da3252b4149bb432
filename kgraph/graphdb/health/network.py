"""Health of the Gateway API, of Istio, and of volume snapshots."""

from kgraph.graphdb.health.checks import Condition, Each, Odd
from kgraph.graphdb.health.row import HealthRow
from kgraph.graphdb.health.verdict import HEALTHY, Health, Object, Verdict, because, flag, items, section, text

_UNRESOLVED = Condition("ResolvedRefs", {"False": Health.DEGRADED})
_REFUSED = Condition("Accepted", {"False": Health.DEGRADED})
_UNPROGRAMMED = Condition("Programmed", {"False": Health.PROGRESSING, "Unknown": Health.PROGRESSING})
_ROUTE = (_UNRESOLVED, _REFUSED, _UNPROGRAMMED)


def _has_conditions(obj: Object) -> Verdict | None:
    return HEALTHY if items(section(obj, "status"), "conditions") else None


def _validation(obj: Object) -> Verdict | None:
    """Istio's own analysis, where it is switched on: the first message of level ERROR."""
    for message in items(section(obj, "status"), "validationMessages"):
        if text(message, "level").upper() == "ERROR":
            kind = section(message, "type")
            return because(Health.DEGRADED, text(kind, "name"), text(kind, "code"), text(message, "documentationUrl"))
    return None


def _snapshot(obj: Object) -> Verdict | None:
    status = section(obj, "status")
    if flag(status, "readyToUse"):
        return HEALTHY
    if status.get("error") is not None:
        return because(Health.DEGRADED, text(section(status, "error"), "message") or "it failed")
    return None


ROWS = (
    HealthRow(
        group="gateway.networking.k8s.io",
        kinds=("GatewayClass",),
        checks=(
            Condition(
                "Accepted",
                {"True": Health.HEALTHY, "False": Health.DEGRADED},
                current=True,
                other=Health.PROGRESSING,
            ),
        ),
        argo=True,
    ),
    HealthRow(
        group="gateway.networking.k8s.io",
        kinds=("Gateway", "ListenerSet"),
        checks=(
            Condition("ResolvedRefs", {"False": Health.DEGRADED}, current=True),
            Condition("Accepted", {"False": Health.DEGRADED}, current=True),
            Condition("Programmed", {"False": Health.PROGRESSING, "Unknown": Health.PROGRESSING}, current=True),
            Each("status.listeners", "name", "listener", _ROUTE, healthy=True),
            Odd(_has_conditions, "any conditions: HEALTHY", frozenset({Health.HEALTHY})),
        ),
        argo=True,
    ),
    HealthRow(
        group="gateway.networking.k8s.io",
        kinds=("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"),
        checks=(Each("status.parents", "parentRef.name", "parent", _ROUTE, healthy=True),),
        waiting="no parent has said anything yet",
        argo=True,
        doc="TCPRoute and UDPRoute as the others.",
    ),
    HealthRow(
        group="gateway.networking.k8s.io",
        kinds=("BackendTLSPolicy",),
        checks=(
            Each(
                "status.ancestors",
                "ancestorRef.name",
                "ancestor",
                (
                    Condition("Accepted", {"False": Health.DEGRADED, "Unknown": Health.DEGRADED}),
                    Condition("ResolvedRefs", {"False": Health.DEGRADED, "Unknown": Health.DEGRADED}),
                    Condition("Accepted", {"True": Health.HEALTHY}),
                ),
                spared=("Accepted", "TargetNotFound"),
            ),
        ),
        waiting="no ancestor has said anything yet",
        argo=True,
    ),
    *(
        HealthRow(
            group=f"{group}.istio.io",
            kinds=kinds,
            checks=(
                Odd(
                    _validation, "`status.validationMessages[]` of level ERROR: DEGRADED", frozenset({Health.DEGRADED})
                ),
                Condition("PassedAnalysis", {"False": Health.DEGRADED}),
                Condition("Reconciled", {"True": Health.HEALTHY, "False": Health.PROGRESSING}),
                Odd(_has_conditions, "any conditions: HEALTHY", frozenset({Health.HEALTHY})),
            ),
            otherwise=None,
            doc="Istio writes a status only where it is told to (PILOT_ENABLE_ANALYSIS, PILOT_ENABLE_STATUS).",
        )
        for group, kinds in (
            (
                "networking",
                (
                    "VirtualService",
                    "DestinationRule",
                    "Gateway",
                    "ServiceEntry",
                    "Sidecar",
                    "WorkloadEntry",
                    "WorkloadGroup",
                    "EnvoyFilter",
                    "ProxyConfig",
                ),
            ),
            ("security", ("AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication")),
            ("telemetry", ("Telemetry",)),
            ("extensions", ("WasmPlugin",)),
        )
    ),
    HealthRow(
        group="snapshot.storage.k8s.io",
        kinds=("VolumeSnapshot", "VolumeSnapshotContent"),
        checks=(
            Odd(
                _snapshot,
                "`status.readyToUse`: HEALTHY; `status.error`: DEGRADED",
                frozenset({Health.HEALTHY, Health.DEGRADED}),
            ),
        ),
        waiting="not ready to use yet",
        argo=True,
    ),
)
