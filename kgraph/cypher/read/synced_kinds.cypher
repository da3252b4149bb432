// The kinds of one cluster with their checkpoints.
MATCH (k:SyncedKind {cluster: $cluster})
RETURN collect(properties(k)) AS kinds
