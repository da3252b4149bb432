"""The alerts, one row each: the rules for Prometheus and the runbook come from here.

Each is something that a person is to do something about; what mends itself in minutes is not here.
"""

from typing import Literal

import msgspec


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One alert: PromQL that holds for `lasting`, what it means for users, and what to do.

    `summary` may use the series' labels: `{{ $labels.cluster }}`.
    """

    name: str
    when: str
    lasting: str
    severity: Literal["critical", "warning"]
    summary: str
    means: str
    do: tuple[str, ...]


ALERTS: tuple[Alert, ...] = (
    Alert(
        name="KgraphAbsent",
        when="absent(kgraph_build_info)",
        lasting="5m",
        severity="critical",
        summary="no process of kgraph is scraped",
        means="Nothing is known of kgraph, and none of the other alerts can fire: it does not run, or Prometheus does "
        "not reach its port 9090.",
        do=(
            "`kubectl get pods -n dictamesh`: does it run? `kubectl logs` says why it ended.",
            (
                "Where it runs: look at Prometheus' targets; `metrics_host` must be one that it reaches, and the "
                "network policy must let it through."
            ),
        ),
    ),
    Alert(
        name="KgraphNeo4jDown",
        when="kgraph_neo4j_up == 0",
        lasting="1m",
        severity="critical",
        summary="Neo4j does not answer {{ $labels.instance }}",
        means="No question is answered, and nothing is written; the watches wait, and nothing is lost.",
        do=(
            "Is Neo4j up, and does it take logins? `cypher-shell` with the same NEO4J_URI and user.",
            "Its own log says whether it ran out of disk or heap; a full disk makes it read-only.",
            "Once it answers, everything goes on by itself: lags fall within minutes.",
        ),
    ),
    Alert(
        name="KgraphGraphStale",
        when="max by (cluster) (kgraph_graph_stale_seconds) > 300",
        lasting="2m",
        severity="warning",
        summary="the graph is behind cluster {{ $labels.cluster }}",
        means="Answers about this cluster are old. Where all are `ready_max_lag` behind, the API is unready.",
        do=(
            (
                "`kgraph cluster list`, or `clusters { id status { message } }` in GraphQL, says what is not well: "
                "the worker, the connection, the sync or the feed."
            ),
            "No worker: is one running that has the cluster in its configuration? More workers, or a restart, help.",
            "No connection: see KgraphClusterLost. A lag: see KgraphClusterLag.",
        ),
    ),
    Alert(
        name="KgraphClusterLost",
        when="kgraph_cluster_connected == 0",
        lasting="5m",
        severity="warning",
        summary="the apiserver of cluster {{ $labels.cluster }} does not answer",
        means="Its part of the graph stays as it was; access reviews and mutations of it fail.",
        do=(
            "`clusters { id status { components { name message } } }` has the apiserver's or the network's own words.",
            "401 or 403: the worker's login has ended or lost its rights. A certificate: look at `tls_config`.",
            "From the worker's Pod: `curl -k $SERVER/version`.",
        ),
    ),
    Alert(
        name="KgraphClusterFailed",
        when="kgraph_cluster_failed == 1",
        lasting="5m",
        severity="warning",
        summary="the worker of cluster {{ $labels.cluster }} ends with an error, again and again",
        means="Nothing of this cluster is followed. It is tried again each half minute; other clusters go on.",
        do=(
            "The log line `a cluster's worker ended` of the cluster has why.",
            "What is wrong with its configuration is in the message; what looks like a fault of this program is one.",
        ),
    ),
    Alert(
        name="KgraphClusterLag",
        when="kgraph_cluster_lag_seconds > 60",
        lasting="5m",
        severity="warning",
        summary="changes of cluster {{ $labels.cluster }} wait {{ $value | humanizeDuration }} to be written",
        means="The graph shows the cluster as it was so long ago. A large first sync lags for a minute or two as well.",
        do=(
            "KgraphTransactionsFailing or KgraphTransactionsSlow at the same time: begin there.",
            "`kgraph_outbox_fill_ratio` at 1: the writer waits for the change feed, see KgraphOutboxFills.",
            (
                "`rate(kgraph_watch_events_total[5m])` far above usual: something in the cluster changes all the time; "
                "leave its kind out with `watch_resources: [-kind]`."
            ),
        ),
    ),
    Alert(
        name="KgraphKindsFailing",
        when="kgraph_cluster_failing_kinds > 0",
        lasting="15m",
        severity="warning",
        summary="{{ $value }} kinds of cluster {{ $labels.cluster }} cannot be read",
        means="These kinds are as they were when they could be read last; all others go on.",
        do=(
            (
                "The log line `a kind fails` names the kind and why: mostly a right that is missing (403), or an "
                "aggregated API whose server is down."
            ),
            "What nobody needs: `watch_resources: [-kind]`.",
        ),
    ),
    Alert(
        name="KgraphListsAgain",
        when='sum by (cluster) (increase(kgraph_lists_total{reason="expired"}[15m])) > 100',
        lasting="5m",
        severity="warning",
        summary="cluster {{ $labels.cluster }} is listed again and again",
        means="Watches cannot be resumed, so that all is listed each time: a load on the apiserver, and lag.",
        do=(
            "Is etcd compacted or defragmented too often, or is the apiserver restarted in a loop?",
            "Is the worker too slow to keep up, so that its watches expire? See KgraphClusterLag.",
        ),
    ),
    Alert(
        name="KgraphTransactionsFailing",
        when='sum(rate(kgraph_transactions_total{outcome!~"committed|fenced"}[5m])) > 0.1',
        lasting="5m",
        severity="critical",
        summary="transactions fail, and are tried again",
        means="The graph lags while they do.",
        do=(
            (
                "`outcome` tells the kind: `unavailable`: see KgraphNeo4jDown; `timeout`: it is slow, or somebody has "
                "a lock (`SHOW TRANSACTIONS`); `refused`: the log line `Neo4j refuses a resource` has the key and why."
            ),
        ),
    ),
    Alert(
        name="KgraphTransactionsSlow",
        when="histogram_quantile(0.95, sum by (le) (rate(kgraph_transaction_seconds_bucket[10m]))) > 5",
        lasting="10m",
        severity="warning",
        summary="transactions take {{ $value | humanizeDuration }}",
        means="Usual ones take milliseconds, large ones a second or two: Neo4j has too little memory or disk.",
        do=(
            "Its page cache should hold the whole store: compare `server.memory.pagecache.size` with the store's size.",
            "`rate(kgraph_neo4j_statement_seconds_sum[5m])` by statement says where the time goes; a trace shows one.",
        ),
    ),
    Alert(
        name="KgraphOutboxWaits",
        when="kgraph_outbox_age_seconds > 60",
        lasting="5m",
        severity="warning",
        summary="events of cluster {{ $labels.cluster }} have waited {{ $value | humanizeDuration }} for Kafka",
        means="Subscribers and consumers hear of changes late. Nothing is lost: they are in the graph's outbox.",
        do=(
            "`kgraph_feed_failing` 1: the log line `the change feed waits` has why: brokers, login, a topic's rights.",
            "0: events come faster than Kafka takes them; look at its brokers.",
        ),
    ),
    Alert(
        name="KgraphOutboxFills",
        when="kgraph_outbox_fill_ratio > 0.8",
        lasting="1m",
        severity="critical",
        summary="the outbox of cluster {{ $labels.cluster }} is {{ $value | humanizePercentage }} full",
        means="At its limit the cluster's graph stands still until events can be sent.",
        do=("As KgraphOutboxWaits, at once.", "`outbox_limit` can be raised as far as Neo4j's disk allows."),
    ),
    Alert(
        name="KgraphRequestsFailing",
        when='sum(rate(kgraph_errors_total{code=~"INTERNAL|TIMEOUT"}[5m])) / sum(rate(kgraph_http_requests_total[5m])) '
        "> 0.01",
        lasting="5m",
        severity="critical",
        summary="{{ $value | humanizePercentage }} of requests fail by our own doing",
        means="Callers are told INTERNAL or TIMEOUT. The aim is less than one in a thousand.",
        do=(
            "The log lines `request failed` and `operation failed` have the cause, under the callers' trace id.",
            'TIMEOUT: kgraph_graphql_operations_total by `field`, with `code="TIMEOUT"`, says of which question.',
        ),
    ),
    Alert(
        name="KgraphRequestsSlow",
        when='histogram_quantile(0.99, sum by (le) (rate(kgraph_http_request_seconds_bucket{route!~".*logs"}[10m]))) '
        "> 1",
        lasting="15m",
        severity="warning",
        summary="one request in a hundred takes longer than {{ $value | humanizeDuration }}",
        means="The aim is 200 ms.",
        do=(
            "Which question? See `field` of kgraph_graphql_operation_seconds, `route` of kgraph_http_request_seconds.",
            "Its trace tells whether access reviews or statements take the time.",
            "KgraphLoopLate at the same time: more replicas of the API.",
        ),
    ),
    Alert(
        name="KgraphReviewsFailing",
        when="sum by (cluster) (rate(kgraph_access_review_failures_total[5m])) > 0.05",
        lasting="5m",
        severity="warning",
        summary="cluster {{ $labels.cluster }} does not answer access reviews",
        means="What callers may see there is not known: they see nothing of it.",
        do=("See KgraphClusterLost; and may the API's login create `subjectaccessreviews.authorization.k8s.io`?",),
    ),
    Alert(
        name="KgraphSubscribersDropped",
        when="sum(increase(kgraph_streams_dropped_total[10m])) > 10",
        lasting="5m",
        severity="warning",
        summary="subscribers are dropped because they do not keep up",
        means="They come again and go on from the last event: a load, and late news for them.",
        do=("Ask them to want less (a cluster, kinds, a label), or look at the network between.",),
    ),
    Alert(
        name="KgraphRedisDown",
        when="kgraph_redis_up == 0",
        lasting="5m",
        severity="warning",
        summary="Redis does not answer {{ $labels.instance }}",
        means="Replicas share nothing: answers are right, and dearer.",
        do=("Is it up, and does REDIS_URL lead to it? It is asked again by itself.",),
    ),
    Alert(
        name="KgraphLoopLate",
        when="histogram_quantile(0.99, sum by (le, instance) (rate(kgraph_event_loop_late_seconds_bucket[5m]))) > 0.5",
        lasting="10m",
        severity="warning",
        summary="{{ $labels.instance }} has more to do than one processor can",
        means="Everything that the process does is late, probes included.",
        do=(
            "The API: more replicas. A worker: more workers, so that each has fewer clusters.",
            "Is its processor throttled? `container_cpu_cfs_throttled_periods_total`; raise the limit.",
        ),
    ),
    Alert(
        name="KgraphFilesShort",
        when="process_open_fds / process_max_fds > 0.8 and on (instance, job) kgraph_build_info",
        lasting="5m",
        severity="warning",
        summary="{{ $labels.instance }} has nearly all the files and sockets open that it may",
        means="At the limit it can open no connection.",
        do=("Raise `ulimit -n`; a worker needs some ten a cluster, the API two a stream.",),
    ),
)
