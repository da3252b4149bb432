"""Health of Pods and of the kinds that make Pods."""

from kgraph.graphdb.health.checks import Condition, Flag, HasStatus, Observed, Odd
from kgraph.graphdb.health.pods import pod_health
from kgraph.graphdb.health.row import HealthRow
from kgraph.graphdb.health.verdict import HEALTHY, Health, Object, Verdict, items, number, section, text

_REPLICA_FAILURE = Condition("ReplicaFailure", {"True": Health.DEGRADED})


def _deployment_replicas(obj: Object) -> Verdict | None:
    """`kubectl rollout status`: all updated, none old, all available."""
    wanted = number(section(obj, "spec"), "replicas", 1)
    status = section(obj, "status")
    updated, available = number(status, "updatedReplicas"), number(status, "availableReplicas")
    if updated < wanted:
        return Verdict(Health.PROGRESSING, f"{updated} of {_replicas(wanted)} updated")
    if (old := number(status, "replicas") - updated) > 0:
        return Verdict(Health.PROGRESSING, f"{_replicas(old, 'old ')} still to go")
    if available < updated:
        return Verdict(Health.PROGRESSING, f"{available} of {_replicas(updated)} available")
    return None


def _available_replicas(obj: Object) -> Verdict | None:
    wanted = number(section(obj, "spec"), "replicas", 1)
    available = number(section(obj, "status"), "availableReplicas")
    if available < wanted:
        return Verdict(Health.PROGRESSING, f"{available} of {_replicas(wanted)} available")
    return None


def _statefulset_replicas(obj: Object) -> Verdict | None:
    """`kubectl rollout status`: all ready, and updated as far as the strategy's partition lets them be."""
    spec, status = section(obj, "spec"), section(obj, "status")
    wanted = number(spec, "replicas", 1)
    ready, updated = number(status, "readyReplicas"), number(status, "updatedReplicas")
    if ready < wanted:
        return Verdict(Health.PROGRESSING, f"{ready} of {_replicas(wanted)} ready")
    strategy = section(spec, "updateStrategy")
    kind = text(strategy, "type", "RollingUpdate")
    if kind == "OnDelete":
        return HEALTHY
    if kind == "RollingUpdate" and strategy.get("rollingUpdate") is not None:
        partition = section(strategy, "rollingUpdate").get("partition")
        wanted -= number(section(strategy, "rollingUpdate"), "partition")
        if partition is not None and updated < wanted:
            return Verdict(Health.PROGRESSING, f"{updated} of {_replicas(wanted)} updated")
        return HEALTHY
    if text(status, "updateRevision") != text(status, "currentRevision"):
        return Verdict(Health.PROGRESSING, f"{updated} of {_replicas(wanted)} updated")
    return None


def _daemonset_replicas(obj: Object) -> Verdict | None:
    status = section(obj, "status")
    wanted = number(status, "desiredNumberScheduled")
    if text(section(section(obj, "spec"), "updateStrategy"), "type") == "OnDelete":
        return HEALTHY
    for name, words in (("updatedNumberScheduled", "updated"), ("numberAvailable", "available")):
        if (there := number(status, name)) < wanted:
            return Verdict(Health.PROGRESSING, f"{there} of {_replicas(wanted)} {words}")
    return None


def _job_counts(obj: Object) -> Verdict | None:
    """How far a Job has come that has no condition yet."""
    spec, status = section(obj, "spec"), section(obj, "status")
    done, wanted = number(status, "succeeded"), number(spec, "completions", 1)
    counts = [f"{done} of {wanted} done", f"{number(status, 'active')} active"]
    if failed := number(status, "failed"):
        counts.append(f"{failed} failed")
    return Verdict(Health.PROGRESSING, ", ".join(counts))


def _last_run(obj: Object) -> Verdict | None:
    """A CronJob whose last Job is over and did not succeed. Times are RFC 3339 in UTC: their order is the texts'."""
    status = section(obj, "status")
    started, succeeded = text(status, "lastScheduleTime"), text(status, "lastSuccessfulTime")
    if started and succeeded and succeeded < started and not items(status, "active"):
        return Verdict(Health.DEGRADED, "its last run did not succeed")
    return None


