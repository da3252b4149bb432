"""API groups: how they are written beside kinds and versions, and those that kinds have moved from."""

from collections.abc import Mapping

# (group of old, kind) -> the group that serves it today. The first were moved before Kubernetes 1.16 and 1.22; an Event
# is one node, whichever API serves it.
GROUPS_OF_OLD: Mapping[tuple[str, str], str] = {
    ("extensions", "DaemonSet"): "apps",
    ("extensions", "Deployment"): "apps",
    ("extensions", "ReplicaSet"): "apps",
    ("extensions", "Ingress"): "networking.k8s.io",
    ("extensions", "NetworkPolicy"): "networking.k8s.io",
    ("extensions", "PodSecurityPolicy"): "policy",
    ("events.k8s.io", "Event"): "",
}


def todays_group(group: str, kind: str) -> str:
    """The group that serves `kind` today: `apps` for `extensions` and Deployment."""
    return GROUPS_OF_OLD.get((group, kind), group)


def with_group(name: str, group: str) -> str:
    """A kind's name in its group, as kubectl has it: `pods`, `deployments.apps`."""
    return f"{name}.{group}" if group else name


def api_version(group: str, version: str) -> str:
    """As manifests write it: `v1`, `apps/v1`."""
    return f"{group}/{version}" if group else version
