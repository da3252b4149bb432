// One look of a worker at the registry: $worker was seen now and syncs $configured by its configuration; it takes the
// registrations whose owner was not seen for $lostSeconds. Returns what it owns: [id, stamp, whether to remove it].
// What a worker has in its configuration is nobody's to take. Setting the key locks a registration, so that the owner
// read after it is the one that holds.
MERGE (w:SyncWorker {key: $worker})
SET w.seenAt = datetime(), w.configured = $configured
WITH w, datetime() - duration({seconds: $lostSeconds}) AS lost
CALL (lost) {
  MATCH (gone:SyncWorker) WHERE gone.seenAt < lost - duration({hours: 1})
  DETACH DELETE gone
}
CALL (lost) {
  MATCH (other:SyncWorker) WHERE other.seenAt >= lost
  UNWIND other.configured AS id
  RETURN collect(DISTINCT id) AS configured
}
CALL (w, lost, configured) {
  MATCH (r:ClusterRegistration)
  WHERE NOT r.id IN configured AND coalesce(r.owner, "") <> w.key
    AND NOT EXISTS { MATCH (o:SyncWorker {key: r.owner}) WHERE o.seenAt >= lost }
  SET r.key = r.key
  WITH r, w, lost
  WHERE NOT EXISTS { MATCH (o:SyncWorker {key: r.owner}) WHERE o.seenAt >= lost }
  SET r.owner = w.key
}
OPTIONAL MATCH (r:ClusterRegistration) WHERE r.owner = w.key AND NOT r.id IN configured
RETURN [one IN collect(r) | [one.id, one.stamp, coalesce(one.removing, false)]] AS owned
