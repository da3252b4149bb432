"""A meter's port and a tracer's spans, as a real Prometheus and a real receiver get them; no other server is needed."""

import asyncio
import os
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from opentelemetry.trace import SpanKind

from kgraph.cli.errors import BadConfiguration
from kgraph.cli.process.metrics import Ready, Watched, looked_at
from kgraph.cli.process.telemetry import telling
from kgraph.stack.otlp_receiver import OtlpReceiver
from kgraph.stack.ports import LOOPBACK, free_ports
from kgraph.stack.progress import silent
from kgraph.stack.prometheus import PrometheusOptions, PrometheusServer
from kgraph.telemetry.meter import Meter
from kgraph.telemetry.tracing import current
from tests.workers import until

THEIRS = "4bf92f3577b34da6a3ce929d0e0e4736"


async def _ready() -> Ready:
    return Ready(ready=True, message="well")


async def test_prometheus_scrapes_what_was_counted(tmp_path: Path) -> None:
    """Counters, histograms and what is read come to Prometheus; the loop is looked at while somebody may ask."""
    meter = Meter()
    meter.counter("kgraph_transactions").labels("committed").inc(3)
    meter.histogram("kgraph_transaction_seconds").observe(0.02)
    meter.reads("kgraph_cluster_lag_seconds", lambda: [(("prod",), 2.5)])
    (port,) = free_ports(1)
    async with looked_at(Watched(meter, _ready), LOOPBACK, port) as address:
        options = PrometheusOptions((urlsplit(address).netloc,))
        async with PrometheusServer.start(tmp_path, options, report=silent) as prometheus:

            async def has_all() -> bool:
                wanted = (
                    'kgraph_transactions_total{outcome="committed"} == 3',
                    'kgraph_transaction_seconds_bucket{le="0.025"} == 1',
                    'kgraph_cluster_lag_seconds{cluster="prod"} == 2.5',
                    "kgraph_event_loop_late_seconds_count > 0",
                    "process_resident_memory_bytes > 0",
                    "kgraph_build_info == 1",
                )
                return all([await prometheus.query(one) for one in wanted])

            await until(has_all, "Prometheus has it all")


async def test_a_port_that_was_asked_for_and_is_taken_is_an_error() -> None:
    """The usual port gives way to another process of the machine; one that somebody chose does not move silently."""
    (port,) = free_ports(1)
    watched = Watched(Meter(), _ready)
    async with looked_at(watched, LOOPBACK, port):
        with pytest.raises(BadConfiguration, match="metrics_port"):
            async with looked_at(watched, LOOPBACK, port):
                raise AssertionError("it is taken")
    async with looked_at(watched, LOOPBACK, 0) as address:
        assert address == ""


async def test_a_graph_that_does_not_answer_keeps_no_metrics_away() -> None:
    """What is asked before a scrape may take as long as it likes: the metrics say meanwhile what is known."""
    forever, (port,) = asyncio.Event(), free_ports(1)
    async with (
        looked_at(Watched(Meter(), _ready, forever.wait), LOOPBACK, port) as address,
        httpx.AsyncClient(trust_env=False, timeout=30) as http,
    ):
        answer = await http.get(address)
        forever.set()
    assert "kgraph_build_info" in answer.text


async def test_spans_come_to_a_collector(otlp_receiver: OtlpReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request is in its caller's trace, what is inside of it below it, what it causes later linked; no error's words.

    The process is called as OTEL_SERVICE_NAME has it.
    """
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", otlp_receiver.endpoint)
    monkeypatch.setenv("OTEL_SERVICE_NAME", "observed")
    async with telling(os.environ) as telemetry:
        tracing, causes = telemetry.tracing, []
        headers = {"traceparent": f"00-{THEIRS}-00f067aa0ba902b7-01"}
        with tracing.began("asked", {}, kind=SpanKind.SERVER, headers=headers):
            with pytest.raises(ValueError, match="hunter2"), tracing.inside("read/that-fails", {}):
                raise ValueError("hunter2")
            causes.append(current())
            # As a cache does it: in a task of its own, for whoever asks the same.
            await asyncio.create_task(_inside(tracing))
        with tracing.began("another", {}):
            causes.append(current())
        assert all(causes)
        both = [one for one in causes if one]
        with tracing.after("caused", {"kgraph.changes": 2}, both):
            pass
        tracing.was("sent", {}, both, time.time_ns() - 1_000_000, kind=SpanKind.PRODUCER)
    found = {span["name"]: span for span in otlp_receiver.spans() if _service(span) == "observed"}
    asked, failing, later, caused = (found[name] for name in ("asked", "read/that-fails", "read/later", "caused"))
    assert (asked["traceId"], asked["parentSpanId"]) == (THEIRS, "00f067aa0ba902b7")
    assert failing["parentSpanId"] == later["parentSpanId"] == caused["parentSpanId"] == asked["spanId"]
    assert found["sent"]["parentSpanId"] == asked["spanId"]
    for one in (caused, found["sent"]):
        assert [link["spanId"] for link in one["links"]] == [found["another"]["spanId"]]
    assert failing["attributes"] == [{"key": "error.type", "value": {"stringValue": "ValueError"}}]
    assert "hunter2" not in str(found)


async def _inside(tracing: Any) -> None:
    with tracing.inside("read/later", {}):
        pass


def _service(span: dict[str, Any]) -> str:
    named = {each["key"]: each["value"].get("stringValue") for each in span["resource"]["attributes"]}
    return str(named["service.name"])
