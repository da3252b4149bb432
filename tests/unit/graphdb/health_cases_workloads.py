"""Situations of Pods and of what makes Pods."""

from typing import Any

from tests.unit.graphdb.health_cases import case, conditions

READY = {"conditions": [{"type": "Ready", "status": "True"}]}


def container(name: str = "web", **more: Any) -> dict[str, Any]:
    """A container's status: it runs and is ready unless told otherwise."""
    return {"name": name, "ready": True, "state": {"running": {}}, **more}


def waiting(reason: str, name: str = "web", **more: Any) -> dict[str, Any]:
    """A container's status: it waits."""
    return {"name": name, "ready": False, "state": {"waiting": {"reason": reason}}, **more}


def ended(code: int, reason: str = "Error", name: str = "web") -> dict[str, Any]:
    """A container's status: it has ended."""
    return {"name": name, "ready": False, "state": {"terminated": {"exitCode": code, "reason": reason}}}


SPEC = {
    "containers": [{"name": "web", "image": "nginx:1.99"}, {"name": "side", "image": "proxy:2"}],
    "initContainers": [{"name": "setup", "image": "busybox:0"}],
}
ONCE = {**SPEC, "restartPolicy": "Never"}


def pod(situation: str, health: str, reason: str = "", spec: Any = SPEC, /, **status: Any) -> Any:
    """A Pod's case."""
    return case("Pod", situation, health, reason, spec=spec, status=status)


PODS = (
    case("Pod", "no status yet", "PROGRESSING", "no status yet", spec=SPEC),
    pod("running and ready", "HEALTHY", phase="Running", containerStatuses=[container()], **READY),
    pod(
        "not ready yet",
        "PROGRESSING",
        "not ready (proxy:2)",
        phase="Running",
        containerStatuses=[container(), container("side", ready=False)],
    ),
    pod("a readiness gate is not open", "PROGRESSING", "not ready", phase="Running", containerStatuses=[container()]),
    pod(
        "not ready after a restart",
        "DEGRADED",
        "not ready after a restart, exit code 3 (nginx:1.99)",
        phase="Running",
        containerStatuses=[container(lastState={"terminated": {"exitCode": 3, "reason": "Error"}})],
    ),
    pod(
        "ready after a restart",
        "HEALTHY",
        phase="Running",
        containerStatuses=[container(lastState={"terminated": {"exitCode": 3}})],
        **READY,
    ),
    pod(
        "an image that is not there",
        "DEGRADED",
        "ImagePullBackOff (nginx:1.99)",
        phase="Pending",
        containerStatuses=[waiting("ImagePullBackOff")],
    ),
    pod(
        "an image that could not be pulled a moment ago",
        "DEGRADED",
        "ErrImagePull (nginx:1.99)",
        phase="Pending",
        containerStatuses=[waiting("ErrImagePull")],
    ),
    pod(
        "an impossible image name",
        "DEGRADED",
        "InvalidImageName (proxy:2)",
        phase="Pending",
        containerStatuses=[container(), waiting("InvalidImageName", "side")],
    ),
    pod(
        "a ConfigMap that is not there",
        "DEGRADED",
        "CreateContainerConfigError (nginx:1.99)",
        phase="Pending",
        containerStatuses=[waiting("CreateContainerConfigError")],
    ),
    pod(
        "it crashes again and again",
        "DEGRADED",
        "CrashLoopBackOff, OOMKilled (nginx:1.99)",
        phase="Running",
        containerStatuses=[
            waiting("CrashLoopBackOff", lastState={"terminated": {"exitCode": 137, "reason": "OOMKilled"}})
        ],
    ),
    pod(
        "back-off of a Pod that is never restarted",
        "DEGRADED",
        "ImagePullBackOff (nginx:1.99)",
        ONCE,
        phase="Pending",
        containerStatuses=[waiting("ImagePullBackOff")],
    ),
    pod(
        "an init container in back-off",
        "DEGRADED",
        "CrashLoopBackOff, exit code 1 in init container setup (busybox:0)",
        phase="Pending",
        initContainerStatuses=[waiting("CrashLoopBackOff", "setup", lastState={"terminated": {"exitCode": 1}})],
        containerStatuses=[waiting("PodInitializing")],
    ),
    pod(
        "a sidecar in back-off beside a container that runs",
        "DEGRADED",
        "CrashLoopBackOff in init container setup (busybox:0)",
        phase="Running",
        initContainerStatuses=[waiting("CrashLoopBackOff", "setup")],
        containerStatuses=[container()],
        **READY,
    ),
    pod(
        "an image that only the kubelet names",
        "DEGRADED",
        "ErrImageNeverPull (nginx@sha256:0)",
        {},
        phase="Pending",
        containerStatuses=[waiting("ErrImageNeverPull", image="nginx@sha256:0")],
    ),
    pod(
        "no Node suits",
        "PROGRESSING",
        "Unschedulable: 0/3 nodes are available",
        phase="Pending",
        **conditions("PodScheduled=False:Unschedulable:0/3 nodes are available"),
    ),
    pod(
        "its containers are being made",
        "PROGRESSING",
        "ContainerCreating",
        phase="Pending",
        **conditions("PodScheduled=True"),
        containerStatuses=[waiting("ContainerCreating")],
    ),
    pod(
        "an init container waits",
        "PROGRESSING",
        "PodInitializing in init container setup",
        phase="Pending",
        initContainerStatuses=[waiting("PodInitializing", "setup")],
    ),
    pod("pending and nothing else", "PROGRESSING", "pending", phase="Pending"),
    pod("it succeeded", "HEALTHY", "", ONCE, phase="Succeeded", containerStatuses=[ended(0, "Completed")]),
    pod("runs to its end", "PROGRESSING", "runs to its end", ONCE, phase="Running", containerStatuses=[container()]),
    pod(
        "evicted",
        "DEGRADED",
        "Evicted: The node was low on memory",
        phase="Failed",
        reason="Evicted",
        message="The node was low on memory",
    ),
    pod("it failed", "DEGRADED", "exit code 2 (nginx:1.99)", ONCE, phase="Failed", containerStatuses=[ended(2)]),
    pod(
        "an init container failed",
        "DEGRADED",
        "exit code 2 in init container setup (busybox:0)",
        ONCE,
        phase="Failed",
        initContainerStatuses=[ended(2, name="setup")],
    ),
    pod(
        "killed for its memory",
        "DEGRADED",
        "OOMKilled (nginx:1.99)",
        ONCE,
        phase="Failed",
        containerStatuses=[ended(137, "OOMKilled")],
    ),
    pod("it failed and nothing says why", "DEGRADED", "failed", ONCE, phase="Failed"),
    pod("its Node does not answer", "UNKNOWN", "phase Unknown: node lost", phase="Unknown", message="node lost"),
    pod("no phase", "UNKNOWN", "phase is not said", qosClass="Burstable"),
    pod("a restart policy of the future", "UNKNOWN", "restart policy Odd", {"restartPolicy": "Odd"}, phase="Running"),
)

