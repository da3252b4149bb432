// The first statement of every write transaction. Setting a property locks the cluster's node until the commit, so
// that the epoch read after it is the one that holds; no record means that another worker has taken over. In the same
// round trip it remembers how far each kind has come: $kinds of {key, properties}.
MATCH (c:Cluster {key: $key})
SET c.writtenAt = datetime()
WITH c WHERE c.epoch = $epoch
CALL () {
  UNWIND $kinds AS kind
  MERGE (k:SyncedKind {key: kind.key})
  SET k += kind.properties
}
RETURN c.epoch AS epoch
