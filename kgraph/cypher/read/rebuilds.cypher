// How far the rebuilds of clusters are ($clusters, null for all): [cluster, the stamp of the last that was asked for,
// that of the last that was done, what could not be read then, whether a worker that lives has the cluster, kinds that
// were listed since it was asked for, of how many, what is wrong with the cluster].
MATCH (c:Cluster) WHERE $clusters IS NULL OR c.id IN $clusters
OPTIONAL MATCH (k:SyncedKind) WHERE k.key STARTS WITH c.id + "/"
WITH c, count(k) AS kinds, count(CASE WHEN k.syncedAt >= c.rebuildAskedAt THEN 1 END) AS listed
ORDER BY c.id
RETURN collect([
  c.id, c.rebuildAsked, c.rebuilt, coalesce(c.rebuildUnread, []),
  EXISTS { MATCH (s:Shard {key: "shard:" + c.id}) MATCH (w:SyncWorker {key: s.worker}) WHERE w.until >= datetime.realtime() },
  listed, kinds, c.problem
]) AS clusters
