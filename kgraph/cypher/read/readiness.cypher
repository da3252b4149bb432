// All clusters in the graph, in one list: [id, source, when it was last in step, what is wrong with its sync,
// connected, since when, why not, lag in seconds, last event, whether it is being removed, the name of the worker that
// syncs it if one that lives does, what is wrong with its change feed, how many seconds the graph is behind it, null
// where it cannot be: of a snapshot, of what is being removed or was never in step]. One that no worker has is behind
// since the last one's lease ended, or since it left, or else was written to; one that does not answer since then.
// And from which version of the schema on a program can work with the graph. Of a cluster in parts it is what all of
// them say together (see `clusters`); it is as far behind as the one that is furthest.
CALL () {
  MATCH (c:Cluster)
  WITH c, [""] + [part IN coalesce(c.parts, []) | "~" + part] AS parts ORDER BY c.id
  CALL (c, parts) {
    UNWIND parts AS part
    OPTIONAL MATCH (s:Shard {key: "shard:" + c.id + part})
    OPTIONAL MATCH (w:SyncWorker {key: s.worker})
    WITH c, part, CASE WHEN w.until >= datetime.realtime() THEN w.name END AS worker,
      coalesce(w.until, s.leftAt, c.writtenAt, c.syncedAt) AS left
    WITH c, part, worker, CASE
      WHEN c.source = "snapshot" OR c["syncedAt" + part] IS NULL OR coalesce(c.removing, false) THEN null
      WHEN worker IS NULL THEN duration.inSeconds(left, datetime.realtime()).seconds
      WHEN NOT c["connected" + part] THEN duration.inSeconds(c["connectedSince" + part], datetime.realtime()).seconds
      ELSE coalesce(c["lagSeconds" + part], 0.0)
    END AS stale
    RETURN reduce(names = null, name IN collect(DISTINCT worker) | coalesce(names + ", ", "") + name) AS worker,
      max(stale) AS stale, max(c["lagSeconds" + part]) AS lag, max(c["lastEventAt" + part]) AS lastEvent
  }
  RETURN collect([
    c.id, c.source,
    CASE WHEN all(part IN parts WHERE c["syncedAt" + part] IS NOT NULL) THEN toString(c.syncedAt) END,
    [part IN parts WHERE c["error" + part] IS NOT NULL | c["error" + part]][0],
    all(part IN parts WHERE c["connected" + part]), toString(c.connectedSince),
    [part IN parts WHERE c["problem" + part] IS NOT NULL | c["problem" + part]][0],
    lag, toString(lastEvent), coalesce(c.removing, false), worker,
    [part IN parts WHERE c["feedProblem" + part] IS NOT NULL | c["feedProblem" + part]][0],
    stale
  ]) AS clusters
}
CALL () {
  OPTIONAL MATCH (g:GraphSchema {key: "schema"})
  RETURN coalesce(g.readableFrom, 0) AS readableFrom
}
RETURN clusters, readableFrom
