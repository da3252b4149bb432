// All clusters by id: [handle, key, id, name, environment, region, version, server, source, syncedAt, error, how many
// Nodes, how many Namespaces, when kube-system was created, connected, since when, why not, lag in seconds, last event,
// how many resources, how many kinds fail, whether it is being removed, the name of the worker that syncs it if one
// that lives does, what is wrong with its change feed, the kinds with which something is wrong: [plural, group, error,
// how many objects are left out, how many are malformed, reasons]]. Of a cluster in parts it is what all of them say
// together: in step when all are, connected while all are, the longest lag, the names of their workers.
MATCH (c:Cluster)
WITH c, [""] + [part IN coalesce(c.parts, []) | "~" + part] AS parts ORDER BY c.id
RETURN collect([
  elementId(c), c.key, c.id, coalesce(c.name, c.id), c.environment, c.region, c.version, c.server, c.source,
  CASE WHEN all(part IN parts WHERE c["syncedAt" + part] IS NOT NULL) THEN toString(c.syncedAt) END,
  [part IN parts WHERE c["error" + part] IS NOT NULL | c["error" + part]][0],
  COUNT { (c)<-[:IN_CLUSTER]-(n:Node) WHERE NOT n:Missing },
  COUNT { (c)<-[:IN_CLUSTER]-(n:Namespace) WHERE NOT n:Missing },
  COLLECT { MATCH (n:Resource {key: c.id + "/core/Namespace/_/kube-system"}) RETURN toString(n.createdAt) }[0],
  all(part IN parts WHERE c["connected" + part]), toString(c.connectedSince),
  [part IN parts WHERE c["problem" + part] IS NOT NULL | c["problem" + part]][0],
  COLLECT { UNWIND parts AS part RETURN max(c["lagSeconds" + part]) }[0],
  COLLECT { UNWIND parts AS part RETURN toString(max(c["lastEventAt" + part])) }[0],
  reduce(count = null, part IN parts | coalesce(count + c["resourceCount" + part], count, c["resourceCount" + part])),
  COUNT { MATCH (k:SyncedKind) WHERE k.key STARTS WITH c.id + "/" AND k.error IS NOT NULL },
  coalesce(c.removing, false),
  reduce(names = null, name IN COLLECT {
    UNWIND parts AS part
    MATCH (s:Shard {key: "shard:" + c.id + part}) MATCH (w:SyncWorker {key: s.worker}) WHERE w.until >= datetime()
    RETURN DISTINCT w.name
  } | coalesce(names + ", ", "") + name),
  [part IN parts WHERE c["feedProblem" + part] IS NOT NULL | c["feedProblem" + part]][0],
  COLLECT {
    MATCH (k:SyncedKind) WHERE k.key STARTS WITH c.id + "/"
      AND (k.error IS NOT NULL OR k.leftOut > 0 OR k.malformed > 0 OR size(k.reasons) > 0)
    WITH k ORDER BY k.key
    RETURN [k.plural, k.group, k.error, coalesce(k.leftOut, 0), coalesce(k.malformed, 0), coalesce(k.reasons, [])]
  }
]) AS clusters
