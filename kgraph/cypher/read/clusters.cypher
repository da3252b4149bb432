// All clusters by id: [handle, key, id, name, environment, region, version, server, source, syncedAt, error, how many
// Nodes, how many Namespaces, when kube-system was created, connected, since when, why not, lag in seconds, last event,
// how many resources, how many kinds fail, whether it is being removed, the name of the worker that syncs it if one
// that lives does, what is wrong with its change feed, the kinds with which something is wrong: [plural, group, error,
// how many objects are left out, how many are malformed, reasons]].
MATCH (c:Cluster)
WITH c ORDER BY c.id
RETURN collect([
  elementId(c), c.key, c.id, coalesce(c.name, c.id), c.environment, c.region, c.version, c.server, c.source,
  toString(c.syncedAt), c.error,
  COUNT { (c)<-[:IN_CLUSTER]-(n:Node) WHERE NOT n:Missing },
  COUNT { (c)<-[:IN_CLUSTER]-(n:Namespace) WHERE NOT n:Missing },
  COLLECT { MATCH (n:Resource {key: c.id + "/core/Namespace/_/kube-system"}) RETURN toString(n.createdAt) }[0],
  c.connected, toString(c.connectedSince), c.problem, c.lagSeconds, toString(c.lastEventAt), c.resourceCount,
  COUNT { MATCH (k:SyncedKind) WHERE k.key STARTS WITH c.id + "/" AND k.error IS NOT NULL },
  coalesce(c.removing, false),
  COLLECT {
    MATCH (s:Shard {key: "shard:" + c.id}) MATCH (w:SyncWorker {key: s.worker}) WHERE w.until >= datetime()
    RETURN w.name
  }[0],
  c.feedProblem,
  COLLECT {
    MATCH (k:SyncedKind) WHERE k.key STARTS WITH c.id + "/"
      AND (k.error IS NOT NULL OR k.leftOut > 0 OR k.malformed > 0 OR size(k.reasons) > 0)
    WITH k ORDER BY k.key
    RETURN [k.plural, k.group, k.error, coalesce(k.leftOut, 0), coalesce(k.malformed, 0), coalesce(k.reasons, [])]
  }
]) AS clusters
