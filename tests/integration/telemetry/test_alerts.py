"""Every alert, in promtool: the rules are Prometheus', each fires when it should and is silent when it should be."""

import subprocess
from pathlib import Path

import pytest
import yaml

from kgraph.cli.reference.metrics import rules_file
from kgraph.stack.progress import silent
from kgraph.stack.prometheus import prometheus_programs
from kgraph.telemetry.alerts import ALERTS

# By alert: series that make it fire within the hour, and such as do not though they are near it. In promtool's
# notation: `0+60x100` is 0, 60, 120 … , a value a minute.
CASES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "KgraphAbsent": ({}, {"kgraph_build_info": "1x100"}),
    "KgraphNeo4jDown": ({"kgraph_neo4j_up": "1x5 0x100"}, {"kgraph_neo4j_up": "1x5 0 1x100"}),
    "KgraphGraphStale": (
        {'kgraph_graph_stale_seconds{cluster="prod"}': "0+60x100"},
        {'kgraph_graph_stale_seconds{cluster="prod"}': "299x100"},
    ),
    "KgraphClusterLost": (
        {'kgraph_cluster_connected{cluster="prod"}': "1 0x100"},
        {'kgraph_cluster_connected{cluster="prod"}': "1 0x3 1x100"},
    ),
    "KgraphClusterFailed": (
        {'kgraph_cluster_failed{cluster="prod"}': "1x100"},
        {'kgraph_cluster_failed{cluster="prod"}': "0 1 1 0x100"},
    ),
    "KgraphClusterLag": (
        {'kgraph_cluster_lag_seconds{cluster="prod"}': "0+10x100"},
        {'kgraph_cluster_lag_seconds{cluster="prod"}': "50x100"},
    ),
    "KgraphKindsFailing": (
        {'kgraph_cluster_failing_kinds{cluster="prod"}': "1x100"},
        {'kgraph_cluster_failing_kinds{cluster="prod"}': "1x10 0x100"},
    ),
    "KgraphListsAgain": (
        {'kgraph_lists_total{cluster="prod",reason="expired"}': "0+20x100"},
        {
            'kgraph_lists_total{cluster="prod",reason="expired"}': "0+1x100",
            'kgraph_lists_total{cluster="prod",reason="resync"}': "0+50x100",
        },
    ),
    "KgraphTransactionsFailing": (
        {'kgraph_transactions_total{outcome="timeout"}': "0+12x100"},
        {
            'kgraph_transactions_total{outcome="fenced"}': "0+12x100",
            'kgraph_transactions_total{outcome="committed"}': "0+600x100",
        },
    ),
    "KgraphTransactionsSlow": (
        {
            'kgraph_transaction_seconds_bucket{le="5"}': "0+1x100",
            'kgraph_transaction_seconds_bucket{le="10"}': "0+10x100",
            'kgraph_transaction_seconds_bucket{le="+Inf"}': "0+10x100",
        },
        {
            'kgraph_transaction_seconds_bucket{le="5"}': "0+98x100",
            'kgraph_transaction_seconds_bucket{le="10"}': "0+100x100",
            'kgraph_transaction_seconds_bucket{le="+Inf"}': "0+100x100",
        },
    ),
    "KgraphOutboxWaits": (
        {'kgraph_outbox_age_seconds{cluster="prod"}': "0+60x100"},
        {'kgraph_outbox_age_seconds{cluster="prod"}': "59x100"},
    ),
    "KgraphOutboxFills": (
        {'kgraph_outbox_fill_ratio{cluster="prod"}': "0.9x100"},
        {'kgraph_outbox_fill_ratio{cluster="prod"}': "0.7x100"},
    ),
    "KgraphRequestsFailing": (
        {
            'kgraph_errors_total{interface="rest",code="INTERNAL"}': "0+2x100",
            'kgraph_http_requests_total{method="GET",route="/graphql",status="200"}': "0+100x100",
        },
        {
            'kgraph_errors_total{interface="rest",code="NOT_FOUND"}': "0+50x100",
            'kgraph_http_requests_total{method="GET",route="/graphql",status="200"}': "0+100x100",
        },
    ),
    "KgraphRequestsSlow": (
        {
            'kgraph_http_request_seconds_bucket{route="/graphql",le="1.0"}': "0+90x100",
            'kgraph_http_request_seconds_bucket{route="/graphql",le="5.0"}': "0+100x100",
            'kgraph_http_request_seconds_bucket{route="/graphql",le="+Inf"}': "0+100x100",
        },
        {
            'kgraph_http_request_seconds_bucket{route="/graphql",le="1.0"}': "0+100x100",
            'kgraph_http_request_seconds_bucket{route="/graphql",le="+Inf"}': "0+100x100",
            'kgraph_http_request_seconds_bucket{route="/pods/{name}/logs",le="1.0"}': "0+0x100",
            'kgraph_http_request_seconds_bucket{route="/pods/{name}/logs",le="+Inf"}': "0+100x100",
        },
    ),
    "KgraphReviewsFailing": (
        {'kgraph_access_review_failures_total{cluster="prod"}': "0+6x100"},
        {'kgraph_access_review_failures_total{cluster="prod"}': "0+1x100"},
    ),
    "KgraphSubscribersDropped": (
        {"kgraph_streams_dropped_total": "0+2x100"},
        {"kgraph_streams_dropped_total": "7x100"},
    ),
    "KgraphRedisDown": ({"kgraph_redis_up": "0x100"}, {"kgraph_redis_up": "1 0 0 1x100"}),
    "KgraphLoopLate": (
        {
            'kgraph_event_loop_late_seconds_bucket{instance="i",le="0.5"}': "0+100x100",
            'kgraph_event_loop_late_seconds_bucket{instance="i",le="1.0"}': "0+120x100",
            'kgraph_event_loop_late_seconds_bucket{instance="i",le="+Inf"}': "0+120x100",
        },
        {
            'kgraph_event_loop_late_seconds_bucket{instance="i",le="0.5"}': "0+120x100",
            'kgraph_event_loop_late_seconds_bucket{instance="i",le="+Inf"}': "0+120x100",
        },
    ),
    "KgraphFilesShort": (
        {
            'process_open_fds{instance="i",job="k"}': "900x100",
            'process_max_fds{instance="i",job="k"}': "1000x100",
            'kgraph_build_info{instance="i",job="k"}': "1x100",
        },
        {
            'process_open_fds{instance="other",job="o"}': "900x100",
            'process_max_fds{instance="other",job="o"}': "1000x100",
            'kgraph_build_info{instance="i",job="k"}': "1x100",
        },
    ),
}


