"""`kgraph worker` and `kgraph serve`, looked at by a real Prometheus, and by a real receiver of traces."""

import asyncio
import json
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path
from typing import Any

import httpx
import neo4j
import pytest

from kgraph.stack.otlp_receiver import OtlpReceiver
from kgraph.stack.ports import free_ports
from kgraph.stack.progress import silent
from kgraph.stack.prometheus import PrometheusOptions, PrometheusServer, prometheus_programs
from kgraph.telemetry.metrics import METRICS
from tests.e2e.conftest import Home
from tests.e2e.test_services import started
from tests.integration.sync.live import Api
from tests.servers import Cluster, Feed, Graph
from tests.streams import Socket
from tests.workers import until

pytestmark = [pytest.mark.neo4j, pytest.mark.kubernetes, pytest.mark.timeout(600)]

THEIRS = "4bf92f3577b34da6a3ce929d0e0e4736"
SOCKETS = "7c3b1c0d6a1f4e0f8b0e5d9a2f6c4b11"
HIDDEN = "hunter2-in-a-secret"
ROUTE = "/api/v1/clusters/{cluster}/namespaces/{namespace}/pods"


async def got(url: str, **headers: str) -> httpx.Response | None:
    """An answer; None where nobody listens yet."""
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
            return await http.get(url, headers=headers)
    except httpx.HTTPError:
        return None


async def is_ok(url: str) -> bool:
    """Whether it answers 200."""
    answer = await got(url)
    return answer is not None and answer.status_code == 200


async def test_a_change_and_a_question_are_seen_by_operators(
    tmp_path: Path,
    graph_driver: neo4j.AsyncDriver,
    neo4j_server: Graph,
    kafka_server: Feed,
    control_plane: Cluster,
    otlp_receiver: OtlpReceiver,
) -> None:
    """Prometheus has every metric of both processes; a trace goes from the watch to Kafka, others from the requests on.

    No secret value is in a metric, a span or a log line.
    """
    worker_port, api_port, serve_port = free_ports(3)
    home = Home(tmp_path)
    home.environ |= {
        "NEO4J_URI": neo4j_server.bolt_uri,
        "NEO4J_USER": neo4j_server.user,
        "NEO4J_PASSWORD": neo4j_server.password,
        "KAFKA_BOOTSTRAP_SERVERS": kafka_server.bootstrap_servers,
        "OTEL_EXPORTER_OTLP_ENDPOINT": otlp_receiver.endpoint,
        "OTEL_BSP_SCHEDULE_DELAY": "200",
        "LOG_LEVEL": "debug",
        "WORKER_GROUP": "observed",
        "METRICS_PORT": str(worker_port),
        "CLUSTERS": json.dumps([{"id": "seen", "kubeconfig_path": str(control_plane.kubeconfig)}]),
        "WATCH_RESOURCES": "namespaces,configmaps,secrets,pods",
    }
    api, worker_at, serve_at = (f"http://127.0.0.1:{port}" for port in (api_port, worker_port, serve_port))
    with started(home, "worker"):
        home.environ["METRICS_PORT"] = str(serve_port)
        with started(home, "serve", "--port", str(api_port)):
            await until(lambda: is_ok(f"{worker_at}/health/ready"), "the worker is ready")
            await until(lambda: is_ok(f"{serve_at}/health/ready"), "the API is ready")
            options = PrometheusOptions((f"127.0.0.1:{worker_port}", f"127.0.0.1:{serve_port}"))
            async with (
                PrometheusServer.start(tmp_path / "prometheus", options, report=silent) as prometheus,
                Api(control_plane) as cluster,
            ):
                await cluster.make("/api/v1/namespaces", metadata={"name": "observed"})
                secrets = "/api/v1/namespaces/observed/secrets"
                await cluster.make(secrets, metadata={"name": "login"}, stringData={"password": HIDDEN})
                asked = f"{api}/api/v1/clusters/seen/namespaces/observed"

                async def answers() -> bool:
                    found = await got(f"{api}/api/v1/clusters/seen/namespaces/observed")
                    return found is not None and found.status_code == 200

                await until(answers, "the namespace is in the graph")
                answer = await got(f"{asked}/pods", traceparent=f"00-{THEIRS}-00f067aa0ba902b7-01")
                assert answer is not None
                assert answer.status_code == 200, answer.text
                await until(lambda: delivered(otlp_receiver), "a delivery's trace ends in Kafka")
                await until(lambda: requested(otlp_receiver), "the request's trace has its statements")
                async with Socket.open(api, traceparent=f"00-{SOCKETS}-00f067aa0ba902b7-01") as socket:
                    await socket.subscribe("{ clusters { id } }")
                    assert [one["id"] for one in (await socket.next())["clusters"]] == ["seen"]
                await until(lambda: asked_over_socket(otlp_receiver), "so has that of an operation over a WebSocket")

                async def scraped() -> bool:
                    committed = await prometheus.query('kgraph_transactions_total{outcome="committed"} > 0')
                    asked_for = await prometheus.query(
                        f'kgraph_http_requests_total{{route="{ROUTE}",status="200"}} > 0'
                    )
                    published = await prometheus.query("kgraph_feed_published_total > 0")
                    connected = await prometheus.query(
                        'kgraph_cluster_connected{cluster="seen"} == 1 and kgraph_cluster_synced == 1'
                    )
                    stale = await prometheus.query('kgraph_graph_stale_seconds{cluster="seen"} < 60')
                    up = await prometheus.query("up == 1")
                    return bool(committed and asked_for and published and connected and stale) and len(up) == 2

                await until(scraped, "Prometheus has what both tell")
            bodies = [await got(f"{at}/metrics") for at in (worker_at, serve_at)]
    texts = [body.text for body in bodies if body is not None]
    assert len(texts) == 2
    told = {line.split()[2] for text in texts for line in text.splitlines() if line.startswith("# HELP")}
    assert {row.exposed for row in METRICS if not row.name.startswith("kgraph_redis")} <= told
    promtool = (await prometheus_programs(silent)).promtool
    for text in texts:
        checked = await asyncio.create_subprocess_exec(
            str(promtool), "check", "metrics", stdin=PIPE, stdout=PIPE, stderr=STDOUT
        )
        said, _ = await checked.communicate(text.encode())
        assert checked.returncode == 0, said.decode()
    log = (home.folder / "service.log").read_text()
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert any(line["event"] == "request" and line.get("trace_id") == THEIRS for line in lines)
    spans = json.dumps(list(otlp_receiver.spans()))
    assert HIDDEN not in spans + log + "".join(texts)
    assert neo4j_server.password not in spans


