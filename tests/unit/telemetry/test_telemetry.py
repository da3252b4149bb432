"""The tables of metrics and alerts, the meter that makes only what they have, and what is asked of OpenTelemetry."""

import json
import re

import pytest
from graphql import parse
from opentelemetry.trace import get_current_span
from prometheus_client import generate_latest

from kgraph.api.graphql.operations import described
from kgraph.api.graphql.schema import make_schema
from kgraph.api.settings import Limits
from kgraph.cli.reference.metrics import alerts_page, dashboard_file, expressions
from kgraph.telemetry.alerts import ALERTS
from kgraph.telemetry.errors import TracesUnsupported
from kgraph.telemetry.meter import Meter
from kgraph.telemetry.metric import Kind
from kgraph.telemetry.metrics import METRICS
from kgraph.telemetry.tracing import Tracing, parsed, trace_id

SCHEMA = make_schema(Limits())._schema
_SERIES = re.compile(r"\b(?:kgraph|process)_[a-z0-9_]+")
_OF_THE_CLIENT = {"process_open_fds", "process_max_fds"}


def test_every_metric_is_told_once_and_with_its_unit() -> None:
    """Names are unique, and end with their unit, as Prometheus' naming rules have it."""
    names = [row.name for row in METRICS]
    assert len(names) == len(set(names))
    for row in METRICS:
        assert row.name.startswith("kgraph_")
        assert not row.name.endswith("_total"), "the client adds it"
        if row.unit:
            assert row.name.endswith({"s": "_seconds", "bytes": "_bytes"}[row.unit])
        assert bool(row.buckets) is (row.kind is Kind.HISTOGRAM)


def test_alerts_ask_only_for_metrics_that_there_are() -> None:
    """A metric that is renamed does not leave an alert behind that can never fire."""
    known = {row.exposed for row in METRICS} | _OF_THE_CLIENT
    known |= {f"{row.name}_bucket" for row in METRICS if row.kind is Kind.HISTOGRAM}
    for alert in ALERTS:
        assert set(_SERIES.findall(alert.when)) <= known, alert.name
        assert f"## {alert.name}\n" in alerts_page()


def test_the_dashboard_has_a_panel_for_every_metric() -> None:
    """What is measured is seen; panels do not lie on one another."""
    dashboard = json.loads(dashboard_file())
    shown = {panel["title"] for panel in dashboard["panels"] if panel["type"] == "timeseries"}
    assert shown == {row.exposed for row in METRICS if row.name != "kgraph_build_info"}
    places = [tuple(panel["gridPos"].values())[:2] for panel in dashboard["panels"]]
    assert len(places) == len(set(places))
    assert all(expressions(row) for row in METRICS)


def test_a_meter_makes_only_what_the_table_has() -> None:
    """A metric without a row, and so without documentation, cannot be counted."""
    meter = Meter()
    with pytest.raises(KeyError):
        meter.counter("kgraph_something")
    with pytest.raises(KeyError):
        meter.reads("kgraph_something", list)


def test_what_is_read_is_read_when_somebody_scrapes() -> None:
    """A gauge has the value of the moment, and a series that is gone is not told any more."""
    meter, lags = Meter(), {"prod": 1.5}
    meter.reads("kgraph_cluster_lag_seconds", lambda: [((name,), lag) for name, lag in lags.items()])
    assert b'kgraph_cluster_lag_seconds{cluster="prod"} 1.5' in generate_latest(meter.registry)
    lags.clear()
    assert b"kgraph_cluster_lag_seconds{" not in generate_latest(meter.registry)


@pytest.mark.parametrize(
    ("document", "name", "told"),
    [
        ("query Mine { clusters { id } }", None, ("query", "clusters")),
        ("query Mine { own: clusters { id } }", None, ("query", "clusters")),
        ("{ clusters { id } resources { totalCount } }", None, ("query", "several")),
        ("{ __schema { types { name } } }", None, ("query", "__schema")),
        ("{ whatever123 }", None, ("query", "none")),
        ('query A { clusters { id } } query B { search(text: "x") { total } }', "B", ("query", "search")),
        ("query A { clusters { id } } query B { clusters { id } }", None, ("none", "none")),
    ],
    ids=["its field", "not its alias", "several", "introspection", "no field", "the one that is named", "which one"],
)
def test_an_operation_is_called_by_the_schema_not_by_its_client(
    document: str, name: str | None, told: tuple[str, str]
) -> None:
    """Clients choose names and aliases as they like; a label has values of the schema alone."""
    assert described(parse(document), name, SCHEMA) == told


def test_without_a_collector_spans_have_ids_and_nothing_is_recorded() -> None:
    """Log lines, events and answers have a trace; nobody pays for spans that nobody gets."""
    tracing = Tracing.of({})
    assert not tracing.exports
    with tracing.began("request", {}):
        found = trace_id()
        assert int(found, 16)
        assert not get_current_span().is_recording()
        with tracing.inside("statement", {}):
            assert trace_id() == found


def test_a_request_goes_on_with_its_callers_trace() -> None:
    """W3C's traceparent is taken; one that is none begins a trace of its own."""
    tracing, theirs = Tracing(), "4bf92f3577b34da6a3ce929d0e0e4736"
    with tracing.began("request", {}, headers={"traceparent": f"00-{theirs}-00f067aa0ba902b7-01"}):
        assert trace_id() == theirs
    with tracing.began("request", {}, headers={"traceparent": "nonsense\r\n"}):
        assert trace_id() not in ("", theirs)


def test_only_what_may_have_been_recorded_is_linked_to() -> None:
    """A publish span is not made below a delivery that the sampler has left out."""
    assert parsed("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01") is not None
    assert parsed("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00") is None


@pytest.mark.parametrize("variable", ["OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"])
def test_a_protocol_that_is_not_spoken_is_told(variable: str) -> None:
    """GRPC is refused at the start, with what to set instead, and not by traces that never come."""
    with pytest.raises(TracesUnsupported, match="4318"):
        Tracing.of({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4317", variable: "grpc"})


@pytest.mark.parametrize("off", [{"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none"}])
def test_opentelemetrys_own_switches_hold(off: dict[str, str]) -> None:
    """An endpoint that a platform gives to every Pod can be switched off for one."""
    assert not Tracing.of({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", **off}).exports
