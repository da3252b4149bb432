"""The metrics, one row each: /metrics, the reference, the dashboard and the alerts' expressions come from here.

What Prometheus' own client tells of a process (`process_…`: processor, memory, file descriptors) is beside them.
"""

from collections.abc import Mapping

from kgraph.telemetry.metric import Kind, Metric, Of

# Answers take from half a millisecond to the ten seconds that a statement may have.
_ANSWERS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0)
# A transaction of one change takes some milliseconds, one of a first sync a second or two, and none more than sixty.
_TRANSACTIONS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_CHANGES = (1, 10, 100, 500, 1000, 2500, 5000, 10000)
# A loop that is late by a tenth of a second is felt by whoever waits for an answer.
_LATE = (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

_CLUSTERS, _QUEUE, _TRANSACTION, _FEED = "Clusters", "Queue", "Transactions", "Change feed"
_GRAPH, _REQUESTS, _ACCESS, _STREAMS, _PROCESS = "Neo4j", "Requests", "Access and caches", "Streams", "Process"

METRICS: tuple[Metric, ...] = (
    Metric(
        name="kgraph_cluster_lag_seconds", kind=Kind.GAUGE, of=Of.WORKER, part=_CLUSTERS, unit="s",
        labels=("cluster",),
        meaning="how long ago the oldest change came that is not in the graph yet; 0 where all are",
    ),
    Metric(
        name="kgraph_cluster_last_event_timestamp_seconds", kind=Kind.GAUGE, of=Of.WORKER, part=_CLUSTERS, unit="s",
        labels=("cluster",),
        meaning="when the last change came from a watch, since the epoch; a cluster of which none came has no series",
    ),
    Metric(
        name="kgraph_cluster_connected", kind=Kind.GAUGE, of=Of.WORKER, part=_CLUSTERS, labels=("cluster",),
        meaning="1 where the apiserver answers, 0 where it does not; a snapshot has no series",
    ),
    Metric(
        name="kgraph_cluster_synced", kind=Kind.GAUGE, of=Of.WORKER, part=_CLUSTERS, labels=("cluster",),
        meaning="1 once the first sync since this worker has the cluster is over",
    ),
    Metric(
        name="kgraph_cluster_resources", kind=Kind.GAUGE, of=Of.WORKER, part=_CLUSTERS, labels=("cluster",),
        meaning="resources that are followed",
    ),
    Metric(
        name="kgraph_cluster_failing_kinds", kind=Kind.GAUGE, of=Of.WORKER, part=_CLUSTERS, labels=("cluster",),
        meaning="kinds that cannot be read just now",
    ),
    Metric(
        name="kgraph_cluster_failed", kind=Kind.GAUGE, of=Of.WORKER, part=_CLUSTERS, labels=("cluster",),
        meaning="1 where the cluster's worker has ended with an error and waits to start again",
    ),
    Metric(
        name="kgraph_watch_events", kind=Kind.COUNTER, of=Of.WORKER, part=_CLUSTERS, labels=("cluster", "type"),
        meaning="what watches delivered: ADDED, MODIFIED, DELETED, BOOKMARK",
    ),
    Metric(
        name="kgraph_lists", kind=Kind.COUNTER, of=Of.WORKER, part=_CLUSTERS, labels=("cluster", "reason"),
        meaning="lists that were begun: `start`, `resync` where that is due, `expired` where a watch could not go on",
    ),
    Metric(
        name="kgraph_queue_changes", kind=Kind.GAUGE, of=Of.WORKER, part=_QUEUE, labels=("cluster",),
        meaning="nodes and edges that wait for the next transaction; at 5,000 the watches wait",
    ),
    Metric(
        name="kgraph_queue_bytes", kind=Kind.GAUGE, of=Of.WORKER, part=_QUEUE, unit="bytes", labels=("cluster",),
        meaning="the same in JSON; at 32 MiB the watches wait",
    ),
    Metric(
        name="kgraph_queue_refused", kind=Kind.GAUGE, of=Of.WORKER, part=_QUEUE, labels=("cluster",),
        meaning="resources that Neo4j would not take, and that the graph lacks",
    ),
    Metric(
        name="kgraph_transactions", kind=Kind.COUNTER, of=Of.WORKER, part=_TRANSACTION, labels=("outcome",),
        meaning="tries to write a transaction: `committed`, `fenced` where another worker has the cluster, `timeout`, "
        "`unavailable`, `refused`, `failed`; all but the first two are tried again",
    ),
    Metric(
        name="kgraph_transaction_seconds", kind=Kind.HISTOGRAM, of=Of.WORKER, part=_TRANSACTION, unit="s",
        buckets=_TRANSACTIONS, meaning="what a try took, all its statements together",
    ),
    Metric(
        name="kgraph_transaction_changes", kind=Kind.HISTOGRAM, of=Of.WORKER, part=_TRANSACTION, buckets=_CHANGES,
        meaning="nodes and edges of a committed transaction",
    ),
    Metric(
        name="kgraph_outbox_rows", kind=Kind.GAUGE, of=Of.WORKER, part=_FEED, labels=("cluster",),
        meaning="transactions whose events are not in Kafka, or Redis, yet",
    ),
    Metric(
        name="kgraph_outbox_events", kind=Kind.GAUGE, of=Of.WORKER, part=_FEED, labels=("cluster",),
        meaning="their events",
    ),
    Metric(
        name="kgraph_outbox_fill_ratio", kind=Kind.GAUGE, of=Of.WORKER, part=_FEED, labels=("cluster",),
        meaning="their size as a part of `outbox_limit`; at 1 the cluster's graph stands still",
    ),
    Metric(
        name="kgraph_outbox_age_seconds", kind=Kind.GAUGE, of=Of.WORKER, part=_FEED, unit="s", labels=("cluster",),
        meaning="how long the oldest of them has waited; 0 where none does",
    ),
    Metric(
        name="kgraph_feed_failing", kind=Kind.GAUGE, of=Of.WORKER, part=_FEED, labels=("cluster",),
        meaning="1 where the last try to send the cluster's events failed, until one is acknowledged",
    ),
    Metric(
        name="kgraph_feed_published", kind=Kind.COUNTER, of=Of.WORKER, part=_FEED,
        meaning="events that Kafka, or Redis, has acknowledged",
    ),
    Metric(
        name="kgraph_feed_publish_seconds", kind=Kind.HISTOGRAM, of=Of.WORKER, part=_FEED, unit="s", buckets=_ANSWERS,
        meaning="from handing a transaction's events to Kafka, or Redis, to their acknowledgement",
    ),
    Metric(
        name="kgraph_neo4j_up", kind=Kind.GAUGE, of=Of.EACH, part=_GRAPH,
        meaning="1 where Neo4j has answered the last statement, 0 where it has not",
    ),
    Metric(
        name="kgraph_neo4j_sessions", kind=Kind.GAUGE, of=Of.EACH, part=_GRAPH,
        meaning="sessions that have a connection, or wait for one",
    ),
    Metric(
        name="kgraph_neo4j_connections_most", kind=Kind.GAUGE, of=Of.EACH, part=_GRAPH,
        meaning="connections that the pool may have; more sessions than these wait",
    ),
    Metric(
        name="kgraph_neo4j_statement_seconds", kind=Kind.SUMMARY, of=Of.EACH, part=_GRAPH, unit="s",
        labels=("statement",),
        meaning="what statements took, by the name of their file in kgraph/cypher; `callers` are those of `cypher`, "
        "`joined` are several in one",
    ),
    Metric(
        name="kgraph_neo4j_errors", kind=Kind.COUNTER, of=Of.EACH, part=_GRAPH, labels=("error",),
        meaning="what came of statements and transactions in the end: GraphUnavailable, GraphTimeout, "
        "StatementRefused, GraphLoginRefused, Fenced, GraphError",
    ),
    Metric(
        name="kgraph_neo4j_retries", kind=Kind.COUNTER, of=Of.EACH, part=_GRAPH,
        meaning="times that a statement or a transaction was sent again: a deadlock, a lost connection",
    ),
    Metric(
        name="kgraph_http_requests", kind=Kind.COUNTER, of=Of.API, part=_REQUESTS,
        labels=("method", "route", "status"),
        meaning="requests by the route's template; `none` is a path that there is not. GraphQL's errors have status "
        "200, see kgraph_graphql_operations; 499 is a question whose client went before it was answered",
    ),
    Metric(
        name="kgraph_http_request_seconds", kind=Kind.HISTOGRAM, of=Of.API, part=_REQUESTS, unit="s",
        labels=("method", "route"), buckets=_ANSWERS,
        meaning="until the answer was sent; without streams, which last as long as somebody follows them",
    ),
    Metric(
        name="kgraph_http_requests_in_flight", kind=Kind.GAUGE, of=Of.API, part=_REQUESTS,
        meaning="requests and streams that are being answered",
    ),
    Metric(
        name="kgraph_graphql_operations", kind=Kind.COUNTER, of=Of.API, part=_REQUESTS,
        labels=("type", "field", "code"),
        meaning="operations by their one field of the schema (`several` where there are more, `none` where the "
        "document is no good), and the code of the first error, else OK; CLIENT_GONE where nobody waited for it",
    ),
    Metric(
        name="kgraph_graphql_operation_seconds", kind=Kind.HISTOGRAM, of=Of.API, part=_REQUESTS, unit="s",
        labels=("type", "field"), buckets=_ANSWERS, meaning="what queries and mutations took",
    ),
    Metric(
        name="kgraph_errors", kind=Kind.COUNTER, of=Of.API, part=_REQUESTS, labels=("interface", "code"),
        meaning="errors that callers were told, by their code, and whether by `graphql` or by `rest`",
    ),
    Metric(
        name="kgraph_mutations", kind=Kind.COUNTER, of=Of.API, part=_REQUESTS, labels=("mutation", "outcome"),
        meaning="mutations of clusters by how they went, as the audit has it; those that were refused too",
    ),
    Metric(
        name="kgraph_graph_stale_seconds", kind=Kind.GAUGE, of=Of.API, part=_CLUSTERS, unit="s", labels=("cluster",),
        meaning="how far the graph is behind a cluster that was in step once, as all replicas see it: its lag, or how "
        "long its apiserver has not answered, or how long no worker has had it",
    ),
    Metric(
        name="kgraph_access_review_seconds", kind=Kind.HISTOGRAM, of=Of.API, part=_ACCESS, unit="s", buckets=_ANSWERS,
        meaning="what SubjectAccessReviews took",
    ),
    Metric(
        name="kgraph_access_review_failures", kind=Kind.COUNTER, of=Of.API, part=_ACCESS, labels=("cluster",),
        meaning="SubjectAccessReviews that a cluster did not answer",
    ),
    Metric(
        name="kgraph_verdict_cache_requests", kind=Kind.COUNTER, of=Of.API, part=_ACCESS, labels=("result",),
        meaning="rights that were looked for: `hit` where they were known, `miss` where a cluster or Redis was asked",
    ),
    Metric(
        name="kgraph_result_cache_requests", kind=Kind.COUNTER, of=Of.API, part=_ACCESS, labels=("result",),
        meaning="results that were looked for: `hit`, `shared` where another replica had asked, `miss`",
    ),
    Metric(
        name="kgraph_result_cache_entries", kind=Kind.GAUGE, of=Of.API, part=_ACCESS, meaning="results that are kept"
    ),
    Metric(
        name="kgraph_result_cache_bytes", kind=Kind.GAUGE, of=Of.API, part=_ACCESS, unit="bytes",
        meaning="what they take, of 64 MiB at most",
    ),
    Metric(
        name="kgraph_redis_up", kind=Kind.GAUGE, of=Of.API, part=_ACCESS,
        meaning="0 while the API rests from a Redis that did not answer; no series without REDIS_URL",
    ),
    Metric(
        name="kgraph_redis_failures", kind=Kind.COUNTER, of=Of.API, part=_ACCESS,
        meaning="commands that Redis did not answer in time",
    ),
    Metric(
        name="kgraph_streams_open", kind=Kind.GAUGE, of=Of.API, part=_STREAMS,
        meaning="subscriptions and event streams that are followed",
    ),
    Metric(
        name="kgraph_stream_events", kind=Kind.COUNTER, of=Of.API, part=_STREAMS,
        meaning="events of the change feed that this process has read",
    ),
    Metric(
        name="kgraph_streams_dropped", kind=Kind.COUNTER, of=Of.API, part=_STREAMS,
        meaning="subscribers that were dropped because they did not keep up",
    ),
    Metric(
        name="kgraph_stream_gaps", kind=Kind.COUNTER, of=Of.API, part=_STREAMS,
        meaning="times that the feed's source lost events, so that all who follow begin anew",
    ),
    Metric(
        name="kgraph_event_loop_late_seconds", kind=Kind.HISTOGRAM, of=Of.EACH, part=_PROCESS, unit="s", buckets=_LATE,
        meaning="how much later than asked the process's loop runs something, looked at twice a second",
    ),
    Metric(
        name="kgraph_build_info", kind=Kind.GAUGE, of=Of.EACH, part=_PROCESS, labels=("version", "python"),
        meaning="1, of the version that runs",
    ),
)  # fmt: skip

BY_NAME: Mapping[str, Metric] = {row.name: row for row in METRICS}
