// How far the rebuilds of clusters are ($clusters, null for all): [cluster, the stamp of the last that was asked for,
// that of the last that was done, what could not be read then, whether a worker that lives has the cluster, kinds that
// were listed since it was asked for, of how many, what is wrong with the cluster].
// A cluster in parts is rebuilt when all of them are, and has workers when each has one.
MATCH (c:Cluster) WHERE $clusters IS NULL OR c.id IN $clusters
OPTIONAL MATCH (k:SyncedKind) WHERE k.key STARTS WITH c.id + "/"
WITH c, count(k) AS kinds, count(CASE WHEN k.syncedAt >= c.rebuildAskedAt THEN 1 END) AS listed,
  [""] + [part IN coalesce(c.parts, []) | "~" + part] AS parts
ORDER BY c.id
RETURN collect([
  c.id, c.rebuildAsked, CASE WHEN all(part IN parts WHERE c["rebuilt" + part] = c.rebuilt) THEN c.rebuilt END,
  reduce(every = [], part IN parts | every + coalesce(c["rebuildUnread" + part], [])),
  COUNT {
    UNWIND parts AS part
    MATCH (s:Shard {key: "shard:" + c.id + part}) MATCH (w:SyncWorker {key: s.worker}) WHERE w.until >= datetime.realtime()
  } = size(parts),
  listed, kinds, c.problem
]) AS clusters
