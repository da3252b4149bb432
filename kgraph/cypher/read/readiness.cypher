// All clusters in the graph, in one list: [id, source, when it was last in step, what is wrong with its sync,
// connected, since when, why not, lag in seconds, last event, whether it is being removed, whether a worker that lives
// follows it, what is wrong with its change feed].
CALL () {
  MATCH (w:SyncWorker) WHERE w.seenAt >= datetime() - duration({seconds: $of.lostSeconds})
  RETURN collect(w.key) AS workers, collect(w.configured) AS configured
}
MATCH (c:Cluster)
WITH c, workers, configured ORDER BY c.id
RETURN collect([
  c.id, c.source, toString(c.syncedAt), c.error, c.connected, toString(c.connectedSince), c.problem, c.lagSeconds,
  toString(c.lastEventAt), coalesce(c.removing, false),
  any(ids IN configured WHERE c.id IN ids)
    OR EXISTS { MATCH (r:ClusterRegistration {key: "registration:" + c.id}) WHERE r.owner IN workers },
  c.feedProblem
]) AS clusters
