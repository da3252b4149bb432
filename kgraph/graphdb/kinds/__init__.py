"""The kinds of Kubernetes itself, one row each: names, scope, where the Pod spec is, what is a property, what is noise.

Whatever a cluster serves beyond these is discovered; see `catalogue`. Of the custom kinds that many clusters have,
more is known than discovery says: they have rows too, in a table of their own.
"""

from kgraph.graphdb.kinds import cluster, gateway, mesh, operators, snapshots, workloads
from kgraph.graphdb.kinds.row import Kind

__all__ = ["CUSTOM_KINDS", "KINDS", "NOISE_EVERYWHERE", "Kind"]

KINDS: tuple[Kind, ...] = (*workloads.ROWS, *cluster.ROWS)
# Kinds of someone else, one module an area: their labels have their group, whether it ends in k8s.io or not.
CUSTOM_KINDS: tuple[Kind, ...] = (*gateway.ROWS, *mesh.ROWS, *snapshots.ROWS, *operators.ROWS)

# Never a change, whatever the kind: the apiserver counts writes in one and keeps their authors in the other;
# selfLink is gone since Kubernetes 1.24 but old dumps have it.
NOISE_EVERYWHERE = ("metadata.managedFields", "metadata.resourceVersion", "metadata.selfLink")