async def delivered(receiver: OtlpReceiver) -> bool:
    """Whether a watch's delivery, the transaction that it caused and its statements, and Kafka are one trace."""
    spans = list(receiver.spans())
    for delivery in (span for span in spans if span["name"] == "watch delivery"):
        below = children(spans, delivery)
        writes = [span for span in below if span["name"] == "write to the graph"]
        published = any(span["name"] == "publish events" for span in below)
        if published and any(
            statement["name"].startswith("write/") for write in writes for statement in children(spans, write)
        ):
            return True
    return False


async def requested(receiver: OtlpReceiver) -> bool:
    """Whether the request is a span in its caller's trace, with statements in it."""
    spans = [span for span in receiver.spans() if span["traceId"] == THEIRS]
    servers = [span for span in spans if span["name"] == f"GET {ROUTE}"]
    return bool(servers) and any(span["name"].startswith("read/") for span in children(spans, servers[0]))


async def asked_over_socket(receiver: OtlpReceiver) -> bool:
    """Whether the operation is a span in the trace of whoever opened the socket, with statements in it."""
    spans = [span for span in receiver.spans() if span["traceId"] == SOCKETS]
    for server in (span for span in spans if span["name"] == "WebSocket /graphql"):
        fields = [one["value"] for one in server["attributes"] if one["key"] == "graphql.operation.field"]
        assert fields == [{"stringValue": "clusters"}]
        return any(span["name"].startswith("read/") for span in children(spans, server))
    return False


def children(spans: list[dict[str, Any]], of: dict[str, Any]) -> list[dict[str, Any]]:
    """The spans right below one."""
    return [span for span in spans if span.get("parentSpanId") == of["spanId"] and span["traceId"] == of["traceId"]]
