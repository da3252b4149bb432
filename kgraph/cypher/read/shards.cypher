// All shards by number: [cluster, number, term, stamp of the cluster's registration, whether it is to be removed, who
// holds it: the key of a worker that lives]; and the registry's clusters that have no number yet.
CALL () {
  MATCH (s:Shard)
  OPTIONAL MATCH (r:ClusterRegistration {key: "registration:" + s.cluster})
  OPTIONAL MATCH (w:SyncWorker {key: s.worker}) WHERE w.until >= datetime.realtime()
  WITH s, r, w ORDER BY s.number
  RETURN collect([s.cluster, s.number, s.term, r.stamp, coalesce(r.removing, false), w.key]) AS shards
}
CALL () {
  MATCH (r:ClusterRegistration) WHERE NOT EXISTS { MATCH (:Shard {key: "shard:" + r.id}) }
  RETURN collect(r.id) AS new
}
RETURN shards, new
