// How far a cluster's RBAC is in the graph: of the kinds whose keys are $of.kinds, those that were listed whole, as
// [key, error, how many objects are left out, how many are malformed]. `edgeless` where its bindings have no edges,
// because the configuration wants none: one whose key begins with one of $of.prefixes says it for all.
CALL () {
  MATCH (k:SyncedKind) WHERE k.key IN $of.kinds AND k.syncedAt IS NOT NULL
  RETURN collect([k.key, k.error, coalesce(k.leftOut, 0), coalesce(k.malformed, 0)]) AS kinds
}
CALL () {
  UNWIND $of.prefixes AS prefix
  MATCH (b:Resource) WHERE b.key STARTS WITH prefix AND NOT b:Missing
  WITH b LIMIT 1
  RETURN count(CASE WHEN NOT (b)-[:BINDS]->() THEN 1 END) > 0 AS edgeless
}
RETURN kinds, edgeless
