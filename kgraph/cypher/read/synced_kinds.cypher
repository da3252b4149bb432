// The kinds of one cluster with their checkpoints.
MATCH (k:SyncedKind) WHERE k.key STARTS WITH $cluster + "/"
RETURN collect(properties(k)) AS kinds