SEEN = {"observedGeneration": 2}
NEW = {"generation": 2}
SET = {**SEEN, "currentRevision": "a", "updateRevision": "a"}


def _deployment(situation: str, health: str, reason: str = "", spec: Any = None, /, **status: Any) -> Any:
    given = {"replicas": 3} if spec is None else spec
    return case(
        "Deployment.apps",
        situation,
        health,
        reason,
        metadata=NEW,
        spec=given,
        status={"observedGeneration": 2} | status,
    )


def _set(situation: str, health: str, reason: str = "", spec: Any = None, /, **status: Any) -> Any:
    given = {"replicas": 3, **(spec or {})}
    return case("StatefulSet.apps", situation, health, reason, metadata=NEW, spec=given, status={**SET, **status})


def _daemon(situation: str, health: str, reason: str = "", spec: Any = None, /, **status: Any) -> Any:
    wanted = {**SEEN, "desiredNumberScheduled": 3}
    return case("DaemonSet.apps", situation, health, reason, metadata=NEW, spec=spec or {}, status={**wanted, **status})


def _replicas(kind: str) -> tuple[Any, ...]:
    """A ReplicaSet's cases, and those of a ReplicationController."""
    return (
        case(kind, "no status yet", "PROGRESSING", "no status yet", spec={"replicas": 1}),
        case(
            kind,
            "an old generation",
            "PROGRESSING",
            "generation 2 of its spec is not yet observed",
            metadata=NEW,
            status={"observedGeneration": 1},
        ),
        case(
            kind,
            "a quota is used up",
            "DEGRADED",
            "FailedCreate: exceeded quota",
            metadata=NEW,
            status=conditions("ReplicaFailure=True:FailedCreate:exceeded quota", **SEEN),
        ),
        case(
            kind,
            "too few",
            "PROGRESSING",
            "1 of 3 replicas available",
            metadata=NEW,
            spec={"replicas": 3},
            status={**SEEN, "availableReplicas": 1},
        ),
        case(kind, "none wanted", "HEALTHY", "", metadata=NEW, spec={"replicas": 0}, status=SEEN),
    )


