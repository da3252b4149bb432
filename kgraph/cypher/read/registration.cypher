// What is known of one cluster beside its data: $of {registration, cluster, id}. `configured` says that a worker which
// lives has it in its configuration.
OPTIONAL MATCH (r:ClusterRegistration {key: $of.registration})
RETURN r.stamp AS stamp, r.settings AS settings, r.sealed AS sealed, coalesce(r.removing, false) AS removing,
  EXISTS { MATCH (:Cluster {key: $of.cluster}) } AS known,
  EXISTS { MATCH (w:SyncWorker) WHERE $of.id IN w.configured AND w.until >= datetime() } AS configured
