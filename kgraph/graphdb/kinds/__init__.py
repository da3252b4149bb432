"""The kinds of Kubernetes itself, one row each: names, scope, where the Pod spec is, what is a property, what is noise.

Whatever a cluster serves beyond these is discovered; see `catalogue`.
"""

from collections.abc import Mapping

from kgraph.graphdb.kinds import cluster, workloads
from kgraph.graphdb.kinds.row import Kind

__all__ = ["GROUPS_OF_OLD", "KINDS", "NOISE_EVERYWHERE", "Kind", "todays_group"]

KINDS: tuple[Kind, ...] = (*workloads.ROWS, *cluster.ROWS)

# Never a change, whatever the kind: the apiserver counts writes in one and keeps their authors in the other;
# selfLink is gone since Kubernetes 1.24 but old dumps have it.
NOISE_EVERYWHERE = ("metadata.managedFields", "metadata.resourceVersion", "metadata.selfLink")

# (group of old, kind) -> the group that serves it today; an Event is one node, whichever API serves it.
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
