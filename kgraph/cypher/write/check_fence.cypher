// The first statement of every write transaction. Setting a property locks the cluster's node until the commit, so
// that the epoch read after it is the one that holds; no record means that another worker has taken over. $state is
// what the cluster's node says of the sync from then on: it costs no write of its own.
MATCH (c:Cluster {key: $key})
SET c.writtenAt = datetime()
WITH c WHERE c.epoch = $epoch
SET c += $state
RETURN c.epoch AS epoch
