// All clusters in the graph, in one list: [id, source, when it was last in step, what is wrong with its sync,
// connected, since when, why not, lag in seconds, last event, whether it is being removed, the name of the worker that
// syncs it if one that lives does, what is wrong with its change feed, how many seconds the graph is behind it, null
// where it cannot be: of a snapshot, of what is being removed or was never in step]. One that no worker has is behind
// since the last one's lease ended, or since it left, or else was written to; one that does not answer since then.
// And from which version of the schema on a program can work with the graph.
CALL () {
  MATCH (c:Cluster)
  WITH c ORDER BY c.id
  OPTIONAL MATCH (s:Shard {key: "shard:" + c.id})
  OPTIONAL MATCH (w:SyncWorker {key: s.worker})
  WITH c, CASE WHEN w.until >= datetime.realtime() THEN w.name END AS worker,
    coalesce(w.until, s.leftAt, c.writtenAt, c.syncedAt) AS left
  WITH c, worker, CASE
    WHEN c.source = "snapshot" OR c.syncedAt IS NULL OR coalesce(c.removing, false) THEN null
    WHEN worker IS NULL THEN duration.inSeconds(left, datetime.realtime()).seconds
    WHEN NOT c.connected THEN duration.inSeconds(c.connectedSince, datetime.realtime()).seconds
    ELSE coalesce(c.lagSeconds, 0.0)
  END AS stale
  RETURN collect([
    c.id, c.source, toString(c.syncedAt), c.error, c.connected, toString(c.connectedSince), c.problem, c.lagSeconds,
    toString(c.lastEventAt), coalesce(c.removing, false),
    worker, c.feedProblem, stale
  ]) AS clusters
}
CALL () {
  OPTIONAL MATCH (g:GraphSchema {key: "schema"})
  RETURN coalesce(g.readableFrom, 0) AS readableFrom
}
RETURN clusters, readableFrom
