"""The health of a Pod: Argo CD's answer, and in trouble of any container that does not start, whatever restarts it."""

from collections.abc import Iterator

from kgraph.graphdb.health.verdict import HEALTHY, Health, Object, Verdict, because, items, number, said, section, text

_IMAGE_NAME = "InvalidImageName"
_READY = "Ready"
_SCHEDULED = "PodScheduled"


def pod_health(pod: Object) -> Verdict | None:
    """Trouble first, then the phase."""
    status = section(pod, "status")
    # The way of nearly all Pods of a cluster, each of which comes by here in a first sync.
    for each in items(status, "containerStatuses"):
        if "running" not in section(each, "state"):
            trouble = _trouble(pod, status)
            if trouble is not None:
                return trouble
            break
    else:
        if status.get("initContainerStatuses") is not None:
            trouble = _trouble(pod, status)
            if trouble is not None:
                return trouble
    match text(status, "phase"):
        case "Running":
            return _running(pod, status)
        case "Pending":
            return _pending(status)
        case "Succeeded":
            return HEALTHY
        case "Failed":
            return _failed(pod, status)
        case "" if pod.get("status") is None:
            return Verdict(Health.PROGRESSING, "no status yet")
        case phase:
            return because(Health.UNKNOWN, f"phase {phase or 'is not said'}", text(status, "message"))


def _trouble(pod: Object, status: Object) -> Verdict | None:
    """A container that waits because it can't be started: back-off, an error, an impossible image name."""
    for container, init in _container_statuses(status):
        waiting = section(section(container, "state"), "waiting")
        reason = text(waiting, "reason")
        if not (reason == _IMAGE_NAME or reason.startswith("Err") or reason.endswith(("Error", "BackOff"))):
            continue
        ended = section(section(container, "lastState"), "terminated")
        words = said(", ".join(filter(None, (reason, _ending(ended)))))
        if init:
            words = f"{words} in init container {text(container, 'name')}"
        return Verdict(Health.DEGRADED, words, _image(pod, container, init=init))
    return None


def _running(pod: Object, status: Object) -> Verdict:
    policy = text(section(pod, "spec"), "restartPolicy", "Always")
    if policy != "Always":
        known = policy in {"OnFailure", "Never"}
        return (
            Verdict(Health.PROGRESSING, "runs to its end")
            if known
            else because(Health.UNKNOWN, f"restart policy {policy}")
        )
    conditions = items(status, "conditions")
    for condition in conditions:
        if text(condition, "type") == _READY and text(condition, "status") == "True":
            return HEALTHY
    for container in items(status, "containerStatuses"):
        if ended := section(section(container, "lastState"), "terminated"):
            words = said(", ".join(filter(None, ("not ready after a restart", _ending(ended)))))
            return Verdict(Health.DEGRADED, words, _image(pod, container))
    for container in items(status, "containerStatuses"):
        if container.get("ready") is not True:
            return Verdict(Health.PROGRESSING, "not ready", _image(pod, container))
    return Verdict(Health.PROGRESSING, "not ready")


def _pending(status: Object) -> Verdict:
    for condition in items(status, "conditions"):
        if text(condition, "type") == _SCHEDULED and text(condition, "status") == "False":
            return because(Health.PROGRESSING, text(condition, "reason"), text(condition, "message"))
    for container, init in _container_statuses(status):
        if reason := text(section(section(container, "state"), "waiting"), "reason"):
            where = f" in init container {text(container, 'name')}" if init else ""
            return because(Health.PROGRESSING, f"{reason}{where}")
    return because(Health.PROGRESSING, text(status, "reason") or "pending", text(status, "message"))


def _failed(pod: Object, status: Object) -> Verdict:
    if text(status, "message") or text(status, "reason"):
        return because(Health.DEGRADED, text(status, "reason"), text(status, "message"))
    for container, init in _container_statuses(status):
        if words := _ending(section(section(container, "state"), "terminated")):
            where = f" in init container {text(container, 'name')}" if init else ""
            return Verdict(Health.DEGRADED, said(f"{words}{where}"), _image(pod, container, init=init))
    return Verdict(Health.DEGRADED, "failed")


def _container_statuses(status: Object) -> Iterator[tuple[Object, bool]]:
    """All containers with whether they are init containers (sidecars are), these first as they start first."""
    for container in items(status, "initContainerStatuses"):
        yield container, True
    for container in items(status, "containerStatuses"):
        yield container, False


def _ending(terminated: Object) -> str:
    """How a container ended, where it did not end well: `OOMKilled`, `exit code 1`."""
    code, reason = number(terminated, "exitCode"), text(terminated, "reason")
    if reason and reason not in {"Error", "Completed"}:
        return reason
    return f"exit code {code}" if code else ""


def _image(pod: Object, status: Object, *, init: bool = False) -> str:
    """The image as the Pod names it; the kubelet's own words may be a digest."""
    name = text(status, "name")
    for container in items(section(pod, "spec"), "initContainers" if init else "containers"):
        if text(container, "name") == name:
            return text(container, "image")
    return text(status, "image")
