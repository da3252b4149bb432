// How far one kind of a cluster has come ($key: prod/deployments.apps), and by which extraction it was written.
MATCH (k:SyncedKind {key: $key})
RETURN k.resourceVersion AS resourceVersion, k.extraction AS extraction, k.syncedAt AS syncedAt
