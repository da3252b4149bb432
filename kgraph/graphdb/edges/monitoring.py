"""Edges of the Prometheus operator: what is scraped, by which rules, with which logins."""

from kgraph.graphdb.edges.row import BREAKS, DEGRADES, NOTHING, EdgeRow

_GROUP = "monitoring.coreos.com"
_SERVICES, _PODS, _PROBE = f"ServiceMonitor.{_GROUP}", f"PodMonitor.{_GROUP}", f"Probe.{_GROUP}"
_SCRAPE, _RULE, _CONFIG = f"ScrapeConfig.{_GROUP}", f"PrometheusRule.{_GROUP}", f"AlertmanagerConfig.{_GROUP}"
_PROMETHEUS, _AGENT = f"Prometheus.{_GROUP}", f"PrometheusAgent.{_GROUP}"
_RULER, _ALERTMANAGER = f"ThanosRuler.{_GROUP}", f"Alertmanager.{_GROUP}"
_SERVERS = (_PROMETHEUS, _AGENT, _RULER, _ALERTMANAGER)

ROWS = (
    *(
        EdgeRow(
            type="SELECTS",
            start=(start,),
            end=end,
            follow="monitored",
            on_delete=NOTHING,
            doc=f"{doc} An empty selector is all; an empty namespaceSelector is the own namespace.",
        )
        for start, end, doc in (
            (_SERVICES, "Service", "The Services that are scraped."),
            (_PODS, "Pod", "The Pods that are scraped."),
            (_PROBE, "Ingress.networking.k8s.io", "The Ingresses whose hosts are probed."),
        )
    ),
    *(
        EdgeRow(
            type="SELECTS",
            start=starts,
            end=end,
            follow="chosen",
            on_delete=NOTHING,
            doc=f"The {end.partition('.')[0]}s that a server takes. An absent selector is none, an empty one all; an "
            "absent namespace selector is the own namespace, an empty one all.",
        )
        for starts, end in (
            ((_PROMETHEUS, _AGENT), _SERVICES),
            ((_PROMETHEUS, _AGENT), _PODS),
            ((_PROMETHEUS, _AGENT), _PROBE),
            ((_PROMETHEUS, _AGENT), _SCRAPE),
            ((_PROMETHEUS, _RULER), _RULE),
            ((_ALERTMANAGER,), _CONFIG),
        )
    ),
    EdgeRow(
        type="REFERS_TO",
        start=(_ALERTMANAGER,),
        end=_CONFIG,
        at=("spec.alertmanagerConfiguration",),
        on_delete=BREAKS,
        doc="The configuration that an Alertmanager has as its own.",
    ),
    EdgeRow(
        type="REFERS_TO",
        start=(_PROMETHEUS,),
        end="Service",
        at=("spec.alerting.alertmanagers[]",),
        namespace=(".namespace",),
        on_delete=DEGRADES,
        doc="The Services of the Alertmanagers that a Prometheus sends its alerts to.",
    ),
    EdgeRow(
        type="RUNS_AS",
        start=_SERVERS,
        end="ServiceAccount",
        at=("spec.serviceAccountName",),
        name=".",
        on_delete=BREAKS,
        doc="The ServiceAccount that a server's Pods run as.",
    ),
    EdgeRow(
        type="USES_SECRET",
        start=_SERVERS,
        end="Secret",
        at=("spec.secrets[]", "spec.configSecret"),
        name=".",
        on_delete=BREAKS,
        doc="Secrets that a server's Pods mount, and an Alertmanager's configuration.",
    ),
    EdgeRow(
        type="USES_SECRET",
        start=_SERVERS,
        end="Secret",
        at=("spec.imagePullSecrets[]",),
        on_delete=BREAKS,
        doc="Secrets that a server's images are pulled with.",
    ),
    EdgeRow(
        type="USES_CONFIGMAP",
        start=_SERVERS,
        end="ConfigMap",
        at=("spec.configMaps[]",),
        name=".",
        on_delete=BREAKS,
        doc="ConfigMaps that a server's Pods mount.",
    ),
    *(
        EdgeRow(
            type=type_,
            start=(*_SERVERS, _SERVICES, _PODS, _PROBE, _SCRAPE, _CONFIG),
            end=end,
            find="logins",
            on_delete=BREAKS,
            doc=doc,
        )
        for type_, end, doc in (
            (
                "USES_SECRET",
                "Secret",
                "Further configuration, logins and certificates: wherever a Secret's key is named.",
            ),
            ("USES_CONFIGMAP", "ConfigMap", "CAs, certificates, client ids: wherever a ConfigMap's key is named."),
        )
    ),
)
