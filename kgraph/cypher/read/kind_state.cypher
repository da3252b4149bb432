// What the graph holds of one kind of a cluster, as parallel lists in key order: $prefix is cluster/group/Kind/.
// `edges` counts the edges that each object states itself, so that one taken away by hand is noticed.
// `malformed` has [key, the first problem] of each object that could be read in part only.
MATCH (n:Resource) WHERE n.key STARTS WITH $prefix AND NOT n:Missing
WITH n, COUNT { (n)-[r]->() WHERE r.matched IS NULL } AS edges ORDER BY n.key
RETURN collect(n.key) AS keys, collect(coalesce(n.uid, "")) AS uids,
  collect(coalesce(n.resourceVersion, "")) AS versions, collect(coalesce(n.fingerprint, "")) AS fingerprints,
  collect(coalesce(n.edgesFingerprint, "")) AS edgesFingerprints, collect(edges) AS edges,
  collect(CASE WHEN n.problems IS NOT NULL THEN [n.key, n.problems[0]] END) AS malformed
