// The first statement of every write transaction, of one cluster or of several: $clusters of {key, epoch, state}, by
// key. Setting a property locks a cluster's node until the commit, so that the epoch read after it is the one that
// holds; a key that is not among `held` has been taken over by another worker. `state` is what the cluster's node says
// of the sync from now on: it costs no write of its own. In the same round trip it remembers how far each kind has come
// ($kinds of {key, properties}), and says what the graph holds of the resources that are to be written again
// ($written): [key, uid, manifest, firstSeen, lastChanged, changes] of each that is there and no placeholder.
CALL () {
  UNWIND $clusters AS row
  MATCH (c:Cluster {key: row.key})
  SET c.writtenAt = datetime()
  WITH c, row WHERE c.epoch = row.epoch
  SET c += row.state
  RETURN collect(c.key) AS held
}
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
RETURN held, before
