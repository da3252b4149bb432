// The first statement of every write transaction, of one cluster or of several: $clusters of {key, names, epoch, division,
// state, token, room}, by key. Setting a property locks a cluster's node until the commit, so that the epoch read after
// it is the one that holds; a key that is not in `held` has been taken over by another worker, or is split otherwise
// now. `names` are the properties in which the part that writes has its `epoch` and its `batches`. `state` is what the
// cluster's node says of the sync from now on: it costs no write of its own. A `token` that the node has is that of a batch which is
// committed, though whoever wrote it was not told: nothing of it is to be written again. A batch that makes up to
// `room` events gets numbers for them; they follow Neo4j's clock, so that they go on above those of a cluster that was
// removed and is added again. `held` has [key, whether the batch is committed already, the first number].
// In the same round trip it remembers how far each kind has come ($kinds of {key, properties}).
CALL () {
  UNWIND $clusters AS row
  MATCH (c:Cluster {key: row.key})
  SET c.writtenAt = datetime()
  WITH c, row WHERE c[row.names.epoch] = row.epoch AND coalesce(c.division, "") = row.division
  WITH c, row, coalesce(row.token IN c[row.names.batches], false) AS done, coalesce(c.sequence, 0) + 1 AS next,
    timestamp() * 1000 AS now
  WITH c, row, done, CASE WHEN next < now THEN now ELSE next END AS first
  SET c += CASE WHEN done THEN {} ELSE row.state END
  SET c += CASE WHEN done OR row.room = 0 THEN {} ELSE {sequence: first + row.room - 1} END
  FOREACH (_ IN CASE WHEN done OR row.room = 0 THEN [] ELSE [0] END |
    SET c[row.names.batches] = (coalesce(c[row.names.batches], []) + row.token)[-8..]
  )
  RETURN collect([c.key, done, first]) AS held
}
CALL () {
  UNWIND $kinds AS kind
  MERGE (k:SyncedKind {key: kind.key})
  SET k += kind.properties
}
RETURN held