def _replicas(count: int, what: str = "") -> str:
    return f"{count} {what}replica{'' if count == 1 else 's'}"


_REPLICAS = (
    HasStatus(),
    Observed(),
    _REPLICA_FAILURE,
    Odd(_available_replicas, "fewer available than wanted: PROGRESSING", frozenset({Health.PROGRESSING})),
)

ROWS = (
    HealthRow(
        kinds=("Pod",),
        checks=(
            Odd(
                pod_health,
                "A container waits in back-off, with an error or with an invalid image name: DEGRADED. Pending: "
                "PROGRESSING; Succeeded: HEALTHY; Failed: DEGRADED; Running: HEALTHY when Ready, DEGRADED when not "
                "ready after a restart, else PROGRESSING; Running to its end (OnFailure, Never): PROGRESSING; other "
                "phases: UNKNOWN",
                frozenset({Health.HEALTHY, Health.PROGRESSING, Health.DEGRADED, Health.UNKNOWN}),
            ),
        ),
        argo=True,
        doc="Argo CD looks at containers that wait only where they are restarted always, and not at init containers.",
    ),
    HealthRow(
        group="apps",
        kinds=("Deployment",),
        checks=(
            Flag("spec.paused", Health.SUSPENDED, "paused"),
            HasStatus(),
            Observed(),
            Condition("Progressing", {}, frozenset({"ProgressDeadlineExceeded"}), other=Health.DEGRADED),
            _REPLICA_FAILURE,
            Odd(
                _deployment_replicas,
                "fewer updated than wanted, old ones left, or fewer available than updated: PROGRESSING",
                frozenset({Health.PROGRESSING}),
            ),
        ),
        otherwise=Health.HEALTHY,
        argo=True,
        doc="ReplicaFailure (a quota, an admission webhook) is ours.",
    ),
    HealthRow(group="apps", kinds=("ReplicaSet",), checks=_REPLICAS, otherwise=Health.HEALTHY, argo=True),
    HealthRow(kinds=("ReplicationController",), checks=_REPLICAS, otherwise=Health.HEALTHY, doc="As a ReplicaSet."),
    HealthRow(
        group="apps",
        kinds=("StatefulSet",),
        checks=(
            HasStatus(),
            Observed(needed=True),
            Odd(
                _statefulset_replicas,
                "fewer ready than wanted, or fewer updated than the partition lets through: PROGRESSING",
                frozenset({Health.PROGRESSING, Health.HEALTHY}),
            ),
        ),
        otherwise=Health.HEALTHY,
        argo=True,
    ),
    HealthRow(
        group="apps",
        kinds=("DaemonSet",),
        checks=(
            HasStatus(),
            Observed(),
            Odd(
                _daemonset_replicas,
                "fewer updated or fewer available than Nodes that want one: PROGRESSING; with OnDelete: HEALTHY",
                frozenset({Health.PROGRESSING, Health.HEALTHY}),
            ),
        ),
        otherwise=Health.HEALTHY,
        argo=True,
    ),
    HealthRow(
        group="batch",
        kinds=("Job",),
        checks=(
            Condition("Failed", {"True": Health.DEGRADED}),
            Condition("Complete", {"True": Health.HEALTHY}),
            Condition("Suspended", {"True": Health.SUSPENDED}),
            Flag("spec.suspend", Health.SUSPENDED, "suspended"),
            HasStatus(),
            Odd(_job_counts, "else: PROGRESSING", frozenset({Health.PROGRESSING})),
        ),
        argo=True,
        doc="Conditions are read with their status, which Argo CD does not do.",
    ),
    HealthRow(
        group="batch",
        kinds=("CronJob",),
        checks=(
            Flag("spec.suspend", Health.SUSPENDED, "suspended"),
            HasStatus(),
            Odd(
                _last_run,
                "the last Job is over and is not the last that succeeded: DEGRADED",
                frozenset({Health.DEGRADED}),
            ),
        ),
        otherwise=Health.HEALTHY,
        argo=True,
        doc="One that never succeeded is HEALTHY: it may be in its first run.",
    ),
)
