// What the graph holds of one kind of a cluster, as parallel lists in key order: $prefix is cluster/group/Kind/. `edges`
// counts the edges that each object states itself, so that one taken away by hand is noticed. And from its checkpoint
// ($key: prod/deployments.apps), as of which resourceVersion and by which extraction it was written; null until it was
// listed whole. `malformed` has [key, the first problem] of each object that could be read in part only.
OPTIONAL MATCH (k:SyncedKind {key: $key})
CALL () {
  MATCH (n:Resource) WHERE n.key STARTS WITH $prefix AND NOT n:Missing
  WITH n, COUNT { (n)-[r]->() WHERE r.matched IS NULL } AS edges ORDER BY n.key
  RETURN collect(n.key) AS keys, collect(coalesce(n.uid, "")) AS uids,
    collect(coalesce(n.resourceVersion, "")) AS versions, collect(coalesce(n.fingerprint, "")) AS fingerprints,
    collect(coalesce(n.edgesFingerprint, "")) AS edgesFingerprints, collect(edges) AS edges,
    collect(CASE WHEN n.problems IS NOT NULL THEN [n.key, n.problems[0]] END) AS malformed
}
RETURN k.resourceVersion AS resourceVersion, k.extraction AS extraction, keys, uids, versions, fingerprints,
  edgesFingerprints, edges, malformed
