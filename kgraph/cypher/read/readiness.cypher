// All clusters in the graph, in one list: [id, source, when it was last in step, what is wrong with its sync,
// connected, since when, why not, lag in seconds, last event, whether it is being removed, the name of the worker that
// syncs it if one that lives does, what is wrong with its change feed].
MATCH (c:Cluster)
WITH c ORDER BY c.id
RETURN collect([
  c.id, c.source, toString(c.syncedAt), c.error, c.connected, toString(c.connectedSince), c.problem, c.lagSeconds,
  toString(c.lastEventAt), coalesce(c.removing, false),
  COLLECT {
    MATCH (s:Shard {key: "shard:" + c.id}) MATCH (w:SyncWorker {key: s.worker}) WHERE w.until >= datetime()
    RETURN w.name
  }[0],
  c.feedProblem
]) AS clusters
