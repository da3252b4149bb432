// The end of a cluster's removal: its kinds and what was touched ($prefix), its own node ($key), its mark in the
// registry ($registration) and the numbers of its shards ($shard, and those of its parts).
OPTIONAL MATCH (k:SyncedKind) WHERE k.key STARTS WITH $prefix
DELETE k
WITH DISTINCT 1 AS one
OPTIONAL MATCH (t:Touched) WHERE t.key STARTS WITH $prefix
DELETE t
WITH DISTINCT 1 AS one
OPTIONAL MATCH (c:Cluster {key: $key})
DETACH DELETE c
WITH DISTINCT 1 AS one
OPTIONAL MATCH (r:ClusterRegistration {key: $registration}) WHERE r.removing
DELETE r
WITH DISTINCT 1 AS one
OPTIONAL MATCH (s:Shard) WHERE s.key = $shard OR s.key STARTS WITH $shard + "~"
DELETE s
