// The first statement of every write transaction. Setting a property locks the cluster's node until the commit, so
// that the epoch read after it is the one that holds; no record means that another worker has taken over. In the same
// round trip it remembers how far each kind has come ($kinds of {key, properties}), and says what the graph holds of the
// resources that are to be written again ($written): [key, uid, manifest, firstSeen, lastChanged, changes] of each that
// is there and no placeholder.
MATCH (c:Cluster {key: $key})
SET c.writtenAt = datetime()
WITH c WHERE c.epoch = $epoch
CALL () {
  UNWIND $kinds AS kind
  MERGE (k:SyncedKind {key: kind.key})
  SET k += kind.properties
}
CALL () {
  UNWIND $written AS key
  MATCH (n:Resource {key: key}) WHERE NOT n:Missing
  RETURN collect([key, n.uid, n.manifest, toString(n.firstSeen), toString(n.lastChanged), n.changes]) AS before
}
RETURN c.epoch AS epoch, before
