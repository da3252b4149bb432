"""The pages and files that come from the tables of metrics and alerts: for people, for Prometheus, for Grafana."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from kgraph.telemetry.alerts import ALERTS, Alert
from kgraph.telemetry.metric import Kind, Metric
from kgraph.telemetry.metrics import METRICS

RUNBOOK = "docs/reference/alerts.md"
_WIDTH, _HEIGHT, _ACROSS = 8, 7, 3
_UNITS = {"s": "s", "bytes": "bytes", "": "short"}
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_TIMES = frozenset({"kgraph_cluster_last_event_timestamp_seconds"})


def metrics_page() -> str:
    """docs/reference/metrics.md."""
    parts = [
        (
            "# Metrics\n\n<!-- Written by `make docs` from kgraph/telemetry/metrics.py. -->\n\n"
            "What a worker and the API answer to Prometheus, at `/metrics` on `metrics_port` (9090); `kgraph up` has "
            "all of it. The [guide](../guides/observe.md) says how to set it up. Beside these there are `process_…` of "
            "Prometheus' own client: processor, memory, open files. No label has a value that a client makes up.\n"
        )
    ]
    for part in dict.fromkeys(row.part for row in METRICS):
        rows = [row for row in METRICS if row.part == part]
        lines = [f"## {part}", "", "| metric | kind | of | labels | meaning |", "|---|---|---|---|---|"]
        lines += [
            f"| `{row.exposed}` | {row.kind} | {row.of} | {_labels(row)} | {row.meaning.replace('|', chr(92) + '|')} |"
            for row in rows
        ]
        parts.append("\n".join([*lines, ""]))
    return "\n".join(parts)


def alerts_page() -> str:
    """docs/reference/alerts.md: the runbook."""
    parts = [
        (
            "# Alerts and what to do\n\n<!-- Written by `make docs` from kgraph/telemetry/alerts.py. -->\n\n"
            "The rules are in [prometheus-rules.yaml](prometheus-rules.yaml); each is unit-tested with promtool.\n"
        )
    ]
    for alert in ALERTS:
        steps = "\n".join(f"{number}. {step}" for number, step in enumerate(alert.do, 1))
        parts.append(
            f"## {alert.name}\n\n{alert.severity}, where for {alert.lasting}:\n\n```promql\n{alert.when}\n```\n\n"
            f"{alert.means}\n\n{steps}\n"
        )
    return "\n".join(parts)


def rules_file() -> str:
    """docs/reference/prometheus-rules.yaml, as Prometheus' `rule_files` takes it."""
    head = "# Written by `make docs` from kgraph/telemetry/alerts.py.\n"
    rules = {"groups": [{"name": "kgraph", "rules": [_rule(alert) for alert in ALERTS]}]}
    return head + yaml.safe_dump(rules, sort_keys=False, width=1000)


def dashboard_file() -> str:
    """docs/reference/grafana-dashboard.json, as Grafana imports it."""
    panels: list[dict[str, Any]] = []
    top = 0
    for part in dict.fromkeys(row.part for row in METRICS):
        rows = [row for row in METRICS if row.part == part and row.name != "kgraph_build_info"]
        panels.append(_head(part, len(panels) + 1, top))
        top += 1
        for at, row in enumerate(rows):
            place = {
                "x": at % _ACROSS * _WIDTH,
                "y": top + at // _ACROSS * _HEIGHT,
                "w": _WIDTH,
                "h": _HEIGHT,
            }
            panels.append(_panel(row, len(panels) + 1, place))
        top += (len(rows) + _ACROSS - 1) // _ACROSS * _HEIGHT
    dashboard = {
        "title": "kgraph",
        "uid": "kgraph",
        "tags": ["kgraph", "kubernetes"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {
            "list": [
                {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"},
                _choice("instance", "label_values(kgraph_build_info, instance)"),
                _choice("cluster", "label_values(kgraph_cluster_synced, cluster)"),
            ]
        },
        "panels": panels,
    }
    return json.dumps(dashboard, indent=1) + "\n"


def expressions(row: Metric) -> dict[str, str]:
    """PromQL of a metric's panel, by what the lines are called."""
    chosen = 'instance=~"$instance"' + (', cluster=~"$cluster"' if "cluster" in row.labels else "")
    named = " ".join(f"{{{{{label}}}}}" for label in row.labels)
    match row.kind:
        case Kind.COUNTER:
            by = f" by ({', '.join(row.labels)})" if row.labels else ""
            return {named or "a second": f"sum{by} (rate({row.exposed}{{{chosen}}}[$__rate_interval]))"}
        case Kind.HISTOGRAM:
            rate = f"sum by (le) (rate({row.name}_bucket{{{chosen}}}[$__rate_interval]))"
            return {f"p{share}": f"histogram_quantile(0.{share}, {rate})" for share in (50, 95, 99)}
        case Kind.SUMMARY:
            by = f"sum by ({', '.join(row.labels)})"
            seconds, count = (f"rate({row.name}_{end}{{{chosen}}}[$__rate_interval])" for end in ("sum", "count"))
            return {named: f"topk(10, {by} ({seconds}) / {by} ({count}))"}
        case Kind.GAUGE:
            by = f" by ({', '.join(row.labels)})" if row.labels else " by (instance)"
            value = f"max{by} ({row.name}{{{chosen}}})"
            return {named or "{{instance}}": f"time() - {value}" if row.name in _TIMES else value}


def _panel(row: Metric, number: int, place: Mapping[str, int]) -> dict[str, Any]:
    targets = [
        {"refId": chr(ord("A") + at), "expr": expr, "legendFormat": legend, "datasource": _SOURCE}
        for at, (legend, expr) in enumerate(expressions(row).items())
    ]
    unit = "s" if row.name in _TIMES else _UNITS[row.unit]
    return {
        "id": number,
        "type": "timeseries",
        "title": row.exposed,
        "description": row.meaning,
        "datasource": _SOURCE,
        "gridPos": dict(place),
        "targets": targets,
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
    }


def _head(title: str, number: int, top: int) -> dict[str, Any]:
    place = {"x": 0, "y": top, "w": _WIDTH * _ACROSS, "h": 1}
    return {"id": number, "type": "row", "title": title, "collapsed": False, "gridPos": place, "panels": []}


def _choice(name: str, query: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": "query",
        "datasource": _SOURCE,
        "query": query,
        "refresh": 2,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }


def _rule(alert: Alert) -> dict[str, Any]:
    return {
        "alert": alert.name,
        "expr": alert.when,
        "for": alert.lasting,
        "labels": {"severity": alert.severity},
        "annotations": {
            "summary": alert.summary,
            "description": alert.means,
            "runbook": f"{RUNBOOK}#{alert.name.lower()}",
        },
    }


def _labels(row: Metric) -> str:
    return ", ".join(f"`{label}`" for label in row.labels)


PAGES: Mapping[str, Callable[[], str]] = {
    "metrics.md": metrics_page,
    "alerts.md": alerts_page,
    "prometheus-rules.yaml": rules_file,
    "grafana-dashboard.json": dashboard_file,
}