CONTROLLERS = (
    case("Deployment.apps", "no status yet", "PROGRESSING", "no status yet", spec={"replicas": 0}),
    _deployment("paused", "SUSPENDED", "paused", {"paused": True}),
    _deployment(
        "an old generation", "PROGRESSING", "generation 2 of its spec is not yet observed", observedGeneration=1
    ),
    *(
        _deployment(
            f"its deadline is over, {status}",
            "DEGRADED",
            "ProgressDeadlineExceeded: timed out",
            **conditions(f"Progressing={status}:ProgressDeadlineExceeded:timed out"),
        )
        for status in ("False", "True", "Unknown")
    ),
    _deployment("progress in time", "HEALTHY", "", {"replicas": 0}, **conditions("Progressing=True:NewReplicaSet")),
    _deployment(
        "a quota is used up",
        "DEGRADED",
        "FailedCreate: exceeded quota",
        **conditions("ReplicaFailure=True:FailedCreate:exceeded quota"),
    ),
    _deployment("not all updated", "PROGRESSING", "1 of 3 replicas updated", updatedReplicas=1),
    _deployment("one wanted unless told", "PROGRESSING", "0 of 1 replica updated", {}),
    _deployment("old ones are left", "PROGRESSING", "1 old replica still to go", updatedReplicas=3, replicas=4),
    _deployment(
        "not all available",
        "PROGRESSING",
        "2 of 3 replicas available",
        updatedReplicas=3,
        replicas=3,
        availableReplicas=2,
    ),
    _deployment("all there", "HEALTHY", updatedReplicas=3, replicas=3, availableReplicas=3),
    _deployment("scaled to none", "HEALTHY", "", {"replicas": 0}),
    *_replicas("ReplicaSet.apps"),
    *_replicas("ReplicationController"),
    case("StatefulSet.apps", "no status yet", "PROGRESSING", "no status yet"),
    case("StatefulSet.apps", "never seen", "PROGRESSING", "its spec is not yet observed", status={"replicas": 0}),
    _set("an old generation", "PROGRESSING", "generation 2 of its spec is not yet observed", observedGeneration=1),
    _set("not all ready", "PROGRESSING", "1 of 3 replicas ready", readyReplicas=1),
    _set("all ready and updated", "HEALTHY", readyReplicas=3),
    _set(
        "not all updated",
        "PROGRESSING",
        "1 of 3 replicas updated",
        readyReplicas=3,
        updatedReplicas=1,
        updateRevision="b",
    ),
    _set(
        "updated as far as the partition goes",
        "HEALTHY",
        "",
        {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}},
        readyReplicas=3,
        updatedReplicas=1,
        updateRevision="b",
    ),
    _set(
        "not updated as far as the partition goes",
        "PROGRESSING",
        "0 of 1 replica updated",
        {"updateStrategy": {"rollingUpdate": {"partition": 2}}},
        readyReplicas=3,
        updateRevision="b",
    ),
    _set(
        "old ones until someone deletes them",
        "HEALTHY",
        "",
        {"updateStrategy": {"type": "OnDelete"}},
        readyReplicas=3,
        updateRevision="b",
    ),
    case("DaemonSet.apps", "no status yet", "PROGRESSING", "no status yet"),
    _daemon("an old generation", "PROGRESSING", "generation 2 of its spec is not yet observed", observedGeneration=1),
    _daemon("not all updated", "PROGRESSING", "1 of 3 replicas updated", updatedNumberScheduled=1),
    _daemon(
        "not all available", "PROGRESSING", "2 of 3 replicas available", updatedNumberScheduled=3, numberAvailable=2
    ),
    _daemon("all available", "HEALTHY", updatedNumberScheduled=3, numberAvailable=3),
    _daemon("old ones until someone deletes them", "HEALTHY", "", {"updateStrategy": {"type": "OnDelete"}}),
)

JOBS = (
    case("Job.batch", "no status yet", "PROGRESSING", "no status yet", spec={}),
    case("Job.batch", "done", "HEALTHY", "", status=conditions("Complete=True")),
    case("Job.batch", "resumed and done", "HEALTHY", "", status=conditions("Suspended=False", "Complete=True")),
    case(
        "Job.batch",
        "it failed",
        "DEGRADED",
        "BackoffLimitExceeded: too many failures",
        status=conditions("Failed=True:BackoffLimitExceeded:too many failures"),
    ),
    case(
        "Job.batch",
        "a condition that is not true",
        "PROGRESSING",
        "1 of 2 done, 1 active, 3 failed",
        spec={"completions": 2},
        status=conditions("Failed=False", "Complete=False", active=1, succeeded=1, failed=3),
    ),
    case("Job.batch", "suspended", "SUSPENDED", "JobSuspended", status=conditions("Suspended=True:JobSuspended")),
    case("Job.batch", "made suspended", "SUSPENDED", "suspended", spec={"suspend": True}),
    case("CronJob.batch", "no status yet", "PROGRESSING", "no status yet", spec={}),
    case("CronJob.batch", "suspended", "SUSPENDED", "suspended", spec={"suspend": True}, status={}),
    case("CronJob.batch", "never run", "HEALTHY", "", status={}),
    case("CronJob.batch", "in its first run", "HEALTHY", "", status={"lastScheduleTime": "2026-01-02T00:00:00Z"}),
    case(
        "CronJob.batch",
        "running, after a success",
        "HEALTHY",
        "",
        status={
            "active": [{"name": "x-1"}],
            "lastScheduleTime": "2026-01-02T00:00:00Z",
            "lastSuccessfulTime": "2026-01-01T00:00:00Z",
        },
    ),
    case(
        "CronJob.batch",
        "its last run failed",
        "DEGRADED",
        "its last run did not succeed",
        status={"lastScheduleTime": "2026-01-02T00:00:00Z", "lastSuccessfulTime": "2026-01-01T00:00:00Z"},
    ),
    case(
        "CronJob.batch",
        "its last run succeeded",
        "HEALTHY",
        "",
        status={"lastScheduleTime": "2026-01-02T00:00:00Z", "lastSuccessfulTime": "2026-01-02T00:05:00Z"},
    ),
)

WORKLOADS = (*PODS, *CONTROLLERS, *JOBS)
