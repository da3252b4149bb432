// All shards by number: [its name (the cluster, or the cluster, `~` and a part), number, term, stamp of the cluster's registration, whether it is to be removed, who
// holds it: the key of a worker that lives, the stamp of the last rebuild that was asked for]; and the registry's clusters that have no number yet.
CALL () {
  MATCH (s:Shard)
  OPTIONAL MATCH (r:ClusterRegistration {key: "registration:" + s.cluster})
  OPTIONAL MATCH (w:SyncWorker {key: s.worker}) WHERE w.until >= datetime.realtime()
  OPTIONAL MATCH (c:Cluster {key: "cluster:" + split(s.cluster, "~")[0]})
  WITH s, r, w, c ORDER BY s.number
  RETURN collect([
    s.cluster, s.number, s.term, r.stamp, coalesce(r.removing, false), w.key, c.rebuildAsked
  ]) AS shards
}
CALL () {
  MATCH (r:ClusterRegistration) WHERE NOT EXISTS { MATCH (:Shard {key: "shard:" + r.id}) }
  RETURN collect(r.id) AS new
}
RETURN shards, new