@pytest.fixture(scope="module")
async def promtool() -> Path:
    """Prometheus' own tool."""
    return (await prometheus_programs(silent)).promtool


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """The file of the rules, as `make docs` writes it."""
    file = tmp_path / "prometheus-rules.yaml"
    file.write_text(rules_file(), encoding="utf-8")
    return file


def run(*words: str | Path) -> None:
    """Run a command; AssertionError with its words where it does not end well."""
    ended = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_prometheus_takes_the_rules(promtool: Path, rules: Path) -> None:
    """Every expression and every template parses."""
    run(promtool, "check", "rules", rules)


def test_each_alert_has_a_case() -> None:
    """An alert that is new is tested, in the order of the table."""
    assert list(CASES) == [alert.name for alert in ALERTS]


@pytest.mark.parametrize("name", CASES)
def test_an_alert_fires_when_it_should_and_only_then(name: str, promtool: Path, rules: Path, tmp_path: Path) -> None:
    """After its time the alert fires on its series, and on those that are near it never."""
    fires, silent_ = CASES[name]
    tests = tmp_path / "tests.yaml"
    # With some series of another name: a test without any is none.
    told = [(fires, 1), (silent_, 0)]
    expression = f'count(ALERTS{{alertname="{name}",alertstate="firing"}}) or vector(0)'
    tests.write_text(
        yaml.safe_dump(
            {
                "rule_files": [str(rules)],
                "evaluation_interval": "1m",
                "tests": [
                    {
                        "interval": "1m",
                        "input_series": [
                            {"series": series, "values": values} for series, values in {**given, "up": "1x100"}.items()
                        ],
                        "promql_expr_test": [
                            {"expr": expression, "eval_time": "60m", "exp_samples": [{"labels": "{}", "value": count}]}
                        ],
                    }
                    for given, count in told
                ],
            }
        ),
        encoding="utf-8",
    )
    run(promtool, "test", "rules", tests)
