// Forget kinds that a cluster no longer serves: $keys.
UNWIND $keys AS key
MATCH (k:SyncedKind {key: key})
DELETE k
